import { concat, equal } from "../bytes.js";
import { sha256 } from "../hash.js";
import { LOG_SIZE_MAX } from "../limits.js";

/**
 * The RFC 6962 tree of a log (`log.md` §1). Sizes and places go up to 2^40, beyond what bit operators of the
 * language reach, so halves are taken by division.
 */

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** The root of a log of no leaves. */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0));

/** RFC 6962 §2.1: the hash of a leaf. */
export function hashLeaf(leaf: Uint8Array): Uint8Array {
  return sha256(concat(LEAF_PREFIX, leaf));
}

/** RFC 6962 §2.1: the hash of an inner node. */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(NODE_PREFIX, left, right));
}

/**
 * Whether a path (RFC 6962 §2.1.1) leads from the leaf hash at `index` to the root of the first `size`
 * leaves.
 */
export function isIncluded(
  leaf: { readonly hash: Uint8Array; readonly index: number },
  head: { readonly root: Uint8Array; readonly size: number },
  path: readonly Uint8Array[],
): boolean {
  if (head.size > LOG_SIZE_MAX || leaf.index >= head.size) return false;
  let at = leaf.index;
  let last = head.size - 1;
  let hash = leaf.hash;
  for (const beside of path) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      hash = hashNode(beside, hash);
      while (!isOdd(at) && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      hash = hashNode(hash, beside);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && equal(hash, head.root);
}

/** A log as it was once: how many leaves, and their root. */
export interface Head {
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * Whether a proof (RFC 6962 §2.1.2) shows that the log of `later` begins with that of `earlier`. Between
 * equal sizes the proof is empty; from the empty log nothing is shown.
 */
export function isConsistent(earlier: Head, later: Head, proof: readonly Uint8Array[]): boolean {
  if (earlier.size === 0 || earlier.size > later.size || later.size > LOG_SIZE_MAX) return false;
  if (earlier.size === later.size) return proof.length === 0 && equal(earlier.root, later.root);
  let at = earlier.size - 1;
  let last = later.size - 1;
  while (isOdd(at)) {
    at = half(at);
    last = half(last);
  }
  // A complete subtree is its own beginning, and stands in no proof.
  const [first, ...rest] = at === 0 ? [earlier.root, ...proof] : proof;
  if (first === undefined) return false;
  let before = first;
  let after = first;
  for (const beside of rest) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      before = hashNode(beside, before);
      after = hashNode(beside, after);
      while (!isOdd(at) && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      after = hashNode(after, beside);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && equal(before, earlier.root) && equal(after, later.root);
}

function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

/** A log being filled: keeps the roots of its complete subtrees, at most one a height. */
export class Frontier {
  // Complete subtrees from the left; each is larger than the one after it.
  readonly #subtrees: { height: number; hash: Uint8Array }[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Appends the hash of a leaf. */
  push(hash: Uint8Array): void {
    this.pushSubtree(hash, 0);
  }

  /** Appends a complete subtree of 2^height leaves; the log so far must be a whole number of these. */
  pushSubtree(hash: Uint8Array, height: number): void {
    this.#size += 2 ** height;
    let joined = { height, hash };
    for (let last = this.#subtrees.at(-1); last?.height === joined.height; last = this.#subtrees.at(-1)) {
      this.#subtrees.pop();
      joined = { height: joined.height + 1, hash: hashNode(last.hash, joined.hash) };
    }
    this.#subtrees.push(joined);
  }

  /** Root of what was appended so far. */
  root(): Uint8Array {
    const [last, ...before] = this.#subtrees.map(({ hash }) => hash).reverse();
    return last === undefined ? EMPTY_ROOT : before.reduce((right, left) => hashNode(left, right), last);
  }
}
