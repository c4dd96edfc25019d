import { fromHex } from "../bytes.js";
import { checkCertificate } from "../certificate.js";
import { mapKey, orderOf } from "../machine/entity.js";
import type { Rerun } from "../machine/group.js";
import { knownRules } from "../machine/rules.js";
import { Failure, Refusal } from "../refusal.js";
import { checkProof, valueHash } from "../state-map.js";
import type { Trust } from "../trust.js";
import { checked, fail } from "./failure.js";
import { readPack, type Pack } from "./file.js";
import { caseRecords, ledgerOf, type Found } from "./found.js";
import { checkInclusion, checkSeen, measure } from "./heads.js";
import { epochsOf, keysOf, rulesOf } from "./history.js";
import { checkOrder } from "./order.js";
import type { Report } from "./report.js";
import { checkEvidence, checkSeenSizes, checkSubmissions, checkUsed } from "./statements.js";
import { failed, tell } from "./tell.js";

/** Begins a re-run of a case; see `machine/group.ts`. */
export type StartRerun = (caseId: string) => Rerun;

/**
 * Verifies a pack (`pack.md` §4), against a trust file if there is one. Never throws about what is in the
 * file: the answer to any bytes is a report.
 */
export function verifyWith(startRerun: StartRerun, file: Uint8Array, trust?: Trust): Report {
  let found: Found;
  try {
    const pack = checked("form", undefined, () => readPack(file));
    checkOrder(pack);
    found = { pack, trust, epochs: [], keys: new Map(), groups: [], seen: [], reached: 0 };
  } catch (error) {
    return failed(failureOf(error), { rests_on: [], flags: [] });
  }
  try {
    check(found, startRerun);
  } catch (error) {
    return tell(found, failureOf(error));
  }
  return tell(found);
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  // What a reader refuses outside of any check has not the form that the check before it asked for.
  if (error instanceof Refusal) return new Failure("form", `${error.code}: ${error.message}`);
  throw error;
}

/** Checks 3 to 15, in this order; throws at the first that fails. */
function check(found: Found, startRerun: StartRerun): void {
  const { pack } = found;
  checkLedger(pack, found.trust);
  found.epochs = epochsOf(pack);
  const last = found.epochs.at(-1)?.committee ?? fail("committee", "no committee");
  if (pack.certificate.epoch !== last.epoch) fail("committee", "the certificate is of another epoch");
  checked("certificate", undefined, () => checkCertificate(pack.certificate, pack.certificate.ledger, last));
  found.committee = last;
  found.measured = measure(pack, found.epochs, found.trust);
  checkInclusion(pack);
  checkMap(pack);
  found.unknownRules = rulesOf(pack).find((version) => knownRules(version) === undefined);
  if (found.unknownRules !== undefined) return;
  found.keys = keysOf(pack);
  found.groups = checkSubmissions(pack, found.keys);
  found.seen = checkSeen(pack, found.epochs);
  checkSeenSizes(pack, found.groups);
  runAgain(found, startRerun);
  checkEvidence(pack.evidence, found.groups);
  checkUsed(pack, found.groups);
}

/** Check 12, group by group, then 13. */
function runAgain(found: Found, startRerun: StartRerun): void {
  const rerun = startRerun(found.pack.case);
  found.rerun = rerun;
  for (const group of found.groups) {
    rerun.run(group);
    found.reached += 1;
  }
  if (caseRecords(found).length === 0) fail("left_out", "no record of the case is shown");
  rerun.checkEntries(found.pack.map);
}

/** Check 3: the certificate, and the trust file if there is one, name the leaf hash of record 0. */
function checkLedger(pack: Pack, trust: Trust | undefined): void {
  const { certificate } = pack;
  const ledger = ledgerOf(pack);
  if (certificate.ledger !== ledger) fail("ledger", "the certificate is of another ledger than genesis");
  if (trust !== undefined && trust.ledger !== ledger) fail("ledger", "the trust file is of another ledger");
}

/** Check 8: every entry is in, or absent from, the map whose root the seal carries; entries ascend. */
function checkMap({ map, seal }: Pack): void {
  const root = fromHex(seal.says.map);
  let last = "";
  for (const { entity, proof, value } of map) {
    const order = orderOf(entity);
    if (order <= last) fail("map_proof", "entries out of order");
    last = order;
    const hash = value === undefined ? undefined : valueHash(value);
    checked("map_proof", undefined, () => checkProof(root, mapKey(entity), hash, proof));
  }
}
