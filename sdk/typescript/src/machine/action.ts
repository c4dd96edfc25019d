import type { CredentialKey } from "../attestation/statement.js";
import { readMembers, type Member } from "../certificate.js";
import { writeCanonical, isList, type Json } from "../canonical.js";
import { compare, utf8 } from "../bytes.js";
import { sha256Hex } from "../hash.js";
import { digest, integer, lei, list, name, object, text, variant } from "../reading.js";
import { refuse, refusedAs } from "../refusal.js";
import type { AdoptedList } from "../policy/guards.js";
import { readAddress, readKey, writeAddress } from "../suites.js";
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
    }
  | ReplaceGate
  | { readonly kind: "set_rules"; readonly rules: number };

export interface ReplaceGate {
  readonly kind: "replace_gate";
  readonly programme: string;
  readonly domain: string;
  /** In their EIP-55 letters. */
  readonly from: string;
  readonly to: string;
  readonly roles: readonly string[];
}

export interface NameIssuer {
  readonly kind: "name_issuer";
  readonly lei: string;
  readonly kinds: readonly string[];
  readonly keys: readonly CredentialKey[];
  readonly json: Json;
}

const ACTION_BYTES_MAX = 258_048;
const KEYS_MAX = 16;
const LIST_MAX = 1_024;
/** More than an action has room for. */
const SET_FORM_MAX = 65_536;
const BYTE_MAX = 255;
const WORD_MAX = 4_294_967_295;

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
  replace_gate: replaceGate,
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
  set_rules: (value) => ({
    kind: "set_rules",
    rules: integer(object(value, ["rules"])["rules"], 0, WORD_MAX),
  }),
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
    const calls = list(read["calls"], LIST_MAX, readGateCall);
    return { kind: "gate", calls, domain: name(read["domain"]), programme: name(read["programme"]) };
  },
};

function nameIssuer(value: Json): NameIssuer {
  const read = object(value, ["keys", "kinds", "lei"]);
  const kinds = list(read["kinds"], LIST_MAX, name);
  if (!ascends(kinds.map(utf8))) refuse("form", "kinds that do not ascend");
  return {
    kind: "name_issuer",
    lei: lei(read["lei"]),
    kinds,
    keys: readCredentialKeys(read["keys"]),
    json: value,
  };
}

function replaceGate(value: Json): ReplaceGate {
  const read = object(value, ["domain", "from", "programme", "roles", "to"]);
  return {
    kind: "replace_gate",
    domain: name(read["domain"]),
    from: writeAddress(readAddress(read["from"])),
    programme: name(read["programme"]),
    roles: list(read["roles"], LIST_MAX, (role) => text(role)),
    to: writeAddress(readAddress(read["to"])),
  };
}

/** Keys with the persons that hold them. */
export function readCredentialKeys(value: Json | undefined): readonly CredentialKey[] {
  return list(value, LIST_MAX, (item): CredentialKey => {
    const read = object(item, ["key"], ["person"]);
    const person = read["person"];
    return { key: readKey(read["key"]), ...(person === undefined ? {} : { person: digest(person) }) };
  });
}

/** Whether keys are 1 to 16, ascending by key id. */
export function areKeys(keys: readonly CredentialKey[]): boolean {
  return keys.length > 0 && keys.length <= KEYS_MAX && ascends(keys.map(({ key }) => utf8(key.id)));
}

function listValue(value: Json | undefined): AdoptedList {
  const [kind, of] = variant(value);
  if (kind === "digest") return { digest: digest(of) };
  if (kind !== "set" || !isList(of)) return refuse("form", "a list is a digest or a set");
  const set = list(of, SET_FORM_MAX, (item) => text(item));
  return ascends(set.map(utf8)) ? { set } : refuse("form", "a set that does not ascend");
}

function ascends(items: readonly Uint8Array[]): boolean {
  return items.every((item, at) => at === 0 || compare(items[at - 1] ?? item, item) < 0);
}
