import { keccak256Hex } from "../hash.js";
import { VALUE_BYTES_MAX } from "../limits.js";
import { isLei } from "../reading.js";
import { refuse } from "../refusal.js";
import { utf8 } from "../bytes.js";
import { minorUnits } from "./currency.js";

/** `policy.md` §3: a type of parameters and claims; money names its currency. */
export type ValueType = { readonly kind: Plain } | { readonly kind: "money"; readonly currency: string };

type Plain = "bool" | "int" | "time" | "text" | "bic" | "country" | "digest" | "account" | "lei" | "name";

const PLAIN: ReadonlySet<string> = new Set([
  "bool",
  "int",
  "time",
  "text",
  "bic",
  "country",
  "digest",
  "account",
  "lei",
  "name",
]);
const PATTERNS: Readonly<Partial<Record<string, RegExp>>> = {
  bool: /^(?:true|false)$/u,
  bic: /^[A-Z0-9]{8}(?:[A-Z0-9]{3})?$/u,
  country: /^[A-Z]{2}$/u,
  digest: /^[0-9a-f]{64}$/u,
};
const NAME = /^[a-z][a-z0-9._-]{0,63}$/u;
const INTEGER = /^(?:0|-?[1-9][0-9]{0,15})$/u;
const TIME = /^(?:19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/u;

/** A type by its text, as `money:EUR`; none where there is no such type. */
export function typeOf(text: string): ValueType | undefined {
  if (PLAIN.has(text)) return { kind: text as Plain };
  const currency = /^money:(.*)$/u.exec(text)?.[1];
  if (currency === undefined || minorUnits(currency) === undefined) return undefined;
  return { kind: "money", currency };
}

export function sameType(a: ValueType, b: ValueType): boolean {
  return a.kind === b.kind && (a.kind !== "money" || b.kind !== "money" || a.currency === b.currency);
}

/** Whether a text is the one canonical text of a value of this type. */
export function isCanonical(type: ValueType, text: string): boolean {
  if (utf8(text).length > VALUE_BYTES_MAX) return false;
  switch (type.kind) {
    case "int":
    case "money":
    case "time":
      return numberOf(type, text) !== undefined;
    case "text":
      return text.length > 0 && !/[\p{Cc}\p{Surrogate}]/u.test(text);
    case "account":
      return isAddress(text);
    case "lei":
      return isLei(text);
    case "name":
      return isName(text);
    case "bool":
    case "bic":
    case "country":
    case "digest":
      return PATTERNS[type.kind]?.test(text) ?? false;
  }
}

/** An `int`, money in minor units or a time in ms; none where the text is not canonical. */
export function numberOf(type: ValueType, text: string): number | undefined {
  if (type.kind === "int") return safe(INTEGER.test(text) ? Number(text) : Number.NaN);
  if (type.kind === "time") return timeOf(text);
  return type.kind === "money" ? moneyOf(type.currency, text) : undefined;
}

function timeOf(text: string): number | undefined {
  if (!TIME.test(text)) return undefined;
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString() === text ? time : undefined;
}

function moneyOf(currency: string, text: string): number | undefined {
  const decimals = minorUnits(currency) ?? refuse("policy", `no currency \`${currency}\``);
  const fraction = decimals === 0 ? "" : `\\.[0-9]{${decimals}}`;
  if (!new RegExp(`^-?(?:0|[1-9][0-9]*)${fraction}$`, "u").test(text)) return undefined;
  const minor = Number(text.replace(".", ""));
  return minor === 0 && text.startsWith("-") ? undefined : safe(minor);
}

function safe(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A name of `policy.md` §2. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** An address in its EIP-55 letters. */
export function isAddress(text: string): boolean {
  return /^0x[0-9a-fA-F]{40}$/u.test(text) && checksummed(text.slice(2).toLowerCase()) === text;
}

function checksummed(digits: string): string {
  const hash = keccak256Hex(digits);
  const letters = Array.from(digits, (digit, at) => (hash.charAt(at) >= "8" ? digit.toUpperCase() : digit));
  return `0x${letters.join("")}`;
}
