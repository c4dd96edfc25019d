import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { answer, type Answered } from "../../page/answer.js";
import { standingOf, stepsOf } from "../../page/steps.js";
import { utf8 } from "../../src/bytes.js";
import { parseJson, writeCanonical, type Json, type JsonObject } from "../../src/canonical.js";
import { Stage } from "../machine/stories.js";
import { vectorBytes, vectors } from "../vectors.js";
import { wholePack } from "../whole-pack.js";
import { filesOf, storyPack, TRUST, type Both } from "./made.js";

/** What the page draws is read from the file apart from the verifier: it must say what the report says. */

function answered(pack: Uint8Array, trust: Uint8Array): Answered {
  const given = answer({ pack, trust });
  return given.kind === "answered" ? given : assert.fail(`${given.kind}: ${given.text}`);
}

function bytesOf({ pack, trust }: Both): Answered {
  return answered(pack.bytes as Uint8Array, trust.bytes as Uint8Array);
}

/** Every step of the report is drawn, in its order, with the words of the report. */
function agree({ report, view }: Answered): void {
  const steps = report.facts?.steps ?? [];
  if (view === undefined) {
    assert.equal(steps.length, 0);
    return;
  }
  const drawn = new Map(view.records.map((record) => [record.index, record] as const));
  for (const { index, kind, party, step, refusal, leaf, at, claims } of steps) {
    const record = drawn.get(index) ?? assert.fail(`record ${index} is not drawn`);
    const said = { kind: record.kind, step: record.step, refusal: record.refusal };
    assert.deepEqual(said, { kind, step, refusal });
    // The report names no party of a governance case; the record does.
    if (!["proposed", "approved", "consented"].includes(kind)) assert.equal(record.party, party);
    assert.deepEqual([record.leaf, record.time], [leaf, at]);
    const shown = record.claims.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]));
    assert.deepEqual(Object.fromEntries(shown), claims);
  }
  const shownOf = new Map(stepsOf(report, view).map(({ index, shown }) => [index, shown] as const));
  for (const { index, shown } of steps) {
    assert.equal(shownOf.get(index), report.failure?.record === index ? "broken" : shown);
  }
}

const FILES = [
  ...new Set(
    vectors<{ cases: readonly { file: string }[] }>("pack/index.json").cases.map(({ file }) => file),
  ),
];

for (const file of FILES) {
  test(`${file}: what is drawn is what the report says`, () => {
    agree(answered(vectorBytes(`pack/${file}`), TRUST.bytes as Uint8Array));
  });
}

for (const policy of readdirSync(new URL("../../../../../policies/", import.meta.url))) {
  test(`the first story of ${policy} is drawn as the report says, with titles, roles and names`, () => {
    const given = bytesOf(filesOf(storyPack(policy)));
    agree(given);
    const { records = [], policy: of } = given.view ?? {};
    assert.equal(records.length, given.report.facts?.outcome?.records);
    const names = of?.steps.map(({ name }) => name) ?? [];
    const taken = records.filter(({ kind }) => kind === "attested").map(({ step }) => step);
    assert.deepEqual(
      taken.filter((step) => !names.includes(step ?? "")),
      [],
    );
    assert.ok(
      records.filter(({ kind }) => kind === "outcome").every(({ outcome }) => outcome?.name !== undefined),
    );
  });
}

test("a governance case is drawn too, with what it changes", () => {
  const ledger = new Stage("stablecoin-issue").ledger();
  const proposals = ledger.groups
    .flatMap(({ records }) => records)
    .filter(({ said }) => said?.kind === "proposed");
  const changes = proposals.map(({ leafHash }) => {
    const given = bytesOf(filesOf(wholePack(ledger, leafHash)));
    assert.equal(given.report.verdict, "verified");
    agree(given);
    return given.view?.records[0]?.change;
  });
  assert.deepEqual([...new Set(changes)], ["name_issuer", "set_list", "adopt"]);
});

/** A sequence of numbers that is the same at every run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state;
  }
}

/** The same value with one place of it changed: text cut or turned, a number moved, an item left out. */
function changed(value: Json, next: () => number): Json {
  if (typeof value === "string")
    return value.length % 2 === 0 ? value.slice(1) : [...value].reverse().join("");
  if (typeof value === "number") return value + (next() % 3) - 1;
  if (typeof value !== "object" || value === null) return "null";
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    const at = next() % Math.max(1, items.length);
    if (next() % 8 === 0) return items.filter((_, place) => place !== at);
    return items.map((item, place) => (place === at ? changed(item, next) : item));
  }
  const fields = Object.entries(value as JsonObject);
  const at = next() % Math.max(1, fields.length);
  return Object.fromEntries(
    fields.map(([field, of], place) => [field, place === at ? changed(of, next) : of] as const),
  );
}

const CHANGES = 60;

for (const file of FILES) {
  test(`${file}, changed in one place: there is an answer, and it is drawn as far as it goes`, () => {
    const whole = parseJson(new TextDecoder().decode(vectorBytes(`pack/${file}`)));
    const random = numbers(FILES.indexOf(file) + 1);
    const next = () => random.next().value >>> 8;
    let drawn = 0;
    for (let change = 0; change < CHANGES; change++) {
      // What is drawn stands in the excerpt.
      const at = next() % 2 === 0 ? "excerpt" : undefined;
      const of = whole as JsonObject;
      const bad = at === undefined ? changed(of, next) : { ...of, [at]: changed(of[at] ?? null, next) };
      const given = answer({ pack: utf8(writeCanonical(bad)), trust: TRUST.bytes as Uint8Array });
      if (given.kind === "no_pack") continue;
      if (given.kind === "broken") assert.fail(`change ${change}: ${given.text}`);
      agree(given);
      if (given.view !== undefined) drawn += 1;
    }
    assert.ok(drawn > CHANGES / 6, `${drawn} of ${CHANGES} were in form`);
  });
}

test("a step that was withdrawn or refused does not stand as taken", () => {
  const base = {
    time: 0,
    leaf: "",
    command: "submit",
    claims: [],
    evidence: [],
    signatures: [],
    shown: "rerun",
  } as const;
  const standing = standingOf(
    ["a", "b", "c", "d"],
    [
      { ...base, index: 1, kind: "attested", step: "a" },
      { ...base, index: 2, kind: "attempted", step: "b" },
      { ...base, index: 3, kind: "refused", step: "c" },
      { ...base, index: 4, kind: "withdrawn", fallen: ["a"] },
      { ...base, index: 5, kind: "attempted", step: "a" },
      { ...base, index: 6, kind: "attested", step: "b" },
      { ...base, index: 7, kind: "attempted", step: "b" },
    ],
  );
  const states = [...standing].map(([name, { state, record }]) => [name, state, record?.index]);
  assert.deepEqual(states, [
    ["a", "attempted", 5],
    ["b", "done", 6],
    ["c", "refused", 3],
    ["d", "not taken", undefined],
  ]);
});
