import { utf8 } from "../bytes.js";
import { parseGuards } from "../cedar/parser.js";
import { writeCanonical } from "../canonical.js";
import { sha256Hex } from "../hash.js";
import { refuse } from "../refusal.js";
import { minorUnits } from "./currency.js";
import { addressOf, durationOf, Fields, nameOf, textOf, typeNamed, wordOf } from "./fields.js";
import type {
  Claim,
  Domain,
  HoldRule,
  Layout,
  OutcomeRule,
  Parameter,
  Policy,
  ReadingRule,
  Role,
  Step,
} from "./layout.js";
import { parseToml, type Toml } from "./toml.js";
import { isCanonical, numberOf, type ValueType } from "./value.js";

const FORMAT = "lockstep-policy/1";
const GUARDS = "cedar-1";
const FILE_BYTES_MAX = 65_536;
const STEPS_MAX = 64;
const ENTRIES_MAX = 32;
const EVIDENCE_MAX = 16;
const KEYS_MAX = 16;
const DECIMALS_MAX = 18;

// Controls but for tab and the ends of lines, and letters that turn the direction of text.
const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** Reads both files of a policy. Says nothing yet about the static checks of `policy.md` §4. */
export function readPolicy(layout: string, guards: string): Policy {
  checkText(layout);
  checkText(guards);
  return { ...readLayout(layout), digest: digestOf(layout, guards), guards: parseGuards(guards) };
}

function checkText(text: string): void {
  if (utf8(text).length > FILE_BYTES_MAX) refuse("layout", `a file of more than ${FILE_BYTES_MAX} bytes`);
  if (/\p{Surrogate}/u.test(text) || HIDDEN.test(text)) refuse("layout", "a letter that may not stand here");
}

/** `policy.md` §7. */
export function digestOf(layout: string, guards: string): string {
  const files = [
    ["guards.cedar", sha256Hex(guards)],
    ["policy.toml", sha256Hex(layout)],
  ];
  return sha256Hex(writeCanonical({ files, format: FORMAT, guards: GUARDS }));
}

export function readLayout(text: string): Layout {
  const fields = new Fields(parseToml(text), "the layout");
  if (fields.text("format") !== FORMAT) refuse("format", `not ${FORMAT}`);
  if (fields.text("guards") !== GUARDS) refuse("format", `guards other than ${GUARDS}`);
  const layout: Layout = {
    name: fields.name("name"),
    title: titleOf(fields.text("title")),
    programme: fields.name("programme"),
    openedBy: fields.name("opened_by"),
    lastsMs: fields.duration("lasts"),
    parameters: [...fields.entries("param", ENTRIES_MAX, parameter).values()],
    lists: fields.entries("list", ENTRIES_MAX, list),
    domains: fields.entries("domain", ENTRIES_MAX, domain),
    roles: fields.entries("role", ENTRIES_MAX, role),
    steps: fields.entries("step", STEPS_MAX, step),
    readings: fields.entries("reading", ENTRIES_MAX, readingOfNoDomains),
    holds: fields.entries("hold", ENTRIES_MAX, hold),
    outcomes: [...fields.entries("outcome", ENTRIES_MAX, outcome).values()],
    audiences: fields.entries("audience", ENTRIES_MAX, (_, value) => texts(value, "audience")),
  };
  fields.end();
  return { ...layout, readings: withDomains(layout) };
}

function titleOf(text: string): string {
  return isCanonical({ kind: "text" }, text) ? text : refuse("layout", "a title of one line");
}

function parameter(name: string, value: Toml): Parameter {
  const fields = new Fields(value, `param.${name}`);
  const kind = fields.text("type");
  if (kind.startsWith("money:")) refuse("layout", "money names its currency in a key of its own");
  const type = typeNamed(kind === "money" ? `money:${fields.text("currency")}` : kind);
  const bounds = boundsOf(type, fields);
  const domain = type.kind === "account" ? { domain: fields.name("domain") } : {};
  fields.end();
  return { name: wordOf(name), type, ...bounds, ...domain };
}

function boundsOf(type: ValueType, fields: Fields): { min?: number; max?: number } {
  if (type.kind !== "money" && type.kind !== "int") return {};
  const min = bound(type, fields.optionalText("min"));
  const max = bound(type, fields.optionalText("max"));
  const free = type.kind === "int";
  if ((min ?? (free ? 0 : -1)) < 0 && !free)
    refuse("layout", "money has a least amount that is not below zero");
  if (max === undefined && !free) refuse("layout", "money has a greatest amount");
  if (min !== undefined && max !== undefined && min > max) refuse("layout", "bounds that leave nothing");
  return { ...given("min", min), ...given("max", max) };
}

function bound(type: ValueType, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return numberOf(type, text) ?? refuse("layout", `\`${text}\` is no bound`);
}

function list(name: string, value: Toml): "digest" | "set" {
  wordOf(name);
  const kind = textOf(value, `list.${name}`);
  return kind === "digest" || kind === "set" ? kind : refuse("layout", `\`${kind}\` is no kind of list`);
}

function domain(name: string, value: Toml): Domain {
  nameOf(name);
  const fields = new Fields(value, `domain.${name}`);
  const chain = fields.text("chain");
  if (!/^eip155:[1-9][0-9]{0,31}$/u.test(chain)) refuse("layout", `\`${chain}\` is no chain`);
  const read = { chain, gate: fields.address("gate"), token: fields.address("token") };
  const escrow = fields.optionalText("escrow");
  const decimals = fields.integer("decimals", 0, DECIMALS_MAX);
  fields.end();
  return { ...read, ...(escrow === undefined ? {} : { escrow: addressOf(escrow) }), decimals };
}

function role(name: string, value: Toml): Role {
  nameOf(name);
  const fields = new Fields(value, `role.${name}`);
  const read = {
    credential: fields.name("credential"),
    keys: fields.integer("keys", 1, KEYS_MAX, 1),
    distinctFrom: fields.texts("distinct_from"),
  };
  fields.end();
  return read;
}

function step(name: string, value: Toml): Step {
  const fields = new Fields(value, `step.${name}`);
  const read: Step = {
    name: wordOf(name),
    by: fields.name("by"),
    title: titleOf(fields.text("title")),
    after: fields.texts("after"),
    evidence: fields.texts("evidence", EVIDENCE_MAX).map(nameOf),
    claims: [...fields.entries("claim", ENTRIES_MAX, claim).values()],
    commits: fields.flag("commits"),
    ...given("withinMs", fields.optionalDuration("within")),
    ...given("dueMs", fields.optionalDuration("due")),
    ...given("booked", fields.optionalText("booked")),
    ...given("pays", fields.optionalText("pays")),
    ...given("fresh", freshOf(fields.take("fresh"))),
    ...given("singleUse", singleUseOf(fields, name)),
  };
  fields.end();
  return read;
}

/** A field that is there only if its value is. */
function given<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]: V });
}

function claim(name: string, value: Toml): Claim {
  return { name: wordOf(name), type: typeNamed(textOf(value, `claim.${name}`)) };
}

function freshOf(value: Toml | undefined): { claim: string; maxAgeMs: number } | undefined {
  if (value === undefined) return undefined;
  const fields = new Fields(value, "fresh");
  const read = { claim: fields.text("claim"), maxAgeMs: fields.duration("max_age") };
  fields.end();
  return read;
}

function singleUseOf(fields: Fields, step: string): { claims: readonly string[]; useAs: string } | undefined {
  const claims = fields.texts("single_use");
  const useAs = nameOf(fields.optionalText("use_as") ?? step);
  return claims.length > 0 ? { claims, useAs } : undefined;
}

function readingOfNoDomains(name: string, value: Toml): ReadingRule {
  wordOf(name);
  const fields = new Fields(value, `reading.${name}`);
  if (fields.text("kind") !== "token-supply") refuse("layout", "a kind of reading that is not known");
  const read = {
    by: fields.name("by"),
    quorum: fields.integer("quorum", 1, ENTRIES_MAX),
    maxAgeMs: fields.duration("max_age"),
    domains: fields.has("domains") ? someOf(fields.texts("domains")) : [],
  };
  fields.end();
  return read;
}

function someOf(names: readonly string[]): readonly string[] {
  return names.length > 0 ? names : refuse("layout", "an empty list of domains");
}

/** A reading that names no domains is of all. */
function withDomains({ readings, domains }: Layout): ReadonlyMap<string, ReadingRule> {
  const all = [...domains.keys()];
  return new Map(
    [...readings].map(([name, rule]) => [name, rule.domains.length > 0 ? rule : { ...rule, domains: all }]),
  );
}

const AGAINST = /^[a-z0-9_]+\.[a-z0-9_]+(?: \+ [a-z0-9_]+\.[a-z0-9_]+)* - [a-z0-9_]+$/u;

function hold(name: string, value: Toml): HoldRule {
  nameOf(name);
  const fields = new Fields(value, `hold.${name}`);
  const amount =
    /^param\.(.*)$/u.exec(fields.text("amount"))?.[1] ?? refuse("layout", "an amount that is no parameter");
  const text = fields.text("against");
  const read = { at: fields.text("at"), amount, domain: fields.name("domain"), text, ...againstOf(text) };
  fields.end();
  return read;
}

function againstOf(text: string): Pick<HoldRule, "reserve" | "credits" | "reading"> {
  const [sum, reading] = text.split(" - ");
  if (!AGAINST.test(text) || sum === undefined || reading === undefined)
    return refuse("layout", `\`${text}\``);
  const terms = sum.split(" + ").map((term) => {
    const [step = "", claim = ""] = term.split(".");
    return { step, claim };
  });
  const [reserve, ...credits] = terms;
  return reserve === undefined ? refuse("layout", "no term") : { reserve, credits, reading };
}

const CALL = /^[A-Za-z_][A-Za-z0-9_]{0,63}\(((?:(?:address|uint256|bytes32|bool)(?:,(?!\)))?)*)\)$/u;

function outcome(name: string, value: Toml): OutcomeRule {
  nameOf(name);
  const fields = new Fields(value, `outcome.${name}`);
  const call = fields.text("call");
  const types = CALL.exec(call)?.[1] ?? refuse("layout", `\`${call}\` is no call`);
  const to = fields.optionalText("to") ?? "token";
  const expires = fields.text("expires");
  const read: OutcomeRule = {
    name,
    after: fields.texts("after"),
    ...given("returns", fields.optionalText("returns")),
    domain: fields.name("domain"),
    line: fields.name("line"),
    to: to === "token" || to === "escrow" ? to : refuse("layout", `\`${to}\` is no place of calls`),
    call,
    types: types === "" ? [] : types.split(","),
    args: argumentsOf(fields.need("args")),
    ...(expires === "never" ? {} : { expiresMs: durationOf(expires) }),
  };
  fields.end();
  return read;
}

/** Arguments may repeat. */
function argumentsOf(value: Toml): readonly string[] {
  const read = texts(value, "args");
  return read.length <= ENTRIES_MAX ? read : refuse("layout", `args: more than ${ENTRIES_MAX}`);
}

function texts(value: Toml, where: string): readonly string[] {
  if (value.kind !== "array") return refuse("layout", `${where}: a list`);
  return value.items.map((item) => textOf(item, where));
}

/** Decimals of the currency of money. */
export function decimalsOf(type: ValueType): number {
  const decimals = type.kind === "money" ? minorUnits(type.currency) : undefined;
  return decimals ?? refuse("policy", "no money");
}
