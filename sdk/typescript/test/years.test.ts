import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTrust, verifyPack, writeReport } from "../src/index.js";
import { vectorBytes, vectors } from "./vectors.js";

/** Packs of a ledger over years: the whole reports, but for the texts for people (`vectors/years/README.md`). */

interface Case {
  readonly file: string;
  readonly forged: boolean;
  readonly report: unknown;
  readonly trust: string | null;
}

function withoutText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutText);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([name]) => name !== "text");
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutText(field)]));
}

const cases = vectors<{ readonly cases: readonly Case[] }>("years/index.json").cases;

test("there are packs of the years, and forged ones", () => {
  assert.ok(cases.some(({ forged }) => forged) && cases.some(({ forged }) => !forged));
});

for (const { file, forged, report, trust } of cases) {
  test(`${file}, ${trust ?? "without a trust file"}`, () => {
    const given = trust === null ? undefined : parseTrust(vectorBytes(`years/${trust}`));
    const said = verifyPack(vectorBytes(`years/${file}`), given);
    assert.deepEqual(withoutText(JSON.parse(writeReport(said))), report);
    if (forged) assert.notEqual(said.verdict, "verified");
  });
}
