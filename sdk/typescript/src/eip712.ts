import { be64, concat, fromHex, utf8 } from "./bytes.js";
import { keccak256 } from "./hash.js";

/** Typed data in the one domain of `suites.md` (EIP-712 in it). Struct types are told by their text. */

const DOMAIN_TYPE = typeHash("EIP712Domain(string name,string version,bytes32 salt)");
const DOMAIN_NAME = wordOfText("Lockstep");
const DOMAIN_VERSION = wordOfText("1");
const PREFIX = Uint8Array.of(0x19, 0x01);

/** Keccak-256 of the text of a struct type. */
export function typeHash(type: string): Uint8Array {
  return keccak256(utf8(type));
}

/** Word of a `string`. */
export function wordOfText(text: string): Uint8Array {
  return keccak256(utf8(text));
}

/** Word of a `uint64`, `uint8` or smaller number. */
export function wordOfNumber(value: number): Uint8Array {
  const word = new Uint8Array(32);
  word.set(be64(value), 24);
  return word;
}

/** Word of an `address`. */
export function wordOfAddress(address: Uint8Array): Uint8Array {
  const word = new Uint8Array(32);
  word.set(address, 12);
  return word;
}

/** Word of a `T[]`. */
export function wordOfList(words: readonly Uint8Array[]): Uint8Array {
  return keccak256(concat(...words));
}

/** `hashStruct` of a type, by its hash, and the words of its members. */
export function hashStruct(type: Uint8Array, ...words: readonly Uint8Array[]): Uint8Array {
  return keccak256(concat(type, ...words));
}

/** Separator of the domain whose salt is the ledger's id (64 hexadecimal digits). */
export function domainSeparator(ledger: string): Uint8Array {
  return hashStruct(DOMAIN_TYPE, DOMAIN_NAME, DOMAIN_VERSION, fromHex(ledger, 32));
}

/** What a key signs for a struct in a ledger's domain. */
export function signingHash(ledger: string, struct: Uint8Array): Uint8Array {
  return keccak256(concat(PREFIX, domainSeparator(ledger), struct));
}
