import { stepsAfter } from "../policy/order.js";
import { accountOf, type Applying } from "./applying.js";
import type { Bodies } from "./body.js";
import { commits, type Case, type ClosedPhase, type Standing } from "./state.js";

/** What happens to a case when steps fall, when it ends, and when a chain has shown its outcomes. */

/**
 * Steps fall: they give back act, credit, balance and hold, and their attestations never count again
 * (`case.md` §5).
 */
export function fall(of: Case, steps: readonly string[], applying: Applying): void {
  for (const name of steps) {
    const standing = of.standing.get(name);
    if (standing === undefined) continue;
    of.standing.delete(name);
    of.spent.add(standing.attestation);
    giveBackAct(standing, applying);
    giveBackMoney(of, standing, { balance: true, applying });
  }
}

/** A case ends without an outcome that was executed (`case.md` §8): balances stay. */
export function endCase(of: Case, phase: ClosedPhase, applying: Applying): void {
  of.phase = phase;
  for (const standing of of.standing.values()) {
    if (!isReturned(of, standing)) giveBackAct(standing, applying);
    giveBackMoney(of, standing, { balance: false, applying });
  }
}

/** Whether an outcome gives the deposit of a step back: its act is taken for ever. */
function isReturned(of: Case, { step }: Standing): boolean {
  return of.policy.outcomes.some(({ returns }) => returns === step);
}

function giveBackAct({ useKey }: Standing, { state, touched }: Applying): void {
  if (useKey === undefined || state.uses.get(useKey) === undefined) return;
  state.uses.set(useKey, undefined);
  touched.add({ use: useKey });
}

function giveBackMoney(
  of: Case,
  { leaf }: Standing,
  { balance, applying }: { balance: boolean; applying: Applying },
): void {
  const account = accountOf(applying.state, of.policy.programme);
  const holds = account.holds.filter(({ step }) => step === leaf);
  const fallsBalance = balance && account.balance?.step === leaf;
  const counted = account.credits.delete(leaf);
  for (const hold of holds) account.returnHold(hold);
  if (fallsBalance) account.balance = undefined;
  if (holds.length > 0 || counted || fallsBalance) applying.touched.add({ account: of.policy.programme });
}

/** A chain has shown that an outcome was executed, or never will be (`case.md` §8). */
export function settle(of: Case, body: Bodies["settled"], applying: Applying): void {
  const { record, touched } = applying;
  of.head = record.leaf;
  touched.add({ case: of.id });
  const unlocked = of.decision?.outcomes.get(body.domain);
  if (unlocked !== undefined) {
    unlocked.shown = body.consumed === undefined ? "lapsed" : { executed: body.consumed };
  }
  settleHold(of, body, applying);
  // What goes back after the end was never paid for.
  if (body.consumed !== undefined && of.decision?.endedAs === undefined) redeem(of, body.consumed, applying);
  const shown = [...(of.decision?.outcomes.values() ?? [])].map((outcome) => outcome.shown);
  if (!shown.includes("nothing")) conclude(of, shown.filter((what) => what !== "lapsed").length, applying);
}

function settleHold(of: Case, body: Bodies["settled"], { state, touched }: Applying): void {
  const account = accountOf(state, of.policy.programme);
  const hold = account.holdOf(body);
  if (hold === undefined) return;
  if (body.consumed === undefined) account.returnHold(hold);
  else if (account.date !== undefined && account.date >= body.consumed) account.returnHold(hold);
  else hold.executed = body.consumed;
  touched.add({ account: of.policy.programme });
}

/** `case.md` §10: money paid later than the tokens were burned is owed until a balance of that date. */
function redeem(of: Case, consumed: number, { state, touched }: Applying): void {
  const account = accountOf(state, of.policy.programme);
  for (const { payout, leaf } of of.standing.values()) {
    if (payout === undefined || payout.booked <= consumed) continue;
    account.redeem({ ...payout, burned: consumed, step: leaf });
    touched.add({ account: of.policy.programme });
  }
}

/** No domain is waited for any more. */
function conclude(of: Case, executed: number, applying: Applying): void {
  const decision = of.decision;
  if (decision === undefined) return;
  if (executed === decision.outcomes.size) of.phase = decision.endedAs ?? "settled";
  else if (executed > 0) of.phase = "lapsed";
  else if (applying.record.time <= of.deadline || commits(of)) reopen(of, applying);
  else endCase(of, "lapsed", applying);
}

/** Every step that an outcome waits for falls, and the one that took the hold, and what builds on them. */
function reopen(of: Case, applying: Applying): void {
  of.phase = "open";
  const waitedFor = of.policy.outcomes
    .filter(({ returns }) => returns === undefined)
    .flatMap(({ after }) => after);
  const held = [...of.policy.holds.values()].map(({ at }) => at);
  fall(of, stepsAfter(of.policy, [...waitedFor, ...held]), applying);
}
