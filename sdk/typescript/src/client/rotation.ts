import { fromHex, hex } from "../bytes.js";
import type { Json } from "../canonical.js";
import { checkHandover, committeeOf, readHandover, type Committee, type Handover } from "../certificate.js";
import { isIncluded } from "../log/tree.js";
import { readAction } from "../machine/action.js";
import { readBody } from "../machine/body.js";
import { digest, integer, list, object } from "../reading.js";
import { leafHash, readRecordJson, type LedgerRecord } from "../record.js";
import { refuse, refusedAs } from "../refusal.js";

/** From one committee to the next, as a server shows it (`http.md` §2). */
export interface HandoverRow {
  readonly enacted: LedgerRecord;
  readonly handover: Handover;
  readonly inclusion: readonly Uint8Array[];
  readonly index: number;
  readonly proposed: LedgerRecord;
}

/** A path in a log of 2^53 leaves. */
const PATH_MAX = 53;

export function readHandoverRow(value: Json | undefined): HandoverRow {
  const read = object(value, ["enacted", "handover", "inclusion", "index", "proposed"]);
  return {
    enacted: readRecordJson(read["enacted"]),
    handover: readHandover(read["handover"]),
    inclusion: list(read["inclusion"], PATH_MAX, (item) => fromHex(digest(item))),
    index: integer(read["index"]),
    proposed: readRecordJson(read["proposed"]),
  };
}

/**
 * The committee after `before`; refuses (`rotation`) what does not lead there. That `before` has signed a log
 * with the record says that the rotation took effect by the rules; the record names its case, and the case's
 * first record, by its hash, the members.
 */
export function nextCommittee(ledger: string, before: Committee, row: HandoverRow): Committee {
  return refusedAs("rotation", () => {
    const [proposed, enacted] = [readBody(row.proposed.body), readBody(row.enacted.body)];
    if (proposed.kind !== "proposed" || enacted.kind !== "enacted") return refuse("body", "of no rotation");
    if (enacted.of.case !== hex(leafHash(row.proposed.leaf))) refuse("body", "of another case");
    const action = readAction(proposed.of.action);
    if (action.kind !== "rotate") return refuse("body", "of no rotation");
    const after = committeeOf(before.epoch + 1, action.members, action.threshold);
    checkHandover(row.handover, ledger, before, after);
    const { root, size } = row.handover.old;
    const head = { root: fromHex(root), size };
    const leaf = { hash: leafHash(row.enacted.leaf), index: row.index };
    if (!isIncluded(leaf, head, row.inclusion)) refuse("inclusion", "not in the log");
    return after;
  });
}
