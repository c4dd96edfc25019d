import type { Submission } from "../attestation/envelope.js";
import type { Findings, Group } from "../machine/group.js";
import { RULES_FIRST } from "../machine/rules.js";
import { whoMaySee } from "../policy/audience.js";
import type { Policy } from "../policy/layout.js";
import type { Failure } from "../refusal.js";
import {
  certifiedBy,
  Clocks,
  isOf,
  stepsOf,
  type CaseOutcome,
  type Facts,
  type Hidden,
  type Shown,
  type Step,
} from "./facts.js";
import { caseRecords, ledgerOf, type Found } from "./found.js";
import type { Pack } from "./file.js";
import { signersOf } from "./heads.js";
import { genesisOf } from "./history.js";
import type { Item, Report } from "./report.js";
import { hiddenOf, shownOf, type Documents } from "./shown.js";
import { submissionOf } from "./statements.js";

/** Tells what was found of a pack, as `report.md` says. */

/** A report; after a failure only trust and a single co-signer are told of beside it. */
export function tell(found: Found, failure?: Failure): Report {
  const findings = found.rerun?.findings();
  const trusted = restsOnTrust(found);
  const single = singleCosigner(found);
  const facts = factsOf(found, findings);
  if (failure !== undefined) return failed(failure, { rests_on: trusted, flags: single, facts });
  const missing = missingFrom(found);
  return {
    format: "lockstep-report/1",
    verdict: missing.length === 0 ? "verified" : "cannot_tell",
    missing,
    rests_on: [...trusted, ...restsOnRerun(found, findings), ...restsOnPeople(found, findings)],
    flags: [...single, ...(findings?.flags ?? [])],
    facts,
  };
}

/** The report of a failure, with what was found before it. */
export function failed(
  { code, message, record }: Failure,
  found: Pick<Report, "rests_on" | "flags" | "facts">,
): Report {
  const failure = { rule: code, ...(record === undefined ? {} : { record }), text: message };
  return { format: "lockstep-report/1", verdict: "failed", failure, missing: [], ...found };
}

function item(code: string, records: readonly number[], text: string): Item {
  return { code, records, text };
}

function missingFrom(found: Found): readonly Item[] {
  const { groups, measured, trust, unknownRules } = found;
  const missing: Item[] = [];
  if (trust === undefined) {
    missing.push(item("trust", [], "no trust file: anybody can have made this history"));
  } else if (measured?.missing === "consistency") {
    missing.push(item("consistency", [], "no proof to the head of the trust file, of a later committee"));
  } else if (measured?.missing === "handover") {
    missing.push(item("handover", [], "no handover from the trust file's committee to the certificate's"));
  }
  if (unknownRules !== undefined) {
    return [...missing, item("rules", [], `rules ${unknownRules} are not known here`)];
  }
  const parts = [
    item("withheld", recordsOf(groups, "withheld"), "commands that are not shown"),
    item("claims", indices(groups.filter(hidesClaims)), "claims that are not shown"),
    item("erased", recordsOf(groups, "erased"), "commands that were erased"),
  ];
  return [...missing, ...parts.filter(({ records }) => records.length > 0)];
}

function restsOnTrust({ measured, trust }: Found): readonly Item[] {
  if (trust === undefined || measured === undefined) return [];
  const pinned = `committee of epoch ${trust.committee.epoch}, head of ${trust.size} records`;
  const items = [item("trust", [], `the trust file: ${pinned}`)];
  if (!measured.compared && measured.missing !== "consistency") {
    items.push(item("not_compared", [], "co-signers sign one history only: the two heads were not compared"));
  }
  return items;
}

function restsOnRerun({ groups }: Found, findings: Findings | undefined): readonly Item[] {
  if (findings === undefined) return [];
  const hidden = [...recordsOf(groups, "withheld"), ...recordsOf(groups, "erased")];
  const records = [...new Set([...hidden, ...recordsInPart(groups, findings)])].sort((a, b) => a - b);
  const onCertificate = item("on_certificate", records, "what is not shown rests on the certificate");
  return [...(records.length > 0 ? [onCertificate] : []), ...findings.restsOn];
}

// Of rules that are not known nothing was checked that could rest on anybody.
function restsOnPeople(found: Found, findings: Findings | undefined): readonly Item[] {
  const { committee, pack, unknownRules } = found;
  if (committee === undefined || unknownRules !== undefined) return [];
  const { certificate } = pack;
  const names = signersOf(certificate, committee).join(", ");
  const of = `at least ${committee.threshold} of ${committee.members.length}`;
  const last = caseRecords(found).at(-1);
  const open = `the case can go on: verified up to record ${last} at size ${certificate.size}`;
  return [
    ...(findings?.facts?.phase === "open" && last !== undefined ? [item("open", [last], open)] : []),
    item("certificate", [], `${names} (${of}): that they re-ran what this case alone cannot show`),
    item("appender_clock", [], "ledger time is the appender's word, within the bounds given"),
    item("keys", [], "that no key which signed was stolen"),
  ];
}

function singleCosigner({ committee }: Found): readonly Item[] {
  const single = committee?.members.length === 1;
  return single ? [item("single_cosigner", [], "one co-signer alone certifies this ledger")] : [];
}

function factsOf(found: Found, findings: Findings | undefined): Facts {
  const { committee, pack } = found;
  const { certificate } = pack;
  const steps = findings === undefined ? [] : stepsReached(found, findings);
  const outcome = findings === undefined ? undefined : outcomeOf(found, findings, steps);
  return {
    ...audiencesOf(found, findings?.facts?.policy),
    case: pack.case,
    ...(committee === undefined ? {} : { certified: certifiedBy(certificate, committee) }),
    ledger: ledgerOf(pack) ?? certificate.ledger,
    name: genesisOf(pack).name,
    on_chain_not_checked: { deposits: findings?.deposits ?? [], outcomes: findings?.outcomes ?? [] },
    ...(outcome === undefined ? {} : { outcome }),
    root: certificate.root,
    sealed: pack.seal.time,
    size: certificate.size,
    steps,
  };
}

function outcomeOf(found: Found, { facts }: Findings, steps: readonly Step[]): CaseOutcome | undefined {
  const records = caseRecords(found);
  const last = records.at(-1);
  if (facts === undefined || last === undefined) return undefined;
  return {
    last,
    outcomes: steps.filter(({ kind }) => kind === "outcome").map(({ index }) => index),
    phase: facts.phase,
    policy: facts.policy.digest,
    policy_name: facts.policy.name,
    programme: facts.policy.programme,
    records: records.length,
    ...(facts.rules === RULES_FIRST ? {} : { rules: facts.rules }),
  };
}

function stepsReached(
  { committee, groups, keys, pack, reached, seen }: Found,
  findings: Findings,
): readonly Step[] {
  if (committee === undefined) return [];
  const clocks = new Clocks(pack, committee, seen);
  const inPart = new Set(recordsInPart(groups, findings));
  const documents = documentsOf(pack);
  const hidden = (word: Submission): Hidden => hiddenOf(word, findings.facts?.policy, documents);
  return groups
    .slice(0, reached)
    .flatMap((group) => stepsOf(group, pack.case, { clocks, hidden, keys, shown: shownAs(group, inPart) }));
}

/** Where the policy of the case names audiences: those that may see all that is shown of the case. */
function audiencesOf(
  { groups, pack, reached }: Found,
  policy: Policy | undefined,
): Pick<Facts, "audiences"> {
  if (policy === undefined || policy.audiences.size === 0) return {};
  const isOfCase = ({ records: [first] }: Group): boolean => first !== undefined && isOf(first, pack.case);
  const shown = shownOf(groups.slice(0, reached).filter(isOfCase), policy, documentsOf(pack));
  return { audiences: whoMaySee(policy.audiences, shown) };
}

function documentsOf({ evidence }: Pack): Documents {
  return new Set(evidence.map(({ digest }) => digest));
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

function recordsOf(groups: readonly Group[], kind: Group["command"]["kind"]): readonly number[] {
  return indices(groups.filter(({ command }) => command.kind === kind));
}

function recordsInPart(groups: readonly Group[], findings: Findings): readonly number[] {
  return [...indices(groups.filter(hidesClaims)), ...findings.inPart];
}

function hidesClaims(group: Group): boolean {
  return submissionOf(group)?.openings.includes(null) ?? false;
}

function indices(groups: readonly Group[]): readonly number[] {
  return groups.flatMap(({ records }) => records.map(({ index }) => index));
}
