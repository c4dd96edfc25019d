import { refuse } from "../refusal.js";
import type { Expression, Guard } from "./syntax.js";

/** A type of Cedar's strict validation, as far as `cedar-1` goes. Constants have a type of their own. */
export type Type =
  | { readonly kind: "bool"; readonly constant?: boolean }
  | { readonly kind: "long" | "string" }
  | { readonly kind: "entity"; readonly type: string }
  | { readonly kind: "set"; readonly of: Type }
  | { readonly kind: "record"; readonly fields: ReadonlyMap<string, Type> };

/** What a guard may name for one step (`guards.md` §3). */
export interface Schema {
  readonly step: string;
  readonly steps: ReadonlySet<string>;
  readonly context: ReadonlyMap<string, Type>;
  readonly resource: ReadonlyMap<string, Type>;
}

const BOOL: Type = { kind: "bool" };
const LONG: Type = { kind: "long" };
const STRING: Type = { kind: "string" };
const PARTY = "Party";
const ROLE = "Role";
const ACTION = "Action";

function constant(value: boolean): Type {
  return { kind: "bool", constant: value };
}

/**
 * Cedar's strict validation of a guard for one step that it covers. Refuses with `guard-type`. Gives whether
 * the guard can hold at all; where it can for no step, Cedar warns.
 */
export function canHold(guard: Guard, schema: Schema): boolean {
  let type: Type = BOOL;
  for (const { kind, body } of guard.conditions) {
    const said = condition(typeOf(body, schema));
    const asked = kind === "when" ? said : negated(said);
    // What follows a condition that is never met is not looked at.
    if (isConstant(asked, false)) return false;
    type = asked;
  }
  return !isConstant(type, false);
}

function condition(type: Type): Type {
  return type.kind === "bool" ? type : fail("a condition that is no bool");
}

function negated(type: Type): Type {
  return type.kind === "bool" && type.constant !== undefined ? constant(!type.constant) : type;
}

function isConstant(type: Type, value: boolean): boolean {
  return type.kind === "bool" && type.constant === value;
}

function typeOf(expression: Expression, schema: Schema): Type {
  switch (expression.kind) {
    case "bool":
      return constant(expression.value);
    case "long":
      return LONG;
    case "string":
      return STRING;
    case "entity":
      return entity(expression.type, expression.id, schema);
    case "variable":
      return variable(expression.name, schema);
    case "and":
      return and(expression, schema);
    case "or":
      return or(expression, schema);
    case "not":
      return negated(condition(typeOf(expression.of, schema)));
    case "negate":
      return expect(expression.of, LONG, schema);
    case "binary":
      return binary(expression, schema);
    case "attribute":
      return attribute(expression.of, expression.name, schema);
    case "has":
      return has(expression, schema);
    case "like":
      expect(expression.of, STRING, schema);
      return BOOL;
    case "set":
      return set(expression.items, schema);
    case "record":
      return record(expression.fields, schema);
  }
}

function entity(type: string, id: string, { steps }: Schema): Type {
  if (type === ACTION && !steps.has(id)) fail(`no step \`${id}\``);
  return { kind: "entity", type };
}

function variable(name: "principal" | "action" | "resource" | "context", { context }: Schema): Type {
  switch (name) {
    case "principal":
      return { kind: "entity", type: PARTY };
    case "action":
      return { kind: "entity", type: ACTION };
    case "resource":
      return { kind: "entity", type: "Case" };
    case "context":
      return { kind: "record", fields: context };
  }
}

type Pair = { readonly left: Expression; readonly right: Expression };

/** What stands right of a constant that decides is not looked at. */
function and({ left, right }: Pair, schema: Schema): Type {
  const first = condition(typeOf(left, schema));
  if (isConstant(first, false)) return first;
  const second = condition(typeOf(right, schema));
  if (isConstant(second, false)) return second;
  return isConstant(first, true) ? second : BOOL;
}

function or({ left, right }: Pair, schema: Schema): Type {
  const first = condition(typeOf(left, schema));
  if (isConstant(first, true)) return first;
  const second = condition(typeOf(right, schema));
  if (isConstant(second, true)) return second;
  return isConstant(first, false) ? second : BOOL;
}

type Binary = Extract<Expression, { readonly kind: "binary" }>;

function binary(expression: Binary, schema: Schema): Type {
  const { operator, left, right } = expression;
  switch (operator) {
    case "==":
      return equality(expression, schema);
    case "!=":
      return negated(equality(expression, schema));
    case "<":
    case "<=":
    case ">":
    case ">=":
      expect(left, LONG, schema);
      expect(right, LONG, schema);
      return BOOL;
    case "+":
    case "-":
    case "*":
      expect(left, LONG, schema);
      return expect(right, LONG, schema);
    case "in":
      return membership(expression, schema);
    case "contains":
      join(elementOf(left, schema), typeOf(right, schema));
      return BOOL;
    case "containsAll":
    case "containsAny":
      join(elementOf(left, schema), elementOf(right, schema));
      return BOOL;
  }
}

function equality({ left, right }: Binary, schema: Schema): Type {
  const first = typeOf(left, schema);
  const second = typeOf(right, schema);
  // Entities of two types are never equal, which is an answer and no error.
  if (first.kind === "entity" && second.kind === "entity" && first.type !== second.type)
    return constant(false);
  const a = literalOf(left, schema);
  const b = literalOf(right, schema);
  // Two literals are compared, and if they differ nothing is said of their types.
  if (a !== undefined && b !== undefined) return constant(a === b);
  join(first, second);
  return BOOL;
}

/** A text for what is known before any request; the action is known. */
function literalOf(expression: Expression, schema: Schema): string | undefined {
  switch (expression.kind) {
    case "bool":
    case "long":
    case "string":
      return `${expression.kind} ${expression.value}`;
    case "entity":
      return `${expression.type}::${expression.id}`;
    case "variable":
      return expression.name === "action" ? `${ACTION}::${schema.step}` : undefined;
    case "and":
    case "or":
      return foldedOf(expression, schema);
    default:
      return undefined;
  }
}

/** Cedar writes `true && false` as the literal that it is; no other expression of literals. */
function foldedOf(
  { kind, left, right }: Pair & { readonly kind: "and" | "or" },
  schema: Schema,
): string | undefined {
  const sides = [literalOf(left, schema), literalOf(right, schema)];
  if (!sides.every((side) => side === "bool true" || side === "bool false")) return undefined;
  const holds = (side: string | undefined): boolean => side === "bool true";
  return `bool ${kind === "and" ? sides.every(holds) : sides.some(holds)}`;
}

function membership({ left, right }: Binary, schema: Schema): Type {
  const first = typeOf(left, schema);
  const second = typeOf(right, schema);
  const groups = second.kind === "set" ? second.of : second;
  if (first.kind !== "entity" || groups.kind !== "entity") return fail("`in` is of entities");
  if (first.type === ACTION && groups.type === ACTION) return actionMembership({ left, right }, schema);
  const related = first.type === groups.type || (first.type === PARTY && groups.type === ROLE);
  return related ? BOOL : constant(false);
}

/** Steps are in no groups, so that it is equality. */
function actionMembership({ left, right }: Pair, schema: Schema): Type {
  const one = literalOf(left, schema);
  const groups =
    right.kind === "set" ? right.items.map((item) => literalOf(item, schema)) : [literalOf(right, schema)];
  if (one === undefined || groups.includes(undefined)) return BOOL;
  return constant(groups.includes(one));
}

/** A record has its fields; an entity that is not known has no attributes. */
function has({ of, name }: Extract<Expression, { readonly kind: "has" }>, schema: Schema): Type {
  const type = typeOf(of, schema);
  const there = fieldsOf(type, schema).has(name);
  return there && type.kind === "entity" ? BOOL : constant(there);
}

function attribute(of: Expression, name: string, schema: Schema): Type {
  return fieldsOf(typeOf(of, schema), schema).get(name) ?? fail(`no attribute \`${name}\``);
}

const LEI: ReadonlyMap<string, Type> = new Map([["lei", STRING]]);
const NO_FIELDS: ReadonlyMap<string, Type> = new Map();

function fieldsOf(type: Type, { resource }: Schema): ReadonlyMap<string, Type> {
  if (type.kind === "record") return type.fields;
  if (type.kind !== "entity") return fail("only records and entities have attributes");
  return type.type === PARTY ? LEI : type.type === "Case" ? resource : NO_FIELDS;
}

function set(items: readonly Expression[], schema: Schema): Type {
  const [first, ...more] = items.map((item) => typeOf(item, schema));
  if (first === undefined) return fail("an empty set has no type");
  return { kind: "set", of: more.reduce(join, first) };
}

function record(fields: ReadonlyMap<string, Expression>, schema: Schema): Type {
  return {
    kind: "record",
    fields: new Map([...fields].map(([name, field]) => [name, typeOf(field, schema)])),
  };
}

function elementOf(expression: Expression, schema: Schema): Type {
  const type = typeOf(expression, schema);
  return type.kind === "set" ? type.of : fail("no set");
}

function expect(expression: Expression, type: Type, schema: Schema): Type {
  return typeOf(expression, schema).kind === type.kind ? type : fail(`no ${type.kind}`);
}

/** The one type of two values that may stand in the same place. */
function join(a: Type, b: Type): Type {
  if (a.kind === "bool" && b.kind === "bool") return a.constant === b.constant ? a : BOOL;
  if (a.kind === "set" && b.kind === "set") return { kind: "set", of: join(a.of, b.of) };
  if (a.kind === "entity" && b.kind === "entity" && a.type === b.type) return a;
  if (a.kind === "record" && b.kind === "record") return joinFields(a.fields, b.fields);
  return a.kind === b.kind && (a.kind === "long" || a.kind === "string")
    ? a
    : fail("types that have nothing in common");
}

function joinFields(a: ReadonlyMap<string, Type>, b: ReadonlyMap<string, Type>): Type {
  if (a.size !== b.size) fail("records of other fields");
  const fields = [...a].map(([name, type]): readonly [string, Type] => {
    const other = b.get(name);
    return [name, other === undefined ? fail("records of other fields") : join(type, other)];
  });
  return { kind: "record", fields: new Map(fields) };
}

function fail(why: string): never {
  return refuse("guard-type", why);
}
