import { fromHex } from "../bytes.js";
import { allCount } from "../batch.js";
import {
  checkCertificate,
  checkHandover,
  checkMember,
  signedBy,
  type Certificate,
  type Committee,
  type Judge,
} from "../certificate.js";
import { LOG_SIZE_MAX } from "../limits.js";
import { hashLeaf, isConsistent, isIncluded, type Head } from "../log/tree.js";
import { readLeaf } from "../record.js";
import type { Trust } from "../trust.js";
import { checked, fail } from "./failure.js";
import type { Pack, PackSeen } from "./file.js";
import type { Epoch } from "./history.js";

/** Heads of the log that a pack shows, and who certified them. */

/** A certified head, the time of its last record, and the names of those who signed it. */
export interface ShownHead {
  readonly size: number;
  readonly time: number;
  readonly by: readonly string[];
}

/** How a pack stands to a trust file (`trust.md` §3). */
export interface Measured {
  /** Both heads are shown to be of one log. */
  readonly compared: boolean;
  readonly missing?: "consistency" | "handover";
}

/** The head that a certificate is over. */
export function headOf({ root, size }: { readonly root: string; readonly size: number }): Head {
  return { root: fromHex(root), size };
}

/** Names of the members who signed a certificate, in the order of its signatures. */
export function signersOf({ signatures }: Certificate, committee: Committee): readonly string[] {
  return signatures.map(({ member }) => committee.members[member]?.name ?? "");
}

/**
 * Check 6 of `pack.md` §4: the pack against the trust file, and every proof and handover that it holds, asked
 * for or not. Refuses with `committee`, `split_view`, `consistency` or `handover`.
 */
export function measure(
  pack: Pack,
  epochs: readonly Epoch[],
  trust: Trust | undefined,
): Measured | undefined {
  const { certificate } = pack;
  if (trust !== undefined) {
    checkPinned(epochs, trust);
    if (certificate.size === trust.size && certificate.root !== trust.root) {
      fail("split_view", `another root of ${trust.size} records than the trust file's`);
    }
  }
  const led = checkConsistency(pack, trust);
  checkHandovers(pack, epochs);
  if (trust === undefined) return undefined;
  const compared = led || certificate.size === trust.size;
  const { epoch } = trust.committee;
  if (certificate.epoch < epoch && !compared) return { compared, missing: "consistency" };
  const handed = new Set(pack.handovers.map(({ handover }) => handover.old.epoch));
  for (let from = epoch; from < certificate.epoch; from++) {
    if (!handed.has(from)) return { compared, missing: "handover" };
  }
  return { compared };
}

function checkPinned(epochs: readonly Epoch[], { committee }: Trust): void {
  const named = epochs[committee.epoch]?.committee;
  if (named === undefined) return;
  if (named.digest !== committee.digest || named.threshold !== committee.threshold) {
    fail("committee", `another committee of epoch ${committee.epoch} than the trust file's`);
  }
}

/** Whether the pack's proof leads to the pinned head; fails if it does not hold, or leads elsewhere. */
function checkConsistency({ certificate, consistency }: Pack, trust: Trust | undefined): boolean {
  if (consistency === undefined) return false;
  const [earlier, later] =
    certificate.size <= consistency.size ? [certificate, consistency] : [consistency, certificate];
  if (!isConsistent(headOf(earlier), headOf(later), consistency.path)) {
    fail("consistency", `no proof between ${earlier.size} and ${later.size} records`);
  }
  if (trust === undefined || consistency.size !== trust.size) return false;
  if (consistency.root !== trust.root) fail("consistency", "leads to another root than the trust file's");
  return true;
}

function checkHandovers({ certificate, handovers }: Pack, epochs: readonly Epoch[]): void {
  let last = -1;
  for (const { consistency, handover } of handovers) {
    const from = handover.old.epoch;
    const old = epochs[from];
    const next = epochs[from + 1];
    if (from <= last) fail("handover", "handovers out of the order of epochs");
    last = from;
    if (old === undefined || next === undefined)
      return fail("handover", `no committee follows that of epoch ${from}`);
    checked("handover", undefined, () =>
      checkHandover(handover, certificate.ledger, old.committee, next.committee),
    );
    if (handover.new.size <= next.index) fail("handover", "over a head that does not hold the rotation");
    if (!isConsistent(headOf(handover.new), headOf(certificate), consistency)) {
      fail("handover", "over a head that is not shown to be of this log");
    }
  }
}

/** Check 7: every record, then the seal, is in the certified log. */
export function checkInclusion({ certificate, excerpt, seal }: Pack): void {
  const head = headOf(certificate);
  const last = { index: certificate.size - 1, leafHash: seal.leafHash, path: seal.path };
  for (const { index, leafHash, path } of [...excerpt.flatMap(({ records }) => records), last]) {
    if (!isIncluded({ hash: fromHex(leafHash), index }, head, path)) {
      fail("inclusion", "the record is not shown to be in the log", index);
    }
  }
}

/** Check 11, of the certificates alone: each holds, is of this log, and ends in its leaf; they ascend. */
export function checkSeen(pack: Pack, epochs: readonly Epoch[]): readonly ShownHead[] {
  const judge = seenHold(pack, epochs) ? () => {} : checkMember;
  let before: PackSeen | undefined;
  return pack.seen.map((seen) => {
    if (before !== undefined && !ascend(before.certificate, seen.certificate)) fail("seen", "out of order");
    before = seen;
    return checkOneSeen(seen, pack, { epochs, judge });
  });
}

function ascend(a: Certificate, b: Certificate): boolean {
  return a.size < b.size || (a.size === b.size && a.digest < b.digest);
}

/**
 * Whether all signatures of these certificates count, asked at once; where they may not, each is asked alone.
 */
function seenHold({ seen }: Pack, epochs: readonly Epoch[]): boolean {
  const signed = seen.flatMap(({ certificate }) => {
    const committee = epochs[certificate.epoch]?.committee;
    return committee === undefined ? [] : signedBy(certificate, committee);
  });
  return allCount(signed);
}

function checkOneSeen(
  { certificate, consistency, leaf, path }: PackSeen,
  pack: Pack,
  { epochs, judge }: { readonly epochs: readonly Epoch[]; readonly judge: Judge },
): ShownHead {
  const committee =
    epochs[certificate.epoch]?.committee ?? fail("seen", `no committee of epoch ${certificate.epoch}`);
  checked("seen", undefined, () => checkCertificate(certificate, pack.certificate.ledger, committee, judge));
  const head = headOf(certificate);
  if (!isConsistent(head, headOf(pack.certificate), consistency)) fail("seen", "a head of another log");
  const { tag, time } = checked("seen", undefined, () => readLeaf(leaf));
  if (tag !== 1 || !isIncluded({ hash: hashLeaf(leaf), index: certificate.size - 1 }, head, path)) {
    fail("seen", "a head that is not shown to end in its leaf");
  }
  return { size: certificate.size, time, by: signersOf(certificate, committee) };
}

/** Whether a size is one that a log can have, and be certified at. */
export function isSize(size: number): boolean {
  return size >= 1 && size <= LOG_SIZE_MAX;
}
