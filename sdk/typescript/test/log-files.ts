import { ed25519 } from "@noble/curves/ed25519.js";
import { base64, be64, bigEndian, concat, utf8 } from "../src/bytes.js";
import { sha256 } from "../src/hash.js";
import { readVerifierKey, writeHead, writeVerifierKey, type LogHead } from "../src/log/note.js";
import { TILE_HEIGHT, TILE_WIDTH, writeTilePath } from "../src/log/tiles.js";
import { Frontier, hashLeaf } from "../src/log/tree.js";
import { publicKey } from "../src/suites.js";

/** Leaf n of the logs of vectors/log.json. */
export function leafNumber(n: number): Uint8Array {
  return concat(Uint8Array.of(1), be64(n), sha256(be64(n)));
}

/** The files of a log of these leaves, by their paths. */
export function filesOf(leaves: readonly Uint8Array[]): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  put(
    files,
    "entries",
    leaves.map((leaf) => concat(bigEndian(leaf.length, 2), leaf)),
  );
  let hashes = leaves.map(hashLeaf);
  for (let level = 0; hashes.length > 0; level++) {
    put(files, level, hashes);
    hashes = chunks(hashes)
      .filter((chunk) => chunk.length === TILE_WIDTH)
      .map(rootOf);
  }
  return files;
}

export function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  const tree = new Frontier();
  for (const hash of hashes) tree.push(hash);
  return tree.root();
}

function put(files: Map<string, Uint8Array>, level: number | "entries", items: readonly Uint8Array[]): void {
  chunks(items).forEach((chunk, at) => {
    files.set(writeTilePath({ level, index: BigInt(at), width: chunk.length }), concat(...chunk));
  });
}

function chunks<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / 2 ** TILE_HEIGHT) }, (_, at) =>
    items.slice(at * TILE_WIDTH, (at + 1) * TILE_WIDTH),
  );
}

/** A note over a head, signed as a log signs its own. */
export function signedHead(head: LogHead, secret: Uint8Array): Uint8Array {
  const text = writeHead(head);
  const { id } = readVerifierKey(verifierKey(head.origin, secret));
  return utf8(`${text}\n\u2014 ${head.origin} ${base64(concat(id, ed25519.sign(utf8(text), secret)))}\n`);
}

export function verifierKey(name: string, secret: Uint8Array): string {
  return writeVerifierKey(name, 1, publicKey("ed25519", ed25519.getPublicKey(secret)));
}

// RFC 6962 §2.1.1 and §2.1.2, written as they define proofs; the module under test only checks them.
export function pathOf(at: number, hashes: readonly Uint8Array[]): Uint8Array[] {
  if (hashes.length < 2) return [];
  const k = split(hashes.length);
  return at < k
    ? [...pathOf(at, hashes.slice(0, k)), rootOf(hashes.slice(k))]
    : [...pathOf(at - k, hashes.slice(k)), rootOf(hashes.slice(0, k))];
}

export function proofOf(size: number, hashes: readonly Uint8Array[], whole = true): Uint8Array[] {
  if (size === hashes.length) return whole ? [] : [rootOf(hashes)];
  const k = split(hashes.length);
  return size <= k
    ? [...proofOf(size, hashes.slice(0, k), whole), rootOf(hashes.slice(k))]
    : [...proofOf(size - k, hashes.slice(k), false), rootOf(hashes.slice(0, k))];
}

function split(size: number): number {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}
