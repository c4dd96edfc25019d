import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, hex, utf8 } from "../src/bytes.js";
import { writeCanonical, type JsonObject } from "../src/canonical.js";
import { checkHandover, readCommittee, readHandover } from "../src/certificate.js";
import {
  changeName,
  checkDeclaration,
  declarationHash,
  readDeclaration,
  readPackedSignatures,
} from "../src/declaration.js";
import { keccak256Hex, sha256Hex } from "../src/hash.js";
import { isIncluded } from "../src/log/tree.js";
import { readOutcome, writeOutcome } from "../src/outcome.js";
import { acceptedMessage, checkAccepted, checkCertified, parseReceipt } from "../src/receipt.js";
import { leafBytes, leafHash, leafOf } from "../src/record.js";
import { answerOf } from "../src/refusal.js";
import { readAddress, readKey, writeAddress } from "../src/suites.js";
import { vectors, type Given } from "./vectors.js";

interface Answered {
  readonly answer: string;
  readonly ledger: string;
  readonly name: string;
}

const outcomes = vectors<{
  readonly body: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly leaf: string;
  readonly leaf_hash: string;
  readonly salt: string;
  readonly refused: readonly { readonly body: string; readonly what: string }[];
}>("outcome.json");

test("an outcome reads, and its leaf is that of its body", () => {
  const body = fromHex(outcomes.body);
  const { fields } = outcomes;
  const outcome = readOutcome(body);
  const digests = [
    outcome.ledger,
    outcome.case,
    outcome.prev,
    outcome.programme,
    outcome.policy,
    outcome.line,
  ];
  const names = ["ledger", "case", "prev", "programme", "policy", "line"];
  assert.deepEqual(
    digests.map((digest) => `0x${digest}`),
    names.map((name) => fields[name]),
  );
  assert.equal(String(outcome.kind), fields["kind"]);
  assert.equal(String(outcome.chainId), fields["chainId"]);
  assert.equal(writeAddress(outcome.gate), fields["gate"]);
  assert.deepEqual(
    outcome.calls.map(({ target, data }) => [writeAddress(target), `0x${hex(data)}`]),
    [[fields["target"], fields["data"]]],
  );
  assert.equal(String(outcome.notAfter), fields["notAfter"]);
  assert.equal(String(outcome.ordinal), fields["ordinal"]);
  assert.equal(hex(writeOutcome(outcome)), outcomes.body);
  const leaf = leafOf(2, Number.parseInt(outcomes.leaf.slice(2, 18), 16), fromHex(outcomes.salt), body);
  assert.equal(hex(leafBytes(leaf)), outcomes.leaf);
  assert.equal(hex(leafHash(leaf)), outcomes.leaf_hash);
});

for (const { body, what } of outcomes.refused) {
  test(`an outcome is refused: ${what}`, () =>
    assert.equal(
      answerOf(() => readOutcome(fromHex(body))),
      "outcome",
    ));
}

const receipts = vectors<{
  readonly message: string;
  readonly accepted: readonly (Answered & { readonly key: Given; readonly receipt: JsonObject })[];
  readonly certified: readonly (Answered & { readonly committee: Given; readonly receipt: JsonObject })[];
}>("receipt.json");

test("the message of a batch is that of the page", () => {
  const { ledger, receipt } = receipts.accepted[0] ?? assert.fail();
  assert.equal(
    hex(acceptedMessage(ledger, receipt["size"] as number, receipt["root"] as string)),
    receipts.message,
  );
});

for (const { answer, key, ledger, name, receipt } of receipts.accepted) {
  test(`accepted receipt, ${name}: ${answer}`, () => {
    const read = parseReceipt(utf8(writeCanonical({ accepted: receipt })));
    assert.ok(read.kind === "accepted");
    assert.equal(
      answerOf(() => checkAccepted(read, ledger, readKey(key))),
      answer,
    );
  });
}

for (const { answer, committee, ledger, name, receipt } of receipts.certified) {
  test(`certified receipt, ${name}: ${answer}`, () => {
    const read = parseReceipt(utf8(writeCanonical({ certified: receipt })));
    assert.ok(read.kind === "certified");
    assert.equal(
      answerOf(() => checkCertified(read, ledger, readCommittee(committee))),
      answer,
    );
  });
}

const declarations = vectors<{
  readonly committee: Given;
  readonly recovery_set: { readonly addresses: readonly string[]; readonly threshold: number };
  readonly vetoer: string;
  readonly declarations: readonly {
    readonly answer: string;
    readonly declaration: JsonObject;
    readonly name: string;
    readonly packed: string;
    readonly signing_hash: string;
  }[];
}>("declaration.json");

for (const { answer, declaration, name, packed, signing_hash } of declarations.declarations) {
  test(`declaration, ${name}: ${answer}`, () => {
    const { recovery_set: set } = declarations;
    const signers = {
      committee: readCommittee(declarations.committee),
      recoverySet: { addresses: set.addresses.map(readAddress), threshold: set.threshold },
      vetoer: readAddress(declarations.vetoer),
    };
    const read = readDeclaration(declaration);
    assert.equal(hex(declarationHash(read)), signing_hash);
    assert.equal(
      answerOf(() => checkDeclaration(read, readPackedSignatures(fromHex(packed)), signers)),
      answer,
    );
  });
}

interface Rotation {
  readonly action: string;
  readonly body: string;
  readonly handover: JsonObject;
  readonly index: number;
  readonly leaf_hash: string;
  readonly new: Given;
  readonly old: Given;
  readonly path: readonly string[];
  readonly salt: string;
  readonly time: number;
}

const chain = vectors<{
  readonly rotation: Rotation;
  readonly gate_changes: readonly {
    readonly action: JsonObject;
    readonly body: string;
    readonly calls: number;
    readonly changes: readonly { readonly call: number; readonly change: string }[];
    readonly gate: string;
    readonly leaf_hash: string;
    readonly ledger: string;
    readonly salt: string;
    readonly time: number;
    readonly what: string;
  }[];
}>("chain.json");

test("a rotation is on record, under a head that both committees signed", () => {
  const { action, body, handover, index, leaf_hash, new: next, old, path, salt, time } = chain.rotation;
  const hash = leafHash(leafOf(1, time, fromHex(salt), utf8(body)));
  assert.equal(hex(hash), leaf_hash);
  assert.ok(body.includes(`"action":"${sha256Hex(action)}"`));
  const read = readHandover(handover);
  const head = { root: fromHex(read.new.root), size: read.new.size };
  assert.ok(
    isIncluded(
      { hash, index },
      head,
      path.map((beside) => fromHex(beside)),
    ),
  );
  checkHandover(read, read.old.ledger, readCommittee(old), readCommittee(next));
});

for (const given of chain.gate_changes) {
  test(`a change of a Gate, ${given.what}: outcome, leaf, and the names of what waits`, () => {
    const body = fromHex(given.body);
    const outcome = readOutcome(body);
    const replaces = given.action["replace_gate"] !== undefined;
    assert.equal(outcome.kind, replaces ? 0 : 1);
    assert.equal(outcome.ledger, given.ledger);
    assert.equal(outcome.policy, sha256Hex("lockstep-governance/1"));
    assert.equal(outcome.line, keccak256Hex(replaces ? "replace-gate" : "governance"));
    assert.equal(outcome.calls.length, given.calls);
    assert.equal(writeAddress(outcome.gate), given.gate);
    for (const { target } of outcome.calls) assert.equal(writeAddress(target) === given.gate, !replaces);
    assert.equal(hex(leafHash(leafOf(2, given.time, fromHex(given.salt), body))), given.leaf_hash);
    for (const { call, change } of given.changes)
      assert.equal(changeName(outcome.case, outcome.ordinal, call), change);
  });
}
