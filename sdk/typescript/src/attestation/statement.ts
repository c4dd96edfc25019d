import { fromUtf8 } from "../bytes.js";
import {
  canonicalBytes,
  isList,
  parseCanonical,
  parseJson,
  type Json,
  type JsonObject,
} from "../canonical.js";
import { sha256Hex } from "../hash.js";
import {
  CLAIMS_MAX,
  CONSUMED_MAX,
  CREDENTIAL_KEYS_MAX,
  ENVELOPE_BYTES_MAX,
  EVIDENCE_MAX,
  PREV_MAX,
  REASON_BYTES_MAX,
} from "../limits.js";
import { anyObject, digest, integer, lei, list, name, object, text, time } from "../reading.js";
import { refuse, refusedAs } from "../refusal.js";
import { readKey, type PublicKey } from "../suites.js";

/** What a party states: the payload of an envelope (`attestation.md` §2). */

/** The certified checkpoint that a signer had when it signed. */
export interface Seen {
  /** Digest of the certificate. */
  readonly certificate: string;
  readonly size: number;
}

interface Common {
  readonly ledger: string;
  readonly party: string;
  readonly issued: number;
  readonly expires: number;
  readonly seen?: Seen;
}

export interface OpeningStatement extends Common {
  readonly kind: "opening";
  readonly claims: readonly string[];
  readonly deadline: number;
  readonly nonce: string;
  readonly policy: string;
}

export interface AttestationStatement extends Common {
  readonly kind: "attestation";
  readonly case: string;
  readonly claims: readonly string[];
  readonly evidence: readonly string[];
  readonly prev: readonly string[];
  /** Given exactly when the step is refused. */
  readonly reason?: string;
  readonly step: string;
  readonly verdict: "done" | "refused";
}

export interface WithdrawalStatement extends Common {
  readonly kind: "withdrawal";
  readonly case: string;
  readonly leaf: string;
  readonly reason: string;
}

export interface CredentialKey {
  readonly key: PublicKey;
  /** An opaque digest that tells persons apart. */
  readonly person?: string;
}

export interface CredentialStatement extends Common {
  readonly kind: "credential";
  readonly keys: readonly CredentialKey[];
  readonly credentialKind: string;
  readonly subject: string;
  readonly validFrom: number;
  readonly validUntil: number;
}

export interface RevocationStatement extends Common {
  readonly kind: "revocation";
  readonly credential: string;
  readonly reason: string;
  readonly suspectSince?: number;
}

export interface Consumed {
  readonly case: string;
  readonly ordinal: number;
  readonly time: number;
}

export interface ReadingStatement extends Common {
  readonly kind: "reading";
  readonly block: number;
  readonly blockHash: string;
  readonly blockTime: number;
  readonly consumed: readonly Consumed[];
  readonly domain: string;
  readonly nextBlockTime: number;
  /** Until when the guardian has paused the Gate; absent when it never did. */
  readonly pausedUntil?: number;
  readonly programme: string;
  /** Token units in decimal, below 2^128. */
  readonly supply: string;
}

export type Statement =
  | OpeningStatement
  | AttestationStatement
  | WithdrawalStatement
  | CredentialStatement
  | RevocationStatement
  | ReadingStatement;

/** The in-toto subject, which follows from the predicate. */
export interface Subject {
  readonly digest: string;
  readonly name: string;
}

const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE = /^urn:lockstep:([a-z]+):1$/;
const ORDINAL_MAX = 2 ** 32 - 1;
const SUPPLY = /^(0|[1-9][0-9]{0,38})$/;
const SUPPLY_END = 2n ** 128n;

const COMMON_FIELDS = ["expires", "issued", "ledger", "party"] as const;

/** How one kind of predicate is read: its own fields, and the two steps of reading it. */
interface Kind {
  readonly required: readonly string[];
  readonly optional?: readonly string[];
  readonly read: (fields: JsonObject, common: Common) => Statement;
}

const KINDS: Readonly<Record<Statement["kind"], Kind>> = {
  opening: { required: ["claims", "deadline", "nonce", "policy"], read: readOpening },
  attestation: {
    required: ["case", "claims", "evidence", "prev", "step", "verdict"],
    optional: ["reason"],
    read: readAttestation,
  },
  withdrawal: { required: ["case", "leaf", "reason"], read: readWithdrawal },
  credential: { required: ["keys", "kind", "subject", "valid_from", "valid_until"], read: readCredential },
  revocation: { required: ["credential", "reason"], optional: ["suspect_since"], read: readRevocation },
  reading: {
    required: [
      "block",
      "block_hash",
      "block_time",
      "consumed",
      "domain",
      "next_block_time",
      "programme",
      "supply",
    ],
    optional: ["paused_until"],
    read: readReading,
  },
};

/** Reads a payload; refuses it by the first check of `attestation.md` §6 that fails, from the payload on. */
export function readStatement(payload: Uint8Array): Statement {
  const text = refusedAs("payload", () => fromUtf8(payload));
  const loose = refusedAs("payload", () => anyObject(parseJson(text)));
  const kind = kindOf(loose["predicateType"]);
  refusedAs("payload_not_canonical", () => parseCanonical(text, { bytes: ENVELOPE_BYTES_MAX }));
  const fields = refusedAs("payload_fields", () =>
    object(loose, ["_type", "predicate", "predicateType", "subject"]),
  );
  const { required, optional = [], read } = KINDS[kind];
  const predicate = refusedAs("payload_fields", () =>
    object(fields["predicate"], [...COMMON_FIELDS, ...required], [...optional, "seen"]),
  );
  if (fields["_type"] !== STATEMENT_TYPE) refuse("statement_type", `expected \`${STATEMENT_TYPE}\``);
  const common = readCommon(predicate);
  const statement = read(predicate, common);
  if (!isSubject(fields["subject"], subjectOf(statement, predicate))) refuse("subject", "another subject");
  if (common.issued >= common.expires) refuse("never_valid", "`issued` is not before `expires`");
  return statement;
}

function kindOf(type: Json | undefined): Statement["kind"] {
  const kind = typeof type === "string" ? PREDICATE_TYPE.exec(type)?.[1] : undefined;
  if (kind === undefined || !isKind(kind))
    return refuse("predicate_type", "a predicate type that is not known");
  return kind;
}

function isKind(kind: string): kind is Statement["kind"] {
  return Object.hasOwn(KINDS, kind);
}

function subjectOf(statement: Statement, predicate: JsonObject): Subject {
  if (statement.kind === "credential") {
    const keys = predicate["keys"] ?? null;
    return { digest: sha256Hex(canonicalBytes(keys)), name: statement.credentialKind };
  }
  return subject(statement);
}

/** What an attestation of any kind but a credential is about, and under which name. */
export function subject(statement: Exclude<Statement, CredentialStatement>): Subject {
  switch (statement.kind) {
    case "opening":
      return { digest: statement.policy, name: "policy" };
    case "attestation":
      return { digest: statement.case, name: statement.step };
    case "withdrawal":
      return { digest: statement.leaf, name: "record" };
    case "reading":
      return { digest: statement.blockHash, name: statement.domain };
    case "revocation":
      return { digest: statement.credential, name: "credential" };
  }
}

function isSubject(value: Json | undefined, expected: Subject): boolean {
  if (value === undefined || !isList(value) || value.length !== 1) return false;
  const read = object(value[0], ["digest", "name"]);
  return object(read["digest"], ["sha256"])["sha256"] === expected.digest && read["name"] === expected.name;
}

function readCommon(fields: JsonObject): Common {
  const seen = fields["seen"];
  return {
    ledger: digest(fields["ledger"]),
    party: lei(fields["party"]),
    issued: time(fields["issued"]),
    expires: time(fields["expires"]),
    ...(seen === undefined ? {} : { seen: readSeen(seen) }),
  };
}

function readSeen(value: Json): Seen {
  const read = object(value, ["certificate", "size"]);
  return { certificate: digest(read["certificate"]), size: integer(read["size"]) };
}

function readOpening(fields: JsonObject, common: Common): OpeningStatement {
  return {
    kind: "opening",
    ...common,
    claims: list(fields["claims"], CLAIMS_MAX, digest),
    deadline: time(fields["deadline"]),
    nonce: digest(fields["nonce"]),
    policy: digest(fields["policy"]),
  };
}

function readAttestation(fields: JsonObject, common: Common): AttestationStatement {
  const { verdict, reason } = fields;
  if (verdict !== "done" && verdict !== "refused") return refuse("form", "a verdict is `done` or `refused`");
  const statement: AttestationStatement = {
    kind: "attestation",
    ...common,
    case: digest(fields["case"]),
    claims: list(fields["claims"], CLAIMS_MAX, digest),
    evidence: list(fields["evidence"], EVIDENCE_MAX, digest),
    prev: list(fields["prev"], PREV_MAX, digest),
    ...(reason === undefined ? {} : { reason: text(reason, REASON_BYTES_MAX) }),
    step: name(fields["step"]),
    verdict,
  };
  if ((verdict === "refused") !== (reason !== undefined))
    refuse("form", "a reason belongs to a refused step");
  if (verdict === "refused" && statement.claims.length + statement.evidence.length > 0) {
    refuse("form", "a refused step has neither claims nor evidence");
  }
  return statement;
}

function readWithdrawal(fields: JsonObject, common: Common): WithdrawalStatement {
  return {
    kind: "withdrawal",
    ...common,
    case: digest(fields["case"]),
    leaf: digest(fields["leaf"]),
    reason: text(fields["reason"], REASON_BYTES_MAX),
  };
}

function readCredential(fields: JsonObject, common: Common): CredentialStatement {
  const statement: CredentialStatement = {
    kind: "credential",
    ...common,
    keys: readCredentialKeys(fields["keys"]),
    credentialKind: name(fields["kind"]),
    subject: lei(fields["subject"]),
    validFrom: time(fields["valid_from"]),
    validUntil: time(fields["valid_until"]),
  };
  if (statement.validFrom >= statement.validUntil) refuse("form", "`valid_from` is not before `valid_until`");
  return statement;
}

/** Keys as credentials, genesis and the naming of issuers list them: 1 to 16, ascending by key id. */
export function readCredentialKeys(value: Json | undefined): readonly CredentialKey[] {
  const keys = list(value, CREDENTIAL_KEYS_MAX, (item): CredentialKey => {
    const read = object(item, ["key"], ["person"]);
    const person = read["person"];
    return { key: readKey(read["key"]), ...(person === undefined ? {} : { person: digest(person) }) };
  });
  if (keys.length === 0) refuse("form", "no key");
  keys.reduce((before, after) =>
    before.key.id < after.key.id ? after : refuse("form", "keys out of order"),
  );
  return keys;
}

function readRevocation(fields: JsonObject, common: Common): RevocationStatement {
  const since = fields["suspect_since"];
  return {
    kind: "revocation",
    ...common,
    credential: digest(fields["credential"]),
    reason: text(fields["reason"], REASON_BYTES_MAX),
    ...(since === undefined ? {} : { suspectSince: time(since) }),
  };
}

function readReading(fields: JsonObject, common: Common): ReadingStatement {
  const paused = fields["paused_until"];
  const statement: ReadingStatement = {
    kind: "reading",
    ...common,
    block: integer(fields["block"]),
    blockHash: digest(fields["block_hash"]),
    blockTime: time(fields["block_time"]),
    consumed: list(fields["consumed"], CONSUMED_MAX, readConsumed),
    domain: name(fields["domain"]),
    nextBlockTime: time(fields["next_block_time"]),
    ...(paused === undefined ? {} : { pausedUntil: time(paused) }),
    programme: name(fields["programme"]),
    supply: text(fields["supply"]),
  };
  if (statement.nextBlockTime <= statement.blockTime) refuse("form", "the next block is not later");
  if (!SUPPLY.test(statement.supply) || BigInt(statement.supply) >= SUPPLY_END) refuse("form", "no supply");
  statement.consumed.forEach((after, at, all) => {
    const before = all[at - 1];
    if (before !== undefined && !isBefore(before, after)) refuse("form", "`consumed` out of order");
  });
  return statement;
}

function readConsumed(value: Json): Consumed {
  const read = object(value, ["case", "ordinal", "time"]);
  return {
    case: digest(read["case"]),
    ordinal: integer(read["ordinal"], 0, ORDINAL_MAX),
    time: time(read["time"]),
  };
}

function isBefore(a: Consumed, b: Consumed): boolean {
  return a.case < b.case || (a.case === b.case && a.ordinal < b.ordinal);
}
