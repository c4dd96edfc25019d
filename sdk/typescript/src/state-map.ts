import { concat, equal, fromHex, hex, utf8 } from "./bytes.js";
import { type Json } from "./canonical.js";
import { sha256, ZERO_DIGEST } from "./hash.js";
import { MAP_PATH_MAX } from "./limits.js";
import { digest, list, object } from "./reading.js";
import { refuse } from "./refusal.js";

/** The state map: what is shown of it, and how it is proved (`state-map.md`). */

export interface MapProof {
  /** What the path ends at: nothing, or the only entry of a subtree. */
  readonly end: MapLeaf | null;
  /** From the root down. */
  readonly siblings: readonly Uint8Array[];
}

export interface MapLeaf {
  readonly key: Uint8Array;
  readonly valueHash: Uint8Array;
}

const LEAF_TAG = Uint8Array.of(0);
const INNER_TAG = Uint8Array.of(1);

/** Key of the thing of a kind with this name (Entries). */
export function entryKey(kind: number, name: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(kind), name));
}

/** Value hash of the canonical text of a value. */
export function valueHash(value: string): Uint8Array {
  return sha256(utf8(value));
}

/** Reads the JSON of a proof. Longer ones than any key has bits are left to {@link checkProof}. */
export function readProof(value: Json | undefined, siblingsMax: number = Number.MAX_SAFE_INTEGER): MapProof {
  const read = object(value, ["end", "siblings"]);
  return {
    end: read["end"] === "nothing" ? null : readEnd(read["end"]),
    siblings: list(read["siblings"], siblingsMax, (sibling) => fromHex(digest(sibling))),
  };
}

function readEnd(value: Json | undefined): MapLeaf {
  const leaf = object(object(value, ["leaf"])["leaf"], ["key", "value_hash"]);
  return { key: fromHex(digest(leaf["key"])), valueHash: fromHex(digest(leaf["value_hash"])) };
}

/**
 * Checks that a map of this root holds `value` (a value hash) under `key`, or nothing where it is
 * `undefined`. Refuses with `too_deep`, `off_path`, `value` or `root`, in this order.
 */
export function checkProof(
  root: Uint8Array,
  key: Uint8Array,
  value: Uint8Array | undefined,
  { end, siblings }: MapProof,
): void {
  if (siblings.length > MAP_PATH_MAX) refuse("too_deep", `${siblings.length} siblings`);
  if (end !== null && !agree(end.key, key, siblings.length))
    refuse("off_path", "the entry is beside the path");
  const shown = end !== null && equal(end.key, key) ? end.valueHash : undefined;
  if (shown === undefined || value === undefined ? shown !== value : !equal(shown, value)) {
    refuse("value", "the proof shows another value");
  }
  if (!equal(rootOf(key, end, siblings), root)) refuse("root", "the proof leads to another root");
}

function rootOf(key: Uint8Array, end: MapLeaf | null, siblings: readonly Uint8Array[]): Uint8Array {
  let hash = end === null ? ZERO_DIGEST : sha256(concat(LEAF_TAG, end.key, end.valueHash));
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const beside = siblings[depth] ?? ZERO_DIGEST;
    hash = bit(key, depth) === 0 ? inner(hash, beside) : inner(beside, hash);
  }
  return hash;
}

function inner(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(INNER_TAG, left, right));
}

function bit(key: Uint8Array, at: number): number {
  return ((key[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
}

function agree(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let at = 0; at < bits; at++) if (bit(a, at) !== bit(b, at)) return false;
  return true;
}

/** A whole map in memory, for who has all of it: its root, by the table of `state-map.md` (Tree). */
export class StateMap {
  readonly #entries = new Map<string, MapLeaf>();

  /** Enters a value hash, or replaces the one that was there. */
  set(key: Uint8Array, value: Uint8Array): void {
    this.#entries.set(hex(key), { key, valueHash: value });
  }

  root(): Uint8Array {
    const [top] = this.nodes();
    return top === undefined ? ZERO_DIGEST : sha256(top.bytes);
  }

  /** Every node, each before those below it (Kept nodes). */
  nodes(): readonly MapNode[] {
    const sorted = [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
    const nodes: MapNode[] = [];
    subtree(sorted, 0, nodes);
    return nodes;
  }
}

/** A node at its address: the first `depth` bits of the keys below it. */
export interface MapNode {
  readonly depth: number;
  readonly path: Uint8Array;
  /** What is hashed: tag, then key and value hash, or left and right. */
  readonly bytes: Uint8Array;
}

/** Puts the nodes of a subtree behind those of `into`; gives the hash of its top. */
function subtree(entries: readonly MapLeaf[], depth: number, into: MapNode[]): Uint8Array {
  const [first, second] = entries;
  if (first === undefined) return ZERO_DIGEST;
  const node = {
    depth,
    path: beginning(first.key, depth),
    bytes: concat(LEAF_TAG, first.key, first.valueHash),
  };
  into.push(node);
  if (second !== undefined) {
    const right = entries.findIndex((entry) => bit(entry.key, depth) === 1);
    const parted = right < 0 ? entries.length : right;
    const left = subtree(entries.slice(0, parted), depth + 1, into);
    node.bytes = concat(INNER_TAG, left, subtree(entries.slice(parted), depth + 1, into));
  }
  return sha256(node.bytes);
}

function beginning(key: Uint8Array, bits: number): Uint8Array {
  return key.map((byte, at) => {
    const kept = Math.min(8, Math.max(0, bits - 8 * at));
    return byte & (0xff00 >> kept);
  });
}
