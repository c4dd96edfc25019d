import { concat, utf8 } from "../bytes.js";
import { canonicalBytes, type Json } from "../canonical.js";
import { sha256Hex } from "../hash.js";
import { ENVELOPE_BYTES_MAX, SIGNATURES_MAX } from "../limits.js";
import { base64Bytes, digest, list, object, text } from "../reading.js";
import { refuse, refusedAs } from "../refusal.js";
import type { Signed } from "../batch.js";
import { checkSignature, type Message, type PublicKey } from "../suites.js";
import { checkOpenings, readOpening, type Opening } from "./claim.js";
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

/** An envelope whose JSON has the right fields and types; nothing more is said of it. */
export interface RawEnvelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly EnvelopeSignature[];
  /** Its canonical JSON. */
  readonly bytes: Uint8Array;
}

/** A submission as far as its JSON goes. */
export interface RawSubmission {
  readonly envelope: RawEnvelope;
  readonly openings: readonly Opening[];
}

/** Reads the types of a submission, `{"envelope","openings"}`; refuses with `form`. */
export function readRawSubmission(value: Json | undefined): RawSubmission {
  const read = object(value, ["envelope", "openings"]);
  const openings = list(read["openings"], Number.MAX_SAFE_INTEGER, readOpening);
  return { envelope: readRawEnvelope(read["envelope"]), openings };
}

function readRawEnvelope(value: Json | undefined): RawEnvelope {
  const read = object(value, ["payload", "payloadType", "signatures"]);
  return {
    payloadType: text(read["payloadType"]),
    payload: base64Bytes(read["payload"]),
    signatures: list(read["signatures"], Number.MAX_SAFE_INTEGER, readSignature),
    bytes: canonicalBytes(read),
  };
}

function readSignature(value: Json): EnvelopeSignature {
  const read = object(value, ["keyid", "sig"]);
  return { keyId: digest(read["keyid"]), signature: base64Bytes(read["sig"]) };
}

/** Decodes a submission; refuses with the first check of `attestation.md` §6 that fails, before any key. */
export function decodeSubmission({ envelope: raw, openings }: RawSubmission): Submission {
  const envelope = decodeEnvelope(raw);
  const { statement } = envelope;
  checkOpenings(openings, "claims" in statement ? statement.claims : []);
  return { envelope, openings };
}

function decodeEnvelope({ bytes, payload, payloadType, signatures }: RawEnvelope): Envelope {
  if (bytes.length > ENVELOPE_BYTES_MAX) refuse("envelope", `more than ${ENVELOPE_BYTES_MAX} bytes`);
  if (payloadType !== PAYLOAD_TYPE) refuse("payload_type", `expected \`${PAYLOAD_TYPE}\``);
  if (signatures.length === 0 || signatures.length > SIGNATURES_MAX) {
    refuse("signature_count", `${signatures.length} signatures`);
  }
  signatures.reduce((before, after) =>
    before.keyId < after.keyId
      ? after
      : refuse("signature_order", "signatures out of the order of their keys"),
  );
  return {
    statement: readStatement(payload),
    payload,
    attestation: sha256Hex(preAuthentication(payload)),
    digest: sha256Hex(bytes),
    signatures,
  };
}

/** Reads and decodes a submission of JSON whose canonical form has been checked. */
export function readSubmission(value: Json | undefined): Submission {
  return decodeSubmission(refusedAs("envelope", () => readRawSubmission(value)));
}

/** Reads and decodes an envelope alone, as {@link readSubmission} does. */
export function readEnvelope(value: Json | undefined): Envelope {
  return decodeEnvelope(refusedAs("envelope", () => readRawEnvelope(value)));
}

/**
 * Checks every signature of an envelope; refuses with `unknown_key`, or with the answer of `suites.md` for
 * the first signature that does not count.
 */
export function checkEnvelope(envelope: Envelope, keyOf: KeyOf): void {
  for (const { key, message, signature } of signedIn(envelope, keyOf))
    checkSignature(key, message, signature);
}

/** Every signature of an envelope, with its key and what that signs; refuses with `unknown_key`. */
export function signedIn(envelope: Envelope, keyOf: KeyOf): readonly Signed[] {
  let bytes: Message | undefined;
  let hash: Message | undefined;
  return envelope.signatures.map(({ keyId, signature }) => {
    const key = keyOf(keyId) ?? refuse("unknown_key", `key ${keyId} is not registered`);
    const message =
      key.suite === "eip712"
        ? (hash ??= { hash: typedHash(envelope) })
        : (bytes ??= { bytes: preAuthentication(envelope.payload) });
    return { key, message, signature };
  });
}
