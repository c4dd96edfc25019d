import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bigEndian, concat, equal, fromBigEndian, fromHex, hex } from "./bytes.js";
import { type Json } from "./canonical.js";
import { keccak256, sha256 } from "./hash.js";
import { hexBytes, object, text } from "./reading.js";
import { refuse } from "./refusal.js";

/** Keys and signatures (`suites.md`). */

export type Suite = "ed25519" | "es256" | "eip712";

/** A key, registered for one suite. `id` is SHA-256(suite byte ‖ key bytes) in hexadecimal digits. */
export interface PublicKey {
  readonly suite: Suite;
  readonly bytes: Uint8Array;
  readonly id: string;
}

/** What is signed: bytes, or a hash that the caller has made by EIP-712. One is never taken for the other. */
export type Message = { readonly bytes: Uint8Array } | { readonly hash: Uint8Array };

const SUITE_BYTES: Readonly<Record<Suite, number>> = { ed25519: 1, es256: 2, eip712: 3 };
const KEY_LENGTHS: Readonly<Record<Suite, number>> = { ed25519: 32, es256: 65, eip712: 20 };
const SIGNATURE_LENGTHS: Readonly<Record<Suite, number>> = { ed25519: 64, es256: 64, eip712: 65 };
const ORDERS = { es256: p256.Point.Fn.ORDER, eip712: secp256k1.Point.Fn.ORDER } as const;

// Keys come again and again in one pack, and to find a point on its curve is dear.
const REMEMBERED_MAX = 4_096;
const remembered = new Map<string, PublicKey>();

/** A key of its bytes; refuses with `length`, `uncompressed`, `not_on_curve` or `zero_address`. */
export function publicKey(suite: Suite, bytes: Uint8Array): PublicKey {
  const name = `${suite} ${hex(bytes)}`;
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const key = newKey(suite, bytes.slice());
  if (remembered.size === REMEMBERED_MAX) remembered.clear();
  remembered.set(name, key);
  return key;
}

function newKey(suite: Suite, bytes: Uint8Array): PublicKey {
  if (bytes.length !== KEY_LENGTHS[suite]) refuse("length", `a key of ${bytes.length} bytes`);
  if (suite === "es256" && bytes[0] !== 4) refuse("uncompressed", "a key that is not written uncompressed");
  if (!isOnCurve(suite, bytes)) refuse("not_on_curve", "no point of the curve");
  if (suite === "eip712" && bytes.every((byte) => byte === 0)) refuse("zero_address", "the zero address");
  return { suite, bytes, id: hex(sha256(concat(Uint8Array.of(SUITE_BYTES[suite]), bytes))) };
}

function isOnCurve(suite: Suite, bytes: Uint8Array): boolean {
  if (suite === "eip712") return true;
  try {
    if (suite === "ed25519") ed25519.Point.fromBytes(bytes, true);
    else p256.Point.fromBytes(bytes).assertValidity();
    return true;
  } catch {
    return false;
  }
}

/** A key of its JSON, `{"key","suite"}`. */
export function readKey(value: Json | undefined): PublicKey {
  const read = object(value, ["key", "suite"]);
  const suite = text(read["suite"]);
  if (suite !== "ed25519" && suite !== "es256" && suite !== "eip712") refuse("form", `no suite \`${suite}\``);
  return publicKey(suite, hexBytes(read["key"]));
}

/** The JSON of a key. */
export function writeKey(key: PublicKey): { readonly key: string; readonly suite: Suite } {
  return { key: hex(key.bytes), suite: key.suite };
}

/**
 * Checks that a signature counts; refuses with the name of the first check of `suites.md` (When a signature
 * counts) that fails.
 */
export function checkSignature(key: PublicKey, message: Message, signature: Uint8Array): void {
  checkForm(key, message, signature);
  const signed = "hash" in message ? message.hash : message.bytes;
  switch (key.suite) {
    case "ed25519":
      if (!ed25519.verify(signature, signed, key.bytes, { zip215: true }))
        refuse("mismatch", "does not hold");
      return;
    case "es256":
      if (!p256.verify(signature, signed, key.bytes, { lowS: true })) refuse("mismatch", "does not hold");
      return;
    case "eip712":
      if (!equal(recoverAddress(signed, signature), key.bytes))
        refuse("other_signer", "signed by another key");
  }
}

/** Checks 1 to 5: all that is asked of a signature before any equation. */
export function checkForm(key: PublicKey, message: Message, signature: Uint8Array): void {
  if ("hash" in message !== (key.suite === "eip712")) refuse("message_kind", "a message of the other kind");
  if (signature.length !== SIGNATURE_LENGTHS[key.suite])
    refuse("length", `a signature of ${signature.length} bytes`);
  if (key.suite !== "ed25519") checkScalars(key.suite, signature);
}

/** The address whose key made an `eip712` signature over a hash (checks 2 to 6). */
export function recoverAddress(hash: Uint8Array, signature: Uint8Array): Uint8Array {
  if (signature.length !== SIGNATURE_LENGTHS.eip712)
    refuse("length", `a signature of ${signature.length} bytes`);
  checkScalars("eip712", signature);
  const point = recoverPoint(hash, signature) ?? refuse("unrecoverable", "no key belongs to this signature");
  return addressOf(point);
}

/** A point of secp256k1. */
export type Secp256k1Point = InstanceType<typeof secp256k1.Point>;

/** The key that belongs to a hash and an `eip712` signature whose form was checked; none if there is none. */
export function recoverPoint(hash: Uint8Array, signature: Uint8Array): Secp256k1Point | undefined {
  const { r, s } = scalarsOf(signature);
  try {
    return new secp256k1.Signature(r, s, (signature[64] ?? 0) - 27).recoverPublicKey(hash);
  } catch {
    return undefined;
  }
}

/** The address of a key of secp256k1. */
export function addressOf(point: Secp256k1Point): Uint8Array {
  return keccak256(point.toBytes(false).subarray(1)).subarray(12);
}

function checkScalars(suite: "es256" | "eip712", signature: Uint8Array): void {
  const v = signature[64];
  if (suite === "eip712" && v !== 27 && v !== 28) refuse("recovery_byte", `a recovery byte of ${v}`);
  const order = ORDERS[suite];
  const { r, s } = scalarsOf(signature);
  if (r === 0n || r >= order || s === 0n || s >= order) refuse("scalar_range", "r or s is out of range");
  if (s > order >> 1n) refuse("high_s", "s is in the upper half");
}

function scalarsOf(signature: Uint8Array): { readonly r: bigint; readonly s: bigint } {
  return { r: fromBigEndian(signature.subarray(0, 32)), s: fromBigEndian(signature.subarray(32, 64)) };
}

/**
 * What a client does to a signature before it submits it (`suites.md`, Low-s): a high `s` becomes n − s, and
 * the recovery byte is counted from 27. Everything else is left as it is, and judged by whoever verifies.
 */
export function normaliseSignature(suite: Suite, signature: Uint8Array): Uint8Array {
  if (suite === "ed25519" || signature.length !== SIGNATURE_LENGTHS[suite]) return signature;
  const normalised = signature.slice();
  const order = ORDERS[suite];
  const s = fromBigEndian(signature.subarray(32, 64));
  const v = signature[64];
  if (v !== undefined && v < 2) normalised[64] = v + 27;
  if (s > order >> 1n && s < order) {
    normalised.set(bigEndian(order - s, 32), 32);
    if (suite === "eip712") normalised[64] = 55 - (normalised[64] ?? 0);
  }
  return normalised;
}

/** An address with the checksum of EIP-55. */
export function writeAddress(address: Uint8Array): string {
  const digits = hex(address);
  const checksum = hex(keccak256(new TextEncoder().encode(digits)));
  const cased = Array.from(digits, (digit, at) => (checksum.charAt(at) >= "8" ? digit.toUpperCase() : digit));
  return `0x${cased.join("")}`;
}

/** An address in its one spelling, that of EIP-55; refuses (`form`) any other. */
export function readAddress(value: Json | undefined): Uint8Array {
  const written = text(value, 42);
  if (!/^0x[0-9a-fA-F]{40}$/.test(written)) return refuse("form", "expected an address");
  const address = fromHex(written.slice(2).toLowerCase(), 20);
  if (writeAddress(address) !== written) refuse("form", "an address whose checksum is wrong");
  return address;
}
