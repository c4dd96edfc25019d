import { name } from "../reading.js";
import { refuse, refusedAs } from "../refusal.js";
import { tokensOf, unescape, unescapePattern, type Token } from "./lexer.js";
import type { BinaryOperator, Entity, Expression, Guard, Variable } from "./syntax.js";

/** `guards.md` §2: bounds the stack that an evaluator needs. */
const GUARDS_MAX = 256;
const UNITS_A_GUARD_MAX = 512;
const DEPTH_MAX = 24;
/** Cedar takes at most four signs of negation in a row. */
const NEGATIONS_MAX = 4;
const LONG_MIN_MAGNITUDE = 1n << 63n;

const RESERVED: ReadonlySet<string> = new Set([
  "true",
  "false",
  "if",
  "then",
  "else",
  "in",
  "is",
  "like",
  "has",
  "__cedar",
]);
const VARIABLES: ReadonlySet<string> = new Set(["principal", "action", "resource", "context"]);
const ENTITY_TYPES: ReadonlySet<string> = new Set(["Role", "Action", "Party"]);
const METHODS: ReadonlySet<string> = new Set(["contains", "containsAll", "containsAny"]);
const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);

/** The guards of a file, in its order. Refuses with `cedar-1`, or `guard-too-large` for a limit. */
export function parseGuards(text: string): readonly Guard[] {
  checkSizes(text);
  const parser = new Parser(tokensOf(text));
  const guards: Guard[] = [];
  while (!parser.atEnd()) guards.push(parser.guard());
  const ids = new Set(guards.map((guard) => guard.id));
  if (ids.size < guards.length) refuse("cedar-1", "two guards of one name");
  return guards;
}

/** One expression, and nothing after it. */
export function parseExpression(text: string): Expression {
  checkSizes(text);
  const parser = new Parser(tokensOf(text));
  const expression = parser.expression();
  if (!parser.atEnd()) refuse("cedar-1", "something follows the expression");
  return expression;
}

function checkSizes(text: string): void {
  for (const guards = new Counter(text); guards.more();) guards.one();
}

// One unit: a run of word characters, a string whatever is in it, or any other character; blanks are none.
const UNIT =
  /(?<blank>[ \t\r\n]+|\/\/[^\n]*)|(?<one>[A-Za-z0-9_\u0080-\u{10ffff}]+|"(?:\\[^]|[^"\\])*(?:"|$)|[^])/uy;

/** Counts before anything is parsed, so that the parser's own stack is bounded too. */
class Counter {
  readonly #text: string;
  #at = 0;
  #guards = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether something that is no blank is left. */
  more(): boolean {
    const start = this.#at;
    const unit = this.#next();
    if (unit !== undefined) this.#at = start;
    return unit !== undefined;
  }

  /** One guard, up to its `;` or the end of the text. */
  one(): void {
    let size = 0;
    let depth = 0;
    for (let unit = this.#next(); unit !== undefined; unit = this.#next()) {
      size += 1;
      if (unit === "(" || unit === "[" || unit === "{") depth += 1;
      if (unit === ")" || unit === "]" || unit === "}") depth = Math.max(0, depth - 1);
      if (size > UNITS_A_GUARD_MAX || depth > DEPTH_MAX)
        refuse("guard-too-large", "a guard beyond the limits");
      if (unit === ";") break;
    }
    this.#guards += 1;
    if (this.#guards > GUARDS_MAX) refuse("guard-too-large", `more than ${GUARDS_MAX} guards`);
  }

  #next(): string | undefined {
    while (this.#at < this.#text.length) {
      UNIT.lastIndex = this.#at;
      const match = UNIT.exec(this.#text);
      this.#at += match?.[0].length ?? 1;
      if (match?.groups?.["one"] !== undefined) return match.groups["one"];
    }
    return undefined;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  atEnd(): boolean {
    return this.#peek().kind === "end";
  }

  /** `@id("…") permit (scope) when { … };` */
  guard(): Guard {
    const line = this.#peek().line;
    const id = this.#takes("@") ? this.#annotation() : `guards.cedar:${line}`;
    const effect = this.#word();
    if (effect !== "permit" && effect !== "forbid") return this.#fail("`permit` or `forbid`");
    this.#expect("(");
    const role = this.#principal();
    this.#expect(",");
    const steps = this.#action();
    this.#expect(",");
    this.#expectWord("resource");
    this.#takes(",");
    this.#expect(")");
    const conditions = [];
    while (!this.#takes(";")) conditions.push(this.#condition());
    return { id, effect, role, steps, conditions };
  }

  #annotation(): string {
    this.#expectWord("id");
    this.#expect("(");
    const id = this.#string();
    this.#expect(")");
    return refusedAs("cedar-1", () => name(id));
  }

  #principal(): string | undefined {
    this.#expectWord("principal");
    return this.#takesWord("in") ? this.#entityOf("Role").id : undefined;
  }

  #action(): readonly string[] | undefined {
    this.#expectWord("action");
    if (this.#takes("==")) return [this.#entityOf("Action").id];
    if (!this.#takesWord("in")) return undefined;
    this.#expect("[");
    return this.#until("]", () => this.#entityOf("Action").id);
  }

  #entityOf(type: string): Entity {
    if (this.#word() !== type) return this.#fail(`\`${type}::\``);
    return this.#entity(type);
  }

  #entity(type: string): Entity {
    this.#expect("::");
    return { kind: "entity", type, id: this.#string() };
  }

  #condition(): { kind: "when" | "unless"; body: Expression } {
    const kind = this.#word();
    if (kind !== "when" && kind !== "unless") return this.#fail("`when`, `unless` or `;`");
    this.#expect("{");
    const body = this.expression();
    this.#expect("}");
    return { kind, body };
  }

  expression(): Expression {
    let left = this.#conjunction();
    while (this.#takes("||")) left = { kind: "or", left, right: this.#conjunction() };
    return left;
  }

  #conjunction(): Expression {
    let left = this.#relation();
    while (this.#takes("&&")) left = { kind: "and", left, right: this.#relation() };
    return left;
  }

  /** A relation stands alone: `a < b < c` is no Cedar. */
  #relation(): Expression {
    const left = this.#sum();
    if (this.#takesWord("has")) return this.#has(left);
    if (this.#takesWord("like"))
      return { kind: "like", of: left, pattern: unescapePattern(this.#rawString()) };
    const operator = this.#takesWord("in") ? "in" : this.#takesOneOf(COMPARISONS);
    if (operator === undefined) return left;
    return { kind: "binary", operator: operator as BinaryOperator, left, right: this.#sum() };
  }

  /** `has a.b` asks for `a`, and then for `b` in it. */
  #has(of: Expression): Expression {
    if (this.#peek().kind === "string") return { kind: "has", of, name: this.#string() };
    let name = this.#name();
    let asked: Expression = { kind: "has", of, name };
    let inner = of;
    while (this.#takes(".")) {
      inner = { kind: "attribute", of: inner, name };
      name = this.#name();
      asked = { kind: "and", left: asked, right: { kind: "has", of: inner, name } };
    }
    return asked;
  }

  #sum(): Expression {
    let left = this.#product();
    for (;;) {
      const operator = this.#takes("+") ? "+" : this.#takes("-") ? "-" : undefined;
      if (operator === undefined) return left;
      left = { kind: "binary", operator, left, right: this.#product() };
    }
  }

  #product(): Expression {
    let left = this.#negation();
    while (this.#takes("*")) left = { kind: "binary", operator: "*", left, right: this.#negation() };
    return left;
  }

  #negation(): Expression {
    const sign = this.#takes("!") ? "!" : this.#takes("-") ? "-" : undefined;
    if (sign === undefined) return this.#member();
    let count = 1;
    while (this.#takes(sign)) count += 1;
    if (count > NEGATIONS_MAX) return this.#fail(`at most ${NEGATIONS_MAX} negations`);
    let of: Expression;
    if (sign === "-" && this.#peek().kind === "number") {
      // The smallest Long has no positive twin, so the last sign belongs to the number.
      of = this.#accesses({ kind: "long", value: -this.#number(LONG_MIN_MAGNITUDE) });
      count -= 1;
    } else of = this.#member();
    for (; count > 0; count--) of = { kind: sign === "!" ? "not" : "negate", of };
    return of;
  }

  #member(): Expression {
    return this.#accesses(this.#primary());
  }

  #accesses(first: Expression): Expression {
    let of = first;
    for (;;) {
      if (this.#takes("[")) {
        of = { kind: "attribute", of, name: this.#string() };
        this.#expect("]");
      } else if (this.#takes(".")) of = this.#dotted(of);
      else return of;
    }
  }

  #dotted(of: Expression): Expression {
    const name = this.#name();
    if (!this.#takes("(")) return { kind: "attribute", of, name };
    if (!METHODS.has(name)) return this.#fail(`no call of \`${name}\``);
    const [argument, ...more] = this.#until(")", () => this.expression());
    if (argument === undefined || more.length > 0) return this.#fail("one argument");
    return { kind: "binary", operator: name as BinaryOperator, left: of, right: argument };
  }

  #primary(): Expression {
    const { kind } = this.#peek();
    if (kind === "number") return { kind: "long", value: this.#number(LONG_MIN_MAGNITUDE - 1n) };
    if (kind === "string") return { kind: "string", value: this.#string() };
    if (kind === "word") return this.#named(this.#word());
    if (this.#takes("[")) return { kind: "set", items: this.#until("]", () => this.expression()) };
    if (this.#takes("{")) return this.#record();
    this.#expect("(");
    const inner = this.expression();
    this.#expect(")");
    return inner;
  }

  #named(word: string): Expression {
    if (word === "true" || word === "false") return { kind: "bool", value: word === "true" };
    if (VARIABLES.has(word)) return { kind: "variable", name: word as Variable };
    if (ENTITY_TYPES.has(word)) return this.#entity(word);
    return this.#fail(`no word \`${word}\` here`);
  }

  #record(): Expression {
    const fields = new Map<string, Expression>();
    this.#until("}", () => {
      const name = this.#peek().kind === "string" ? this.#string() : this.#name();
      this.#expect(":");
      if (fields.has(name)) this.#fail(`\`${name}\` only once`);
      fields.set(name, this.expression());
    });
    return { kind: "record", fields };
  }

  /** Items parted by commas, one more comma allowed after the last, up to `close`. */
  #until<T>(close: string, item: () => T): readonly T[] {
    const items: T[] = [];
    while (!this.#takes(close)) {
      items.push(item());
      if (this.#takes(",")) continue;
      this.#expect(close);
      break;
    }
    return items;
  }

  #name(): string {
    const word = this.#word();
    return RESERVED.has(word) ? this.#fail(`no reserved word \`${word}\``) : word;
  }

  #number(max: bigint): bigint {
    const value = BigInt(this.#take().text);
    return value > max ? this.#fail("a number of 64 bits") : value;
  }

  #string(): string {
    return unescape(this.#rawString());
  }

  #rawString(): string {
    if (this.#peek().kind !== "string") return this.#fail("a string");
    const { text } = this.#take();
    return text.includes("\r") ? this.#fail("no carriage return in a string") : text;
  }

  #word(): string {
    if (this.#peek().kind !== "word") return this.#fail("a word");
    return this.#take().text;
  }

  #expectWord(word: string): void {
    if (!this.#takesWord(word)) this.#fail(`\`${word}\``);
  }

  #takesWord(word: string): boolean {
    const { kind, text } = this.#peek();
    return kind === "word" && text === word && this.#advance();
  }

  #expect(sign: string): void {
    if (!this.#takes(sign)) this.#fail(`\`${sign}\``);
  }

  #takes(sign: string): boolean {
    const { kind, text } = this.#peek();
    return kind === "sign" && text === sign && this.#advance();
  }

  #takesOneOf(signs: ReadonlySet<string>): string | undefined {
    const { kind, text } = this.#peek();
    if (kind !== "sign" || !signs.has(text)) return undefined;
    this.#advance();
    return text;
  }

  #advance(): true {
    this.#at += 1;
    return true;
  }

  #take(): Token {
    const token = this.#peek();
    this.#advance();
    return token;
  }

  #peek(): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new Error("read past the end");
    return token;
  }

  #fail(expected: string): never {
    const { line, text } = this.#peek();
    return refuse("cedar-1", `line ${line}: expected ${expected} before \`${text}\``);
  }
}
