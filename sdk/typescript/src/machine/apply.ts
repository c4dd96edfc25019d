import type { Submission } from "../attestation/envelope.js";
import { committeeOf, readMembers } from "../certificate.js";
import { writeCanonical, type JsonObject } from "../canonical.js";
import { lei } from "../reading.js";
import { sha256Hex } from "../hash.js";
import { readOutcome } from "../outcome.js";
import type { Shown } from "../policy/guards.js";
import { refuse } from "../refusal.js";
import {
  accountOf,
  programmeOf,
  registerCommittee,
  registerKeys,
  Touched,
  type Applied,
  type Applying,
} from "./applying.js";
import { actionDigest, readAction, readCredentialKeys } from "./action.js";
import type { Bodies, Body } from "./body.js";
import { readBody } from "./body.js";
import { endCase, fall, settle } from "./case.js";
import { enact } from "./enact.js";
import type { Entity } from "./entity.js";
import { Entries } from "./entries.js";
import { openingKey } from "./keys.js";
import { knownRules, RULES_FIRST } from "./rules.js";
import { isClosed, returnsDeposits, type Case, type Phase, type State, type Unlocked } from "./state.js";

/** Nothing has happened yet. */
export function emptyState(): State {
  return {
    ledger: "",
    name: "",
    noticeMs: 0,
    administrators: { threshold: 0, keys: new Map() },
    committee: undefined,
    rules: RULES_FIRST,
    keys: new Map(),
    issuers: new Map(),
    credentials: new Map(),
    programmes: new Map(),
    policies: new Map(),
    cases: new Map(),
    unknownCases: new Map(),
    governance: new Map(),
    uses: new Map(),
    entries: new Entries(),
  };
}

/**
 * Applies a record that is on the ledger (`bodies.md`). It has happened, so nothing here refuses it; a
 * `Refusal` (`body`) says that it is no body of these rules, or of something that is not known.
 */
export function apply(state: State, record: Applied, word?: Submission): void {
  const applying: Applying = { state, record, word, touched: new Touched() };
  if (record.tag === 2) applyOutcome(applying);
  else {
    const body = readBody(record.body);
    if (isOfUnknownCase(state, body)) state.unknownCases.set(body.of.case, record.leaf);
    else applyBody(body, applying);
  }
  for (const entity of applying.touched) state.entries.touch(entity, record.leaf, valueOf(state, entity));
}

type OfCase = Extract<Body, { readonly of: { readonly case: string } }>;

function isOfUnknownCase(state: State, body: Body): body is OfCase {
  return "case" in body.of && state.unknownCases.has(body.of.case);
}

/** An outcome is a link of its case's chain. */
function applyOutcome({ state, record, touched }: Applying): void {
  const outcome = readOutcome(record.body);
  if (state.unknownCases.has(outcome.case)) {
    state.unknownCases.set(outcome.case, record.leaf);
    return;
  }
  const of = state.cases.get(outcome.case) ?? state.governance.get(outcome.case);
  if (of === undefined) return refuse("body", "an outcome of a case that is not known");
  of.head = record.leaf;
  touched.add({ case: outcome.case });
}

function applyBody(body: Body, applying: Applying): void {
  switch (body.kind) {
    case "genesis":
      return genesis(body.of, applying);
    case "opened":
      return opened(body.of, applying);
    case "attested":
      return attested(body.of, applying);
    case "attempted":
      return attempted(body.of, applying);
    case "decided":
      return decided(body.of, applying);
    case "withdrawn":
      return withdrawn(body.of, applying);
    case "expired":
      return expired(body.of, applying);
    case "read":
      return read(body.of, applying);
    case "settled":
      return settle(caseOf(applying, body.of.case), body.of, applying);
    case "credentialed":
      return credentialed(body.of, applying);
    case "revoked":
      return revoked(body.of, applying);
    case "proposed":
      return proposed(body.of, applying);
    case "approved":
    case "consented":
      return agreed(body.kind, body.of, applying);
    case "resolved":
      return resolved(body.of, applying);
    case "enacted":
      return enacted(body.of, applying);
  }
}

function genesis(of: Bodies["genesis"], { state, record, touched }: Applying): void {
  state.ledger = record.leaf;
  state.name = of.name;
  state.noticeMs = of.notice_ms;
  const administrators = new Map<string, ReadonlySet<string>>();
  for (const { keys, lei: owner } of of.administrators) {
    administrators.set(lei(owner), registerKeys(state, owner, readCredentialKeys(keys)));
  }
  state.administrators = { threshold: of.administrator_threshold, keys: administrators };
  state.committee = committeeOf(0, readMembers(of.cosigners), of.cosigner_threshold);
  registerCommittee(state);
  // A genesis of rules that are not known was never decided here.
  state.rules = knownRules(of.rules) ?? state.rules;
  touched.add("committee");
}

function opened(of: Bodies["opened"], { state, record, word, touched }: Applying): void {
  const policy = state.policies.get(of.policy);
  const id = record.leaf;
  if (policy === undefined) {
    state.unknownCases.set(id, id);
    return;
  }
  state.cases.set(id, {
    id,
    policy,
    rules: state.rules,
    party: of.party,
    openedAt: record.time,
    openedUnder: of.credentials,
    deadline: of.deadline,
    parameters: shownOf(word, policy.parameters.length),
    phase: "open",
    head: id,
    standing: new Map(),
    spent: new Set(),
    attempts: new Map(),
    attempted: new Set(),
    decisions: 0,
    decision: undefined,
  });
  const use = openingKey(of.attestation);
  state.uses.set(use, id);
  touched.add({ case: id });
  touched.add({ use });
}

/** What is shown of the claims of a submission; nothing, where there is none. */
export function shownOf(word: Submission | undefined, count: number): readonly Shown[] {
  if (word === undefined) return Array.from({ length: count }, () => "hidden" as const);
  return word.openings.map((opening) => (opening === null ? "hidden" : { text: opening.value }));
}

function attested(of: Bodies["attested"], applying: Applying): void {
  const { state, record, word, touched } = applying;
  const subject = link(applying, of.case);
  const late = isClosed(subject.phase);
  if (of.refused) {
    endCase(subject, "refused", applying);
    return;
  }
  if (of.use_key !== undefined) {
    state.uses.set(of.use_key, subject.id);
    touched.add({ use: of.use_key });
  }
  // A deposit shown after the end stands for nothing but its own return.
  if (late) return;
  subject.standing.set(of.step, {
    step: of.step,
    party: of.party,
    leaf: record.leaf,
    attestation: of.attestation,
    credentials: of.credentials,
    time: record.time,
    claims: shownOf(word, subject.policy.steps.get(of.step)?.claims.length ?? 0),
    useKey: of.use_key,
    payout: of.payout,
  });
  const account = accountOf(state, subject.policy.programme);
  if (of.balance !== undefined) account.attestBalance(of.balance.amount, of.balance.as_of, record.leaf);
  if (of.credit !== undefined) account.attestCredit(of.credit, record.leaf);
  if (of.hold !== undefined) {
    account.holds.push({ ...of.hold, case: subject.id, step: record.leaf, ordinal: subject.decisions });
  }
  if (of.balance ?? of.credit ?? of.hold) touched.add({ account: subject.policy.programme });
}

function attempted(of: Bodies["attempted"], applying: Applying): void {
  const subject = link(applying, of.case);
  subject.attempts.set(of.party, (subject.attempts.get(of.party) ?? 0) + 1);
  subject.attempted.add(of.attestation);
}

function decided(of: Bodies["decided"], applying: Applying): void {
  const subject = link(applying, of.case);
  const outcomes = of.outcomes.map(({ domain, not_after: notAfter }): readonly [string, Unlocked] => [
    domain,
    { notAfter, shown: "nothing" },
  ]);
  subject.decision = {
    ordinal: of.ordinal,
    outcomes: new Map(outcomes),
    endedAs: isClosed(subject.phase) ? subject.phase : undefined,
  };
  subject.decisions = of.ordinal + 1;
  subject.phase = "decided";
}

function withdrawn(of: Bodies["withdrawn"], applying: Applying): void {
  fall(link(applying, of.case), of.fallen, applying);
}

function expired(of: Bodies["expired"], applying: Applying): void {
  const { state, record, touched } = applying;
  const proposal = state.governance.get(of.case);
  if (proposal === undefined) return endCase(link(applying, of.case), "expired", applying);
  proposal.phase = "expired";
  proposal.head = record.leaf;
  touched.add({ case: of.case });
}

const WAITING_MAX = 32;
const KEPT_MAX = 16;

function read(of: Bodies["read"], { state, touched }: Applying): void {
  const account = accountOf(state, of.programme);
  const domain = account.domain(of.domain);
  domain.issued.set(of.party, of.issued);
  const words = account.waiting.get(of.content) ?? new Map<string, number>();
  words.set(of.party, of.issued);
  account.waiting.delete(of.content);
  if (of.quorum_reached) {
    const kept = {
      blockTime: of.block_time,
      nextBlockTime: of.next_block_time,
      supply: of.supply,
      read: Math.min(...words.values()),
    };
    domain.kept = [...domain.kept, kept].slice(-KEPT_MAX);
    domain.lastSupply = of.supply;
  } else {
    account.waiting.set(of.content, words);
    const [oldest] = account.waiting.keys();
    if (account.waiting.size > WAITING_MAX && oldest !== undefined) account.waiting.delete(oldest);
  }
  touched.add({ account: of.programme });
}

function credentialed(of: Bodies["credentialed"], { state, touched }: Applying): void {
  const keys = readCredentialKeys(of.keys);
  registerKeys(state, of.subject, keys);
  state.credentials.set(of.credential, {
    id: of.credential,
    kind: of.kind,
    issuer: of.issuer,
    subject: of.subject,
    keys,
    validFrom: of.valid_from,
    validUntil: of.valid_until,
    revoked: undefined,
    suspectSince: undefined,
  });
  touched.add({ credential: of.credential });
}

function revoked(of: Bodies["revoked"], { state, record, touched }: Applying): void {
  const credential = state.credentials.get(of.credential);
  // A pack shows revocations of credentials that it does not need to show.
  if (credential !== undefined) {
    credential.revoked = record.time;
    credential.suspectSince = of.suspect_since;
  }
  touched.add({ credential: of.credential });
}

function proposed(of: Bodies["proposed"], { state, record, touched }: Applying): void {
  const id = record.leaf;
  state.governance.set(id, {
    id,
    action: readAction(of.action),
    digest: actionDigest(of.action),
    loosens: of.loosens,
    deadline: of.deadline,
    approvals: new Set([of.party]),
    consents: new Set(),
    phase: "open",
    effective: undefined,
    head: id,
  });
  const use = openingKey(of.attestation);
  state.uses.set(use, id);
  touched.add({ case: id });
  touched.add({ use });
}

function agreed(kind: "approved" | "consented", of: Bodies["approved"], applying: Applying): void {
  const proposal = proposalOf(applying, of.case);
  (kind === "approved" ? proposal.approvals : proposal.consents).add(of.party);
}

function resolved(of: Bodies["resolved"], applying: Applying): void {
  proposalOf(applying, of.case).effective = of.effective;
}

function enacted(of: Bodies["enacted"], applying: Applying): void {
  const proposal = proposalOf(applying, of.case);
  proposal.phase = "enacted";
  enact(proposal.action, applying);
}

/** The case of a record, whose chain the record carries on. */
function link(applying: Applying, id: string): Case {
  const of = caseOf(applying, id);
  of.head = applying.record.leaf;
  applying.touched.add({ case: id });
  return of;
}

function caseOf({ state }: Applying, id: string): Case {
  return state.cases.get(id) ?? refuse("body", "a case that is not known");
}

function proposalOf(
  { state, record, touched }: Applying,
  id: string,
): NonNullable<ReturnType<State["governance"]["get"]>> {
  const proposal = state.governance.get(id) ?? refuse("body", "a governance case that is not known");
  proposal.head = record.leaf;
  touched.add({ case: id });
  return proposal;
}

/** `entries.md` §1: what an entry says besides `count` and `head`. */
function valueOf(state: State, entity: Entity): JsonObject {
  if (entity === "committee") return committeeValue(state);
  if ("case" in entity) return caseValue(state, entity.case);
  if ("credential" in entity) return credentialValue(state, entity.credential);
  if ("account" in entity) return accountOf(state, entity.account).value();
  if ("use" in entity) return optional("case", state.uses.get(entity.use));
  if ("list" in entity) return listValue(state, entity.list);
  if ("policy" in entity) {
    const [programme, name] = entity.policy;
    return { policy: programmeOf(state, programme).inForce.get(name) ?? "0".repeat(64) };
  }
  return optional("issuer", state.issuers.get(entity.issuer)?.json);
}

function committeeValue({ committee }: State): JsonObject {
  if (committee === undefined) throw new Error("no committee before genesis");
  return { committee: committee.digest, epoch: committee.epoch, threshold: committee.threshold };
}

function caseValue({ cases, governance }: State, id: string): JsonObject {
  const of = cases.get(id);
  if (of === undefined)
    return { phase: governance.get(id)?.phase ?? refuse("body", "a case that is not known") };
  const phase: Phase = of.phase;
  const rules = of.rules === RULES_FIRST ? {} : { rules: of.rules };
  if (!isClosed(phase) || !returnsDeposits(of.policy)) return { phase, ...rules };
  return { phase, ...rules, ordinal: of.decisions, policy: of.policy.digest };
}

function credentialValue({ credentials }: State, id: string): JsonObject {
  const credential = credentials.get(id);
  return {
    ...optional("revoked", credential?.revoked),
    ...optional("suspect_since", credential?.suspectSince),
  };
}

function listValue(state: State, [programme, name]: readonly [string, string]): JsonObject {
  const list = programmeOf(state, programme).lists.get(name);
  if (list === undefined) throw new Error("touched a list that is not set");
  return { list: "digest" in list ? list.digest : sha256Hex(writeCanonical(list.set)) };
}

function optional(field: string, value: JsonObject[string] | undefined): JsonObject {
  return value === undefined ? {} : { [field]: value };
}
