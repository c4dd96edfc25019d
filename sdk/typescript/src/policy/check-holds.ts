import { refuse } from "../refusal.js";
import type { HoldRule, Policy, Step, Term } from "./layout.js";
import { stepsBefore } from "./order.js";

/** `policy.md` §4: what holds and readings ask for. */
export function checkHolds(policy: Policy): void {
  const [first] = policy.holds.values();
  const places = [...policy.holds.values()].map(({ at }) => at);
  if (new Set(places).size < places.length) refuse("hold-account", "two holds at one step");
  for (const hold of policy.holds.values()) {
    if (first !== undefined && hold.text !== first.text) refuse("hold-account", "holds that count otherwise");
    checkHold(policy, hold);
  }
  const read = new Set([...policy.holds.values()].map(({ reading }) => reading));
  for (const name of policy.readings.keys())
    if (!read.has(name)) refuse("unused-reading", `nothing rests on \`${name}\``);
}

function checkHold(policy: Policy, hold: HoldRule): void {
  const at = policy.steps.get(hold.at) ?? refuse("unknown-name", `no step \`${hold.at}\``);
  if (!policy.domains.has(hold.domain)) refuse("unknown-name", `no domain \`${hold.domain}\``);
  const reading = policy.readings.get(hold.reading);
  if (!reading?.domains.includes(hold.domain))
    refuse("hold-without-reading", `nothing reads \`${hold.domain}\``);
  const amount = policy.parameters.find(({ name }) => name === hold.amount);
  if (amount?.type.kind !== "money" || (amount.min ?? 0) <= 0)
    return refuse("hold-amount", "no amount above zero");
  const { currency } = amount.type;
  const done = new Set([at, ...stepsBefore(policy, at)]);
  const terms = [hold.reserve, ...hold.credits];
  if (new Set(terms.map(({ step, claim }) => `${step}.${claim}`)).size < terms.length)
    refuse("hold-term", "a term twice");
  for (const term of terms) checkTerm(policy, term, { done, currency, reserve: term === hold.reserve });
  if (!isMoved(policy, hold))
    refuse("hold-without-outcome", `no outcome on \`${hold.domain}\` moves the amount`);
}

interface Counted {
  readonly done: ReadonlySet<Step>;
  readonly currency: string;
  readonly reserve: boolean;
}

function checkTerm(policy: Policy, term: Term, { done, currency, reserve }: Counted): void {
  const step = policy.steps.get(term.step);
  const type = step?.claims.find(({ name }) => name === term.claim)?.type;
  if (step === undefined || !done.has(step))
    return refuse("hold-term", `\`${term.step}\` need not be done before`);
  if (type?.kind !== "money" || type.currency !== currency)
    refuse("hold-term", `\`${term.claim}\` is no such money`);
  if ((reserve ? step.fresh : step.booked) === undefined)
    refuse("hold-term", `\`${term.step}\` is not dated`);
}

/** An outcome on the hold's domain, after its step, has the amount among its arguments. */
function isMoved(policy: Policy, hold: HoldRule): boolean {
  return policy.outcomes.some(
    ({ returns, domain, after, args }) =>
      returns === undefined &&
      domain === hold.domain &&
      args.includes(`param.${hold.amount}`) &&
      (after.includes(hold.at) || stepsBefore(policy, { after }).some(({ name }) => name === hold.at)),
  );
}
