import { Refusal, refuse } from "../../refusal.js";
import type { HoldRule, Role, Step } from "../../policy/layout.js";
import { judge, type Shown } from "../../policy/guards.js";
import { stepsBefore } from "../../policy/order.js";
import { numberOf } from "../../policy/value.js";
import { shownOf } from "../apply.js";
import type { Bodies, Booked } from "../body.js";
import { formCall, type Formed } from "../form.js";
import { useKey } from "../keys.js";
import { suspensionRefuses } from "../rules.js";
import { commits, type Case } from "../state.js";
import type { Of } from "./asking.js";
import { checkClaims } from "./claims.js";
import { writeDecision } from "./decision.js";
import { checkPersons, entitled, type Entitled } from "./entitled.js";

/** A step that is asked for, once its case, its step and its keys are known. */
interface Taking {
  readonly asking: Of<"attestation">;
  readonly of: Case;
  readonly step: Step;
  readonly role: Role;
  readonly by: Entitled;
  readonly claims: readonly Shown[];
}

const ATTEMPTS_MAX = 8;

/**
 * `refusals.md` §3: a step of a case that has not ended. Gives the refusal, if it was one that is on
 * record.
 */
export function decideStep(asking: Of<"attestation">, of: Case): string | undefined {
  const { said } = asking;
  const step = of.policy.steps.get(said.step) ?? refuse("step_unknown", `no step \`${said.step}\``);
  const role = of.policy.roles.get(step.by) ?? refuse("step_unknown", "a step of nobody");
  const by = entitled(asking, role);
  if (of.phase === "decided") refuse("case_closed", "the case is decided");
  const taking: Taking = { asking, of, step, role, by, claims: shownOf(asking.word, step.claims.length) };
  try {
    return take(taking);
  } catch (error) {
    if (error instanceof Refusal && leavesAttempt(taking, error.code))
      return recordAttempt(taking, error.code);
    throw error;
  }
}

function leavesAttempt({ asking, of, step }: Taking, code: string): boolean {
  const { attestation } = asking.word.envelope;
  if (code === "withheld" || of.attempted.has(attestation)) return false;
  if ((of.attempts.get(asking.said.party) ?? 0) >= ATTEMPTS_MAX) return false;
  return of.standing.get(step.name)?.attestation !== attestation;
}

function recordAttempt({ asking, of, step }: Taking, code: string): string {
  const { attestation, digest } = asking.word.envelope;
  const { party } = asking.said;
  asking.writer.record({
    kind: "attempted",
    of: { attestation, case: of.id, code, envelope: digest, party, prev: of.head, step: step.name },
  });
  return code;
}

function take(taking: Taking): undefined {
  const { asking, of, step } = taking;
  checkPlace(taking);
  if (asking.said.verdict === "refused") return refuseStep(taking);
  const { claims, use, money } = checkSaid(taking);
  const source = { ...of, case: of.id, claimsOf: claimsOf(taking, claims) };
  const returning = of.policy.outcomes.filter(({ returns }) => returns === step.name);
  for (const rule of returning) formCall(rule, source);
  const last = [...of.policy.steps.keys()].every((name) => name === step.name || of.standing.has(name));
  const unlocked = of.policy.outcomes.filter(({ returns }) => last && returns === undefined);
  const formed = unlocked.map((rule) => formCall(rule, source));
  writeAttested(
    taking,
    { ...money, ...(use === undefined ? {} : { use_key: use }) },
    last ? formed : undefined,
  );
}

/** Checks 1 to 6, which a refused step has to pass too. */
function checkPlace({ asking, of, step, role, by }: Taking): void {
  const { state, now, said, word } = asking;
  if (now > of.deadline && !commits(of)) refuse("case_late", "the deadline has passed");
  const suspect = (ids: readonly string[], time: number): boolean =>
    ids.some((id) => (state.credentials.get(id)?.suspectSince ?? Infinity) <= time);
  const suspended = [...of.standing.values()].some(({ credentials, time }) => suspect(credentials, time));
  if (suspensionRefuses(of.rules, said.verdict) && (suspect(of.openedUnder, of.openedAt) || suspended))
    refuse("suspended", "a key is suspect");
  checkPersons(by, role);
  if (of.standing.has(step.name)) refuse("step_taken", `\`${step.name}\` stands`);
  if (of.spent.has(word.envelope.attestation)) refuse("taken_back", "this attestation was taken back");
  if (actsApart({ of, step, role }, said.party))
    refuse("not_distinct", "the party acts in a role kept apart");
  const standing = step.after.map((name) => of.standing.get(name)?.leaf);
  if (standing.includes(undefined)) refuse("order", `\`${step.name}\` waits`);
  const prev = standing.length > 0 ? standing : [of.id];
  if (prev.length !== said.prev.length || prev.some((leaf, at) => leaf !== said.prev[at]))
    refuse("prev", "other records");
  if (step.withinMs !== undefined && now > of.openedAt + step.withinMs)
    refuse("step_late", "too late for this step");
}

function actsApart({ of, step, role }: Pick<Taking, "of" | "step" | "role">, party: string): boolean {
  const acted = [...of.standing.values()]
    .filter((standing) => standing.party === party)
    .map((standing) => of.policy.steps.get(standing.step)?.by ?? "");
  if (of.party === party) acted.push(of.policy.openedBy);
  return acted.some(
    (other) =>
      role.distinctFrom.includes(other) ||
      (of.policy.roles.get(other)?.distinctFrom.includes(step.by) ?? false),
  );
}

interface Said {
  readonly claims: readonly Shown[];
  readonly use: string | undefined;
  readonly money: Pick<Bodies["attested"], "balance" | "credit" | "hold" | "payout">;
}

/** Checks 7 to 10, up to the outcomes. */
function checkSaid(taking: Taking): Said {
  const { asking, of, step, claims } = taking;
  checkClaims(asking, step.claims);
  const booked = step.booked === undefined ? undefined : numberNamed(taking, step, step.booked);
  if (booked !== undefined && booked !== "hidden" && booked > asking.now)
    refuse("claim_form", "booked later than now");
  if (asking.said.evidence.length !== step.evidence.length)
    refuse("evidence_count", "other evidence than declared");
  checkFresh(taking);
  checkGuards(taking);
  const use = actOf(of, step, claims);
  if (use !== undefined && !actIsFree(asking, use)) refuse("single_use", "the act is taken");
  const money = moneyOf(taking);
  if (money.hold !== undefined) checkHeadroom(taking, money);
  return { claims, use, money };
}

/** Its own dated claim, and that of every step it builds on. */
function checkFresh(taking: Taking): void {
  const { asking, of, step } = taking;
  for (const dated of [step, ...stepsBefore(of.policy, step)]) {
    if (dated.fresh === undefined) continue;
    const time = known(numberNamed(taking, dated, dated.fresh.claim));
    const age = asking.now - time;
    if (age < 0 || age > dated.fresh.maxAgeMs) refuse("stale", `\`${dated.name}\` is not fresh`);
  }
}

function checkGuards(taking: Taking): void {
  const { asking, of, step, claims } = taking;
  const verdict = judge(of.policy, step, {
    ledger: asking.state.ledger,
    party: asking.said.party,
    parameters: of.parameters,
    claims,
    claimsOf: (name) => of.standing.get(name)?.claims,
    listOf: (name) => asking.state.programmes.get(of.policy.programme)?.lists.get(name),
  });
  if (verdict.kind === "unknown") refuse("withheld", "a guard asks for what is not shown");
  if (verdict.kind === "error") refuse("guard_error", "a guard cannot be evaluated");
  if (verdict.kind === "refused") refuse("guard", verdict.guards.join(", "));
}

/** The single-use key of the act that a step names. */
export function actOf(of: Case, step: Step, claims: readonly Shown[]): string | undefined {
  const { singleUse } = step;
  if (singleUse === undefined) return undefined;
  const texts = singleUse.claims.map((name) => {
    const shown = claims[step.claims.findIndex((claim) => claim.name === name)] ?? "hidden";
    return shown === "hidden" ? refuse("withheld", "the act is not shown") : shown.text;
  });
  return useKey(of.policy.programme, singleUse.useAs, texts);
}

/** Whether an act carries no case. */
export function actIsFree({ state, across }: Of<"attestation">, use: string): boolean {
  return across.actIsFree ?? state.uses.get(use) === undefined;
}

/** What the step's money is to the programme (`policy.md` §2). */
function moneyOf(taking: Taking): Said["money"] {
  const { of, step } = taking;
  const [hold] = of.policy.holds.values();
  const credit = hold?.credits.find((term) => term.step === step.name);
  const balance = hold?.reserve.step === step.name && step.fresh !== undefined;
  return {
    ...(balance && hold !== undefined
      ? {
          balance: {
            amount: amount(taking, hold.reserve.claim),
            as_of: amount(taking, step.fresh?.claim ?? ""),
          },
        }
      : {}),
    ...(credit === undefined ? {} : { credit: bookedMoney(taking, credit.claim) }),
    ...(hold?.at === step.name ? { hold: held(taking, hold) } : {}),
    ...(step.pays === undefined ? {} : { payout: bookedMoney(taking, step.pays) }),
  };
}

function bookedMoney(taking: Taking, claim: string): Booked {
  return { amount: amount(taking, claim), booked: amount(taking, taking.step.booked ?? "") };
}

function held({ of }: Taking, { amount: name, domain }: HoldRule): { amount: number; domain: string } {
  const at = of.policy.parameters.findIndex((parameter) => parameter.name === name);
  const type = of.policy.parameters[at]?.type;
  const shown = of.parameters[at];
  if (type === undefined || shown === undefined || shown === "hidden")
    return refuse("withheld", "the amount is not shown");
  return { amount: numberOf(type, shown.text) ?? refuse("claim_form", "no amount"), domain };
}

function checkHeadroom({ asking, of }: Taking, stated: Said["money"]): void {
  const room = asking.across.headroom ?? computedHeadroom(asking, of, stated);
  if (room === "unknown") refuse("headroom_unknown", "headroom is not known");
  if (room === "short") refuse("headroom_short", "there is not enough headroom");
}

function computedHeadroom(
  { state, now }: Of<"attestation">,
  of: Case,
  stated: Said["money"],
): "enough" | "unknown" | "short" {
  const [hold] = of.policy.holds.values();
  const reading = of.policy.readings.get(hold?.reading ?? "");
  const account = state.programmes.get(of.policy.programme)?.account;
  if (reading === undefined || account === undefined) return "unknown";
  const room = account.headroom({ domains: reading.domains, maxAgeMs: reading.maxAgeMs, now, stated });
  if (room === undefined) return "unknown";
  return room < BigInt(stated.hold?.amount ?? 0) ? "short" : "enough";
}

function amount(taking: Taking, claim: string): number {
  return known(numberNamed(taking, taking.step, claim));
}

function known(value: number | "hidden"): number {
  return value === "hidden" ? refuse("withheld", "a claim that a rule needs is not shown") : value;
}

/** The number of a claim, of this step or of one that stands. */
function numberNamed({ of, step: own, claims }: Taking, step: Step, name: string): number | "hidden" {
  const at = step.claims.findIndex((claim) => claim.name === name);
  const type = step.claims[at]?.type;
  const shown = (step === own ? claims : of.standing.get(step.name)?.claims)?.[at];
  if (type === undefined || shown === undefined || shown === "hidden") return "hidden";
  return numberOf(type, shown.text) ?? "hidden";
}

function claimsOf(
  { of, step }: Taking,
  own: readonly Shown[],
): (name: string) => readonly Shown[] | undefined {
  return (name) => (name === step.name ? own : of.standing.get(name)?.claims);
}

type More = Pick<Bodies["attested"], "balance" | "credit" | "hold" | "payout" | "use_key">;

function writeAttested(taking: Taking, more: More, formed: readonly Formed[] | undefined): undefined {
  const { asking, of, step, by } = taking;
  const { attestation, digest } = asking.word.envelope;
  const leaf = asking.writer.record({
    kind: "attested",
    of: {
      attestation,
      case: of.id,
      credentials: by.credentials,
      envelope: digest,
      party: asking.said.party,
      prev: of.head,
      refused: asking.said.verdict === "refused",
      step: step.name,
      ...more,
    },
  });
  if (formed !== undefined) writeDecision(asking, of, { formed, prev: leaf });
}

/** A refused step ends the case; deposits that are shown go back. */
function refuseStep(taking: Taking): undefined {
  const formed = returnsOf(taking.of);
  writeAttested(taking, {}, formed.length > 0 ? formed : undefined);
}

/** The outcomes that give back what standing steps show to lie in the Escrow. */
export function returnsOf(of: Case): readonly Formed[] {
  const source = { ...of, case: of.id, claimsOf: (name: string) => of.standing.get(name)?.claims };
  return of.policy.outcomes
    .filter(({ returns }) => returns !== undefined && of.standing.has(returns))
    .map((rule) => formCall(rule, source));
}
