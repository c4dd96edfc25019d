import { holds, type Request, type Value } from "../cedar/evaluate.js";
import { partsOf, type Entity, type Expression, type Guard } from "../cedar/syntax.js";
import { Refusal } from "../refusal.js";
import type { Policy, Step } from "./layout.js";
import { stepsBefore } from "./order.js";
import { numberOf, type ValueType } from "./value.js";

/** What a claim or parameter says; `hidden` where it is withheld or erased. */
export type Shown = { readonly text: string } | "hidden";

/** A list as governance has set it. */
export type AdoptedList = { readonly digest: string } | { readonly set: readonly string[] };

/** What is known where a step is judged. */
export interface GuardInput {
  readonly ledger: string;
  readonly party: string;
  readonly parameters: readonly (Shown | undefined)[];
  /** Claims of this step, in order. */
  readonly claims: readonly (Shown | undefined)[];
  /** Claims of a step that was done before, in order; none: it does not stand. */
  readonly claimsOf: (step: string) => readonly (Shown | undefined)[] | undefined;
  readonly listOf: (list: string) => AdoptedList | undefined;
}

export type Verdict =
  | { readonly kind: "allowed" }
  | { readonly kind: "refused"; readonly guards: readonly string[] }
  | { readonly kind: "error" }
  | { readonly kind: "unknown" };

/** One thing that a guard can read: the way to it, and what stands there. */
interface Leaf {
  readonly path: readonly string[];
  readonly value: Value | "hidden" | undefined;
}

/** `guards.md` §4: over all guards whose scope of actions takes the step in. */
export function judge(policy: Policy, step: Step, input: GuardInput): Verdict {
  const guards = policy.guards.filter((guard) => guard.steps?.includes(step.name) ?? true);
  const leaves = leavesOf(policy, step, input);
  const paths = guards.flatMap((guard) => guard.conditions.flatMap(({ body }) => pathsOf(body)));
  const mentioned = leaves.filter((leaf) => paths.some((path) => meet(path, leaf.path)));
  if (mentioned.some(({ value }) => value === "hidden")) return { kind: "unknown" };
  if (mentioned.some(({ value }) => value === undefined)) return { kind: "error" };
  return decide(guards, requestOf(step, input, leaves));
}

function decide(guards: readonly Guard[], request: Request): Verdict {
  try {
    // Every guard is evaluated: an error of any wins over what the others say.
    const holding = guards.filter((guard) => holds(guard, request));
    const forbidding = holding.filter(({ effect }) => effect === "forbid").map(({ id }) => id);
    if (forbidding.length === 0 && holding.length > 0) return { kind: "allowed" };
    return { kind: "refused", guards: forbidding };
  } catch (error) {
    if (error instanceof Refusal && error.code === "guard_error") return { kind: "error" };
    throw error;
  }
}

/** Two ways meet where one leads to the other, or on from it. */
function meet(a: readonly string[], b: readonly string[]): boolean {
  return a.every((name, at) => at >= b.length || b[at] === name);
}

/** The longest ways from `context` and `resource` that an expression names. */
export function pathsOf(expression: Expression): readonly (readonly string[])[] {
  const path = pathOf(expression);
  return path === undefined ? partsOf(expression).flatMap(pathsOf) : [path];
}

function pathOf(expression: Expression): readonly string[] | undefined {
  if (expression.kind === "variable") {
    return expression.name === "context" || expression.name === "resource" ? [expression.name] : undefined;
  }
  if (expression.kind !== "attribute" && expression.kind !== "has") return undefined;
  const way = pathOf(expression.of);
  return way === undefined ? undefined : [...way, expression.name];
}

function leavesOf(policy: Policy, step: Step, input: GuardInput): readonly Leaf[] {
  const parameters = policy.parameters.map(({ name, type }, at): Leaf => ({
    path: ["resource", name],
    value: valueOf(type, input.parameters[at]),
  }));
  const lists = [...policy.lists].map(([name, kind]): Leaf => ({
    path: ["context", "list", name],
    value: listValue(kind, input.listOf(name)),
  }));
  const before = stepsBefore(policy, step).flatMap((earlier) =>
    claimLeaves(["context", "step", earlier.name], earlier, input.claimsOf(earlier.name) ?? []),
  );
  const own = claimLeaves(["context", "claim"], step, input.claims);
  const ledger: Leaf = { path: ["context", "ledger"], value: { kind: "string", value: input.ledger } };
  return [...parameters, ...own, ...before, ...lists, ledger];
}

function claimLeaves(
  way: readonly string[],
  step: Step,
  claims: readonly (Shown | undefined)[],
): readonly Leaf[] {
  return step.claims.map(({ name, type }, at) => ({
    path: [...way, name],
    value: valueOf(type, claims[at]),
  }));
}

/** `guards.md` §3: what a text is for a guard. */
function valueOf(type: ValueType, shown: Shown | undefined): Value | "hidden" | undefined {
  if (shown === undefined || shown === "hidden") return shown;
  if (type.kind === "bool") return { kind: "bool", value: shown.text === "true" };
  if (type.kind !== "int" && type.kind !== "money" && type.kind !== "time")
    return { kind: "string", value: shown.text };
  const number = numberOf(type, shown.text);
  return number === undefined ? undefined : { kind: "long", value: BigInt(number) };
}

function listValue(kind: "digest" | "set", list: AdoptedList | undefined): Value | undefined {
  if (list === undefined || kind in list === false) return undefined;
  if ("digest" in list) return { kind: "string", value: list.digest };
  return { kind: "set", items: list.set.map((value) => ({ kind: "string", value })) };
}

const RESOURCE: Entity = { kind: "entity", type: "Case", id: "" };

function requestOf(step: Step, input: GuardInput, leaves: readonly Leaf[]): Request {
  const principal: Entity = { kind: "entity", type: "Party", id: input.party };
  const lei = new Map<string, Value>([["lei", { kind: "string", value: input.party }]]);
  const resource = fieldsBelow(leaves, ["resource"]);
  return {
    principal,
    action: { kind: "entity", type: "Action", id: step.name },
    resource: RESOURCE,
    context: { kind: "record", fields: fieldsBelow(leaves, ["context"]) },
    attributesOf: (entity) => (is(entity, principal) ? lei : is(entity, RESOURCE) ? resource : undefined),
    isIn: (entity, group) =>
      is(entity, group) || (is(entity, principal) && group.type === "Role" && group.id === step.by),
  };
}

function is(a: Entity, b: Entity): boolean {
  return a.type === b.type && a.id === b.id;
}

/** A table beneath which nothing stands is not there. */
function fieldsBelow(leaves: readonly Leaf[], way: readonly string[]): ReadonlyMap<string, Value> {
  const fields = new Map<string, Value>();
  for (const { path, value } of leaves) {
    const name = path[way.length];
    if (name === undefined || !way.every((part, at) => path[at] === part) || fields.has(name)) continue;
    if (path.length > way.length + 1)
      fields.set(name, { kind: "record", fields: fieldsBelow(leaves, [...way, name]) });
    else if (value !== undefined && value !== "hidden") fields.set(name, value);
  }
  return fields;
}
