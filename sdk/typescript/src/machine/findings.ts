import type { Json } from "../canonical.js";
import { readOutcome, type Outcome } from "../outcome.js";
import { writeAddress } from "../suites.js";
import type { Bodies } from "./body.js";
import { openingKey } from "./keys.js";
import type { Findings, Noted, ShownRecord } from "./group.js";
import { linkOf } from "./link.js";
import type { Case, State } from "./state.js";

/** How a record was gone through. */
export type ShownAs = "rerun" | "in_part" | "as_recorded" | "withheld" | "erased";

/** The records that a re-run has gone through. */
export class Noticed {
  readonly shown = new Map<number, ShownAs>();
  readonly credentials = new Set<string>();
  readonly issuers = new Set<string>();
  readonly uses = new Set<string>();
  readonly records: ShownRecord[] = [];

  add(record: ShownRecord, shown: ShownAs): void {
    this.shown.set(record.index, shown);
    this.records.push(record);
    const { said } = record;
    if (said?.kind === "credentialed" || said?.kind === "revoked") {
      this.credentials.add(said.of.credential);
      this.issuers.add(said.of.issuer);
    }
    if (said?.kind === "opened") this.uses.add(openingKey(said.of.attestation));
    if (said?.kind === "attested" && said.of.use_key !== undefined) this.uses.add(said.of.use_key);
  }

  /** Index of the last record of a case. */
  lastOf(caseId: string): number | undefined {
    return this.records.findLast((record) => linkOf(record)?.case === caseId)?.index;
  }

  indexOf(leaf: string): number | undefined {
    return this.records.find(({ leafHash }) => leafHash === leaf)?.index;
  }
}

export function findingsOf(caseId: string, state: State, noticed: Noticed): Findings {
  const of = state.cases.get(caseId);
  const inPart = [...noticed.shown].filter(([, shown]) => shown === "in_part").map(([index]) => index);
  const facts = of === undefined ? {} : { facts: { phase: of.phase, policy: of.policy, rules: of.rules } };
  const chain = of === undefined ? { deposits: [], outcomes: [] } : onChain(of, noticed);
  return {
    restsOn: restsOn(noticed),
    inPart,
    flags: flags({ caseId, state, noticed, of }),
    ...facts,
    ...chain,
  };
}

const ACROSS: ReadonlySet<string> = new Set(["single_use", "headroom_unknown", "headroom_short"]);

function restsOn({ records, shown }: Noticed): readonly Noted[] {
  const those = (is: (record: ShownRecord) => boolean): readonly number[] =>
    records.filter(is).map(({ index }) => index);
  const attested =
    (is: (of: Bodies["attested"]) => boolean) =>
    ({ said }: ShownRecord): boolean =>
      said?.kind === "attested" && is(said.of);
  const notes: readonly Noted[] = [
    {
      code: "single_use",
      records: those(attested((of) => of.use_key !== undefined)),
      text: "that no other case had used these acts, by the seal and under the certificate",
    },
    {
      code: "headroom",
      records: those(attested((of) => of.hold !== undefined)),
      text: "that there was headroom, which other cases move too, under the certificate",
    },
    {
      code: "refused_across",
      records: those(({ said }) => said?.kind === "attempted" && ACROSS.has(said.of.code)),
      text: "that other cases were the reason of these refusals, under the certificate",
    },
    {
      code: "settled",
      records: those(({ index }) => shown.get(index) === "as_recorded"),
      text: "that observers have read this from a chain, under the certificate",
    },
  ];
  return notes.filter((note) => note.records.length > 0);
}

interface Found {
  readonly caseId: string;
  readonly state: State;
  readonly noticed: Noticed;
  readonly of: Case | undefined;
}

function flags(found: Found): readonly Noted[] {
  const { records } = found.noticed;
  const those = (is: (record: ShownRecord) => boolean): number[] =>
    records.filter(is).map(({ index }) => index);
  const notes: Noted[] = [];
  if (isErasedWithoutOrder(found)) {
    notes.push({ code: "no_order", records: [], text: "erased, and the order to erase is not shown" });
  }
  const suspect = suspects(found);
  if (suspect.length > 0) {
    notes.push({
      code: "suspect",
      records: suspect,
      text: "taken under a credential that is suspect since before",
    });
  }
  const revoked = [...found.state.credentials.values()].filter(
    (credential) => credential.revoked !== undefined,
  );
  for (const { id } of revoked.sort((a, b) => (a.id < b.id ? -1 : 1))) {
    notes.push({ code: "revoked", records: [], text: `credential ${id} has been revoked` });
  }
  const [, ...again] = those(({ said }) => said?.kind === "decided");
  if (again.length > 0) notes.push({ code: "decided_again", records: again, text: "decided once more" });
  const attempts = those(({ said }) => said?.kind === "attempted");
  if (attempts.length > 0)
    notes.push({ code: "attempts", records: attempts, text: "attempts that were refused" });
  return notes;
}

function isErasedWithoutOrder({ caseId, state, noticed }: Found): boolean {
  if (![...noticed.shown.values()].includes("erased")) return false;
  return ![...state.governance.values()].some(
    ({ phase, action }) => phase === "enacted" && action.kind === "erase" && action.case === caseId,
  );
}

/** The opening and standing steps under a credential that is suspect since their time or before. */
function suspects({ state, noticed, of }: Found): readonly number[] {
  if (of === undefined) return [];
  const acts = [{ leaf: of.id, time: of.openedAt, credentials: of.openedUnder }, ...of.standing.values()];
  const suspect = acts.filter(({ credentials, time }) =>
    credentials.some((id) => (state.credentials.get(id)?.suspectSince ?? Infinity) <= time),
  );
  const indices = suspect.map(({ leaf }) => noticed.indexOf(leaf)).filter((index) => index !== undefined);
  return indices.sort((a, b) => a - b);
}

/** What a verifier that asks no chain leaves unchecked. */
function onChain(of: Case, { records }: Noticed): Pick<Findings, "deposits" | "outcomes"> {
  const deposits = new Map<string, Json[]>();
  const outcomes: Json[] = [];
  let domains: readonly string[] = [];
  for (const record of records) {
    const { said, index } = record;
    if (linkOf(record)?.case !== of.id) continue;
    if (said?.kind === "decided") domains = said.of.outcomes.map(({ domain }) => domain);
    if (said?.kind === "attested" && !said.of.refused) {
      deposits.set(said.of.step, [
        ...(deposits.get(said.of.step) ?? []),
        ...depositsOf(of, said.of.step, index),
      ]);
    }
    if (said?.kind === "withdrawn") for (const step of said.of.fallen) deposits.delete(step);
    if (record.tag !== 2) continue;
    const [domain = "", ...more] = domains;
    domains = more;
    outcomes.push(
      outcomeFact(readOutcome(record.body), { domain, index, said: becameOf(records, of.id, domain) }),
    );
  }
  return { deposits: [...deposits.values()].flat(), outcomes };
}

function depositsOf({ policy }: Case, step: string, index: number): readonly Json[] {
  const rule = policy.outcomes.find(({ returns }) => returns === step);
  const domain = rule && policy.domains.get(rule.domain);
  if (rule === undefined || domain?.escrow === undefined) return [];
  const money = policy.steps.get(step)?.claims.find(({ name }) => name === "amount")?.type;
  const { chain, decimals, escrow, token } = domain;
  const currency = money?.kind === "money" ? { currency: money.currency } : {};
  return [{ chain, ...currency, decimals, domain: rule.domain, escrow, index, step, token }];
}

/** What a record says that became of the outcome of a decision on a domain. */
function becameOf(
  records: readonly ShownRecord[],
  caseId: string,
  domain: string,
): (ordinal: number) => Json {
  return (ordinal) => {
    for (const { said } of records) {
      if (said?.kind !== "settled" || said.of.case !== caseId) continue;
      if (said.of.domain !== domain || said.of.ordinal !== ordinal) continue;
      return said.of.consumed === undefined ? "lapsed" : { executed: said.of.consumed };
    }
    return "nothing";
  };
}

function outcomeFact(
  outcome: Outcome,
  {
    domain,
    index,
    said,
  }: { readonly domain: string; readonly index: number; readonly said: (ordinal: number) => Json },
): Json {
  return {
    case: outcome.case,
    chain: `eip155:${outcome.chainId}`,
    domain,
    gate: writeAddress(outcome.gate),
    index,
    kind: outcome.kind === 2 ? "escrow" : "ordinary",
    not_after_s: outcome.notAfter,
    ordinal: outcome.ordinal,
    programme: outcome.programme,
    said: said(outcome.ordinal),
  };
}
