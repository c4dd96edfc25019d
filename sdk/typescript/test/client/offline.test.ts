import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUtf8, utf8 } from "../../src/bytes.js";
import { connect, isPassing, type Fetch } from "../../src/client/index.js";
import { payloadOf, signDraft, signedOf } from "../../src/client/draft.js";
import { adoptedOf, draftOpening, draftStep } from "../../src/client/words.js";
import { digestOf } from "../../src/policy/read.js";
import { readStatement } from "../../src/attestation/statement.js";
import { checkEnvelope, readSubmission } from "../../src/attestation/envelope.js";
import { readKey } from "../../src/suites.js";
import { vectors } from "../vectors.js";
import { ed25519Key, eip712Key, es256Key } from "./keys.js";

/** What needs no server. */

const LEDGER = "7".repeat(64);
const never: Fetch = () => assert.fail("nothing must be sent");

for (const [url, why] of [
  ["ledger.example", "no URL"],
  ["http://ledger.example", "without TLS"],
  ["http://127.0.0.1.example", "without TLS"],
  ["ftp://ledger.example", "expected `https://`"],
  ["https://user:secret@ledger.example", "scheme, host and port"],
  ["https://ledger.example/v1", "scheme, host and port"],
  ["https://ledger.example/?a=1", "scheme, host and port"],
] as const) {
  test(`the address ${url} is refused: ${why}`, async () => {
    await assert.rejects(connect(url, { fetch: never }), (error: Error & { code?: string }) => {
      return error.code === "url" && error.message.includes(why);
    });
  });
}

const answering = (status: number, text: string, type = "application/json"): Fetch => {
  return async () => new Response(text, { status, headers: { "content-type": type } });
};
const ask = (fetch: Fetch) => connect("https://ledger.example", { fetch });

test("a server with several ledgers, or none, has to be told which", async () => {
  const row = { ledger: LEDGER, name: "acme" };
  for (const items of [[], [row, row]]) {
    const fetch = answering(200, JSON.stringify({ items, next: null }));
    await assert.rejects(ask(fetch), { code: "which_ledger" });
  }
});

test("what is no answer of this interface is told apart from a server that is down", async () => {
  const [title, type] = ["busy", "urn:lockstep:error:busy"];
  const problem = { code: "busy", detail: "at work", kind: "retry", status: 503, title, type };
  const said = (of: object, status = 503) =>
    answering(status, JSON.stringify(of), "application/problem+json; charset=utf-8");
  const cases: readonly (readonly [fetch: Fetch, code: string, passing: boolean])[] = [
    [answering(200, "<html>"), "answer", false],
    [answering(200, "{}"), "answer", false],
    [answering(404, "nothing here", "text/plain"), "answer", false],
    [answering(502, "a proxy's page", "text/html"), "down", true],
    [said(problem), "busy", true],
    [said({ ...problem, kind: "refused" }), "busy", false],
    [said({ ...problem, kind: "new" }), "answer", false],
    [said(problem, 500), "answer", false],
    [said({ code: "busy" }), "answer", false],
    [() => Promise.reject(new TypeError("fetch failed")), "down", true],
  ];
  for (const [fetch, code, passing] of cases) {
    await assert.rejects(ask(fetch), (error: Error & { code?: string }) => {
      assert.equal(error.code, code);
      assert.equal(isPassing(error), passing);
      return true;
    });
  }
});

test("a server that never answers is given up, and one that never ends is cut off", async () => {
  const silent: Fetch = (_url, { signal }) =>
    new Promise((_, fail) => signal?.addEventListener("abort", () => fail(signal.reason)));
  // A time-out alone keeps no program going.
  const alive = setInterval(() => undefined, 1_000);
  try {
    const asked = connect("https://ledger.example", { fetch: silent, timeoutMs: 20 });
    await assert.rejects(asked, { code: "down" });
  } finally {
    clearInterval(alive);
  }
  const chunk = new Uint8Array(8 * 1_048_576);
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(stream) {
      sent += 1;
      stream.enqueue(chunk);
    },
  });
  await assert.rejects(ask(async () => new Response(endless)), { code: "answer" });
  assert.ok(sent < 12, `${sent} parts were read`);
});

test("a key and its signing come together", async () => {
  const { key, sign } = ed25519Key();
  for (const half of [{ key }, { sign }]) {
    await assert.rejects(connect("https://ledger.example", { ...half, fetch: never }), { code: "signing" });
  }
  await assert.rejects(connect("https://ledger.example", { token: "a b", fetch: never }), { code: "token" });
  for (const ledger of ["", "../", LEDGER.slice(1), `${LEDGER}/cases`, "A".repeat(64)]) {
    await assert.rejects(connect("https://ledger.example", { ledger, fetch: never }), { code: "id" });
  }
});

interface Attestations {
  readonly signed: readonly { readonly payload: string }[];
}

test("a drafted statement has the bytes of the vectors", () => {
  const { signed } = vectors<Attestations>("attestation.json");
  let compared = 0;
  for (const { payload } of signed) {
    const statement = readStatement(utf8(payload));
    // No client issues credentials.
    if (statement.kind === "credential") continue;
    assert.equal(fromUtf8(payloadOf(statement)), payload);
    compared += 1;
  }
  assert.ok(compared >= 5, `${compared} statements`);
});

const LAYOUT = `
format    = "lockstep-policy/1"
name      = "small"
title     = "Small"
programme = "acme-usd"
guards    = "cedar-1"
opened_by = "issuer"
lasts     = "1d"
[param]
amount = { type = "money", currency = "USD", min = "1.00", max = "9.00" }
[role]
issuer = { credential = "e-money-institution" }
[step.first]
by       = "issuer"
title    = "begins"
evidence = ["paper"]
claim    = { hits = "int" }
[step.second]
by    = "issuer"
title = "ends"
after = ["first"]
`;
const GUARDS = 'permit (principal, action == Action::"first", resource);\n';
const ROW = { layout: LAYOUT, guards: GUARDS, policy: digestOf(LAYOUT, GUARDS), in_force: true };
const ADOPTED = adoptedOf(ROW);
const SPEAKER = { ledger: LEDGER, party: "ACMEUSDISSUER0000046", now: 1_795_161_607_400 };
const FOUND = {
  case: "5".repeat(64),
  deadline: null,
  next: [],
  opener: null,
  params: {},
  phase: "open",
  policy: ROW.policy,
  records: [],
  steps: {},
};

test("files that do not give a policy's digest are refused", () => {
  assert.throws(() => adoptedOf({ ...ROW, guards: `${GUARDS}\n` }), { code: "answer" });
});

test("values that the policy does not ask for, or in another spelling, are not signed", () => {
  const open = (params: Record<string, string>) => () => draftOpening(SPEAKER, ADOPTED, { params });
  assert.throws(open({}), { code: "claim_missing" });
  assert.throws(open({ amount: "1.00", other: "1" }), { code: "claim_unknown" });
  assert.throws(open({ amount: "1" }), { code: "claim_form" });
  assert.throws(open({ constructor: "1", amount: "1.00" }), { code: "claim_unknown" });
  const step = (words: object, name = "first") => () =>
    draftStep(SPEAKER, ADOPTED, FOUND, { step: name, ...words });
  const paper = Uint8Array.of(1);
  assert.throws(step({ claims: { hits: "0" } }), { code: "evidence" });
  assert.throws(step({ claims: { hits: "0" }, evidence: { paper, other: paper } }), { code: "evidence" });
  assert.throws(step({ claims: { hits: "00" }, evidence: { paper } }), { code: "claim_form" });
  assert.throws(step({}, "third"), { code: "step_unknown" });
  assert.deepEqual(step({ claims: { hits: "0" }, evidence: { paper } })().statement.kind, "attestation");
});

test("salts are never the same, and one envelope holds the words of keys of every suite", async () => {
  const signers = [ed25519Key(), await es256Key(), eip712Key()];
  const draft = draftStep(SPEAKER, ADOPTED, FOUND, {
    step: "first",
    claims: { hits: "0" },
    evidence: { paper: Uint8Array.of(1, 2, 3) },
  });
  const again = draftStep(SPEAKER, ADOPTED, FOUND, {
    step: "first",
    claims: { hits: "0" },
    evidence: { paper: Uint8Array.of(1, 2, 3) },
  });
  assert.notEqual(draft.openings[0]?.salt, again.openings[0]?.salt);
  const signed = await signDraft(draft, signers);
  const { envelope } = readSubmission(signed.submission);
  const keys = signers.map(({ key }) => readKey(key));
  checkEnvelope(envelope, (id) => keys.find((key) => key.id === id));
  assert.equal(envelope.signatures.length, 3);
  assert.equal(signed.documents[0]?.length, 35);
  assert.equal(signedOf(signed.submission).attestation, signed.attestation);
  await assert.rejects(signDraft(draft, [signers[0] ?? assert.fail(), signers[0] ?? assert.fail()]), {
    code: "signature_order",
  });
});
