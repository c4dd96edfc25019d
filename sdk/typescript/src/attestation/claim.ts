import { concat, fromHex, hex, utf8 } from "../bytes.js";
import type { Json } from "../canonical.js";
import { hashStruct, typeHash, wordOfText } from "../eip712.js";
import { sha256 } from "../hash.js";
import { VALUE_BYTES_MAX } from "../limits.js";
import { digest, object, text } from "../reading.js";
import { refuse } from "../refusal.js";

/** Claims and evidence, which a statement names by salted digests (`attestation.md` §§3 and 4). */

export interface Claim {
  readonly name: string;
  /** 64 hexadecimal digits. */
  readonly salt: string;
  readonly value: string;
}

/** A claim as a submission opens it; `null` withholds it. */
export type Opening = Claim | null;

const CLAIM = typeHash("Claim(string name,string value,bytes32 salt)");

/** The digest by which a statement names a claim, in hexadecimal digits. */
export function claimDigest(claim: Claim): string {
  return hex(hashStruct(CLAIM, wordOfText(claim.name), wordOfText(claim.value), fromHex(claim.salt, 32)));
}

/** The digest by which a statement names a document, in hexadecimal digits. */
export function evidenceDigest(salt: Uint8Array, document: Uint8Array): string {
  return hex(sha256(concat(salt, document)));
}

/** Checks that each opening gives the digest in its place. */
export function checkOpenings(openings: readonly Opening[], claims: readonly string[]): void {
  if (openings.length !== claims.length) {
    refuse("opening_count", `${openings.length} openings of ${claims.length} claims`);
  }
  for (const opening of openings) {
    if (opening !== null && utf8(opening.value).length > VALUE_BYTES_MAX) {
      refuse("value_too_long", `the value of \`${opening.name}\` has more than ${VALUE_BYTES_MAX} bytes`);
    }
  }
  openings.forEach((opening, at) => {
    if (opening !== null && claimDigest(opening) !== claims[at]) {
      refuse("does_not_open", `\`${opening.name}\` does not give the digest of claim ${at}`);
    }
  });
}

/** Reads an opening, or the `null` in place of one. */
export function readOpening(value: Json): Opening {
  if (value === null) return null;
  const read = object(value, ["name", "salt", "value"]);
  return { name: text(read["name"]), salt: digest(read["salt"]), value: text(read["value"]) };
}
