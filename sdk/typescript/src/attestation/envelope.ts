import { concat, utf8 } from "../bytes.js";
import { canonicalBytes, type Json, type JsonObject } from "../canonical.js";
import { sha256Hex } from "../hash.js";
import { ENVELOPE_BYTES_MAX, SIGNATURES_MAX } from "../limits.js";
import { base64Bytes, digest, list, object, text } from "../reading.js";
import { refuse, refusedAs } from "../refusal.js";
import { checkSignature, type Message, type PublicKey } from "../suites.js";
import { readOpenings, type Opening } from "./claim.js";
import { readStatement, type Statement } from "./statement.js";
import { typedHash } from "./typed.js";

/** A signed statement as it is handed around (`attestation.md` §1), read and not yet checked. */
export interface Envelope {
  readonly statement: Statement;
  readonly payload: Uint8Array;
  /** SHA-256 of the PAE: what identifies the statement, whoever signed it. */
  readonly attestation: string;
  /** SHA-256 of the envelope's canonical JSON: commits to the signatures too. */
  readonly digest: string;
  readonly signatures: readonly EnvelopeSignature[];
}

export interface EnvelopeSignature {
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** An envelope and what is shown of its claims (`attestation.md` §3). */
export interface Submission {
  readonly envelope: Envelope;
  readonly openings: readonly Opening[];
}

/** Where the key of an id is looked up. */
export type KeyOf = (keyId: string) => PublicKey | undefined;

export const PAYLOAD_TYPE = "application/vnd.in-toto+json";

/** DSSE's pre-authentication encoding of a payload. */
export function preAuthentication(payload: Uint8Array): Uint8Array {
  return concat(utf8(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload);
}

/**
 * Reads an envelope of JSON whose canonical form has been checked; refuses with the first check of
 * `attestation.md` §6 that fails.
 */
export function readEnvelope(value: Json | undefined): Envelope {
  const { fields, bytes } = refusedAs("envelope", () => canonicalEnvelope(value));
  if (fields["payloadType"] !== PAYLOAD_TYPE) refuse("payload_type", `expected \`${PAYLOAD_TYPE}\``);
  const payload = refusedAs("envelope", () => base64Bytes(fields["payload"]));
  const signatures = refusedAs("signature_count", () => list(fields["signatures"], SIGNATURES_MAX, readSignature));
  if (signatures.length === 0) refuse("signature_count", "no signature");
  signatures.reduce((before, after) =>
    before.keyId < after.keyId ? after : refuse("signature_order", "signatures out of the order of their keys"),
  );
  return {
    statement: readStatement(payload),
    payload,
    attestation: sha256Hex(preAuthentication(payload)),
    digest: sha256Hex(bytes),
    signatures,
  };
}

function canonicalEnvelope(value: Json | undefined): { readonly fields: JsonObject; readonly bytes: Uint8Array } {
  const fields = object(value, ["payload", "payloadType", "signatures"]);
  text(fields["payloadType"]);
  const bytes = canonicalBytes(fields);
  if (bytes.length > ENVELOPE_BYTES_MAX) refuse("too_long", `more than ${ENVELOPE_BYTES_MAX} bytes`);
  return { fields, bytes };
}

function readSignature(value: Json): EnvelopeSignature {
  const read = object(value, ["keyid", "sig"]);
  return { keyId: digest(read["keyid"]), signature: base64Bytes(read["sig"]) };
}

/** Reads a submission, `{"envelope","openings"}`; each opening must give the digest in its place. */
export function readSubmission(value: Json | undefined): Submission {
  const read = refusedAs("envelope", () => object(value, ["envelope", "openings"]));
  const envelope = readEnvelope(read["envelope"]);
  const { statement } = envelope;
  const claims = "claims" in statement ? statement.claims : [];
  return { envelope, openings: readOpenings(read["openings"], claims) };
}

/**
 * Checks every signature of an envelope; refuses with `unknown_key`, or with the answer of `suites.md` for the
 * first signature that does not count.
 */
export function checkEnvelope(envelope: Envelope, keyOf: KeyOf): void {
  const keys = envelope.signatures.map(
    ({ keyId }) => keyOf(keyId) ?? refuse("unknown_key", `key ${keyId} is not registered`),
  );
  let bytes: Message | undefined;
  let hash: Message | undefined;
  envelope.signatures.forEach(({ signature }, at) => {
    const key = keys[at];
    if (key === undefined) return;
    const message =
      key.suite === "eip712" ? (hash ??= { hash: typedHash(envelope) }) : (bytes ??= { bytes: preAuthentication(envelope.payload) });
    checkSignature(key, message, signature);
  });
}
