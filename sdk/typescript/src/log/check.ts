import { concat, equal, hex } from "../bytes.js";
import { refuse } from "../refusal.js";
import { readLeaf } from "../record.js";
import { checkNote, readHead, readNote, type LogHead, type Signed, type VerifierKey } from "./note.js";
import { readBundle, TILE_HEIGHT, TILE_WIDTH, writeTilePath } from "./tiles.js";
import { Frontier, hashLeaf, type Head } from "./tree.js";

/** Checks the files of a whole log (`log.md`): every tile and every leaf, against its checkpoint. */

/** Where files of a log are read: `undefined` for one that is not there. Throws where it cannot tell. */
export type ReadFile = (path: string) => Promise<Uint8Array | undefined>;

export interface LogCheck {
  readonly head: LogHead;
  readonly signed: readonly Signed[];
  /** Ledger time of the last record, ms; none of an empty log. */
  readonly lastTime?: number;
  /** Tiles and bundles that were read. */
  readonly files: number;
}

const CHECKPOINT = "checkpoint";
const HASH_BYTES = 32;

/**
 * Reads a log from its first leaf to the last one of its checkpoint. Refuses with the answers of `log.md`,
 * `missing` (a file), `tile` (one that is not made of what lies below it), `time` (a ledger time that
 * decreases), `root`, or `inconsistent`: the log does not begin with the head `earlier`, if one is given.
 */
export async function checkLog(
  read: ReadFile,
  keys: readonly VerifierKey[],
  earlier?: Head,
): Promise<LogCheck> {
  const note = readNote((await read(CHECKPOINT)) ?? refuse("missing", "no checkpoint"));
  const signed = checkNote(note, keys);
  const head = readHead(note.text);
  if (!signed.some(({ name, at }) => name === head.origin && at === null)) {
    refuse("no_known_signature", "not signed by the log itself, whose key has the origin for its name");
  }
  if (earlier !== undefined && head.size < earlier.size) {
    refuse("inconsistent", `${head.size} records, ${earlier.size} were known`);
  }
  const walk = new Walk(read, head.size, earlier);
  const root = await walk.root();
  if (!equal(root, head.root)) refuse("root", `the leaves have root ${hex(root)}`);
  return {
    head,
    signed,
    files: walk.files,
    ...(walk.lastTime === undefined ? {} : { lastTime: walk.lastTime }),
  };
}

/** One pass over the files of a log. */
class Walk {
  readonly #read: ReadFile;
  readonly #size: number;
  readonly #earlier: Head | undefined;
  readonly #tree = new Frontier();
  lastTime: number | undefined;
  files = 0;

  constructor(read: ReadFile, size: number, earlier: Head | undefined) {
    this.#read = read;
    this.#size = size;
    this.#earlier = earlier;
  }

  async root(): Promise<Uint8Array> {
    let hashes: Uint8Array[] = [];
    for (let first = 0; first < this.#size; first += TILE_WIDTH) {
      const below = (await this.#bundle(first)).map(hashLeaf);
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
    const known = this.#earlier?.size ?? 0;
    if (
      subtree !== undefined &&
      hashes.length === TILE_WIDTH &&
      (known <= first || known >= first + TILE_WIDTH)
    ) {
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
    const earlier = this.#earlier;
    if (earlier?.size === this.#tree.size && !equal(this.#tree.root(), earlier.root)) {
      refuse("inconsistent", `another root of ${earlier.size} records was known`);
    }
  }

  async #bundle(first: number): Promise<readonly Uint8Array[]> {
    const width = Math.min(TILE_WIDTH, this.#size - first);
    const bundle = await this.#file("entries", first / TILE_WIDTH, width);
    const leaves = readBundle(bundle.bytes);
    if (leaves.length !== bundle.width)
      refuse("cut_off", `${leaves.length} leaves in a bundle of ${bundle.width}`);
    const shown = leaves.slice(0, width);
    for (const leaf of shown) this.#checkTime(readLeaf(leaf).time, first);
    return shown;
  }

  #checkTime(time: number, first: number): void {
    if (this.lastTime !== undefined && time < this.lastTime) {
      refuse("time", `a time decreases in the bundle of record ${first}`);
    }
    this.lastTime = time;
  }

  async #checkTile(level: number, index: number, hashes: readonly Uint8Array[]): Promise<void> {
    const { bytes, width } = await this.#file(level, index, hashes.length);
    if (bytes.length !== width * HASH_BYTES)
      refuse("tile", `tile ${level}/${index} has ${bytes.length} bytes`);
    if (!equal(bytes.subarray(0, hashes.length * HASH_BYTES), concat(...hashes))) {
      refuse("tile", `tile ${level}/${index} is not made of what lies below it`);
    }
  }

  /** A file of at least `width` items: the full one where it is there, since partial ones may be deleted. */
  async #file(
    level: number | "entries",
    index: number,
    width: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly width: number }> {
    this.files += 1;
    for (const of of new Set([width, TILE_WIDTH])) {
      const bytes = await this.#read(writeTilePath({ level, index: BigInt(index), width: of }));
      if (bytes !== undefined) return { bytes, width: of };
    }
    return refuse("missing", `no file ${writeTilePath({ level, index: BigInt(index), width })}`);
  }
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
