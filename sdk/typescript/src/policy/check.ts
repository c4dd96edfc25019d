import { refuse } from "../refusal.js";
import { checkAudiences } from "./check-audiences.js";
import { checkGuards } from "./check-guards.js";
import { checkHolds } from "./check-holds.js";
import { checkOutcomes } from "./check-outcomes.js";
import type { Policy, Step } from "./layout.js";
import { stepsBefore } from "./order.js";

/** The static checks of `policy.md` §§4 and 9. Refuses with the code of the first finding. */
export function checkPolicy(policy: Policy): void {
  checkNames(policy);
  checkOrder(policy);
  checkRoles(policy);
  for (const step of policy.steps.values()) checkStep(policy, step);
  checkHolds(policy);
  checkOutcomes(policy);
  checkEnds(policy);
  checkGuards(policy);
  checkAudiences(policy);
}

/** Every name that is mentioned is there. */
function checkNames({ openedBy, roles, steps, domains, parameters, readings }: Policy): void {
  const named = (table: ReadonlyMap<string, unknown>, name: string): void => {
    if (!table.has(name)) refuse("unknown-name", `no \`${name}\``);
  };
  named(roles, openedBy);
  for (const { distinctFrom } of roles.values()) for (const role of distinctFrom) named(roles, role);
  for (const { by, after } of steps.values()) {
    named(roles, by);
    for (const step of after) named(steps, step);
  }
  for (const { domain } of parameters) if (domain !== undefined) named(domains, domain);
  for (const { by, domains: read } of readings.values()) {
    named(roles, by);
    if (read.length === 0) refuse("unknown-name", "a reading of no domain");
    for (const domain of read) named(domains, domain);
  }
}

function checkOrder(policy: Policy): void {
  for (const step of policy.steps.values()) {
    if (stepsBefore(policy, step).includes(step)) refuse("cycle", `\`${step.name}\` waits for itself`);
  }
}

function checkRoles({ roles, openedBy, steps, readings }: Policy): void {
  const used = new Set([openedBy]);
  for (const { by } of [...steps.values(), ...readings.values()]) used.add(by);
  for (const [name, { distinctFrom }] of roles) {
    if (distinctFrom.includes(name)) refuse("contradictory-role", `\`${name}\` is distinct from itself`);
    if (!used.has(name)) refuse("unused-role", `\`${name}\` does nothing`);
  }
}

function checkStep({ lastsMs }: Policy, step: Step): void {
  if (step.withinMs !== undefined && step.withinMs > lastsMs)
    refuse("deadline", `\`${step.name}\` may come too late`);
  const kinds = new Map(step.claims.map(({ name, type }) => [name, type.kind]));
  const expect = (claim: string | undefined, kind: string): void => {
    if (claim !== undefined && kinds.get(claim) !== kind) refuse("unknown-name", `no ${kind} \`${claim}\``);
  };
  expect(step.fresh?.claim, "time");
  expect(step.booked, "time");
  expect(step.pays, "money");
  if (step.pays !== undefined && step.booked === undefined) refuse("payout-without-date", `\`${step.name}\``);
  for (const claim of step.singleUse?.claims ?? [])
    if (!kinds.has(claim)) refuse("unknown-name", `no \`${claim}\``);
}

/** A case has an end, and every step leads to it. */
function checkEnds(policy: Policy): void {
  const deciding = policy.outcomes.filter(({ returns }) => returns === undefined);
  if (policy.steps.size === 0 || deciding.length === 0)
    refuse("no-end", "no step, or nothing that is decided");
  const led = new Set<string>();
  for (const { name, after } of deciding) {
    if (after.length === 0) refuse("unguarded-outcome", `\`${name}\` waits for nothing`);
    for (const step of after) led.add(step);
    for (const step of stepsBefore(policy, { after })) led.add(step.name);
  }
  for (const name of policy.steps.keys())
    if (!led.has(name)) refuse("dead-end", `no outcome waits for \`${name}\``);
}
