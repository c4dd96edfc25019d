import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, hex } from "../../src/bytes.js";
import type { Json } from "../../src/canonical.js";
import { readAction, type Action } from "../../src/machine/action.js";
import { readOutcome, writeOutcome, type Call, type Outcome } from "../../src/outcome.js";
import { replacementCalls } from "../../src/machine/gates.js";
import { answerOf } from "../../src/refusal.js";
import { vectors } from "../vectors.js";
import { proposeLoosening, Stage } from "./stories.js";

interface Change {
  readonly action: Json;
  readonly body: string;
  readonly time: number;
}

const CHANGES = vectors<{ readonly gate_changes: readonly Change[] }>("chain.json").gate_changes;

test("changes of a Gate are formed as the chain reads them", () => {
  for (const { action, body } of CHANGES) {
    const outcome = readOutcome(fromHex(body));
    assert.equal(hex(writeOutcome({ ...outcome, calls: callsOf(readAction(action), outcome) })), body);
  }
  assert.ok(CHANGES.length >= 2);
});

function callsOf(action: Action, { gate, calls: [first] }: Outcome): readonly Call[] {
  if (action.kind === "gate") return action.calls.map(({ data }) => ({ target: gate, data }));
  assert.ok(action.kind === "replace_gate" && first !== undefined);
  return replacementCalls(first.target, action);
}

test("a Gate change leaves its outcome behind the record that enacts it", () => {
  const ledger = new Stage("stablecoin-issue").ledger();
  const calls = [{ tighten: { cap: 5, line: "mint", window_s: 60 } }];
  const { drafts } = ledger.propose({ gate: { calls, domain: "home", programme: "acme-usd" } });
  assert.equal(drafts.length, 4);
  const outcome = readOutcome(drafts[3]?.body ?? new Uint8Array(0));
  assert.equal(outcome.prev, drafts[2]?.leaf);
  assert.equal(outcome.case, drafts[0]?.leaf);
  assert.equal(outcome.notAfter, Math.floor((ledger.now + 30 * 86_400_000) / 1_000));
  assert.equal(ledger.state.entries.get({ case: outcome.case })?.count, 4);
  const unknown = ledger.propose({ gate: { calls, domain: "away", programme: "acme-usd" } });
  assert.equal(unknown.refused, "action_form");
});

test("a call of a Gate that is not well formed is no action", () => {
  const change = (calls: readonly Json[]): Json => ({
    gate: { calls, domain: "home", programme: "acme-usd" },
  });
  const target = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
  const formless: readonly Json[] = [
    { tighten: { cap: 2 ** 53, line: "mint", window_s: 60 } },
    { tighten: { cap: 1, line: "Mint", window_s: 60 } },
    { tighten: { cap: 1, line: "mint" } },
    { set_line: { cap: 5, exponent: 6, line: "burn", window_s: 60, word: 256 } },
    { set_guardian: { guardian: target.toLowerCase() } },
    { open: {} },
  ];
  for (const call of formless) {
    assert.equal(
      answerOf(() => void readAction(change([call]))),
      "action_form",
      JSON.stringify(call),
    );
  }
  const unfit: readonly Json[] = [
    { tighten: { cap: 1, line: "mint", window_s: 0 } },
    { set_line: { cap: 5, exponent: 31, line: "burn", window_s: 60, word: 0 } },
    { permit: { line: "burn", signature: "burn", target } },
    { forbid: { signature: `f(${"a".repeat(300)})`, target } },
  ];
  const ledger = new Stage("stablecoin-issue").ledger();
  for (const calls of [
    ...unfit.map((call) => [call]),
    [],
    Array.from({ length: 17 }, () => unfit[0] ?? null),
  ]) {
    ledger.now += 1;
    assert.equal(ledger.propose(change(calls)).refused, "action_form", JSON.stringify(calls));
  }
});

const TO = "0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9";
const FROM = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

test("another Gate takes the place of one: policies that name the old one open no case any more", () => {
  const stage = new Stage("stablecoin-issue");
  const ledger = stage.ledger();
  const replacement = { domain: "home", from: FROM, programme: "acme-usd", roles: ["MINTER_ROLE"], to: TO };
  const last = proposeLoosening(ledger, { replace_gate: replacement }).at(-1);
  assert.equal(last?.drafts.length, 4);
  const outcome = readOutcome(last.drafts[3]?.body ?? new Uint8Array(0));
  assert.deepEqual([outcome.kind, outcome.calls.length, outcome.ordinal], [0, 4, 0]);
  assert.equal(ledger.state.programmes.get("acme-usd")?.inForce.size, 0);
  assert.equal(ledger.state.entries.get({ policy: ["acme-usd", "stablecoin.issue"] })?.count, 2);
  ledger.now += 1;
  assert.equal(ledger.propose({ adopt: stage.files }).refused, "action_form", "it names the old Gate");
  const { guards, layout } = stage.files;
  const moved = { guards, layout: layout.replace(FROM, TO) };
  assert.equal(ledger.propose({ adopt: moved }).refused, undefined);
});

test("a replacement of a Gate that names no other Gate, or no such roles, is refused", () => {
  const ledger = new Stage("stablecoin-redeem").ledger();
  const token = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
  const escrow = "0xa16E02E87b7454126E5E10d957A927A7F5B5d2be";
  const right = { domain: "home", from: FROM, programme: "acme-usd", roles: ["A"], to: TO };
  const wrong: readonly Partial<Record<keyof typeof right, Json>>[] = [
    { to: FROM },
    { to: token },
    { to: escrow },
    { to: `0x${"0".repeat(40)}` },
    { from: TO },
    { domain: "away" },
    { programme: "other" },
    { roles: [] },
    { roles: ["B", "A"] },
    { roles: ["DEFAULT_ADMIN_ROLE"] },
    { roles: ["a"] },
    { roles: ["A", "B", "C", "D", "E", "F", "G", "H"] },
  ];
  for (const change of wrong) {
    ledger.now += 1;
    const { refused } = ledger.propose({ replace_gate: { ...right, ...change } });
    assert.equal(refused, "action_form", JSON.stringify(change));
  }
  assert.equal(ledger.propose({ replace_gate: right }).refused, undefined);
});
