import type { CredentialKey } from "../attestation/statement.js";
import { readMembers, type Member } from "../certificate.js";
import { writeCanonical, isList, type Json } from "../canonical.js";
import { compare, utf8 } from "../bytes.js";
import { sha256Hex } from "../hash.js";
import { digest, integer, lei, list, name, object, text, variant } from "../reading.js";
import { refuse, refusedAs } from "../refusal.js";
import type { AdoptedList } from "../policy/guards.js";
import { readKey } from "../suites.js";
import { readGateCall, type GateCall } from "./gate.js";

/** What governance can do (`governance.md` §1), read in form. */
export type Action =
  | { readonly kind: "adopt"; readonly layout: string; readonly guards: string }
  | { readonly kind: "retire"; readonly programme: string; readonly policy: string }
  | NameIssuer
  | { readonly kind: "remove_issuer"; readonly lei: string }
  | {
      readonly kind: "set_list";
      readonly programme: string;
      readonly list: string;
      readonly value: AdoptedList;
    }
  | { readonly kind: "rotate"; readonly members: readonly Member[]; readonly threshold: number }
  | { readonly kind: "erase"; readonly case: string; readonly order: string }
  | {
      readonly kind: "gate";
      readonly programme: string;
      readonly domain: string;
      readonly calls: readonly GateCall[];
    };

export interface NameIssuer {
  readonly kind: "name_issuer";
  readonly lei: string;
  readonly kinds: readonly string[];
  readonly keys: readonly CredentialKey[];
  readonly json: Json;
}

const ACTION_BYTES_MAX = 258_048;
const KEYS_MAX = 16;
const KINDS_MAX = 64;
const SET_MAX = 1_024;
const SET_TEXT_BYTES_MAX = 512;
const CALLS_MAX = 16;
const BYTE_MAX = 255;

/** SHA-256 of the canonical JSON of an action, by which the claim of its proposal names it. */
export function actionDigest(value: Json): string {
  return sha256Hex(writeCanonical(value));
}

/** Reads an action; refuses (`action_form`) what is none. */
export function readAction(value: Json): Action {
  return refusedAs("action_form", () => {
    if (utf8(writeCanonical(value)).length > ACTION_BYTES_MAX) refuse("form", "an action that is too long");
    const [kind, of] = variant(value);
    return (READERS[kind] ?? refuse("form", `no action \`${kind}\``))(of);
  });
}

const READERS: Readonly<Record<string, (value: Json) => Action>> = {
  adopt: (value) => {
    const read = object(value, ["guards", "layout"]);
    return { kind: "adopt", guards: text(read["guards"]), layout: text(read["layout"]) };
  },
  retire: (value) => {
    const read = object(value, ["policy", "programme"]);
    return { kind: "retire", policy: name(read["policy"]), programme: name(read["programme"]) };
  },
  name_issuer: nameIssuer,
  remove_issuer: (value) => ({ kind: "remove_issuer", lei: lei(object(value, ["lei"])["lei"]) }),
  set_list: (value) => {
    const read = object(value, ["list", "programme", "value"]);
    return {
      kind: "set_list",
      list: name(read["list"]),
      programme: name(read["programme"]),
      value: listValue(read["value"]),
    };
  },
  rotate: (value) => {
    const read = object(value, ["cosigners", "threshold"]);
    return {
      kind: "rotate",
      members: readMembers(read["cosigners"]),
      threshold: integer(read["threshold"], 0, BYTE_MAX),
    };
  },
  erase: (value) => {
    const read = object(value, ["case", "order"]);
    return { kind: "erase", case: digest(read["case"]), order: digest(read["order"]) };
  },
  gate: (value) => {
    const read = object(value, ["calls", "domain", "programme"]);
    const calls = list(read["calls"], CALLS_MAX, readGateCall);
    if (calls.length === 0) refuse("form", "no call");
    return { kind: "gate", calls, domain: name(read["domain"]), programme: name(read["programme"]) };
  },
};

function nameIssuer(value: Json): NameIssuer {
  const read = object(value, ["keys", "kinds", "lei"]);
  const kinds = list(read["kinds"], KINDS_MAX, name);
  if (kinds.length === 0 || !ascends(kinds.map(utf8))) refuse("form", "kinds that do not ascend");
  return {
    kind: "name_issuer",
    lei: lei(read["lei"]),
    kinds,
    keys: readCredentialKeys(read["keys"]),
    json: value,
  };
}

/** Keys with the persons that hold them, at least one, ascending by key id. */
export function readCredentialKeys(value: Json | undefined): readonly CredentialKey[] {
  const keys = list(value, KEYS_MAX, (item): CredentialKey => {
    const read = object(item, ["key"], ["person"]);
    const person = read["person"];
    return { key: readKey(read["key"]), ...(person === undefined ? {} : { person: digest(person) }) };
  });
  const ids = keys.map(({ key }) => utf8(key.id));
  return keys.length > 0 && ascends(ids) ? keys : refuse("form", "keys that do not ascend");
}

function listValue(value: Json | undefined): AdoptedList {
  const [kind, of] = variant(value);
  if (kind === "digest") return { digest: digest(of) };
  if (kind !== "set" || !isList(of)) return refuse("form", "a list is a digest or a set");
  const set = list(of, SET_MAX, (item) => text(item, SET_TEXT_BYTES_MAX));
  return ascends(set.map(utf8)) ? { set } : refuse("form", "a set that does not ascend");
}

function ascends(items: readonly Uint8Array[]): boolean {
  return items.every((item, at) => at === 0 || compare(items[at - 1] ?? item, item) < 0);
}
