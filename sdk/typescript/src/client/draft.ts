import { claimDigest, evidenceDigest, type Claim } from "../attestation/claim.js";
import {
  decodeSubmission,
  PAYLOAD_TYPE,
  preAuthentication,
  readRawSubmission,
} from "../attestation/envelope.js";
import {
  readStatement,
  subject,
  type CredentialStatement,
  type Statement,
} from "../attestation/statement.js";
import { typedHash } from "../attestation/typed.js";
import { base64, concat, hex } from "../bytes.js";
import { canonicalBytes, type Json, type JsonObject } from "../canonical.js";
import { sha256Hex } from "../hash.js";
import { refuse } from "../refusal.js";
import { keyOf, signed, type Signer } from "./signer.js";
import { typedAttestation } from "./typed-data.js";

/** Statements in the making (`attestation.md`): drafted, then signed by one key or by several. */

type Drafted = Exclude<Statement, CredentialStatement>;

/** A statement with what it withholds from whoever is not shown it: values, salts, documents. */
export interface Draft {
  readonly statement: Drafted;
  readonly openings: readonly Claim[];
  /** Each as it travels: 32 bytes of salt, then the document. */
  readonly documents: readonly Uint8Array[];
}

/** A statement that is signed and can be handed in, as often as needed: the same again counts once. */
export interface Signed {
  /** Its identity, by which receipts name it. */
  readonly attestation: string;
  /** `{"envelope","openings"}`, with the salts: keep it, nobody can make it again. */
  readonly submission: JsonObject;
  readonly documents: readonly Uint8Array[];
}

/** 32 bytes that nobody can guess. */
export function random32(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** Claims in the order that the policy declares, each with a salt of its own. */
export function saltedClaims(
  names: readonly string[],
  values: Readonly<Record<string, string>>,
): readonly Claim[] {
  const known = names.map((name) => `\`${name}\``).join(", ") || "none";
  for (const name of Object.keys(values)) {
    if (!names.includes(name)) {
      refuse("claim_unknown", `there is no claim \`${name}\`; declared are ${known}`);
    }
  }
  return names.map((name) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) return refuse("claim_missing", `claim \`${name}\` is missing`);
    return { name, salt: hex(random32()), value };
  });
}

/** The digests of claims, as statements list them. */
export function digestsOf(claims: readonly Claim[]): readonly string[] {
  return claims.map(claimDigest);
}

/** A document with a salt, and the digest by which a statement names it. */
export function saltedDocument(document: Uint8Array): { readonly digest: string; readonly kept: Uint8Array } {
  const salt = random32();
  return { digest: evidenceDigest(salt, document), kept: concat(salt, document) };
}

/** The payload of a statement: canonical JSON of an in-toto Statement v1 (`attestation.md` §2). */
export function payloadOf(statement: Drafted): Uint8Array {
  const { digest, name } = subject(statement);
  return canonicalBytes({
    _type: "https://in-toto.io/Statement/v1",
    predicate: predicateOf(statement),
    predicateType: `urn:lockstep:${statement.kind}:1`,
    subject: [{ digest: { sha256: digest }, name }],
  });
}

// Names on the wire are of small letters with underscores; a field that is not there is left out.
function predicateOf({ kind: _, ...members }: Drafted): JsonObject {
  const fields = Object.entries(members).filter(([, value]) => value !== undefined);
  const named = fields.map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value as unknown as Json,
  ]);
  return Object.fromEntries(named) as JsonObject;
}

/** Signs a draft with one key, or with those of several persons of one party. */
export async function signDraft(draft: Draft, signers: readonly Signer[]): Promise<Signed> {
  const payload = payloadOf(draft.statement);
  // Read back as whoever receives it will: a draft that would be refused for its form is never signed.
  const statement = readStatement(payload);
  const pae = preAuthentication(payload);
  const attestation = sha256Hex(pae);
  const message = {
    bytes: pae,
    hash: typedHash({ statement, attestation }),
    typed: typedAttestation(statement, attestation),
  };
  const signatures: { keyid: string; sig: string }[] = [];
  // One after another: two devices, or two windows of one wallet, are asked in turn.
  for (const signer of signers) {
    signatures.push({ keyid: keyOf(signer).id, sig: base64(await signed(signer, message)) });
  }
  signatures.sort((a, b) => (a.keyid < b.keyid ? -1 : 1));
  const envelope = { payload: base64(payload), payloadType: PAYLOAD_TYPE, signatures };
  const openings = draft.openings.map(({ name, salt, value }) => ({ name, salt, value }));
  return { ...signedOf({ envelope, openings }), documents: draft.documents };
}

/** A submission that was kept, to be handed in again; refuses one that the ledger would not read. */
export function signedOf(submission: JsonObject, documents: readonly Uint8Array[] = []): Signed {
  const { envelope } = decodeSubmission(readRawSubmission(submission));
  return { attestation: envelope.attestation, submission, documents };
}
