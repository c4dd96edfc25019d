import { mulAddUnsafe } from "@noble/curves/abstract/curve.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { bigEndian, concat, equal, fromBigEndian, hex } from "./bytes.js";
import { sha256 } from "./hash.js";
import { answerOf } from "./refusal.js";
import {
  addressOf,
  checkForm,
  checkSignature,
  recoverPoint,
  type Message,
  type PublicKey,
  type Secp256k1Point,
} from "./suites.js";

/**
 * Many signatures by few equations (`suites.md`, Alone and together). The answer is one for all: that every
 * signature counts, as `checkSignature` would say of each; or that some may not, and each must be asked
 * alone.
 */

export interface Signed {
  readonly key: PublicKey;
  readonly message: Message;
  readonly signature: Uint8Array;
}

type EdwardsPoint = InstanceType<typeof ed25519.Point>;

const BLINDING_BYTES = 16;

/** Whether all of these count. `false` does not say that one does not. */
export function allCount(signed: readonly Signed[]): boolean {
  const ofSuite = (suite: PublicKey["suite"]) => signed.filter(({ key }) => key.suite === suite);
  return (
    signed.every(({ key, message, signature }) => holds(() => checkForm(key, message, signature))) &&
    ed25519Holds(ofSuite("ed25519")) &&
    eip712Holds(ofSuite("eip712")) &&
    ofSuite("es256").every(({ key, message, signature }) =>
      holds(() => checkSignature(key, message, signature)),
    )
  );
}

function holds(check: () => void): boolean {
  return answerOf(check) === "holds";
}

/** Σ scalar · point over points that may come again: each point is multiplied once. */
class Sum<P> {
  readonly #terms = new Map<string, { readonly point: P; scalar: bigint }>();
  readonly #order: bigint;

  constructor(order: bigint) {
    this.#order = order;
  }

  add(name: string, point: P, scalar: bigint): void {
    const term = this.#terms.get(name);
    if (term === undefined) this.#terms.set(name, { point, scalar: scalar % this.#order });
    else term.scalar = (term.scalar + scalar) % this.#order;
  }

  points(): P[] {
    return [...this.#terms.values()].map(({ point }) => point);
  }

  scalars(): bigint[] {
    return [...this.#terms.values()].map(({ scalar }) => scalar);
  }
}

/** Factors that nobody can choose signatures against: they commit to all keys, signatures and messages. */
function blinding(committed: readonly Uint8Array[]): (at: number) => bigint {
  const seed = sha256(concat(...committed));
  return (at) => fromBigEndian(sha256(concat(seed, bigEndian(at, 8))).subarray(0, BLINDING_BYTES)) | 1n;
}

// ZIP 215: [8] Σ z (s B − R − k A) = 0. Scalars of A and B are taken modulo L, which is no loss under [8].
function ed25519Holds(signed: readonly Signed[]): boolean {
  const { Point } = ed25519;
  const hashes = signed.map(({ key, message, signature }) =>
    sha512(concat(signature.subarray(0, 32), key.bytes, bytesOf(message))),
  );
  const factor = blinding(
    signed.flatMap(({ key, signature }, at) => [key.bytes, signature, hashes[at] ?? signature]),
  );
  const sum = new Sum<EdwardsPoint>(Point.Fn.ORDER);
  for (const [at, { key, signature }] of signed.entries()) {
    const s = fromLittleEndian(signature.subarray(32));
    const R = decoded(signature.subarray(0, 32));
    const A = pointOf(key);
    if (s >= Point.Fn.ORDER || R === undefined || A === undefined) return false;
    const z = factor(at);
    sum.add("B", Point.BASE.negate(), z * s);
    sum.add(key.id, A, z * fromLittleEndian(hashes[at] ?? signature));
    sum.add(String(at), R, z);
  }
  return mulAddUnsafe(Point, sum.points(), sum.scalars()).clearCofactor().is0();
}

const points = new WeakMap<PublicKey, EdwardsPoint>();

function pointOf(key: PublicKey): EdwardsPoint | undefined {
  const point = points.get(key) ?? decoded(key.bytes);
  if (point !== undefined) points.set(key, point);
  return point;
}

function decoded(bytes: Uint8Array): EdwardsPoint | undefined {
  try {
    return ed25519.Point.fromBytes(bytes, true);
  } catch {
    return undefined;
  }
}

// Of each address one signature gives the key Q; of the others Σ z (u1 G + u2 Q − R) = 0, R being the one
// point that r and v name. R = u1 G + u2 Q if and only if Q is the key that belongs to the signature.
function eip712Holds(signed: readonly Signed[]): boolean {
  const { Point } = secp256k1;
  const { Fn } = Point;
  const keys = new Map<string, Secp256k1Point>();
  const factor = blinding(
    signed.flatMap(({ key, message, signature }) => [key.bytes, signature, bytesOf(message)]),
  );
  const sum = new Sum<Secp256k1Point>(Fn.ORDER);
  for (const [at, { key, message, signature }] of signed.entries()) {
    const hash = bytesOf(message);
    const Q = keys.get(key.id);
    if (Q === undefined) {
      const recovered = recoverPoint(hash, signature);
      if (recovered === undefined || !equal(addressOf(recovered), key.bytes)) return false;
      keys.set(key.id, recovered);
      continue;
    }
    const R = lifted(signature);
    if (R === undefined) return false;
    const r = fromBigEndian(signature.subarray(0, 32));
    const ofS = Fn.inv(fromBigEndian(signature.subarray(32, 64)));
    const z = factor(at);
    sum.add("G", Point.BASE, z * Fn.mul(fromBigEndian(hash) % Fn.ORDER, ofS));
    sum.add(key.id, Q, z * Fn.mul(r, ofS));
    sum.add(String(at), R.negate(), z);
  }
  return mulAddUnsafe(Point, sum.points(), sum.scalars()).is0();
}

function lifted(signature: Uint8Array): Secp256k1Point | undefined {
  try {
    const parity = (signature[64] ?? 0) - 27;
    return secp256k1.Point.fromBytes(concat(Uint8Array.of(2 + parity), signature.subarray(0, 32)));
  } catch {
    return undefined;
  }
}

function bytesOf(message: Message): Uint8Array {
  return "hash" in message ? message.hash : message.bytes;
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes.slice().reverse())}`);
}
