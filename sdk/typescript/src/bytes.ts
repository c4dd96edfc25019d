import { refuse } from "./refusal.js";

const encoder = new TextEncoder();
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const NOT_A_DIGIT = 255;
const SEXTETS = table(ALPHABET);
const NIBBLES = table("0123456789abcdef");

function table(alphabet: string): Uint8Array {
  const values = new Uint8Array(256).fill(NOT_A_DIGIT);
  for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value;
  return values;
}

function valueOf(digits: Uint8Array, code: number): number {
  return code < 256 ? (digits[code] ?? NOT_A_DIGIT) : NOT_A_DIGIT;
}

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 bytes; refuses (`utf8`) what is none. A byte order mark stays in the text. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse("utf8", "not UTF-8");
  }
}

/** Lower-case hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** Bytes of lower-case hexadecimal digits, of `length` bytes if one is given; refuses (`hex`) any other. */
export function fromHex(text: string, length?: number): Uint8Array {
  if (text.length % 2 !== 0) refuse("hex", "an odd number of hexadecimal digits");
  const bytes = new Uint8Array(text.length / 2);
  if (length !== undefined && bytes.length !== length) {
    refuse("hex", `${bytes.length} bytes in hexadecimal digits, expected ${length}`);
  }
  for (let at = 0; at < bytes.length; at++) {
    const high = valueOf(NIBBLES, text.charCodeAt(2 * at));
    const low = valueOf(NIBBLES, text.charCodeAt(2 * at + 1));
    if (high === NOT_A_DIGIT || low === NOT_A_DIGIT) refuse("hex", "not lower-case hexadecimal digits");
    bytes[at] = (high << 4) | low;
  }
  return bytes;
}

/** Standard base64 with padding. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += ALPHABET.charAt(group >> 18) + ALPHABET.charAt((group >> 12) & 63);
    text += left > 1 ? ALPHABET.charAt((group >> 6) & 63) : "=";
    text += left > 2 ? ALPHABET.charAt(group & 63) : "=";
  }
  return text;
}

/** Bytes of standard base64 with padding in its one spelling; refuses (`base64`) any other. */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) refuse("base64", "not a whole number of base64 groups");
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let held = 0;
  let bits = 0;
  let to = 0;
  for (let at = 0; at < digits; at++) {
    const value = valueOf(SEXTETS, text.charCodeAt(at));
    if (value === NOT_A_DIGIT) refuse("base64", "not standard base64");
    held = (held << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[to++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  if (held !== 0) refuse("base64", "base64 with bits beyond its last byte");
  return bytes;
}

/** The parts one after another. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Whether both hold the same bytes. Not constant in time: nothing secret is compared here. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return compare(a, b) === 0;
}

/** Order of bytes: below zero, zero or above, the shorter first where one begins the other. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** A whole number from 0 to 2^53 − 1 as big-endian bytes. */
export function bigEndian(value: number | bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let left = BigInt(value);
  for (let at = length - 1; at >= 0; at--) {
    bytes[at] = Number(left & 255n);
    left >>= 8n;
  }
  if (left !== 0n) throw new RangeError(`${value} does not fit ${length} bytes`);
  return bytes;
}

/** Eight big-endian bytes. */
export function be64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(value / 2 ** 32));
  view.setUint32(4, value % 2 ** 32);
  return bytes;
}

/** The number of big-endian bytes. */
export function fromBigEndian(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${hex(bytes)}`);
}
