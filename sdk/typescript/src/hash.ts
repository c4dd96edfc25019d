import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { hex, utf8 } from "./bytes.js";

export { sha256, keccak_256 as keccak256 };

/** Thirty-two zero bytes: the hash of an empty subtree, the word of nothing. */
export const ZERO_DIGEST: Uint8Array = new Uint8Array(32);

/** SHA-256 in lower-case hexadecimal digits; a text is taken as its UTF-8 bytes. */
export function sha256Hex(input: Uint8Array | string): string {
  return hex(sha256(typeof input === "string" ? utf8(input) : input));
}

/** Keccak-256 in lower-case hexadecimal digits; a text is taken as its UTF-8 bytes. */
export function keccak256Hex(input: Uint8Array | string): string {
  return hex(keccak_256(typeof input === "string" ? utf8(input) : input));
}
