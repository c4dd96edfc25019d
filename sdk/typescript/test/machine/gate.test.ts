import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, hex } from "../../src/bytes.js";
import type { Json } from "../../src/canonical.js";
import { readAction } from "../../src/machine/action.js";
import { readOutcome, writeOutcome } from "../../src/outcome.js";
import { answerOf } from "../../src/refusal.js";
import { vectors } from "../vectors.js";
import { begin } from "./kit.js";
import { Stage } from "./stories.js";

interface Change {
  readonly action: Json;
  readonly body: string;
  readonly time: number;
}

const CHANGES = vectors<{ readonly gate_changes: readonly Change[] }>("chain.json").gate_changes;

test("changes of a Gate are formed as the chain reads them", () => {
  for (const { action, body } of CHANGES) {
    const read = readAction(action);
    assert.ok(read.kind === "gate");
    const outcome = readOutcome(fromHex(body));
    const calls = read.calls.map(({ data }) => ({ target: outcome.gate, data }));
    assert.equal(hex(writeOutcome({ ...outcome, calls })), body);
  }
  assert.equal(CHANGES.length, 2);
});

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
  const calls: readonly Json[] = [
    { tighten: { cap: 2 ** 53, line: "mint", window_s: 60 } },
    { tighten: { cap: 1, line: "mint", window_s: 0 } },
    { tighten: { cap: 1, line: "Mint", window_s: 60 } },
    { tighten: { cap: 1, line: "mint" } },
    { set_line: { cap: 5, exponent: 31, line: "burn", window_s: 60, word: 0 } },
    { permit: { line: "burn", signature: "burn", target: "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512" } },
    { set_guardian: { guardian: "0xe7f1725e7734ce288f8367e1bb143e90bb3f0512" } },
    { open: {} },
  ];
  for (const call of calls) {
    const action = { gate: { calls: [call], domain: "home", programme: "acme-usd" } };
    assert.equal(
      answerOf(() => void readAction(action)),
      "action_form",
      JSON.stringify(call),
    );
  }
  assert.equal(
    begin().propose({ gate: { calls: [], domain: "home", programme: "x" } }).refused,
    "action_form",
  );
});
