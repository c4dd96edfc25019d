import type { TypedData } from "./typed-data.js";
import { hex } from "../bytes.js";
import type { Json } from "../canonical.js";
import { refuse, Refusal } from "../refusal.js";
import { checkSignature, normaliseSignature, readKey, type PublicKey, type Suite } from "../suites.js";

/** Who signs: a key and a way to reach its secret, which never comes here. */

/** What a key is asked to sign. */
export interface ToSign {
  readonly suite: Suite;
  /**
   * For `ed25519` and `es256` the message (an `es256` device hashes it itself, with SHA-256); for `eip712`
   * the 32 bytes of the typed data's hash.
   */
  readonly bytes: Uint8Array;
  /** For `eip712`: what wallets are shown, as `eth_signTypedData_v4` takes it. */
  readonly typed?: TypedData;
}

/** Gives the signature: 64 bytes, `eip712` 65. High `s` and recovery bytes 0 and 1 are put right here. */
export type Sign = (payload: ToSign) => Uint8Array | Promise<Uint8Array>;

export interface Signer {
  /** The public key as JSON, `{"key","suite"}`: what `lockstep key new` writes beside a key file. */
  readonly key: { readonly key: string; readonly suite: string };
  readonly sign: Sign;
}

/** A message in both its forms; which one a key signs follows from its suite. */
export interface Signable {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
  readonly typed: TypedData;
}

/** The key of a signer, read. */
export function keyOf(signer: Signer): PublicKey {
  return readKey({ key: signer.key.key, suite: signer.key.suite } satisfies Json);
}

/** Has a message signed, and checks what comes back: a signature that does not count is never sent. */
export async function signed(signer: Signer, message: Signable): Promise<Uint8Array> {
  const key = keyOf(signer);
  const wallet = key.suite === "eip712";
  const payload: ToSign = wallet
    ? { suite: key.suite, bytes: message.hash, typed: message.typed }
    : { suite: key.suite, bytes: message.bytes };
  const given = await signer.sign(payload);
  if (!(given instanceof Uint8Array)) refuse("signing", "`sign` gave no bytes");
  // A copy: Node's `Buffer` is a `Uint8Array` whose `slice` shares its bytes.
  const signature = normaliseSignature(key.suite, Uint8Array.from(given));
  try {
    checkSignature(key, wallet ? { hash: message.hash } : { bytes: message.bytes }, signature);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const text = `what \`sign\` gave does not count under key ${hex(key.bytes)}: ${error.message}`;
    throw new Refusal("signing", text, { cause: error });
  }
  return signature;
}

