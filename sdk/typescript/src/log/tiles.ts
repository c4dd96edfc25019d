import { fromBigEndian } from "../bytes.js";
import { answerOf, refuse } from "../refusal.js";
import { LEAF_BYTES, readLeaf } from "../record.js";

/** The files of a log: tiles of hashes and bundles of leaves (`log.md` §2). */

/** Leaves of a bundle, hashes of a tile. */
export const TILE_WIDTH = 256;
/** Height of a tile. */
export const TILE_HEIGHT = 8;

export interface TilePath {
  /** 0 to 63, of hashes; or a bundle of leaves. */
  readonly level: number | "entries";
  readonly index: bigint;
  /** 1 to 256; less than 256 is a partial one. */
  readonly width: number;
}

const PATH =
  /^tile\/(entries|[0-9]|[1-5][0-9]|6[0-3])\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;
const INDEX_MAX = 2n ** 64n - 1n;
const LENGTH_BYTES = 2;

/** Reads the path of a file in its one spelling; refuses (`text`) any other. */
export function readTilePath(text: string): TilePath {
  const [, level, index, width] = PATH.exec(text) ?? refuse("text", "no path of a tile");
  const path: TilePath = {
    level: level === "entries" ? level : Number(level),
    index: BigInt((index ?? "").replaceAll(/x|\//g, "")),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  if (path.index > INDEX_MAX || writeTilePath(path) !== text) refuse("text", "another spelling of a path");
  return path;
}

/** The path of a file. */
export function writeTilePath({ level, index, width }: TilePath): string {
  const digits = index.toString();
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/.{3}/g) ?? [];
  const elements = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group));
  return `tile/${level}/${elements.join("/")}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

/** The leaves of a bundle, 41 bytes each; refuses with `cut_off`, `too_many` or `leaf`. */
export function readBundle(bytes: Uint8Array): readonly Uint8Array[] {
  const leaves: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    if (leaves.length === TILE_WIDTH) refuse("too_many", `more than ${TILE_WIDTH} leaves`);
    const start = at + LENGTH_BYTES;
    const end = start + Number(fromBigEndian(bytes.subarray(at, start)));
    if (start > bytes.length || end > bytes.length) refuse("cut_off", "cut off within an entry");
    const leaf = bytes.subarray(start, end);
    if (leaf.length !== LEAF_BYTES || answerOf(() => readLeaf(leaf)) !== "holds") refuse("leaf", "no leaf");
    leaves.push(leaf);
    at = end;
  }
  return leaves;
}

/** The entries of a bundle of any log: exactly `width` of them; refuses with `cut_off`. */
export function readEntries(bytes: Uint8Array, width: number): readonly Uint8Array[] {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (entries.length < width) {
    const start = at + LENGTH_BYTES;
    if (start > bytes.length) refuse("cut_off", `cut off before entry ${entries.length} of ${width}`);
    const end = start + Number(fromBigEndian(bytes.subarray(at, start)));
    if (end > bytes.length) refuse("cut_off", `cut off within entry ${entries.length} of ${width}`);
    entries.push(bytes.subarray(start, end));
    at = end;
  }
  if (at !== bytes.length) refuse("cut_off", `more than ${width} entries`);
  return entries;
}
