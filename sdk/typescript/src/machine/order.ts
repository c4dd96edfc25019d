import { ed25519 } from "@noble/curves/ed25519.js";
import type { PublicKey } from "../suites.js";

/** Whether anybody can sign for a key (`suites.md`, Keys): only an Ed25519 one can be of small order. */
export function isSmallOrder({ suite, bytes }: PublicKey): boolean {
  return suite === "ed25519" && ed25519.Point.fromBytes(bytes, true).isSmallOrder();
}
