import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTrust, verifyPack, type Report } from "../src/index.js";
import { vectorBytes, vectors } from "./vectors.js";

/** Packs of a ledger that goes from rules 1 to rules 2 (`vectors/rules/README.md`). */

interface Case {
  readonly answer: unknown;
  readonly file: string;
  readonly phase?: string;
  readonly rules?: number;
  readonly trust: string;
}

function verified(file: string, trust: string): Report {
  return verifyPack(vectorBytes(`rules/${file}`), parseTrust(vectorBytes(`rules/${trust}`)));
}

function answerOf({ failure, missing, verdict }: Report): unknown {
  if (failure !== undefined) {
    const { record, rule } = failure;
    return record === undefined ? { rule, verdict } : { record, rule, verdict };
  }
  return verdict === "verified" ? { verdict } : { missing: missing.map(({ code }) => code), verdict };
}

for (const { answer, file, phase, rules, trust } of vectors<{ readonly cases: readonly Case[] }>(
  "rules/index.json",
).cases) {
  test(`${file}, under ${trust}`, () => {
    const report = verified(file, trust);
    assert.deepEqual(answerOf(report), answer);
    const outcome = report.facts?.outcome;
    assert.equal(outcome?.phase, phase);
    assert.equal(outcome === undefined ? undefined : (outcome.rules ?? 1), rules);
  });
}

test("one refusal is an attempt under rules 1, and ends the case under rules 2", () => {
  const told = (file: string): readonly string[] =>
    (verified(file, "trust.json").facts?.steps ?? []).map(({ kind, refusal }) =>
      refusal === undefined ? kind : `${kind}: ${refusal}`,
    );
  assert.deepEqual(told("before.json"), ["opened", "attempted: suspended"]);
  assert.deepEqual(told("after.json"), ["opened", "refused"]);
});

test("the report of a governance case names who proposed and who agreed", () => {
  const steps = verified("enactment.json", "trust.json").facts?.steps ?? [];
  assert.deepEqual(
    steps.map(({ kind, party }) => [kind, party !== undefined]),
    [
      ["proposed", true],
      ["consented", true],
      ["consented", true],
      ["consented", true],
      ["resolved", false],
      ["enacted", false],
    ],
  );
});
