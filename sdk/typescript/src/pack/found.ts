import type { Committee } from "../certificate.js";
import type { Group, Rerun } from "../machine/group.js";
import type { PublicKey } from "../suites.js";
import type { Trust } from "../trust.js";
import { isOf } from "./facts.js";
import type { Pack } from "./file.js";
import type { Measured, ShownHead } from "./heads.js";
import type { Epoch } from "./history.js";

/** What has been found of a pack so far, check by check; a report is told from it, also after a failure. */
export interface Found {
  readonly pack: Pack;
  readonly trust: Trust | undefined;
  epochs: readonly Epoch[];
  /** The committee of the certificate, once that holds. */
  committee?: Committee;
  /** How the pack stands to the trust file, if there is one. */
  measured?: Measured | undefined;
  /** A version of the rules that the history names and nobody knows here. */
  unknownRules?: number | undefined;
  keys: ReadonlyMap<string, PublicKey>;
  groups: readonly Group[];
  seen: readonly ShownHead[];
  rerun?: Rerun;
  /** Groups that were decided again and applied. */
  reached: number;
}

/** Indices of the records of the case, as far as the re-run got. */
export function caseRecords({ groups, pack, reached }: Found): readonly number[] {
  const records = groups.slice(0, reached).flatMap((group) => group.records);
  return records.filter((record) => isOf(record, pack.case)).map(({ index }) => index);
}

/** Leaf hash of record 0. */
export function ledgerOf({ excerpt }: Pack): string | undefined {
  return excerpt[0]?.records[0]?.leafHash;
}
