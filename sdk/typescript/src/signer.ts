import { fromHex } from "./bytes.js";
import { type Json } from "./canonical.js";
import { readCheckpoint, type Checkpoint } from "./certificate.js";
import { LOG_PATH_MAX } from "./limits.js";
import { isConsistent, isIncluded } from "./log/tree.js";
import { digest, list, object } from "./reading.js";
import { leafHash, readRecordJson, readSeal, type LedgerRecord } from "./record.js";
import { refuse, refusedAs } from "./refusal.js";

/** What a signer asks before it signs a checkpoint (`certificate.md` §6). */

export interface SigningRequest {
  readonly checkpoint: Checkpoint;
  readonly consistency: readonly Uint8Array[];
  readonly inclusion: readonly Uint8Array[];
  readonly seal: LedgerRecord;
}

/** What a signer keeps of the last checkpoint that it signed. */
export interface LastSigned {
  readonly ledger: string;
  readonly root: string;
  readonly size: number;
}

/** Clocks of co-signers and of the appender may be this far apart. */
export const AHEAD_MS_MAX = 2_000;
/** A seal that is older is not signed. */
export const BEHIND_MS_MAX = 60_000;

/** Reads `{"checkpoint","consistency","inclusion","seal"}`. */
export function readRequest(value: Json | undefined): SigningRequest {
  const read = object(value, ["checkpoint", "consistency", "inclusion", "seal"]);
  return {
    checkpoint: readCheckpoint(read["checkpoint"]),
    consistency: readPath(read["consistency"]),
    inclusion: readPath(read["inclusion"]),
    seal: readRecordJson(read["seal"]),
  };
}

/** Reads a path of hashes in a log. */
export function readPath(value: Json | undefined): readonly Uint8Array[] {
  return list(value, LOG_PATH_MAX, (hash) => fromHex(digest(hash)));
}

/** Checks a request; refuses with the first check of §6 that fails. `now` is the signer's clock in ms. */
export function checkRequest(
  request: SigningRequest,
  ledger: string,
  last: LastSigned | undefined,
  now: number,
): void {
  const { checkpoint, seal } = request;
  if (checkpoint.ledger !== ledger) refuse("wrong_ledger", `of ledger ${checkpoint.ledger}`);
  const head = { size: checkpoint.size, root: fromHex(checkpoint.root) };
  if (last === undefined) {
    if (request.consistency.length > 0) refuse("inconsistent", "a proof from no checkpoint");
  } else {
    if (head.size < last.size) refuse("size_must_not_shrink", `${last.size} records were signed`);
    if (head.size === last.size && checkpoint.root !== last.root) {
      refuse("two_roots_for_one_size", `another root of ${last.size} records was signed`);
    }
    if (!isConsistent({ size: last.size, root: fromHex(last.root) }, head, request.consistency)) {
      refuse("inconsistent", "the log does not extend the last one signed");
    }
  }
  const said = refusedAs("not_a_seal", () => readSeal(seal.leaf.tag, seal.body));
  if (said === undefined) refuse("not_a_seal", "the record is no seal");
  if (!isIncluded({ hash: leafHash(seal.leaf), index: head.size - 1 }, head, request.inclusion)) {
    refuse("seal_is_not_last", "the log does not end in this seal");
  }
  if (seal.leaf.time > now + AHEAD_MS_MAX) refuse("too_far_ahead", "the seal is of a later time");
  if (seal.leaf.time < now - BEHIND_MS_MAX) refuse("too_far_behind", "the seal is too old");
}
