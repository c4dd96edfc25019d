import { refuse } from "../refusal.js";

/** A word, a number, a string between its quotes, or a sign. */
export interface Token {
  readonly kind: "word" | "number" | "string" | "sign" | "end";
  /** As it stands in the text; of a string, what is between the quotes, escapes and all. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

// Longer signs first: the first alternative that fits is taken.
const TOKEN = new RegExp(
  [
    /(?<skip>\s+|\/\/[^\n\r]*)/,
    /(?<word>[_a-zA-Z][_a-zA-Z0-9]*)/,
    /(?<number>[0-9]+)/,
    /"(?<string>(?:\\[^]|[^"\\])*)"/,
    /(?<sign>::|==|!=|<=|>=|&&|\|\||[-@(){}[\],;:.<>!+*])/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "uy",
);

/** The tokens of a text, closed by one of kind `end`. Refuses (`cedar-1`) what begins none. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match?.groups === undefined)
      return refuse("cedar-1", `line ${line}: no word, string or sign of cedar-1`);
    const token = tokenOf(match.groups, line);
    if (token !== undefined) tokens.push(token);
    line += match[0].split("\n").length - 1;
    at += match[0].length;
  }
  return [...tokens, { kind: "end", text: "", line }];
}

function tokenOf(groups: Record<string, string | undefined>, line: number): Token | undefined {
  for (const kind of ["word", "number", "string", "sign"] as const) {
    const text = groups[kind];
    if (text !== undefined) return { kind, text, line };
  }
  return undefined;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  "0": "\0",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/** What a string means. Refuses (`cedar-1`) an escape that Cedar does not have. */
export function unescape(raw: string): string {
  return partsOf(raw, false).join("");
}

/** The texts between the wildcards of a pattern; `\*` is a star that is none. */
export function unescapePattern(raw: string): readonly string[] {
  return partsOf(raw, true);
}

const UNIT = /\\x([0-7][0-9a-fA-F])|\\u\{([0-9a-fA-F](?:_*[0-9a-fA-F]){0,5}_*)\}|\\([^])|([^\\])/uy;

function partsOf(raw: string, pattern: boolean): readonly string[] {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < raw.length;) {
    UNIT.lastIndex = at;
    const match = UNIT.exec(raw);
    if (match === null) return refuse("cedar-1", "an escape that Cedar does not have");
    const plain = match[4];
    if (pattern && plain === "*") {
      parts.push(part);
      part = "";
    } else part += plain ?? escaped(match, pattern);
    at += match[0].length;
  }
  return [...parts, part];
}

function escaped(match: RegExpExecArray, pattern: boolean): string {
  const code = match[1] ?? match[2];
  if (code !== undefined) return character(Number.parseInt(code.replaceAll("_", ""), 16));
  const letter = match[3] ?? "";
  if (pattern && letter === "*") return "*";
  return ESCAPES[letter] ?? refuse("cedar-1", `\`\\${letter}\` is no escape of Cedar`);
}

function character(code: number): string {
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    refuse("cedar-1", "an escape that names no character");
  return String.fromCodePoint(code);
}
