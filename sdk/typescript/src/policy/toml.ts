import { refuse } from "../refusal.js";

/**
 * TOML 1.0, stricter in one thing: an inline table stands on one line (`policy.md` §2). Tables keep the order
 * in which their keys first stand in the text. Refuses with `toml`.
 */
export type Toml =
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "float" | "time"; readonly text: string }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "array"; readonly items: readonly Toml[] }
  | TomlTable;

export interface TomlTable {
  readonly kind: "table";
  readonly entries: ReadonlyMap<string, Toml>;
}

/** How a table came to be says what may still be added to it. */
type Origin = "header" | "implied" | "dotted" | "inline";

interface OpenTable {
  readonly kind: "table";
  readonly entries: Map<string, Open>;
  origin: Origin;
}

interface OpenArray {
  readonly kind: "array";
  readonly items: Open[];
  readonly ofTables: boolean;
}

type Open = Exclude<Toml, TomlTable | { kind: "array" }> | OpenTable | OpenArray;

/** Arrays and inline tables in one another; nothing of a policy needs more. */
const DEPTH_MAX = 16;

const BARE_KEY = /[A-Za-z0-9_-]+/uy;
const SCALAR = /[^\s,\]}#]+(?: [0-9]{2}:[^\s,\]}#]+)?/uy;
const INTEGER = /^[+-]?(?:0|[1-9](?:_?[0-9])*)$/u;
const RADIX = /^0(?:x[0-9a-fA-F](?:_?[0-9a-fA-F])*|o[0-7](?:_?[0-7])*|b[01](?:_?[01])*)$/u;
const FLOAT =
  /^[+-]?(?:inf|nan|(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?)$/u;
const DATE = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])";
const CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\\.[0-9]+)?";
const TIME = new RegExp(`^(?:${DATE}(?:[Tt ]${CLOCK}(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?)?|${CLOCK})$`, "u");
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/u;
const LONG_MAX = (1n << 63n) - 1n;

export function parseToml(text: string): TomlTable {
  return new Reader(text).document();
}

function table(origin: Origin): OpenTable {
  return { kind: "table", entries: new Map(), origin };
}

class Reader {
  readonly #text: string;
  #at = 0;
  /** Inside an inline table no line ends, not even in an array. */
  #inline = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): TomlTable {
    const root = table("header");
    let current = root;
    for (;;) {
      this.#blankLines();
      if (this.#at >= this.#text.length) return root as TomlTable;
      if (this.#takes("[[")) current = this.#arrayHeader(root);
      else if (this.#takes("[")) current = this.#header(root);
      else this.#assignment(current);
      this.#lineEnd();
    }
  }

  #header(root: OpenTable): OpenTable {
    const [path, last] = this.#path("]");
    const parent = path.reduce((at, key) => this.#descend(at, key, "implied"), root);
    const there = parent.entries.get(last);
    if (there === undefined) return put(parent, last, table("header"));
    if (there.kind !== "table" || there.origin !== "implied") return this.#fail(`\`${last}\` stands twice`);
    there.origin = "header";
    return there;
  }

  #arrayHeader(root: OpenTable): OpenTable {
    const [path, last] = this.#path("]]");
    const parent = path.reduce((at, key) => this.#descend(at, key, "implied"), root);
    const there = parent.entries.get(last) ?? put(parent, last, { kind: "array", items: [], ofTables: true });
    if (there.kind !== "array" || !there.ofTables) return this.#fail(`\`${last}\` stands twice`);
    const added = table("header");
    there.items.push(added);
    return added;
  }

  #path(close: string): readonly [readonly string[], string] {
    const keys = this.#keys();
    this.#expect(close);
    return [keys.slice(0, -1), keys.at(-1) ?? ""];
  }

  #assignment(into: OpenTable): void {
    const keys = this.#keys();
    this.#expect("=");
    this.#spaces();
    const parent = keys.slice(0, -1).reduce((at, key) => this.#descend(at, key, "dotted"), into);
    const last = keys.at(-1) ?? "";
    if (parent.entries.has(last)) this.#fail(`\`${last}\` stands twice`);
    parent.entries.set(last, this.#value());
  }

  /** The table below `key`, made if it is not there. Nothing is added to what is closed. */
  #descend(at: OpenTable, key: string, origin: "implied" | "dotted"): OpenTable {
    const there = at.entries.get(key);
    if (there === undefined) return put(at, key, table(origin));
    if (there.kind === "table") {
      const open = origin === "dotted" ? there.origin === "dotted" : there.origin !== "inline";
      return open ? there : this.#fail(`\`${key}\` stands twice`);
    }
    const last =
      there.kind === "array" && there.ofTables && origin === "implied" ? there.items.at(-1) : undefined;
    return last?.kind === "table" ? last : this.#fail(`\`${key}\` is no table`);
  }

  #keys(): readonly string[] {
    const keys: string[] = [];
    do {
      this.#spaces();
      keys.push(this.#key());
      this.#spaces();
    } while (this.#takes("."));
    return keys;
  }

  #key(): string {
    if (this.#takes('"')) return this.#basic();
    if (this.#takes("'")) return this.#literal();
    return this.#match(BARE_KEY) ?? this.#fail("expected a key");
  }

  #value(): Open {
    if (this.#takes('"""')) return { kind: "string", value: this.#basicLines() };
    if (this.#takes("'''")) return { kind: "string", value: this.#literalLines() };
    if (this.#takes('"')) return { kind: "string", value: this.#basic() };
    if (this.#takes("'")) return { kind: "string", value: this.#literal() };
    if (this.#takes("[")) return this.#nested(() => this.#array());
    if (this.#takes("{")) return this.#nested(() => this.#inlineTable());
    return this.#scalar(this.#match(SCALAR) ?? this.#fail("expected a value"));
  }

  #nested(read: () => Open): Open {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) this.#fail("nested too deep");
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #scalar(text: string): Open {
    if (text === "true" || text === "false") return { kind: "bool", value: text === "true" };
    if (INTEGER.test(text)) return this.#integer(BigInt(text.replaceAll("_", "").replace("+", "")));
    if (RADIX.test(text)) return this.#integer(BigInt(text.replaceAll("_", "")));
    if (FLOAT.test(text)) return { kind: "float", text };
    if (TIME.test(text)) return { kind: "time", text };
    return this.#fail(`\`${text}\` is no value`);
  }

  #integer(value: bigint): Open {
    if (value > LONG_MAX || value < -LONG_MAX - 1n) this.#fail("a number beyond 64 bits");
    return { kind: "integer", value };
  }

  #array(): Open {
    const items: Open[] = [];
    for (;;) {
      this.#gap();
      if (this.#takes("]")) break;
      items.push(this.#value());
      this.#gap();
      if (this.#takes(",")) continue;
      this.#expect("]");
      break;
    }
    return { kind: "array", items, ofTables: false };
  }

  #inlineTable(): Open {
    this.#inline += 1;
    const made = table("dotted");
    this.#spaces();
    if (!this.#takes("}")) {
      do this.#assignment(made);
      while ((this.#spaces(), this.#takes(",")));
      this.#expect("}");
    }
    this.#inline -= 1;
    close(made);
    return made;
  }

  #basic(): string {
    let value = "";
    for (;;) {
      const unit = this.#next();
      if (unit === '"') return value;
      value += unit === "\\" ? this.#escape() : this.#plain(unit);
    }
  }

  #literal(): string {
    let value = "";
    for (;;) {
      const unit = this.#next();
      if (unit === "'") return value;
      value += this.#plain(unit);
    }
  }

  #basicLines(): string {
    this.#newline();
    let value = "";
    for (;;) {
      if (this.#takes('"""')) return value + this.#quotesMore('"');
      const unit = this.#next();
      if (unit !== "\\") value += this.#lined(unit);
      else if (!this.#foldedLine()) value += this.#escape();
    }
  }

  #literalLines(): string {
    this.#newline();
    let value = "";
    for (;;) {
      if (this.#takes("'''")) return value + this.#quotesMore("'");
      value += this.#lined(this.#next());
    }
  }

  /** One or two quotes right before the closing three belong to the string. */
  #quotesMore(quote: string): string {
    let more = "";
    while (more.length < 2 && this.#takes(quote)) more += quote;
    return more;
  }

  /** After a backslash at the end of a line, white space up to the next text is none. */
  #foldedLine(): boolean {
    const match = this.#match(/[ \t]*\r?\n[ \t\r\n]*/uy);
    if (match !== undefined && this.#inline > 0) this.#fail("an inline table stands on one line");
    return match !== undefined;
  }

  #escape(): string {
    const letter = this.#next();
    const plain = ESCAPES[letter];
    if (plain !== undefined) return plain;
    const length = letter === "u" ? 4 : letter === "U" ? 8 : this.#fail("an escape that TOML does not have");
    const digits = this.#text.slice(this.#at, this.#at + length);
    this.#at += length;
    const code =
      /^[0-9a-fA-F]+$/u.test(digits) && digits.length === length ? Number.parseInt(digits, 16) : -1;
    if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
      this.#fail("an escape that names no character");
    return String.fromCodePoint(code);
  }

  #plain(unit: string): string {
    return CONTROL.test(unit) ? this.#fail("a control character in a string") : unit;
  }

  #lined(unit: string): string {
    if (unit === "\r" && this.#text[this.#at] === "\n") return "";
    if (unit !== "\n") return this.#plain(unit);
    return this.#inline > 0 ? this.#fail("an inline table stands on one line") : unit;
  }

  #newline(): void {
    const match = this.#match(/\r?\n/uy);
    if (match !== undefined && this.#inline > 0) this.#fail("an inline table stands on one line");
  }

  /** Between the items of an array: spaces, comments and ends of lines. */
  #gap(): void {
    if (this.#inline > 0) this.#spaces();
    else this.#blankLines();
  }

  #blankLines(): void {
    do this.#spaces();
    while (this.#comment() || this.#match(/\r?\n/uy) !== undefined);
  }

  #comment(): boolean {
    const comment = this.#match(/#[^\r\n]*/uy);
    if (comment !== undefined && CONTROL.test(comment)) this.#fail("a control character in a comment");
    return comment !== undefined;
  }

  #lineEnd(): void {
    this.#spaces();
    this.#comment();
    if (this.#at < this.#text.length && this.#match(/\r?\n/uy) === undefined)
      this.#fail("expected the end of the line");
  }

  #spaces(): void {
    this.#match(/[ \t]+/uy);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #next(): string {
    const code = this.#text.codePointAt(this.#at) ?? this.#fail("the text ends in a string");
    const unit = String.fromCodePoint(code);
    this.#at += unit.length;
    return unit;
  }

  #takes(sign: string): boolean {
    if (!this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  #expect(sign: string): void {
    this.#spaces();
    if (!this.#takes(sign)) this.#fail(`expected \`${sign}\``);
  }

  #fail(why: string): never {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    return refuse("toml", `line ${line}: ${why}`);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  '"': '"',
  "\\": "\\",
};

function put<T extends Open>(into: OpenTable, key: string, value: T): T {
  into.entries.set(key, value);
  return value;
}

/** Closes an inline table, and the tables that its dotted keys made. */
function close(made: OpenTable): void {
  made.origin = "inline";
  for (const value of made.entries.values()) if (value.kind === "table") close(value);
}
