import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { base64, fromBase64, utf8 } from "../src/bytes.js";
import { isList, parseJson, writeCanonical, type Json, type JsonObject } from "../src/canonical.js";
import { describe, parseTrust, verifyPack, writeReport, type Item, type Report } from "../src/index.js";
import { vectorBytes, vectors } from "./vectors.js";

interface Expected {
  readonly file: string;
  readonly flags: readonly string[];
  readonly missing: readonly string[];
  readonly record?: number;
  readonly rests_on: readonly string[];
  readonly rule?: string;
  readonly trust: boolean;
  readonly verdict: string;
}

const trust = parseTrust(vectorBytes("pack/trust.json"));
const codes = (items: readonly Item[]) => items.map(({ code }) => code);

for (const { file, trust: trusted, ...expected } of vectors<{ readonly cases: readonly Expected[] }>(
  "pack/index.json",
).cases) {
  test(`${file}, ${trusted ? "with" : "without"} the trust file: ${expected.verdict} ${expected.rule ?? ""}`, () => {
    const report = verifyPack(vectorBytes(`pack/${file}`), trusted ? trust : undefined);
    const { failure, flags, missing, rests_on, verdict } = report;
    const rule = failure === undefined ? {} : { rule: failure.rule };
    const record = failure?.record === undefined ? {} : { record: failure.record };
    const said = {
      flags: codes(flags),
      missing: codes(missing),
      rests_on: codes(rests_on),
      verdict,
      ...rule,
      ...record,
    };
    assert.deepEqual(said, expected, failure?.text);
  });
}

const decided = vectors<JsonObject>("pack/decided.json");

function verify(pack: Json): Report {
  return verifyPack(utf8(writeCanonical(pack)), trust);
}

test("the report of the example has the facts of the page", () => {
  const { facts } = verify(decided);
  assert.ok(facts !== undefined);
  const { certified, name, outcome, size, steps } = facts;
  assert.equal(name, "acme");
  assert.equal(size, 16);
  assert.deepEqual(certified, {
    epoch: 0,
    members: 4,
    signed: ["cosigner-0", "cosigner-1", "cosigner-2"],
    threshold: 3,
  });
  assert.equal(outcome?.phase, "decided");
  assert.equal(outcome?.programme, "acme-usd");
  assert.equal(outcome?.policy_name, "transfer");
  assert.deepEqual(outcome?.outcomes, [14]);
  assert.equal(outcome?.records, 4);
  const date = (ms: number | undefined) => new Date(ms ?? 0).toISOString().slice(11, -1);
  const times = steps.map(({ at, earliest, index, kind, latest, shown }) =>
    [index, kind, shown, date(at), date(earliest?.time), date(latest.time)].join(" "),
  );
  assert.deepEqual(times, [
    "10 opened rerun 06:10:15.160 06:10:13.150 06:11:15.260",
    "12 attested rerun 06:10:15.270 06:10:13.260 06:11:15.370",
    "13 decided rerun 06:10:15.270 06:10:13.260 06:11:15.370",
    "14 outcome rerun 06:10:15.270 06:10:13.260 06:11:15.370",
  ]);
  assert.deepEqual(steps[1]?.claims, { limit: "500.00", note: "within the day's limit" });
  assert.equal(facts.on_chain_not_checked.outcomes.length, 1);
});

test("a report is canonical JSON, and is told in lines", () => {
  const report = verify(decided);
  const text = writeReport(report);
  assert.equal(writeCanonical(parseJson(text)), text);
  const lines = describe(report);
  assert.equal(lines[0], "VERIFIED");
  assert.ok(lines.includes("rests on"));
  assert.ok(
    lines.some((line) => line.startsWith("  12 attested `release` by RISK0000000000000003: re-run;")),
  );
});

/** A value with the one at this path changed. */
function changed(value: Json, path: readonly (string | number)[], change: (value: Json) => Json): Json {
  const [field, ...rest] = path;
  if (field === undefined) return change(value);
  if (isList(value)) return value.map((item, at) => (at === field ? changed(item, rest, change) : item));
  const inner = (value as JsonObject)[field] ?? null;
  return { ...(value as JsonObject), [field]: changed(inner, rest, change) };
}

/** Rule and record by which the example fails once the value at a path is changed. */
function fails(path: readonly (string | number)[], change: (value: Json) => Json): string {
  const { failure, verdict } = verify(changed(decided, path, change));
  return failure === undefined ? verdict : `${failure.rule} ${failure.record ?? ""}`.trim();
}

const turn = (value: Json): Json => {
  const text = value as string;
  return (text.startsWith("0") ? "1" : "0") + text.slice(1);
};
const less = (value: Json): Json => (value as readonly Json[]).slice(1);
const swap = (value: Json): Json => {
  const [first = null, second = null, ...rest] = value as readonly Json[];
  return [second, first, ...rest];
};
const twice = (value: Json): Json => {
  const [first = null] = value as readonly Json[];
  return [first, ...(value as readonly Json[])];
};
const more = (value: Json): Json => ({ ...(value as JsonObject), more: 1 });
const opened = 5;
const release = 6;

const FAILURES: readonly (readonly [what: string, said: string, expected: string])[] = [
  ["nothing changed", fails([], (pack) => pack), "verified"],
  ["another format", fails(["format"], () => "lockstep-pack/2"), "form"],
  ["a field too many", fails(["seal", "body"], more), "form"],
  [
    "a field too many in a record",
    fails(["excerpt", opened, "records", 0, "body", "record", "opened"], more),
    "form",
  ],
  ["a command that is not known", fails(["excerpt", opened, "command"], () => "forgotten"), "form"],
  ["a hash in capitals", fails(["case"], (id) => (id as string).toUpperCase()), "form"],
  ["no genesis", fails(["excerpt"], less), "order"],
  [
    "commands out of order",
    fails(["excerpt"], (groups) => [...(swap(less(groups)) as readonly Json[])]),
    "order",
  ],
  [
    "two groups swapped",
    fails(["excerpt"], (groups) => [(groups as Json[])[0] ?? null, ...(swap(less(groups)) as Json[])]),
    "order 1",
  ],
  ["a record twice", fails(["excerpt", release, "records"], twice), "order 12"],
  ["a command without records", fails(["excerpt", opened, "records"], () => []), "order"],
  [
    "a time after the seal's",
    fails(["excerpt", release, "time"], (time) => (time as number) + 1000),
    "order 12",
  ],
  ["a size of no log", fails(["certificate", "size"], () => 0), "order"],
  [
    "a seal in the excerpt",
    fails(["excerpt", opened, "records", 0, "body"], () => ({ record: { seal: { map: "00".repeat(32) } } })),
    "order 10",
  ],
  [
    "another genesis",
    fails(["excerpt", 0, "records", 0, "body", "record", "genesis", "notice_ms"], () => 1),
    "ledger",
  ],
  ["the certificate of another ledger", fails(["certificate", "ledger"], turn), "ledger"],
  ["the certificate of another epoch", fails(["certificate", "epoch"], () => 1), "committee"],
  ["a signature changed", fails(["certificate", "signatures", 0, "signature"], turn), "certificate"],
  ["two signatures", fails(["certificate", "signatures"], less), "certificate"],
  ["another salt", fails(["excerpt", release, "records", 1, "salt"], turn), "inclusion 13"],
  ["another path", fails(["excerpt", release, "records", 1, "path", 0], turn), "inclusion 13"],
  ["the seal of another map", fails(["seal", "body", "map"], turn), "inclusion 15"],
  ["entries out of order", fails(["map"], swap), "map_proof"],
  ["an entry twice", fails(["map"], twice), "map_proof"],
  ["an entry with another value", fails(["map", 0, "value"], () => "{}"), "map_proof"],
  [
    "an entry said to be absent",
    fails(["map", 0], (entry) => ({
      entity: (entry as JsonObject)["entity"] ?? null,
      proof: (entry as JsonObject)["proof"] ?? null,
    })),
    "map_proof",
  ],
  ["a proof of another sibling", fails(["map", 0, "proof", "siblings", 0], turn), "map_proof"],
  [
    "a payload type of another kind",
    fails(["excerpt", opened, "command", "submit", "envelope", "payloadType"], () => "text/plain"),
    "signature 10",
  ],
  [
    "a payload changed",
    fails(["excerpt", opened, "command", "submit", "envelope", "payload"], repaid),
    "signature 10",
  ],
  [
    "a key that is registered nowhere",
    fails(["excerpt", release, "command", "submit", "envelope", "signatures", 0, "keyid"], () =>
      "0".repeat(64),
    ),
    "signature 12",
  ],
  [
    "one claim opened otherwise",
    fails(["excerpt", release, "command", "submit", "openings", 0, "value"], () => "501.00"),
    "signature 12",
  ],
  ["`seen` out of order", fails(["seen"], swap), "seen"],
  ["`seen` with another leaf", fails(["seen", 0, "leaf"], relief), "seen"],
  ["`seen` of another log", fails(["seen", 0, "consistency"], less), "seen"],
  ["a document twice", fails(["evidence"], twice), "evidence"],
  ["a document with another salt", fails(["evidence", 0, "salt"], turn), "evidence"],
];

function repaid(payload: Json): Json {
  return base64(
    utf8(new TextDecoder().decode(fromBase64(payload as string)).replace('"issued":1', '"issued":2')),
  );
}

function relief(leaf: Json): Json {
  const bytes = fromBase64(leaf as string).slice();
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  return base64(bytes);
}

for (const [what, said, expected] of FAILURES) {
  test(`${what}: ${expected}`, () => assert.equal(said, expected));
}

test("any bytes are answered by a report", () => {
  for (const bytes of [
    new Uint8Array(0),
    utf8("{"),
    utf8("{}"),
    Uint8Array.of(0xff),
    utf8("[".repeat(100_000)),
    utf8("null"),
  ]) {
    const { failure, facts, verdict } = verifyPack(bytes, trust);
    assert.equal(verdict, "failed");
    assert.equal(failure?.rule, "form");
    assert.equal(facts, undefined);
  }
});

test("another spelling of the file fails", () => {
  const text = writeCanonical(decided);
  for (const other of [
    `${text}\n`,
    ` ${text}`,
    `\ufeff${text}`,
    text.replace('"evidence"', '"evidenc\\u0065"'),
    text.replace(":16,", ":16.0,"),
  ]) {
    assert.notEqual(other, text);
    assert.equal(verifyPack(utf8(other), trust).failure?.rule, "form");
  }
});

const COMMAND = fileURLToPath(new URL("../src/node/verify.js", import.meta.url));
const folder = fileURLToPath(new URL("../../../../vectors/pack/", import.meta.url));

function run(
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly out: string; readonly told: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [COMMAND, ...args], (error, out, told) =>
      done({ code: error?.code ?? 0, out, told }),
    );
  });
}

test("the command ends with 0, 1 or 2", async () => {
  const trusted = ["--trust", `${folder}trust.json`];
  const good = await run(`${folder}decided.json`, ...trusted);
  assert.equal(good.code, 0, good.told);
  assert.match(good.out, /^VERIFIED\n/);
  const failed = await run(`${folder}time_changed.json`, ...trusted, "--json");
  assert.equal(failed.code, 1);
  assert.equal((parseJson(failed.out) as JsonObject)["verdict"], "failed");
  assert.equal((await run(`${folder}decided.json`)).code, 2);
  const missing = await run(`${folder}none.json`, ...trusted);
  assert.equal(missing.code, 2);
  assert.match(missing.told, /hint: /);
  const wrong = await run(`${folder}decided.json`, "--trust", `${folder}index.json`);
  assert.equal(wrong.code, 2);
  assert.match(wrong.told, /^form: /);
});
