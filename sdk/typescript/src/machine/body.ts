import { parseCanonical, writeCanonical, type Json } from "../canonical.js";
import { fromUtf8, utf8 } from "../bytes.js";
import { BODY_BYTES_MAX } from "../limits.js";
import { boolean, digest, integer, lei, list, name, object, text, time, variant } from "../reading.js";
import { readMembers } from "../certificate.js";
import { refusedAs, refuse } from "../refusal.js";
import { readKey } from "../suites.js";
import { readAction, readCredentialKeys } from "./action.js";
import { CODES } from "./codes.js";

/** Bodies of records of tag 1 (`bodies.md`), with the ledger's names of fields. */

export type PartyKeys = { readonly keys: readonly Json[]; readonly lei: string };

export type Bodies = {
  readonly genesis: {
    readonly administrator_threshold: number;
    readonly administrators: readonly PartyKeys[];
    readonly appender: Json;
    readonly cosigner_threshold: number;
    readonly cosigners: readonly Json[];
    readonly log: Json;
    readonly name: string;
    readonly nonce: string;
    readonly notice_ms: number;
    readonly rules: number;
  };
  readonly opened: {
    readonly attestation: string;
    readonly credentials: readonly string[];
    readonly deadline: number;
    readonly envelope: string;
    readonly party: string;
    readonly policy: string;
  };
  readonly attested: {
    readonly attestation: string;
    readonly balance?: { readonly amount: number; readonly as_of: number };
    readonly case: string;
    readonly credentials: readonly string[];
    readonly credit?: Booked;
    readonly envelope: string;
    readonly hold?: { readonly amount: number; readonly domain: string };
    readonly party: string;
    readonly payout?: Booked;
    readonly prev: string;
    readonly refused: boolean;
    readonly step: string;
    readonly use_key?: string;
  };
  readonly attempted: {
    readonly attestation: string;
    readonly case: string;
    readonly code: string;
    readonly envelope: string;
    readonly party: string;
    readonly prev: string;
    readonly step: string;
  };
  readonly decided: {
    readonly case: string;
    readonly ordinal: number;
    readonly outcomes: readonly { readonly domain: string; readonly not_after?: number }[];
    readonly prev: string;
  };
  readonly withdrawn: {
    readonly case: string;
    readonly envelope: string;
    readonly fallen: readonly string[];
    readonly leaf: string;
    readonly party: string;
    readonly prev: string;
  };
  readonly expired: { readonly case: string; readonly prev: string };
  readonly read: {
    readonly block_time: number;
    readonly content: string;
    readonly domain: string;
    readonly envelope: string;
    readonly issued: number;
    readonly next_block_time: number;
    readonly party: string;
    readonly paused_until?: number;
    readonly programme: string;
    readonly quorum_reached: boolean;
    readonly supply: number;
  };
  readonly settled: {
    readonly case: string;
    readonly consumed?: number;
    readonly domain: string;
    readonly ordinal: number;
    readonly prev: string;
  };
  readonly credentialed: {
    readonly credential: string;
    readonly envelope: string;
    readonly issuer: string;
    readonly keys: readonly Json[];
    readonly kind: string;
    readonly subject: string;
    readonly valid_from: number;
    readonly valid_until: number;
  };
  readonly revoked: {
    readonly credential: string;
    readonly envelope: string;
    readonly issuer: string;
    readonly suspect_since?: number;
  };
  readonly proposed: {
    readonly action: Json;
    readonly attestation: string;
    readonly deadline: number;
    readonly envelope: string;
    readonly loosens: boolean;
    readonly party: string;
  };
  readonly approved: Agreement;
  readonly consented: Agreement;
  readonly resolved: { readonly case: string; readonly effective: number; readonly prev: string };
  readonly enacted: { readonly action: string; readonly case: string; readonly prev: string };
};

export type Booked = { readonly amount: number; readonly booked: number };
export type Agreement = {
  readonly case: string;
  readonly envelope: string;
  readonly party: string;
  readonly prev: string;
};

export type Kind = keyof Bodies;

/** A body by its kind. */
export type Body = { readonly [K in Kind]: { readonly kind: K; readonly of: Bodies[K] } }[Kind];

type Read = (value: Json) => unknown;

const safe: Read = (value) => integer(value, -Number.MAX_SAFE_INTEGER);
const count: Read = (value) => integer(value);
const byte: Read = (value) => integer(value, 0, 2 ** 8 - 1);
const word: Read = (value) => integer(value, 0, 2 ** 32 - 1);
const digests: Read = (value) => list(value, 64, digest);
const money = (date: string): Read => fieldsOf({ amount: safe, [date]: time });
const partyKeys: Read = (value) =>
  list(value, 16, (item) => fieldsOf({ keys: readCredentialKeys, lei })(item));
const code: Read = (value) => (CODES.has(text(value)) ? value : refuse("form", "a code that is not known"));
const agreement = { case: digest, envelope: digest, party: lei, prev: digest };
const unlocked: Read = (value) => list(value, 32, fieldsOf({ domain: name, "not_after?": time }));

/** How the fields of each kind are read; a `?` ends those that may be absent. */
const FORMS: Readonly<Record<Kind, Readonly<Record<string, Read>>>> = {
  genesis: {
    administrator_threshold: byte,
    administrators: partyKeys,
    appender: readKey,
    cosigner_threshold: byte,
    cosigners: readMembers,
    log: readKey,
    name,
    nonce: digest,
    notice_ms: count,
    rules: word,
  },
  opened: {
    attestation: digest,
    credentials: digests,
    deadline: time,
    envelope: digest,
    party: lei,
    policy: digest,
  },
  attested: {
    attestation: digest,
    "balance?": money("as_of"),
    case: digest,
    credentials: digests,
    "credit?": money("booked"),
    envelope: digest,
    "hold?": fieldsOf({ amount: safe, domain: name }),
    party: lei,
    "payout?": money("booked"),
    prev: digest,
    refused: boolean,
    step: name,
    "use_key?": digest,
  },
  attempted: {
    attestation: digest,
    case: digest,
    code,
    envelope: digest,
    party: lei,
    prev: digest,
    step: name,
  },
  decided: { case: digest, ordinal: word, outcomes: unlocked, prev: digest },
  withdrawn: {
    case: digest,
    envelope: digest,
    fallen: (value) => list(value, 64, name),
    leaf: digest,
    party: lei,
    prev: digest,
  },
  expired: { case: digest, prev: digest },
  read: {
    block_time: time,
    content: digest,
    domain: name,
    envelope: digest,
    issued: time,
    next_block_time: time,
    party: lei,
    "paused_until?": time,
    programme: name,
    quorum_reached: boolean,
    supply: count,
  },
  settled: { case: digest, "consumed?": time, domain: name, ordinal: word, prev: digest },
  credentialed: {
    credential: digest,
    envelope: digest,
    issuer: lei,
    keys: readCredentialKeys,
    kind: name,
    subject: lei,
    valid_from: time,
    valid_until: time,
  },
  revoked: { credential: digest, envelope: digest, issuer: lei, "suspect_since?": time },
  proposed: {
    action: readAction,
    attestation: digest,
    deadline: time,
    envelope: digest,
    loosens: boolean,
    party: lei,
  },
  approved: agreement,
  consented: agreement,
  resolved: { case: digest, effective: time, prev: digest },
  enacted: { action: digest, case: digest, prev: digest },
};

function fieldsOf(form: Readonly<Record<string, Read>>): Read {
  const names = Object.keys(form);
  const optional = names.filter((field) => field.endsWith("?")).map((field) => field.slice(0, -1));
  const required = names.filter((field) => !field.endsWith("?"));
  return (value) => {
    const read = object(value, required, optional);
    for (const [field, inner] of Object.entries(read)) (form[field] ?? form[`${field}?`])?.(inner);
    return read;
  };
}

/** A body of its parsed JSON; refuses (`body`) what is none of a kind that is known. */
export function bodyOf(value: Json): Body {
  return refusedAs("body", () => {
    const [kind, of] = variant(value);
    if (!isKind(kind)) return refuse("body", `no kind of record \`${kind}\``);
    return { kind, of: fieldsOf(FORMS[kind])(of) } as Body;
  });
}

/** Reads the bytes of a body, which are canonical JSON; refuses with `body`. */
export function readBody(bytes: Uint8Array): Body {
  return bodyOf(refusedAs("body", () => parseCanonical(fromUtf8(bytes), { bytes: BODY_BYTES_MAX })));
}

function isKind(kind: string): kind is Kind {
  return Object.hasOwn(FORMS, kind);
}

/** The bytes of a body. */
export function writeBody({ kind, of }: Body): Uint8Array {
  return utf8(writeCanonical({ [kind]: of as Json }));
}
