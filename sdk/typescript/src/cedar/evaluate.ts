import { Refusal } from "../refusal.js";
import type { BinaryOperator, Entity, Expression, Guard, Pattern } from "./syntax.js";

/** A value of a guard. Longs are 64 bits wide and signed; sets know no order and hold nothing twice. */
export type Value =
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "long"; readonly value: bigint }
  | { readonly kind: "string"; readonly value: string }
  | Entity
  | { readonly kind: "set"; readonly items: readonly Value[] }
  | { readonly kind: "record"; readonly fields: ReadonlyMap<string, Value> };

/** What is asked, and what is known of those in it. */
export interface Request {
  readonly principal: Entity;
  readonly action: Entity;
  readonly resource: Entity;
  readonly context: Value;
  /** Attributes of an entity; none: it is not known. */
  readonly attributesOf: (entity: Entity) => ReadonlyMap<string, Value> | undefined;
  /** Whether one entity is the other or below it. */
  readonly isIn: (entity: Entity, group: Entity) => boolean;
}

const LONG_MIN = -(1n << 63n);
const LONG_MAX = (1n << 63n) - 1n;

/** Whether a guard holds for a request; throws a `Refusal` (`guard_error`) where it cannot be evaluated. */
export function holds(guard: Guard, request: Request): boolean {
  if (guard.role !== undefined) {
    if (!request.isIn(request.principal, { kind: "entity", type: "Role", id: guard.role })) return false;
  }
  if (guard.steps !== undefined && !guard.steps.includes(request.action.id)) return false;
  // One after another, as Cedar joins them by `&&`: what follows a condition that fails is not asked.
  return guard.conditions.every(({ kind, body }) => truth(evaluate(body, request)) === (kind === "when"));
}

/** The value of an expression; throws a `Refusal` (`guard_error`) where it has none. */
export function evaluate(expression: Expression, request: Request): Value {
  switch (expression.kind) {
    case "bool":
    case "long":
    case "string":
    case "entity":
      return expression;
    case "variable":
      return request[expression.name];
    case "and":
      return bool(truth(evaluate(expression.left, request)) && truth(evaluate(expression.right, request)));
    case "or":
      return bool(truth(evaluate(expression.left, request)) || truth(evaluate(expression.right, request)));
    case "not":
      return bool(!truth(evaluate(expression.of, request)));
    case "negate":
      return long(-number(evaluate(expression.of, request)));
    case "binary":
      return binary(
        expression.operator,
        evaluate(expression.left, request),
        evaluate(expression.right, request),
        request,
      );
    case "attribute":
      return attribute(evaluate(expression.of, request), expression.name, request);
    case "has":
      return bool(attributes(evaluate(expression.of, request), request)?.has(expression.name) ?? false);
    case "like":
      return bool(matches(text(evaluate(expression.of, request)), expression.pattern));
    case "set":
      return { kind: "set", items: expression.items.map((item) => evaluate(item, request)) };
    case "record":
      return recordOf(expression.fields, request);
  }
}

function recordOf(fields: ReadonlyMap<string, Expression>, request: Request): Value {
  const values = new Map<string, Value>();
  for (const [name, field] of fields) values.set(name, evaluate(field, request));
  return { kind: "record", fields: values };
}

function binary(operator: BinaryOperator, left: Value, right: Value, request: Request): Value {
  switch (operator) {
    case "==":
      return bool(same(left, right));
    case "!=":
      return bool(!same(left, right));
    case "<":
      return bool(number(left) < number(right));
    case "<=":
      return bool(number(left) <= number(right));
    case ">":
      return bool(number(left) > number(right));
    case ">=":
      return bool(number(left) >= number(right));
    case "+":
      return long(number(left) + number(right));
    case "-":
      return long(number(left) - number(right));
    case "*":
      return long(number(left) * number(right));
    case "in":
      return bool(isIn(left, right, request));
    case "contains":
      return bool(itemsOf(left).some((item) => same(item, right)));
    case "containsAll":
      return bool(containsAll(itemsOf(left), itemsOf(right)));
    case "containsAny":
      return bool(containsAny(itemsOf(left), itemsOf(right)));
  }
}

function isIn(left: Value, right: Value, request: Request): boolean {
  const entity = entityOf(left);
  const groups = right.kind === "set" ? right.items.map(entityOf) : [entityOf(right)];
  return groups.some((group) => request.isIn(entity, group));
}

function containsAll(items: readonly Value[], wanted: readonly Value[]): boolean {
  return wanted.every((value) => items.some((item) => same(item, value)));
}

function containsAny(items: readonly Value[], wanted: readonly Value[]): boolean {
  return wanted.some((value) => items.some((item) => same(item, value)));
}

function attribute(of: Value, name: string, request: Request): Value {
  const value = attributes(of, request)?.get(name);
  return value ?? fail(`no attribute \`${name}\``);
}

function attributes(of: Value, request: Request): ReadonlyMap<string, Value> | undefined {
  if (of.kind === "record") return of.fields;
  return of.kind === "entity" ? request.attributesOf(of) : fail("only records and entities have attributes");
}

/** Equality of values; those of different kinds differ. */
export function same(a: Value, b: Value): boolean {
  switch (a.kind) {
    case "bool":
    case "long":
    case "string":
      return a.kind === b.kind && a.value === b.value;
    case "entity":
      return b.kind === "entity" && a.type === b.type && a.id === b.id;
    case "set":
      return b.kind === "set" && containsAll(a.items, b.items) && containsAll(b.items, a.items);
    case "record":
      return b.kind === "record" && a.fields.size === b.fields.size && sameFields(a.fields, b.fields);
  }
}

function sameFields(a: ReadonlyMap<string, Value>, b: ReadonlyMap<string, Value>): boolean {
  return [...a].every(([name, value]) => {
    const other = b.get(name);
    return other !== undefined && same(value, other);
  });
}

/** Whether a text begins and ends as the pattern does and holds the rest of it in order. */
function matches(value: string, pattern: Pattern): boolean {
  const first = pattern[0] ?? "";
  const last = pattern.at(-1) ?? "";
  if (pattern.length === 1) return value === first;
  if (!value.startsWith(first) || value.length < first.length + last.length) return false;
  if (!value.endsWith(last)) return false;
  let at = first.length;
  const end = value.length - last.length;
  for (const part of pattern.slice(1, -1)) {
    const found = value.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

function bool(value: boolean): Value {
  return { kind: "bool", value };
}

function long(value: bigint): Value {
  return value < LONG_MIN || value > LONG_MAX ? fail("beyond 64 bits") : { kind: "long", value };
}

function truth(value: Value): boolean {
  return value.kind === "bool" ? value.value : fail("expected a bool");
}

function number(value: Value): bigint {
  return value.kind === "long" ? value.value : fail("expected a long");
}

function text(value: Value): string {
  return value.kind === "string" ? value.value : fail("expected a string");
}

function entityOf(value: Value): Entity {
  return value.kind === "entity" ? value : fail("expected an entity");
}

function itemsOf(value: Value): readonly Value[] {
  return value.kind === "set" ? value.items : fail("expected a set");
}

function fail(why: string): never {
  throw new Refusal("guard_error", why);
}
