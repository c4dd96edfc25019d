import { decodeSubmission, type Submission } from "../src/attestation/envelope.js";
import { hex } from "../src/bytes.js";
import { keccak256Hex } from "../src/hash.js";
import type { Json } from "../src/canonical.js";
import { Refusal } from "../src/refusal.js";
import { readAction } from "../src/machine/action.js";
import type { Body } from "../src/machine/body.js";
import { readOutcome, type Outcome } from "../src/outcome.js";
import { readPack, type Pack, type PackGroup, type PackRecord } from "../src/pack/file.js";
import { epochsOf } from "../src/pack/history.js";
import { digestOf, readLayout } from "../src/policy/read.js";
import type { Layout, OutcomeRule } from "../src/policy/layout.js";
import { writeAddress } from "../src/suites.js";
import { argumentsOf } from "./call.js";

/**
 * What a pack shows, for drawing. Nothing here is checked: what holds is in the report, and the page marks
 * what the report does not reach.
 */
export interface View {
  /** The records of the case, in their order. */
  readonly records: readonly ViewRecord[];
  /** What the other records are, by index. */
  readonly others: Readonly<Record<number, string>>;
  readonly policy?: ViewPolicy;
  readonly members: readonly ViewMember[];
}

export interface ViewMember {
  readonly name: string;
  readonly lei: string;
  readonly address: string;
}

export interface ViewPolicy {
  readonly title: string;
  readonly openedBy: string;
  readonly steps: readonly ViewStep[];
  readonly outcomes: readonly {
    readonly name: string;
    readonly after: readonly string[];
    readonly returns: boolean;
  }[];
}

export interface ViewStep {
  readonly name: string;
  readonly title: string;
  readonly by: string;
  readonly after: readonly string[];
}

export interface ViewRecord {
  readonly index: number;
  readonly kind: string;
  readonly time: number;
  readonly leaf: string;
  readonly command: PackGroup["command"]["kind"];
  readonly party?: string;
  readonly step?: string;
  /** The code of the rule that refused an attempt. */
  readonly refusal?: string;
  /** A party's own words for refusing or withdrawing. */
  readonly reason?: string;
  /** Steps that a withdrawal takes with it. */
  readonly fallen?: readonly string[];
  readonly ordinal?: number;
  /** Where a chain showed what became of an outcome, and when it was executed. */
  readonly settled?: { readonly domain: string; readonly executed?: number };
  readonly deadline?: number;
  /** The kind of change that a governance case is about. */
  readonly change?: string;
  readonly claims: readonly ViewClaim[];
  readonly evidence: readonly ViewEvidence[];
  readonly outcome?: ViewOutcome;
}

export interface ViewClaim {
  readonly name: string;
  /** None: it is not shown. */
  readonly value?: string;
  /** Of money. */
  readonly currency?: string;
}

export interface ViewEvidence {
  readonly name: string;
  readonly digest: string;
  /** Whether the pack holds the document. */
  readonly shown: boolean;
}

export interface ViewOutcome {
  readonly chain: string;
  readonly gate: string;
  readonly ordinal: number;
  /** Seconds since 1970; 0: never expires. */
  readonly notAfter: number;
  /** The policy's name for it. */
  readonly name?: string;
  readonly calls: readonly ViewCall[];
}

export interface ViewCall {
  readonly target: string;
  readonly text: string;
  readonly arguments: readonly { readonly name: string; readonly value: string }[];
}

/** Reads what a pack shows; nothing, where its form is broken. */
export function viewOf(file: Uint8Array): View | undefined {
  const pack = orNothing(() => readPack(file));
  if (pack === undefined) return undefined;
  const layout = layoutOf(pack);
  const documents = new Set(pack.evidence.map(({ digest }) => digest));
  const context = { caseId: pack.case, layout, documents };
  const records = pack.excerpt.flatMap((group) => recordsOf(group, context));
  const mine = new Set(records.map(({ index }) => index));
  const others = pack.excerpt.flatMap((group) =>
    group.records.filter(({ index }) => !mine.has(index)).map((record) => [record.index, kindOf(record)]),
  );
  return {
    records,
    others: Object.fromEntries(others) as Record<number, string>,
    members: membersOf(pack),
    ...(layout === undefined ? {} : { policy: policyOf(layout) }),
  };
}

/** What `read` gives; nothing, where it refuses. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** The layout of the policy that the case's opening names, as adopted in the pack. */
function layoutOf(pack: Pack): Layout | undefined {
  const all = pack.excerpt.flatMap(({ records }) => records);
  const opening = bodyOf(all.find(({ leafHash }) => leafHash === pack.case));
  if (opening?.kind !== "opened") return undefined;
  for (const record of all) {
    const body = bodyOf(record);
    if (body?.kind !== "proposed") continue;
    const action = orNothing(() => readAction(body.of.action as Json));
    if (action?.kind !== "adopt") continue;
    const digest = orNothing(() => digestOf(action.layout, action.guards));
    if (digest === opening.of.policy) return orNothing(() => readLayout(action.layout));
  }
  return undefined;
}

function bodyOf(record: PackRecord | undefined): Body | undefined {
  return record?.said === "seal" ? undefined : record?.said;
}

function policyOf({ title, openedBy, steps, outcomes }: Layout): ViewPolicy {
  return {
    title,
    openedBy,
    steps: [...steps.values()].map(({ name, title: of, by, after }) => ({ name, title: of, by, after })),
    outcomes: outcomes.map(({ name, after, returns }) => ({ name, after, returns: returns !== undefined })),
  };
}

function membersOf(pack: Pack): readonly ViewMember[] {
  const members = orNothing(() => epochsOf(pack).at(-1)?.committee.members) ?? [];
  return members.map(({ name, lei, address }) => ({ name, lei, address: writeAddress(address) }));
}

interface Context {
  readonly caseId: string;
  readonly layout: Layout | undefined;
  readonly documents: ReadonlySet<string>;
}

function recordsOf(group: PackGroup, context: Context): readonly ViewRecord[] {
  const submission = "submission" in group.command ? decoded(group.command.submission) : undefined;
  return group.records
    .filter((record) => isOf(record, context.caseId))
    .map((record): ViewRecord => {
      const first = record === group.records[0] ? submission : undefined;
      const body = bodyOf(record);
      return {
        index: record.index,
        kind: kindOf(record),
        time: group.time,
        leaf: record.leafHash,
        command: group.command.kind,
        ...(body === undefined ? {} : saidBy(body)),
        claims: claimsOf(first, context.layout, body),
        evidence: evidenceOf(first, context, body),
        ...reasonOf(first),
        ...(record.tag === 2 ? outcomeOf(record, context.layout) : {}),
      };
    });
}

function decoded(raw: Parameters<typeof decodeSubmission>[0]): Submission | undefined {
  return orNothing(() => decodeSubmission(raw));
}

function isOf(record: PackRecord, caseId: string): boolean {
  if (record.tag === 2) return orNothing(() => readOutcome(record.body))?.case === caseId;
  const body = bodyOf(record);
  return record.leafHash === caseId || (body !== undefined && "case" in body.of && body.of.case === caseId);
}

function kindOf(record: PackRecord): string {
  if (record.tag === 2) return "outcome";
  const body = bodyOf(record);
  return body?.kind === "attested" && body.of.refused ? "refused" : (body?.kind ?? "seal");
}

type Said = Pick<
  ViewRecord,
  "party" | "step" | "refusal" | "fallen" | "ordinal" | "settled" | "deadline" | "change"
>;

function saidBy(body: Body): Said {
  switch (body.kind) {
    case "opened":
      return { party: body.of.party, deadline: body.of.deadline };
    case "attested":
      return { party: body.of.party, step: body.of.step };
    case "attempted":
      return { party: body.of.party, step: body.of.step, refusal: body.of.code };
    case "withdrawn":
      return { party: body.of.party, fallen: body.of.fallen };
    case "decided":
      return { ordinal: body.of.ordinal };
    case "settled": {
      const { domain, ordinal, consumed } = body.of;
      return { ordinal, settled: { domain, ...(consumed === undefined ? {} : { executed: consumed }) } };
    }
    case "proposed":
      return { party: body.of.party, deadline: body.of.deadline, change: changeOf(body.of.action) };
    case "approved":
    case "consented":
      return { party: body.of.party };
    default:
      return {};
  }
}

function changeOf(action: Json): string {
  return typeof action === "object" && action !== null ? (Object.keys(action)[0] ?? "") : "";
}

function claimsOf(
  submission: Submission | undefined,
  layout: Layout | undefined,
  body: Body | undefined,
): ViewRecord["claims"] {
  const declared = body?.kind === "opened" ? layout?.parameters : stepOf(layout, body)?.claims;
  return (submission?.openings ?? []).map((opening, at): ViewClaim => {
    const slot = declared?.[at];
    if (opening === null) return { name: slot?.name ?? `claim ${at + 1}` };
    const { name, value } = opening;
    return slot?.name === name && slot.type.kind === "money"
      ? { name, value, currency: slot.type.currency }
      : { name, value };
  });
}

function stepOf(layout: Layout | undefined, body: Body | undefined) {
  const named = body?.kind === "attested" || body?.kind === "attempted";
  return named ? layout?.steps.get(body.of.step) : undefined;
}

function evidenceOf(
  submission: Submission | undefined,
  { documents, layout }: Context,
  body: Body | undefined,
): readonly ViewEvidence[] {
  const statement = submission?.envelope.statement;
  if (statement?.kind !== "attestation") return [];
  const names = stepOf(layout, body)?.evidence;
  return statement.evidence.map((digest, at) => {
    const name = names?.[at] ?? `document ${at + 1}`;
    return { name, digest, shown: documents.has(digest) };
  });
}

function reasonOf(submission: Submission | undefined): Pick<ViewRecord, "reason"> {
  const statement = submission?.envelope.statement;
  const reason = statement !== undefined && "reason" in statement ? statement.reason : undefined;
  return reason === undefined ? {} : { reason };
}

function outcomeOf(record: PackRecord, layout: Layout | undefined): Pick<ViewRecord, "outcome"> {
  const outcome = orNothing(() => readOutcome(record.body));
  if (outcome === undefined) return {};
  const rule = layout?.outcomes.find((candidate) => isBy(outcome, candidate));
  return {
    outcome: {
      chain: `eip155:${outcome.chainId}`,
      gate: writeAddress(outcome.gate),
      ordinal: outcome.ordinal,
      notAfter: outcome.notAfter,
      ...(rule === undefined ? {} : { name: rule.name }),
      calls: outcome.calls.map(({ target, data }) => {
        const called = rule === undefined ? undefined : argumentsOf(rule, layout, data);
        const text = called === undefined ? `0x${hex(data)}` : (rule?.call ?? "");
        return { target: writeAddress(target), text, arguments: called ?? [] };
      }),
    },
  };
}

/** Whether an outcome is one that this rule makes: the same line, and the same function. */
function isBy(outcome: Outcome, { line, call }: OutcomeRule): boolean {
  const selector = keccak256Hex(call).slice(0, 8);
  return (
    keccak256Hex(line) === outcome.line &&
    outcome.calls.length > 0 &&
    outcome.calls.every(({ data }) => hex(data.subarray(0, 4)) === selector)
  );
}
