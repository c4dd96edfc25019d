import { concat, equal, hex } from "../bytes.js";
import { refuse, refusedAs } from "../refusal.js";
import { LEAF_BYTES, readLeaf } from "../record.js";
import {
  checkNote,
  isLedgerOrigin,
  readCheckpoint,
  readNote,
  type LogHead,
  type Signed,
  type VerifierKey,
} from "./note.js";
import { readEntries, TILE_HEIGHT, TILE_WIDTH, writeTilePath } from "./tiles.js";
import { Frontier, hashLeaf, type Head } from "./tree.js";

/**
 * Checks the files of a whole log (`log.md` §5): every tile and every entry, against its checkpoints. Any log
 * of tlog-tiles can be read; the entries of a ledger's log must be leaves besides.
 */

/** Where files of a log are read: `undefined` for one that is not there. Throws where it cannot tell. */
export type ReadFile = (path: string) => Promise<Uint8Array | undefined>;

/** Names in a folder of the log, as far as they can be known: other files that must agree. */
export type ListFiles = (folder: string) => Promise<readonly string[]>;

export interface LogCheck {
  readonly head: LogHead;
  readonly signed: readonly Signed[];
  /** Checkpoints that were found and hold. */
  readonly checkpoints: number;
  /** Ledger time of the last record, ms; none of an empty log. */
  readonly lastTime?: number;
  /** Tiles and bundles that were read. */
  readonly files: number;
}

const CHECKPOINT = "checkpoint";
/** Where a folder keeps checkpoints of earlier. */
const CHECKPOINTS = "checkpoints";
const HASH_BYTES = 32;

/** What is known besides the files that a log must have. */
export interface Known {
  /** A head that was known: the log must have grown from it. */
  readonly earlier?: Head;
  readonly list?: ListFiles;
}

/**
 * Reads a log from its first entry to the last one of its checkpoint. Refuses with the answers of `log.md`,
 * `missing` (a file), `tile` (one that is not made of what lies below it), `time` (a ledger time that
 * decreases), `root`, `rollback` (the log was longer once) or `inconsistent`: it does not begin with a head
 * that it has signed, or that was known.
 */
export async function checkLog(
  read: ReadFile,
  keys: readonly VerifierKey[],
  { earlier, list = () => Promise.resolve([]) }: Known = {},
): Promise<LogCheck> {
  const bytes = (await read(CHECKPOINT)) ?? refuse("missing", "no checkpoint");
  const { head, signed } = readSigned(bytes, keys);
  const heads: Head[] = earlier === undefined ? [] : [earlier];
  let checkpoints = 1;
  for (const name of [...(await list(CHECKPOINTS))].sort()) {
    const bytes = await read(`${CHECKPOINTS}/${name}`);
    if (bytes === undefined) continue;
    const known = readSigned(bytes, keys).head;
    if (known.origin !== head.origin) refuse("origin", `a checkpoint of ${known.origin}`);
    heads.push(known);
    checkpoints += 1;
  }
  for (const { size } of heads) {
    if (head.size < size) refuse("rollback", `${head.size} entries, ${size} were known`);
  }
  const walk = new Walk({ read, list }, head, heads);
  const root = await walk.root();
  if (!equal(root, head.root)) refuse("root", `the entries have root ${hex(root)}`);
  return {
    head,
    signed,
    checkpoints,
    files: walk.files,
    ...(walk.lastTime === undefined ? {} : { lastTime: walk.lastTime }),
  };
}

/** A checkpoint that the log has signed: a ledger's, by the key that has the origin for its name. */
function readSigned(
  bytes: Uint8Array,
  keys: readonly VerifierKey[],
): { readonly head: LogHead; readonly signed: readonly Signed[] } {
  const note = readNote(bytes);
  const signed = checkNote(note, keys);
  const head = readCheckpoint(note.text);
  const ledger = isLedgerOrigin(head.origin);
  if (!signed.some(({ name, at }) => at === null && (!ledger || name === head.origin))) {
    refuse("no_known_signature", "not signed by the log itself");
  }
  return { head, signed };
}

/** One pass over the files of a log. */
class Walk {
  readonly #read: ReadFile;
  readonly #list: ListFiles;
  readonly #size: number;
  readonly #ofLedger: boolean;
  /** Heads that the tree must have had, smallest first; those that were met are gone. */
  readonly #earlier: Head[];
  readonly #tree = new Frontier();
  lastTime: number | undefined;
  files = 0;

  constructor(files: { read: ReadFile; list: ListFiles }, head: LogHead, earlier: readonly Head[]) {
    this.#read = files.read;
    this.#list = files.list;
    this.#size = head.size;
    this.#ofLedger = isLedgerOrigin(head.origin);
    this.#earlier = [...earlier].sort((a, b) => a.size - b.size);
  }

  async root(): Promise<Uint8Array> {
    let hashes: Uint8Array[] = [];
    this.#compare();
    for (let first = 0; first < this.#size; first += TILE_WIDTH) {
      const below = await this.#bundle(first);
      await this.#checkTile(0, first / TILE_WIDTH, below);
      if (below.length === TILE_WIDTH) hashes.push(rootOf(below));
      this.#append(below, hashes.at(-1));
    }
    for (let level = 1; hashes.length > 0; level++) hashes = await this.#checkLevel(level, hashes);
    return this.#tree.root();
  }

  /** Checks the tiles of a level against the roots below it; gives the roots of the full ones. */
  async #checkLevel(level: number, hashes: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const roots: Uint8Array[] = [];
    for (let first = 0; first < hashes.length; first += TILE_WIDTH) {
      const tile = hashes.slice(first, first + TILE_WIDTH);
      await this.#checkTile(level, first / TILE_WIDTH, tile);
      if (tile.length === TILE_WIDTH) roots.push(rootOf(tile));
    }
    return roots;
  }

  // A full bundle joins the tree as one subtree, unless the head that was known ends within it.
  #append(hashes: readonly Uint8Array[], subtree: Uint8Array | undefined): void {
    const first = this.#tree.size;
    const next = this.#earlier[0]?.size ?? Infinity;
    if (subtree !== undefined && hashes.length === TILE_WIDTH && next >= first + TILE_WIDTH) {
      this.#tree.pushSubtree(subtree, TILE_HEIGHT);
      this.#compare();
      return;
    }
    for (const hash of hashes) {
      this.#tree.push(hash);
      this.#compare();
    }
  }

  #compare(): void {
    while (this.#earlier[0]?.size === this.#tree.size) {
      const known = this.#earlier.shift();
      if (known !== undefined && !equal(this.#tree.root(), known.root)) {
        refuse("inconsistent", `another root of ${known.size} entries was known`);
      }
    }
  }

  /** The hashes of the entries of a bundle, as many as the log has there. */
  async #bundle(first: number): Promise<readonly Uint8Array[]> {
    const index = first / TILE_WIDTH;
    const width = Math.min(TILE_WIDTH, this.#size - first);
    const bundle = await this.#file("entries", index, width);
    const shown = readEntries(bundle.bytes, bundle.width).slice(0, width);
    if (this.#ofLedger) for (const entry of shown) this.#checkTime(timeOf(entry), first);
    const hashes = shown.map(hashLeaf);
    for (const other of await this.#others("entries", index, bundle.width)) {
      const found = readEntries(other.bytes, other.width).slice(0, width).map(hashLeaf);
      if (found.some((hash, at) => !equal(hash, hashes[at] ?? hash))) {
        refuse("tile", `an older bundle entries/${index} has other entries`);
      }
    }
    return hashes;
  }

  #checkTime(time: number, first: number): void {
    if (this.lastTime !== undefined && time < this.lastTime) {
      refuse("time", `a time decreases in the bundle of record ${first}`);
    }
    this.lastTime = time;
  }

  async #checkTile(level: number, index: number, hashes: readonly Uint8Array[]): Promise<void> {
    const file = await this.#file(level, index, hashes.length);
    const below = concat(...hashes);
    for (const { bytes, width } of [file, ...(await this.#others(level, index, file.width))]) {
      if (bytes.length !== width * HASH_BYTES)
        refuse("tile", `tile ${level}/${index} has ${bytes.length} bytes`);
      const both = Math.min(bytes.length, below.length);
      if (!equal(bytes.subarray(0, both), below.subarray(0, both))) {
        refuse("tile", `tile ${level}/${index} is not made of what lies below it`);
      }
    }
  }

  /** A file of at least `width` items: the full one where it is there, since partial ones may be deleted. */
  async #file(level: number | "entries", index: number, width: number): Promise<TileFile> {
    for (const of of new Set([width, TILE_WIDTH])) {
      const file = await this.#take(level, index, of);
      if (file !== undefined) return file;
    }
    return refuse("missing", `no file ${writeTilePath({ level, index: BigInt(index), width })}`);
  }

  /** What else is known to stand at the place of a file. */
  async #others(level: number | "entries", index: number, width: number): Promise<readonly TileFile[]> {
    const full = writeTilePath({ level, index: BigInt(index), width: TILE_WIDTH });
    const names = (await this.#list(`${full}.p`)).filter((name) => /^[1-9][0-9]{0,2}$/.test(name));
    const widths = names.map(Number).filter((of) => of < TILE_WIDTH);
    // The full one is only looked for where names can be known at all.
    const known = widths.length > 0 ? [...widths, TILE_WIDTH] : widths;
    const others: TileFile[] = [];
    for (const of of known.filter((of) => of !== width)) {
      const file = await this.#take(level, index, of);
      if (file !== undefined) others.push(file);
    }
    return others;
  }

  async #take(level: number | "entries", index: number, width: number): Promise<TileFile | undefined> {
    const bytes = await this.#read(writeTilePath({ level, index: BigInt(index), width }));
    if (bytes === undefined) return undefined;
    this.files += 1;
    return { bytes, width };
  }
}

interface TileFile {
  readonly bytes: Uint8Array;
  readonly width: number;
}

function timeOf(entry: Uint8Array): number {
  if (entry.length !== LEAF_BYTES) refuse("leaf", "no leaf of a ledger");
  return refusedAs("leaf", () => readLeaf(entry)).time;
}

function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  const tree = new Frontier();
  for (const hash of hashes) tree.push(hash);
  return tree.root();
}

/** Files of a log under an address, over HTTP. */
export function filesAt(address: URL, get: typeof fetch = fetch): ReadFile {
  const base = address.href.endsWith("/") ? address : new URL(`${address.href}/`);
  return async (path) => {
    const response = await get(new URL(path, base));
    if (response.status === 404) return undefined;
    if (!response.ok) refuse("read", `${path}: status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };
}
