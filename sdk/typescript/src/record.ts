import { be64, base64, bigEndian, concat, equal, fromBigEndian, fromUtf8, hex, utf8 } from "./bytes.js";
import { parseCanonical, type Json } from "./canonical.js";
import { sha256 } from "./hash.js";
import { BODY_BYTES_MAX, RECORDS_A_COMMAND_MAX, TIME_MAX } from "./limits.js";
import { hashLeaf } from "./log/tree.js";
import { base64Bytes, digest, hexBytes, object } from "./reading.js";
import { refuse, refusedAs } from "./refusal.js";

/** Records: a public leaf of 41 bytes, and a body that it commits to (`record.md`). */

export type Tag = 1 | 2;

export interface Leaf {
  readonly tag: Tag;
  /** Ledger time, ms. */
  readonly time: number;
  /** SHA-256(salt ‖ body). */
  readonly digest: Uint8Array;
}

export interface LedgerRecord {
  readonly leaf: Leaf;
  readonly salt: Uint8Array;
  readonly body: Uint8Array;
}

/** What a seal says: the root of the state map, and the seal before. */
export interface Seal {
  readonly map: string;
  readonly prevSeal?: string;
}

export const LEAF_BYTES = 41;
const SALT_BYTES = 32;
const SALT_DOMAIN = utf8("lockstep/salt/1");
const SEAL_START = utf8('{"seal":');

/** Reads the 41 bytes of a leaf; refuses with `leaf_length`, `tag` or `time`. */
export function readLeaf(bytes: Uint8Array): Leaf {
  if (bytes.length !== LEAF_BYTES) refuse("leaf_length", `a leaf of ${bytes.length} bytes`);
  const tag = bytes[0];
  if (tag !== 1 && tag !== 2) return refuse("tag", `tag ${tag}`);
  const time = fromBigEndian(bytes.subarray(1, 9));
  if (time > TIME_MAX) refuse("time", "after the year 9999");
  return { tag, time: Number(time), digest: bytes.subarray(9) };
}

/** The leaf of a body. */
export function leafOf(tag: Tag, time: number, salt: Uint8Array, body: Uint8Array): Leaf {
  return { tag, time, digest: sha256(concat(salt, body)) };
}

/** The 41 bytes of a leaf. */
export function leafBytes(leaf: Leaf): Uint8Array {
  return concat(Uint8Array.of(leaf.tag), be64(leaf.time), leaf.digest);
}

/** The hash by which a record is named. */
export function leafHash(leaf: Leaf): Uint8Array {
  return hashLeaf(leafBytes(leaf));
}

/** Salt of the i-th record of the command with this seed (`record.md` §3). */
export function saltOf(seed: Uint8Array, i: number): Uint8Array {
  if (i >= RECORDS_A_COMMAND_MAX)
    throw new RangeError(`a command makes ${RECORDS_A_COMMAND_MAX} records at most`);
  return sha256(concat(SALT_DOMAIN, seed, bigEndian(i, 4)));
}

/**
 * Reads the bytes of a record, leaf ‖ salt ‖ body; refuses with `too_short`, an answer of {@link readLeaf},
 * `body_too_long` or `does_not_open`.
 */
export function readRecord(bytes: Uint8Array): LedgerRecord {
  if (bytes.length < LEAF_BYTES + SALT_BYTES) refuse("too_short", `a record of ${bytes.length} bytes`);
  const salt = bytes.subarray(LEAF_BYTES, LEAF_BYTES + SALT_BYTES);
  return opened(bytes.subarray(0, LEAF_BYTES), salt, bytes.subarray(LEAF_BYTES + SALT_BYTES));
}

/** Reads the JSON of a record, `{"body","leaf","salt"}` (`record.md` §7). */
export function readRecordJson(value: Json | undefined): LedgerRecord {
  const read = object(value, ["body", "leaf", "salt"]);
  return opened(hexBytes(read["leaf"]), hexBytes(read["salt"], SALT_BYTES), base64Bytes(read["body"]));
}

/** The JSON of a record. */
export function writeRecordJson({ leaf, salt, body }: LedgerRecord): Json {
  return { body: base64(body), leaf: hex(leafBytes(leaf)), salt: hex(salt) };
}

function opened(leafOfBytes: Uint8Array, salt: Uint8Array, body: Uint8Array): LedgerRecord {
  const leaf = readLeaf(leafOfBytes);
  if (body.length > BODY_BYTES_MAX) refuse("body_too_long", `a body of ${body.length} bytes`);
  if (!equal(leaf.digest, sha256(concat(salt, body))))
    refuse("does_not_open", "the body does not open the leaf");
  return { leaf, salt, body };
}

/**
 * What a record says if it is a seal (`record.md` §§5 and 6); nothing if it is none. Refuses with
 * `malformed_seal` what begins like a seal and is none.
 */
export function readSeal(tag: Tag, body: Uint8Array): Seal | undefined {
  if (tag !== 1 || !equal(body.subarray(0, SEAL_START.length), SEAL_START)) return undefined;
  return refusedAs("malformed_seal", () =>
    readSealBody(object(parseCanonical(fromUtf8(body), { bytes: BODY_BYTES_MAX }), ["seal"])["seal"]),
  );
}

/** The object in a seal's body. */
export function readSealBody(value: Json | undefined): Seal {
  const read = object(value, ["map"], ["prev_seal"]);
  const prev = read["prev_seal"];
  return { map: digest(read["map"]), ...(prev === undefined ? {} : { prevSeal: digest(prev) }) };
}

/** The input that records followed from (`record.md` §4); without a command, that of a seal. */
export function inputBytes(
  now: number,
  seed: Uint8Array,
  command: Uint8Array = new Uint8Array(0),
): Uint8Array {
  return concat(be64(now), seed, command);
}
