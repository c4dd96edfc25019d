import { base64, concat, equal, fromBase64, fromBigEndian, fromUtf8, hex, utf8 } from "../bytes.js";
import { sha256 } from "../hash.js";
import { LOG_SIZE_MAX, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, TIME_MAX } from "../limits.js";
import { refuse, refusedAs } from "../refusal.js";
import { checkSignature, publicKey, type PublicKey } from "../suites.js";

/** Signed notes, and the checkpoints of logs that they carry (`log.md` §§3 and 4). */

/** 1: a log's own signature; 4: a witness's cosignature, which holds a time. */
export type KeyKind = 1 | 4;

export interface VerifierKey {
  readonly name: string;
  readonly kind: KeyKind;
  readonly key: PublicKey;
  /** The first four bytes of a hash over name, kind and key. */
  readonly id: Uint8Array;
}

export interface NoteLine {
  readonly name: string;
  readonly id: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Note {
  /** With its last newline. */
  readonly text: string;
  readonly lines: readonly NoteLine[];
}

/** Who signed a note; of a witness also when, in ms. */
export interface Signed {
  readonly name: string;
  readonly at: number | null;
}

/** Head of a log as its checkpoint states it. */
export interface LogHead {
  readonly origin: string;
  readonly size: number;
  /** Thirty-two bytes. */
  readonly root: Uint8Array;
}

const DASH = "\u2014";
const ID_BYTES = 4;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const TIME_BYTES = 8;
const ORIGIN_BYTES_MAX = 256;
const ROOT_BYTES = 32;
const NAME_BYTES_MAX = 256;
const NOT_IN_NAME = /[\s\p{White_Space}\p{Cc}+]/u;
const CONTROL = /\p{Cc}/u;
const CONTROL_IN_NOTE = /[\u0000-\u0009\u000b-\u001f]/;
const LEDGER_ORIGIN = /^[a-z][a-z0-9._-]{0,63}\/[0-9a-f]{64}$/;
const SIZE = /^(0|[1-9][0-9]{0,15})$/;

/** Reads `<name>+<key id>+<base64 of type ‖ key>`; refuses with `form`, `kind`, `key`, `name` or `id`. */
export function readVerifierKey(text: string): VerifierKey {
  const [, name, id, encoded] =
    /^([^+]*)\+([0-9a-f]{8})\+(.*)$/su.exec(text) ?? refuse("form", "no verifier key");
  const bytes = refusedAs("form", () => fromBase64(encoded ?? ""));
  const kind = bytes[0];
  if (kind !== 1 && kind !== 4) return refuse("kind", `keys of type ${kind} are not known`);
  if (bytes.length !== 1 + KEY_BYTES) refuse("key", `a key of ${bytes.length - 1} bytes`);
  const key = refusedAs("key", () => publicKey("ed25519", bytes.subarray(1)));
  if (name === undefined || !isName(name)) return refuse("name", "a name is empty, or has white space");
  const computed = keyId(name, kind, key.bytes);
  if (hex(computed) !== id) refuse("id", `the id of this key is ${hex(computed)}`);
  return { name, kind, key, id: computed };
}

function isName(name: string): boolean {
  return name !== "" && utf8(name).length <= NAME_BYTES_MAX && !NOT_IN_NAME.test(name);
}

/** Writes a verifier key, for a key of suite `ed25519`. */
export function writeVerifierKey(name: string, kind: KeyKind, key: PublicKey): string {
  return `${name}+${hex(keyId(name, kind, key.bytes))}+${base64(concat(Uint8Array.of(kind), key.bytes))}`;
}

function keyId(name: string, kind: KeyKind, key: Uint8Array): Uint8Array {
  return sha256(concat(utf8(`${name}\n`), Uint8Array.of(kind), key)).subarray(0, ID_BYTES);
}

/** Reads a note; refuses with `too_long`, `characters`, `form`, `too_many_signatures` or `line`. */
export function readNote(bytes: Uint8Array): Note {
  if (bytes.length > NOTE_BYTES_MAX) refuse("too_long", `a note of ${bytes.length} bytes`);
  const note = refusedAs("characters", () => fromUtf8(bytes));
  if (CONTROL_IN_NOTE.test(note)) refuse("characters", "a control character");
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n") || note.length === end + 2)
    refuse("form", "no text with signature lines");
  const lines = note.slice(end + 2, -1).split("\n");
  if (lines.length > NOTE_SIGNATURES_MAX) refuse("too_many_signatures", `${lines.length} signature lines`);
  return { text: note.slice(0, end + 1), lines: lines.map(readLine) };
}

function readLine(line: string): NoteLine {
  const [dash, name, encoded, ...more] = line.split(" ");
  if (dash !== DASH || name === undefined || !isName(name) || encoded === undefined || more.length > 0) {
    return refuse("line", "no signature line");
  }
  const bytes = refusedAs("line", () => fromBase64(encoded));
  if (bytes.length <= ID_BYTES) refuse("line", "a signature line without a signature");
  return { name, id: bytes.subarray(0, ID_BYTES), signature: bytes.subarray(ID_BYTES) };
}

/**
 * Checks the lines of a note by the keys that the reader knows; refuses with `bad_signature` or
 * `no_known_signature`. Lines by other keys are passed over; a name counts once a type, by its first line.
 */
export function checkNote(note: Note, keys: readonly VerifierKey[]): readonly Signed[] {
  const counted = new Set<VerifierKey>();
  const signed: Signed[] = [];
  for (const { name, id, signature } of note.lines) {
    const key = keys.find((known) => known.name === name && equal(known.id, id));
    if (key === undefined) continue;
    const at = refusedAs("bad_signature", () => checkLine(note.text, key, signature));
    if (!counted.has(key)) signed.push({ name, at });
    counted.add(key);
  }
  if (signed.length === 0) refuse("no_known_signature", "signed by no key that is known");
  return signed;
}

function checkLine(text: string, { kind, key }: VerifierKey, signature: Uint8Array): number | null {
  if (kind === 1) {
    checkSignature(key, { bytes: utf8(text) }, signature);
    return null;
  }
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) refuse("length", "no cosignature");
  const seconds = fromBigEndian(signature.subarray(0, TIME_BYTES));
  if (seconds * 1000n > TIME_MAX) refuse("time", "a time out of range");
  checkSignature(key, { bytes: cosigned(text, seconds) }, signature.subarray(TIME_BYTES));
  return Number(seconds) * 1000;
}

function cosigned(text: string, seconds: bigint): Uint8Array {
  return utf8(`cosignature/v1\ntime ${seconds}\n${text}`);
}

/** Reads the text of a checkpoint; refuses with `lines`, `origin`, `size` or `root`. */
export function readHead(text: string): LogHead {
  const lines = text.split("\n");
  const [origin, size, root, end] = lines;
  if (lines.length !== 4 || end !== "" || origin === undefined || size === undefined || root === undefined) {
    return refuse("lines", "a checkpoint has three lines");
  }
  const length = utf8(origin).length;
  if (length === 0 || length > ORIGIN_BYTES_MAX || CONTROL.test(origin)) refuse("origin", "no origin");
  if (!SIZE.test(size) || Number(size) > LOG_SIZE_MAX) refuse("size", "no size up to 2^40");
  const bytes = refusedAs("root", () => fromBase64(root));
  if (bytes.length !== ROOT_BYTES) refuse("root", `a root of ${bytes.length} bytes`);
  return { origin, size: Number(size), root: bytes };
}

/**
 * Reads the text of anybody's checkpoint: lines after the third, which C2SP lets a log add, are passed over.
 * A ledger's log adds none.
 */
export function readCheckpoint(text: string): LogHead {
  const lines = text.split("\n");
  const head = readHead(lines.length < 4 ? text : `${lines.slice(0, 3).join("\n")}\n`);
  const added = lines.slice(3);
  if (added.pop() !== "" || added.includes("") || (added.length > 0 && isLedgerOrigin(head.origin))) {
    refuse("lines", "a line of a checkpoint is empty, or one too many");
  }
  return head;
}

/** True for the origin of a ledger's log: a name, and the nonce of its genesis. */
export function isLedgerOrigin(origin: string): boolean {
  return LEDGER_ORIGIN.test(origin);
}

/** The text of a checkpoint. */
export function writeHead({ origin, size, root }: LogHead): string {
  return `${origin}\n${size}\n${base64(root)}\n`;
}

/** Origin of a ledger's log: its name, and the nonce of its genesis. */
export function originOf(name: string, nonce: string): string {
  return `${name}/${nonce}`;
}
