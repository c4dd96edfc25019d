import { concat, fromHex, hex, utf8 } from "../bytes.js";
import { isList, writeCanonical, type Json } from "../canonical.js";
import { digest, lei, list, name, variant } from "../reading.js";
import { refuse } from "../refusal.js";
import { entryKey } from "../state-map.js";

/** What an entry of the state map is about (`entries.md` §1), as a pack names it. */
export type Entity =
  | { readonly case: string }
  | { readonly credential: string }
  | { readonly account: string }
  | { readonly use: string }
  | { readonly list: readonly [programme: string, list: string] }
  | { readonly policy: readonly [programme: string, policy: string] }
  | "committee"
  | { readonly issuer: string };

const KINDS = ["case", "credential", "account", "use", "list", "policy", "committee", "issuer"] as const;
const ZERO = Uint8Array.of(0);

/** Reads an entity; refuses with `form`. */
export function readEntity(value: Json | undefined): Entity {
  if (value === "committee") return value;
  const [kind, of] = variant(value);
  switch (kind) {
    case "case":
    case "credential":
    case "use":
      return { [kind]: digest(of) } as Entity;
    case "account":
      return { account: name(of) };
    case "issuer":
      return { issuer: lei(of) };
    case "list":
    case "policy":
      return { [kind]: pair(of) } as unknown as Entity;
    default:
      return refuse("form", `no entity \`${kind}\``);
  }
}

function pair(value: Json): readonly [string, string] {
  const [first, second, ...more] = isList(value) ? list(value, 2, name) : [];
  if (first === undefined || second === undefined || more.length > 0)
    return refuse("form", "expected two names");
  return [first, second];
}

/** The kind byte, and the bytes of the name behind it. */
function placeOf(entity: Entity): readonly [kind: number, name: Uint8Array] {
  if (entity === "committee") return [KINDS.indexOf("committee") + 1, new Uint8Array(0)];
  const [kind, of] = Object.entries(entity)[0] as [
    (typeof KINDS)[number],
    string | readonly [string, string],
  ];
  const place = KINDS.indexOf(kind) + 1;
  if (typeof of !== "string") return [place, concat(utf8(of[0]), ZERO, utf8(of[1]))];
  return [place, kind === "account" || kind === "issuer" ? utf8(of) : fromHex(of)];
}

/** The key of an entity in the map. */
export function mapKey(entity: Entity): Uint8Array {
  return entryKey(...placeOf(entity));
}

/** A text by which entities stand in order: by kind, then by name. */
export function orderOf(entity: Entity): string {
  const [kind, of] = placeOf(entity);
  return hex(concat(Uint8Array.of(kind), of));
}

/** The canonical text of an entity. */
export function entityText(entity: Entity): string {
  return writeCanonical(entity as Json);
}
