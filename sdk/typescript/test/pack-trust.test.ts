import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../src/canonical.js";
import type { Report } from "../src/pack/report.js";
import { verifyWith } from "../src/pack/verify.js";
import { answerOf } from "../src/refusal.js";
import { parseTrust } from "../src/trust.js";
import { agreeing, fileOf, Ledger } from "./pack-builder.js";

/** A pack against a trust file (specs/trust.md §3), over a ledger whose committee changes twice. */

const ledger = new Ledger();
const before = ledger.seal();
ledger.rotate();
const first = ledger.seal();
ledger.rotate();
const second = ledger.seal();
ledger.append({ expired: { case: "44".repeat(32), prev: "44".repeat(32) } });
const last = ledger.seal();

const hand = (size: number, from: number) => ledger.handover(size, from, last);
const whole = ledger.pack(last, 2, { handovers: [hand(first, 0), hand(second, 1)] });

function verify(pack: JsonObject, trust?: JsonObject): Report {
  return verifyWith(agreeing, fileOf(pack), trust === undefined ? undefined : parseTrust(fileOf(trust)));
}

/** Verdict, then rule and record, or what is missing, then what it rests on first. */
function said(pack: JsonObject, trust?: JsonObject): string {
  const { verdict, failure, missing, rests_on } = verify(pack, trust);
  const why = failure === undefined ? missing.map(({ code }) => code) : [failure.rule, failure.record ?? ""];
  const trusted = rests_on
    .map(({ code }) => code)
    .filter((code) => code === "trust" || code === "not_compared");
  return [verdict, ...why, ...trusted].join(" ").replaceAll(/ +/g, " ").trim();
}

test("with the trust file of its own head a pack is verified", () => {
  assert.equal(said(whole, ledger.trust(last, 2)), "verified trust");
});

test("without a trust file nothing is verified", () => {
  assert.equal(said(whole), "cannot_tell trust");
});

test("handovers lead from the pinned committee to that of the certificate", () => {
  assert.equal(said(whole, ledger.trust(before, 0)), "verified trust not_compared");
  assert.equal(
    said({ ...whole, handovers: [hand(first, 0)] }, ledger.trust(before, 0)),
    "cannot_tell handover trust not_compared",
  );
  assert.equal(
    said({ ...whole, handovers: [hand(second, 1)] }, ledger.trust(before, 0)),
    "cannot_tell handover trust not_compared",
  );
  assert.equal(
    said({ ...whole, handovers: [hand(second, 1)] }, ledger.trust(first, 1)),
    "verified trust not_compared",
  );
});

test("a proof leads to the pinned head", () => {
  const consistency = { path: ledger.consistency(before, last), root: ledger.root(before), size: before };
  assert.equal(said({ ...whole, consistency }, ledger.trust(before, 0)), "verified trust");
  assert.equal(said({ ...whole, consistency }, ledger.trust(first, 1)), "verified trust not_compared");
  assert.equal(
    said({ ...whole, consistency: { ...consistency, root: ledger.root(first) } }, ledger.trust(before, 0)),
    "failed consistency",
  );
  assert.equal(said({ ...whole, consistency: { ...consistency, path: [] } }), "failed consistency");
  assert.equal(said({ ...whole, consistency: { ...consistency, size: 0 } }), "failed consistency");
  const other = { ...ledger.trust(before, 0), root: ledger.root(first) };
  assert.equal(said({ ...whole, consistency }, other), "failed consistency");
});

test("a committee that has left certifies nothing without a proof to the pinned head", () => {
  const old = ledger.pack(before, 0);
  const consistency = { path: ledger.consistency(before, last), root: ledger.root(last), size: last };
  assert.equal(said(old, ledger.trust(last, 2)), "cannot_tell consistency trust");
  assert.equal(said({ ...old, consistency }, ledger.trust(last, 2)), "verified trust");
});

test("another ledger, another committee of one epoch, and another root of one size fail", () => {
  assert.equal(said(whole, { ...ledger.trust(last, 2), ledger: "55".repeat(32) }), "failed ledger");
  assert.equal(said(whole, { ...ledger.trust(before, 0), epoch: 1 }), "failed committee");
  assert.equal(said(whole, { ...ledger.trust(last, 2), threshold: 4 }), "failed committee");
  assert.equal(said(whole, { ...ledger.trust(last, 2), root: ledger.root(first) }), "failed split_view");
});

test("handovers hold and stand in order, though nothing asks for them", () => {
  const trust = ledger.trust(last, 2);
  const changed = (handovers: JsonObject[]) => said({ ...whole, handovers }, trust);
  assert.equal(changed([hand(second, 1), hand(first, 0)]), "failed handover");
  assert.equal(changed([hand(first, 0), hand(first, 0)]), "failed handover");
  assert.equal(changed([hand(before, 0)]), "failed handover", "the head does not hold the rotation");
  assert.equal(changed([{ ...hand(first, 0), consistency: [] }]), "failed handover");
  const { handover } = hand(first, 0) as { handover: JsonObject };
  const few = { ...handover, new: ledger.certificate(first, 1, [0, 1]) };
  assert.equal(changed([{ ...hand(first, 0), handover: few }]), "failed handover");
});

test("the certificate is of the last committee, and three of it sign", () => {
  assert.equal(
    said({ ...whole, certificate: ledger.certificate(last, 1) }, ledger.trust(last, 2)),
    "failed committee",
  );
  assert.equal(
    said({ ...whole, certificate: ledger.certificate(last, 2, [1, 3]) }, ledger.trust(last, 2)),
    "failed certificate",
  );
  assert.equal(
    said({ ...whole, certificate: ledger.certificate(second, 2) }, ledger.trust(last, 2)),
    "failed order 8",
  );
});

test("a rotation that forms no committee fails at its record", () => {
  const bad = new Ledger();
  bad.seal();
  bad.rotate(2);
  const size = bad.seal();
  assert.equal(said(bad.pack(size, 0)), "failed committee 3");
});

test("a trust file is refused by the first check that fails", () => {
  const trust = ledger.trust(last, 2);
  const refused = (change: JsonObject) => answerOf(() => parseTrust(fileOf({ ...trust, ...change })));
  assert.equal(refused({}), "holds");
  assert.equal(refused({ more: 1 }), "form");
  assert.equal(refused({ format: "lockstep-trust/2", threshold: 1 }), "format");
  assert.equal(refused({ threshold: 2, size: 0 }), "committee");
  assert.equal(refused({ size: 0 }), "size");
  assert.equal(refused({ size: 2 ** 40 + 1 }), "size");
});
