import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTrust, verifyPack, type Report } from "../src/index.js";
import { vectorBytes, vectors } from "./vectors.js";

/** Packs of a ledger over years (`vectors/years/README.md`): the answers are for ever. */

interface Case {
  readonly answer: unknown;
  readonly file: string;
  readonly forged: boolean;
  readonly trust: string | null;
}

function answerOf({ failure, missing, verdict }: Report): unknown {
  if (failure !== undefined) {
    const { record, rule } = failure;
    return record === undefined ? { rule, verdict } : { record, rule, verdict };
  }
  return verdict === "verified" ? { verdict } : { missing: missing.map(({ code }) => code), verdict };
}

const cases = vectors<{ readonly cases: readonly Case[] }>("years/index.json").cases;

test("there are packs of the years, and forged ones", () => {
  assert.ok(cases.some(({ forged }) => forged) && cases.some(({ forged }) => !forged));
});

for (const { answer, file, forged, trust } of cases) {
  test(`${file}, ${trust ?? "without a trust file"}`, () => {
    const given = trust === null ? undefined : parseTrust(vectorBytes(`years/${trust}`));
    const said = verifyPack(vectorBytes(`years/${file}`), given);
    assert.deepEqual(answerOf(said), answer);
    if (forged) assert.notEqual(said.verdict, "verified");
  });
}
