import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../src/bytes.js";
import { isList, writeCanonical, type Json, type JsonObject } from "../src/canonical.js";
import { parseTrust, verifyPack, type Report } from "../src/index.js";
import { vectorBytes, vectors } from "./vectors.js";

/** Any change of a verified pack, at any place of it: the answer is a report, and never a false *verified*. */

const ROUNDS = 400;
const FILES = ["decided", "suspect", "open_compared"];
const RULES = new Set(
  (
    "form order ledger committee certificate split_view consistency handover inclusion map_proof signature seen " +
    "chain no_decision refused differs left_out single_use incomplete evidence unused"
  ).split(" "),
);

/** Numbers that follow from a seed alone. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % sides;
  };
}

type Path = readonly (string | number)[];

function pathsIn(value: Json, path: Path = []): Path[] {
  if (value === null || typeof value !== "object") return [path];
  const inner = isList(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...inner.flatMap(([field, item]) => pathsIn(item, [...path, field]))];
}

function at(value: Json, path: Path): Json {
  return path.reduce<Json>((of, field) => (of as Record<string | number, Json>)[field] ?? null, value);
}

/** The value with another one, or none, at a path that has a field at least. */
function replaced(value: Json, [field, ...rest]: Path, change: (value: Json) => Json | undefined): Json {
  const copy = (isList(value) ? [...value] : { ...(value as JsonObject) }) as Record<string | number, Json>;
  if (field === undefined) return value;
  const old = copy[field] ?? null;
  const made = rest.length > 0 ? replaced(old, rest, change) : change(old);
  if (made !== undefined) copy[field] = made;
  else if (isList(value)) (copy as unknown as Json[]).splice(Number(field), 1);
  else delete copy[field];
  return copy as unknown as Json;
}

function change(old: Json, pack: Json, roll: (sides: number) => number): Json | undefined {
  const texts = typeof old === "string" && old.length > 0;
  switch (roll(6)) {
    case 0:
      return undefined;
    case 1:
      if (typeof old === "number") return old + 1 - 2 * roll(2);
      return texts ? old.slice(0, -1) + (old.endsWith("0") ? "1" : "0") : null;
    case 2:
      return ([0, -1, 2 ** 53 - 1, "", "x", true, {}, [], [[]], null] as const)[roll(10)] ?? null;
    case 3: {
      const paths = pathsIn(pack);
      return at(pack, paths[roll(paths.length)] ?? []);
    }
    case 4:
      return isList(old) && old.length > 1 ? [old[1] ?? null, old[0] ?? null, ...old.slice(2)] : [old];
    default: {
      if (!texts) return undefined;
      const place = roll(old.length);
      return `${old.slice(0, place)}a${old.slice(place + 1)}`;
    }
  }
}

/** What may be left out without a word: it bounds or proves something that is then not said. */
const MAY_BE_LEFT_OUT: ReadonlySet<string> = new Set(["evidence", "consistency"]);

function isAllowed(path: Path, before: JsonObject, after: JsonObject): boolean {
  const [field] = path;
  if (typeof field !== "string" || !MAY_BE_LEFT_OUT.has(field)) return false;
  const left = after[field];
  return left === undefined || (isList(left) && left.length < ((before[field] ?? []) as readonly Json[]).length);
}

const trust = parseTrust(vectorBytes("pack/trust.json"));

for (const [seed, file] of FILES.entries()) {
  test(`${file}.json changed at ${ROUNDS} places is never verified, and always answered`, () => {
    const pack = vectors<JsonObject>(`pack/${file}.json`);
    const paths = pathsIn(pack).slice(1);
    const roll = dice(seed + 1);
    for (let round = 0; round < ROUNDS; round++) {
      const path = paths[roll(paths.length)] ?? assert.fail();
      const changed = replaced(pack, path, (old) => change(old, pack, roll)) as JsonObject;
      const told = `seed ${seed + 1}, round ${round}, ${path.join("/")}`;
      let report: Report;
      try {
        report = verifyPack(utf8(writeCanonical(changed, 1000)), trust);
      } catch (error) {
        return assert.fail(`${told}: ${String(error)}`);
      }
      const isSame = writeCanonical(changed, 1000) === writeCanonical(pack);
      if (report.verdict === "verified") assert.ok(isSame || isAllowed(path, pack, changed), told);
      if (report.failure !== undefined) assert.ok(RULES.has(report.failure.rule), `${told}: ${report.failure.rule}`);
    }
  });
}
