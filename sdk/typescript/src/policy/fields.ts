import { refuse } from "../refusal.js";
import { isAddress, isName, typeOf, type ValueType } from "./value.js";
import type { Toml, TomlTable } from "./toml.js";

/** `policy.md` §4: entries of every table that names no other limit. */
const ENTRIES_MAX = 32;
const WORD = /^[a-z][a-z0-9_]{0,63}$/u;
const NO_WORDS: ReadonlySet<string> = new Set([
  "else",
  "false",
  "has",
  "if",
  "in",
  "is",
  "like",
  "then",
  "true",
]);
const DURATION = /^([1-9][0-9]{0,11})([smhd])$/u;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION_MAX_MS = 3_660 * 86_400_000;

/** The fields of one table, each taken at most once; what is left over is unknown and refused. */
export class Fields {
  readonly #where: string;
  readonly #left: Map<string, Toml>;

  constructor(value: Toml, where: string) {
    this.#where = where;
    this.#left = new Map(tableOf(value, where).entries);
  }

  has(key: string): boolean {
    return this.#left.has(key);
  }

  take(key: string): Toml | undefined {
    const value = this.#left.get(key);
    this.#left.delete(key);
    return value;
  }

  need(key: string): Toml {
    return this.take(key) ?? refuse("layout", `${this.#where} lacks \`${key}\``);
  }

  text(key: string): string {
    return textOf(this.need(key), `${this.#where}.${key}`);
  }

  name(key: string): string {
    return nameOf(this.text(key));
  }

  /** A list of texts without doubles; none: empty. */
  texts(key: string, max: number = ENTRIES_MAX): readonly string[] {
    const value = this.take(key);
    if (value === undefined) return [];
    if (value.kind !== "array" || value.items.length > max)
      return refuse("layout", `${key}: a list of at most ${max}`);
    const texts = value.items.map((item) => textOf(item, key));
    return new Set(texts).size < texts.length ? refuse("layout", `${key} names one thing twice`) : texts;
  }

  optionalText(key: string): string | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : textOf(value, key);
  }

  duration(key: string): number {
    return durationOf(this.text(key));
  }

  optionalDuration(key: string): number | undefined {
    const value = this.optionalText(key);
    return value === undefined ? undefined : durationOf(value);
  }

  integer(key: string, min: number, max: number, fallback?: number): number {
    const value = fallback === undefined ? this.need(key) : this.take(key);
    if (value === undefined && fallback !== undefined) return fallback;
    if (value?.kind !== "integer" || value.value < BigInt(min) || value.value > BigInt(max)) {
      return refuse("layout", `${key}: a number from ${min} to ${max}`);
    }
    return Number(value.value);
  }

  flag(key: string): boolean {
    const value = this.take(key);
    if (value === undefined) return false;
    return value.kind === "bool" ? value.value : refuse("layout", `${key}: true or false`);
  }

  address(key: string): string {
    return addressOf(this.text(key));
  }

  /** The entries of a table below this one, in order, each read by `read`. */
  entries<T>(key: string, max: number, read: (name: string, value: Toml) => T): Map<string, T> {
    const value = this.take(key);
    const entries = value === undefined ? new Map<string, Toml>() : tableOf(value, key).entries;
    if (entries.size > max) refuse("layout", `${key}: more than ${max}`);
    return new Map([...entries].map(([name, entry]) => [name, read(name, entry)]));
  }

  end(): void {
    for (const key of this.#left.keys()) refuse("layout", `${this.#where}: unknown key \`${key}\``);
  }
}

function tableOf(value: Toml, where: string): TomlTable {
  return value.kind === "table" ? value : refuse("layout", `${where} is no table`);
}

export function textOf(value: Toml, where: string): string {
  return value.kind === "string" ? value.value : refuse("layout", `${where} is no text`);
}

export function nameOf(text: string): string {
  return isName(text) ? text : refuse("layout", `\`${text}\` is no name`);
}

/** A name that can stand in a guard. */
export function wordOf(text: string): string {
  return WORD.test(text) && !NO_WORDS.has(text) ? text : refuse("layout", `\`${text}\` is no word`);
}

export function typeNamed(text: string): ValueType {
  return typeOf(text) ?? refuse("layout", `\`${text}\` is no type`);
}

export function addressOf(text: string): string {
  return isAddress(text) ? text : refuse("layout", `\`${text}\` is no address in EIP-55 letters`);
}

/** `policy.md` §2: from `1s` to `3660d`. */
export function durationOf(text: string): number {
  const match = DURATION.exec(text);
  const ms = Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ""] ?? Number.NaN);
  return ms <= DURATION_MAX_MS ? ms : refuse("layout", `\`${text}\` is no duration`);
}
