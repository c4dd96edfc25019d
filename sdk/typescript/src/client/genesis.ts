import { hex } from "../bytes.js";
import type { Json } from "../canonical.js";
import { committeeOf, readMembers, type Committee } from "../certificate.js";
import { readBody } from "../machine/body.js";
import { object } from "../reading.js";
import { leafHash, readRecordJson } from "../record.js";
import { Refusal, refuse } from "../refusal.js";
import { readKey, type PublicKey } from "../suites.js";

/** The first record of a ledger, from which everything else about it follows. */
export interface Genesis {
  /** The key that signs *accepted* receipts. */
  readonly appender: PublicKey;
  /** The co-signers of the beginning; in force until the first rotation. */
  readonly committee: Committee;
  /** What people call the ledger. */
  readonly name: string;
}

/**
 * Reads `{"record"}`; refuses (`other_ledger`) any record but the one whose leaf hash is the ledger's id. So
 * whoever knows the id needs to believe nobody.
 */
export function readGenesis(value: Json, ledger: string): Genesis {
  try {
    // Salt and body are held against the leaf when the record is read.
    const { body, leaf } = readRecordJson(object(value, ["record"])["record"]);
    const first = readBody(body);
    if (hex(leafHash(leaf)) !== ledger) refuse("leaf", "its leaf hash is another");
    if (first.kind !== "genesis") return refuse("body", "it is no genesis");
    const { appender, cosigners, cosigner_threshold: threshold, name } = first.of;
    const committee = committeeOf(0, readMembers(cosigners), threshold);
    return { appender: readKey(appender), committee, name };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const text = `the server does not have ledger \`${ledger}\`: its first record is another one`;
    throw new Refusal("other_ledger", text, { cause: error });
  }
}
