import { concat, fromHex, utf8 } from "../bytes.js";
import { writeCanonical } from "../canonical.js";
import { sha256Hex } from "../hash.js";
import { publicKey, type PublicKey } from "../suites.js";
import type { State } from "./state.js";

const OPENING_DOMAIN = utf8("lockstep/opening/1");
const USE_DOMAIN = utf8("lockstep/use/1");

/** `case.md` §6: the key under which an opening is used up. */
export function openingKey(attestation: string): string {
  return sha256Hex(concat(OPENING_DOMAIN, fromHex(attestation)));
}

/** `case.md` §6: the single-use key of an act. */
export function useKey(programme: string, useAs: string, texts: readonly string[]): string {
  return sha256Hex(concat(USE_DOMAIN, utf8(writeCanonical([programme, useAs, ...texts]))));
}

/** The keys by which the co-signers in force sign checkpoints and consent. */
export function committeeKeys({
  committee,
}: State): readonly { readonly key: PublicKey; readonly lei: string }[] {
  return (committee?.members ?? []).map(({ address, lei }) => ({ key: publicKey("eip712", address), lei }));
}
