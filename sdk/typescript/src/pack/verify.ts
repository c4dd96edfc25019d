import { Failure, Refusal } from "../refusal.js";
import { checkCertificate, type Committee } from "../certificate.js";
import { fromHex } from "../bytes.js";
import { mapKey, orderOf } from "../machine/entity.js";
import type { Findings, Group, Rerun } from "../machine/group.js";
import { checkProof, valueHash } from "../state-map.js";
import type { PublicKey } from "../suites.js";
import type { Trust } from "../trust.js";
import { checked, fail } from "./failure.js";
import {
  certifiedBy,
  Clocks,
  isOf,
  stepsOf,
  type CaseOutcome,
  type Facts,
  type Shown,
  type Step,
} from "./facts.js";
import { readPack, type Pack } from "./file.js";
import { checkInclusion, checkSeen, measure, signersOf, type Measured, type ShownHead } from "./heads.js";
import { epochsOf, genesisOf, keysOf, type Epoch } from "./history.js";
import { checkOrder } from "./order.js";
import type { Item, Report } from "./report.js";
import { checkEvidence, checkSeenSizes, checkSubmissions, checkUsed, submissionOf } from "./statements.js";

/** Begins a re-run of a case; see `machine/group.ts`. */
export type StartRerun = (caseId: string) => Rerun;

/** The rules that this package knows. */
export const RULES = 1;

/**
 * Verifies a pack (`pack.md` §4), against a trust file if there is one. Never throws about what is in the
 * file: the answer to any bytes is a report.
 */
export function verifyWith(startRerun: StartRerun, file: Uint8Array, trust?: Trust): Report {
  let pack: Pack;
  try {
    pack = checked("form", undefined, () => readPack(file));
    checkOrder(pack);
  } catch (error) {
    return failed(failureOf(error), { rests_on: [], flags: [] });
  }
  const verification = new Verification(pack, trust, startRerun);
  try {
    verification.run();
  } catch (error) {
    return verification.report(failureOf(error));
  }
  return verification.report();
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  // A reader of this package that refuses without saying at which check is asked again by nobody.
  if (error instanceof Refusal) return new Failure(error.code, error.message);
  throw error;
}

function failed(
  { code, message, record }: Failure,
  found: Pick<Report, "rests_on" | "flags" | "facts">,
): Report {
  const failure = { rule: code, ...(record === undefined ? {} : { record }), text: message };
  return { format: "lockstep-report/1", verdict: "failed", failure, missing: [], ...found };
}

/** One pack being verified: what was found of it so far. */
class Verification {
  readonly #pack: Pack;
  readonly #trust: Trust | undefined;
  readonly #startRerun: StartRerun;
  #epochs: readonly Epoch[] = [];
  #committee: Committee | undefined;
  #measured: Measured | undefined;
  #rulesKnown = true;
  #keys: ReadonlyMap<string, PublicKey> = new Map();
  #groups: readonly Group[] = [];
  #seen: readonly ShownHead[] = [];
  #rerun: Rerun | undefined;
  /** Groups that were decided again and applied. */
  #reached = 0;

  constructor(pack: Pack, trust: Trust | undefined, startRerun: StartRerun) {
    this.#pack = pack;
    this.#trust = trust;
    this.#startRerun = startRerun;
  }

  /** Checks 3 to 15, in this order; throws at the first that fails. */
  run(): void {
    const pack = this.#pack;
    checkLedger(pack, this.#trust);
    this.#epochs = epochsOf(pack);
    const last = this.#epochs.at(-1)?.committee ?? fail("committee", "no committee");
    if (pack.certificate.epoch !== last.epoch) fail("committee", "the certificate is of another epoch");
    checked("certificate", undefined, () =>
      checkCertificate(pack.certificate, pack.certificate.ledger, last),
    );
    this.#committee = last;
    this.#measured = measure(pack, this.#epochs, this.#trust);
    checkInclusion(pack);
    checkMap(pack);
    this.#rulesKnown = genesisOf(pack).rules === RULES;
    if (!this.#rulesKnown) return;
    this.#keys = keysOf(pack);
    this.#groups = checkSubmissions(pack, this.#keys);
    this.#seen = checkSeen(pack, this.#epochs);
    checkSeenSizes(pack, this.#groups);
    this.#runAgain();
    checkEvidence(pack.evidence, this.#groups);
    checkUsed(pack, this.#groups);
  }

  #runAgain(): void {
    const rerun = this.#startRerun(this.#pack.case);
    this.#rerun = rerun;
    for (const group of this.#groups) {
      rerun.run(group);
      this.#reached += 1;
    }
    rerun.checkEntries(this.#pack.map);
  }

  /** After a failure only trust and a single co-signer are told of; the rest holds where all checks pass. */
  report(failure?: Failure): Report {
    const findings = this.#rerun?.findings();
    const trusted = this.#restsOnTrust();
    const single = this.#singleCosigner();
    const facts = this.#facts(findings);
    if (failure !== undefined) return failed(failure, { rests_on: trusted, flags: single, facts });
    const missing = this.#missing();
    return {
      format: "lockstep-report/1",
      verdict: missing.length === 0 ? "verified" : "cannot_tell",
      missing,
      rests_on: [...trusted, ...this.#restsOnRerun(findings), ...this.#restsOnPeople(findings)],
      flags: [...single, ...(findings?.flags ?? [])],
      facts,
    };
  }

  #missing(): readonly Item[] {
    const missing: Item[] = [];
    if (this.#trust === undefined)
      missing.push(item("trust", [], "no trust file: anybody can have made this history"));
    if (this.#measured?.missing === "consistency") {
      missing.push(
        item("consistency", [], "no proof to the head of the trust file, whose committee is a later one"),
      );
    } else if (this.#measured?.missing === "handover") {
      missing.push(
        item("handover", [], "no handover from the trust file's committee to that of the certificate"),
      );
    }
    if (!this.#rulesKnown) {
      return [...missing, item("rules", [], `rules ${genesisOf(this.#pack).rules} are not known here`)];
    }
    const parts = [
      item("withheld", this.#recordsOf("withheld"), "commands that are not shown"),
      item("claims", this.#recordsWithheldClaims(), "claims that are not shown"),
      item("erased", this.#recordsOf("erased"), "commands that were erased"),
    ];
    return [...missing, ...parts.filter(({ records }) => records.length > 0)];
  }

  #restsOnTrust(): readonly Item[] {
    const trust = this.#trust;
    if (trust === undefined || this.#measured === undefined) return [];
    const { epoch } = trust.committee;
    const items = [
      item("trust", [], `the trust file: committee of epoch ${epoch}, head of ${trust.size} records`),
    ];
    if (!this.#measured.compared && this.#measured.missing !== "consistency") {
      items.push(
        item("not_compared", [], "co-signers sign one history only: the two heads were not compared"),
      );
    }
    return items;
  }

  #restsOnRerun(findings: Findings | undefined): readonly Item[] {
    if (findings === undefined) return [];
    const inPart = [
      ...this.#recordsOf("withheld"),
      ...this.#recordsOf("erased"),
      ...this.#recordsInPart(findings),
    ];
    const records = [...new Set(inPart)].sort((a, b) => a - b);
    const onCertificate = item("on_certificate", records, "what is not shown rests on the certificate");
    return [...(records.length > 0 ? [onCertificate] : []), ...findings.restsOn];
  }

  #restsOnPeople(findings: Findings | undefined): readonly Item[] {
    const { certificate } = this.#pack;
    const committee = this.#committee;
    // Of rules that are not known nothing was checked that could rest on anybody.
    if (committee === undefined || !this.#rulesKnown) return [];
    const names = signersOf(certificate, committee).join(", ");
    const of = `at least ${committee.threshold} of ${committee.members.length}`;
    const last = this.#caseRecords().at(-1);
    const open = `the case can go on: verified up to record ${last} at size ${certificate.size}`;
    return [
      ...(findings?.facts?.phase === "open" && last !== undefined ? [item("open", [last], open)] : []),
      item("certificate", [], `${names} (${of}): that they re-ran what this case alone cannot show`),
      item("appender_clock", [], "ledger time is the appender's word, within the bounds given"),
      item("keys", [], "that no key which signed was stolen"),
    ];
  }

  #singleCosigner(): readonly Item[] {
    const single = this.#committee?.members.length === 1;
    return single ? [item("single_cosigner", [], "one co-signer alone certifies this ledger")] : [];
  }

  #recordsOf(kind: Group["command"]["kind"]): readonly number[] {
    return indices(this.#groups.filter(({ command }) => command.kind === kind));
  }

  #recordsWithheldClaims(): readonly number[] {
    return indices(this.#groups.filter(hidesClaims));
  }

  #recordsInPart(findings: Findings): readonly number[] {
    return [...this.#recordsWithheldClaims(), ...findings.inPart];
  }

  #caseRecords(): readonly number[] {
    const { case: caseId } = this.#pack;
    return this.#groups.slice(0, this.#reached).flatMap(({ records }) =>
      records.filter((record) => isOf(record, caseId)).map(({ index }) => index),
    );
  }

  #facts(findings: Findings | undefined): Facts {
    const pack = this.#pack;
    const { certificate } = pack;
    const committee = this.#committee;
    const outcome = this.#outcome(findings);
    return {
      case: pack.case,
      ...(committee === undefined ? {} : { certified: certifiedBy(certificate, committee) }),
      ledger: certificate.ledger,
      name: genesisOf(pack).name,
      on_chain_not_checked: { deposits: findings?.deposits ?? [], outcomes: findings?.outcomes ?? [] },
      ...(outcome === undefined ? {} : { outcome }),
      root: certificate.root,
      sealed: pack.seal.time,
      size: certificate.size,
      steps: this.#steps(findings),
    };
  }

  #outcome(findings: Findings | undefined): CaseOutcome | undefined {
    const records = this.#caseRecords();
    const last = records.at(-1);
    const facts = findings?.facts;
    if (facts === undefined || last === undefined) return undefined;
    return {
      last,
      outcomes: this.#steps(findings)
        .filter(({ kind }) => kind === "outcome")
        .map(({ index }) => index),
      phase: facts.phase,
      policy: facts.policy,
      policy_name: facts.policyName,
      programme: facts.programme,
      records: records.length,
    };
  }

  #steps(findings: Findings | undefined): readonly Step[] {
    const committee = this.#committee;
    if (findings === undefined || committee === undefined) return [];
    const clocks = new Clocks(this.#pack, committee, this.#seen);
    const inPart = new Set(this.#recordsInPart(findings));
    return this.#groups.slice(0, this.#reached).flatMap((group) => {
      const shown = shownAs(group, inPart);
      return stepsOf(group, this.#pack.case, { clocks, keys: this.#keys, shown });
    });
  }
}

function shownAs({ command, records }: Group, inPart: ReadonlySet<number>): Shown {
  switch (command.kind) {
    case "withheld":
    case "erased":
      return command.kind;
    case "recorded":
      return "as_recorded";
    default:
      return records.some(({ index }) => inPart.has(index)) ? "in_part" : "rerun";
  }
}

function hidesClaims(group: Group): boolean {
  return submissionOf(group)?.openings.includes(null) ?? false;
}

function indices(groups: readonly Group[]): readonly number[] {
  return groups.flatMap(({ records }) => records.map(({ index }) => index));
}

function item(code: string, records: readonly number[], text: string): Item {
  return { code, records, text };
}

/** Check 3: the certificate, and the trust file if there is one, name the leaf hash of record 0. */
function checkLedger({ certificate, excerpt }: Pack, trust: Trust | undefined): void {
  const ledger = excerpt[0]?.records[0]?.leafHash;
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
