import { canHold, type Schema, type Type } from "../cedar/validate.js";
import { partsOf, type Expression, type Guard } from "../cedar/syntax.js";
import { refuse } from "../refusal.js";
import type { Claim, Policy, Step } from "./layout.js";
import { stepsBefore } from "./order.js";
import type { ValueType } from "./value.js";

/**
 * `policy.md` §4, `guards.md` §3: every guard passes Cedar's strict validation for every step that it covers,
 * and every step can be permitted. Cedar's warnings about mixed scripts are not among these checks.
 */
export function checkGuards(policy: Policy): void {
  for (const guard of policy.guards) checkGuard(policy, guard);
  for (const step of policy.steps.values()) checkPermitted(policy, step);
}

function checkGuard(policy: Policy, guard: Guard): void {
  const { role, steps: scope, id } = guard;
  if (role !== undefined && !policy.roles.has(role)) refuse("guard-type", `no role \`${role}\``);
  for (const step of scope ?? []) if (!policy.steps.has(step)) refuse("guard-type", `no step \`${step}\``);
  for (const { body } of guard.conditions) checkRoles(policy, body);
  const covered = [...policy.steps.values()].filter(({ name }) => scope?.includes(name) ?? true);
  const taken = covered.some(({ by }) => role === undefined || by === role);
  if (!taken) refuse("idle-guard", `\`${id}\` is for a role that takes none of its steps`);
  const holding = covered.map((step) => canHold(guard, schemaOf(policy, step)));
  if (!holding.includes(true)) refuse("guard-warning", `\`${id}\` never holds`);
}

/** Roles in conditions are roles of the policy. */
function checkRoles(policy: Policy, expression: Expression): void {
  if (expression.kind === "entity" && expression.type === "Role" && !policy.roles.has(expression.id)) {
    refuse("guard-type", `no role \`${expression.id}\``);
  }
  for (const part of partsOf(expression)) checkRoles(policy, part);
}

function checkPermitted({ guards }: Policy, { name, by }: Step): void {
  const applies = ({ role, steps }: Guard): boolean =>
    (role === undefined || role === by) && (steps?.includes(name) ?? true);
  if (!guards.some((guard) => guard.effect === "permit" && applies(guard))) {
    refuse("never-permitted", `no permit can allow \`${name}\``);
  }
  if (guards.some((guard) => guard.effect === "forbid" && applies(guard) && guard.conditions.length === 0)) {
    refuse("never-permitted", `\`${name}\` is always forbidden`);
  }
}

/** What a guard may name where a step is judged; every table is there, also an empty one. */
function schemaOf(policy: Policy, step: Step): Schema {
  const steps = stepsBefore(policy, step).map(({ name, claims }): [string, Type] => [name, recordOf(claims)]);
  const lists = [...policy.lists].map(([name, kind]): [string, Type] => [name, listType(kind)]);
  return {
    step: step.name,
    steps: new Set(policy.steps.keys()),
    resource: new Map(policy.parameters.map(({ name, type }) => [name, typeOf(type)])),
    context: new Map<string, Type>([
      ["claim", recordOf(step.claims)],
      ["step", { kind: "record", fields: new Map(steps) }],
      ["list", { kind: "record", fields: new Map(lists) }],
      ["ledger", { kind: "string" }],
    ]),
  };
}

function recordOf(claims: readonly Claim[]): Type {
  return { kind: "record", fields: new Map(claims.map(({ name, type }) => [name, typeOf(type)])) };
}

function listType(kind: "digest" | "set"): Type {
  return kind === "digest" ? { kind: "string" } : { kind: "set", of: { kind: "string" } };
}

function typeOf(type: ValueType): Type {
  if (type.kind === "bool") return { kind: "bool" };
  return { kind: type.kind === "int" || type.kind === "money" || type.kind === "time" ? "long" : "string" };
}
