import assert from "node:assert/strict";
import { test } from "node:test";
import { claimDigest, type Claim } from "../src/attestation/claim.js";
import { checkEnvelope, preAuthentication, readSubmission } from "../src/attestation/envelope.js";
import { typedHash } from "../src/attestation/typed.js";
import { base64, fromBase64, fromUtf8, hex, utf8 } from "../src/bytes.js";
import { parseCanonical, writeCanonical, type JsonObject } from "../src/canonical.js";
import { answerOf } from "../src/refusal.js";
import { readKey } from "../src/suites.js";
import { vectors, type Given } from "./vectors.js";

interface Signed {
  readonly attestation: string;
  readonly envelope: JsonObject;
  readonly envelope_digest: string;
  readonly kind: string;
  readonly openings: readonly Given[];
  readonly payload: string;
  readonly typed_hash: string;
}

const claims = vectors<{ readonly claims: readonly (Claim & { readonly digest: string })[] }>(
  "claim.json",
).claims;
const { keys, signed } = vectors<{ readonly keys: readonly Given[]; readonly signed: readonly Signed[] }>(
  "attestation.json",
);
const registered = new Map(keys.map(readKey).map((key) => [key.id, key]));
const keyOf = (id: string) => registered.get(id);

for (const claim of claims) {
  test(`claim \`${claim.name}\` has its digest`, () => assert.equal(claimDigest(claim), claim.digest));
}

signed.forEach((given, at) => {
  test(`statement ${at}, ${given.kind}, reads, has its digests and holds`, () => {
    const { envelope } = readSubmission({ envelope: given.envelope, openings: given.openings });
    assert.equal(envelope.statement.kind, given.kind);
    assert.equal(fromUtf8(envelope.payload), given.payload);
    assert.equal(envelope.attestation, given.attestation);
    assert.equal(envelope.digest, given.envelope_digest);
    assert.equal(hex(typedHash(envelope)), given.typed_hash);
    checkEnvelope(envelope, keyOf);
  });
});

// The payment of the example in specs/attestation.md.
const payment = signed[4] as Signed;

test("the PAE is that of the page", () => {
  const text = fromUtf8(preAuthentication(utf8(payment.payload)));
  assert.equal(text, `DSSEv1 28 application/vnd.in-toto+json 784 ${payment.payload}`);
});

/** What is said of the payment when its payload, or its envelope, or its openings are changed. */
function said(change: {
  readonly payload?: (payload: JsonObject) => Given;
  readonly text?: (payload: string) => string;
  readonly envelope?: JsonObject;
  readonly openings?: readonly Given[];
}): string {
  const payload = parseCanonical(payment.payload, { bytes: 65_536 }) as JsonObject;
  const text = change.text?.(payment.payload) ?? writeCanonical(change.payload?.(payload) ?? payload);
  const envelope = { ...payment.envelope, payload: base64(utf8(text)), ...change.envelope };
  return answerOf(() => {
    const submission = readSubmission({ envelope, openings: change.openings ?? payment.openings });
    checkEnvelope(submission.envelope, keyOf);
  });
}

function predicate(change: JsonObject): (payload: JsonObject) => Given {
  return (payload) => ({ ...payload, predicate: { ...(payload["predicate"] as JsonObject), ...change } });
}

const [signature] = payment.envelope["signatures"] as readonly [JsonObject];
const opening = payment.openings[0] as JsonObject;

const REFUSED: readonly (readonly [string, string, string])[] = [
  ["an unknown field", said({ envelope: { more: 1 } }), "envelope"],
  [
    "base64 in another spelling",
    said({ envelope: { payload: `${payment.envelope["payload"] as string}=` } }),
    "envelope",
  ],
  ["another payload type", said({ envelope: { payloadType: "text/plain" } }), "payload_type"],
  ["no signature", said({ envelope: { signatures: [] } }), "signature_count"],
  ["one key twice", said({ envelope: { signatures: [signature, signature] } }), "signature_order"],
  ["no JSON", said({ text: () => "{" }), "payload"],
  [
    "a later version",
    said({ text: (text) => text.replace("attestation:1", "attestation:2") }),
    "predicate_type",
  ],
  ["a space", said({ text: (text) => text.replace(",", ", ") }), "payload_not_canonical"],
  ["a field too many", said({ payload: predicate({ more: 1 }) }), "payload_fields"],
  [
    "another type of statement",
    said({ payload: (payload) => ({ ...payload, _type: "x" }) }),
    "statement_type",
  ],
  ["another step than the subject's", said({ payload: predicate({ step: "reserve" }) }), "subject"],
  ["issued when it expires", said({ payload: predicate({ issued: 1795165207400 }) }), "never_valid"],
  ["a refused step with claims", said({ payload: predicate({ verdict: "refused", reason: "no" }) }), "form"],
  ["an opening too few", said({ openings: payment.openings.slice(1) }), "opening_count"],
  [
    "a value too long",
    said({ openings: [{ ...opening, value: "1".repeat(513) }, null, null] }),
    "value_too_long",
  ],
  ["another value", said({ openings: [{ ...opening, value: "1000000.01" }, null, null] }), "does_not_open"],
  [
    "a key that is not known",
    said({ envelope: { signatures: [{ ...signature, keyid: "0".repeat(64) }] } }),
    "unknown_key",
  ],
  ["a payload that was not signed", said({ payload: predicate({ expires: 1795165207401 }) }), "mismatch"],
  ["all claims withheld", said({ openings: [null, null, null] }), "holds"],
];

for (const [what, answer, expected] of REFUSED) {
  test(`${what}: ${expected}`, () => assert.equal(answer, expected));
}

test("base64 has one spelling", () => {
  for (const text of ["AB==", "AAB=", "A", "AA=A", "A===", "AA\n=", "AA-_", "AAA=="]) {
    assert.equal(
      answerOf(() => fromBase64(text)),
      "base64",
      text,
    );
  }
  assert.equal(hex(fromBase64("AQID/w==")), "010203ff");
});
