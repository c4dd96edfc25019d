import { fromUtf8, utf8 } from "./bytes.js";
import { DEPTH_MAX } from "./limits.js";
import { refuse } from "./refusal.js";

/** A JSON value whose numbers are integers of absolute value at most 2^53 − 1 (`record.md` §6). */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** An object of such values. Read it through `reading.ts`, which closes the set of its fields. */
export interface JsonObject {
  readonly [field: string]: Json;
}

/** How much of a text is taken. */
export interface JsonLimits {
  readonly bytes: number;
  /** Nested arrays and objects; a value that is neither has depth 0. */
  readonly depth?: number;
}

// A surrogate that has no partner: RFC 8785 has no form for it.
const LONE_SURROGATE = /\p{Surrogate}/u;
const NOT_ASCII = /[^\u0000-\u007f]/;

/**
 * Parses JSON that is its own canonical form (RFC 8785, integers only) and refuses any other spelling:
 * `too_long`, `utf8`, `json` (no JSON at all), `not_canonical`, `too_deep`.
 */
export function parseCanonical(input: Uint8Array | string, limits: JsonLimits): Json {
  // UTF-8 has at least as many bytes as UTF-16 has units, so a longer text need not be encoded.
  if (input.length > limits.bytes) refuse("too_long", `more than ${limits.bytes} bytes`);
  const text = typeof input === "string" ? input : fromUtf8(input);
  if (typeof input === "string" && utf8(text).length > limits.bytes) {
    refuse("too_long", `more than ${limits.bytes} bytes`);
  }
  const value = parseJson(text);
  if (writeCanonical(value, limits.depth) !== text)
    refuse("not_canonical", "not the canonical form of its JSON");
  return value;
}

/** Parses any JSON; refuses (`json`) what is none. Nothing is said of its form. */
export function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return refuse("json", "not JSON");
  }
}

/**
 * The canonical text (RFC 8785) of a value; refuses numbers that are no safe integers and lone surrogates.
 */
export function writeCanonical(value: Json, depth: number = DEPTH_MAX): string {
  switch (typeof value) {
    case "string":
      return writeText(value);
    case "number":
      if (!Number.isSafeInteger(value)) refuse("not_canonical", "a number that is no integer up to 2^53 − 1");
      return String(value);
    case "boolean":
      return String(value);
    default:
      return value === null ? "null" : writeNested(value, depth);
  }
}

function writeNested(value: readonly Json[] | JsonObject, depth: number): string {
  if (depth === 0) refuse("too_deep", "nested too deep");
  if (isList(value)) return `[${value.map((item) => writeCanonical(item, depth - 1)).join(",")}]`;
  // The default order of sort is by UTF-16 units, which is the order of RFC 8785 §3.2.3.
  const fields = Object.keys(value).sort();
  if (fields.some((field) => NOT_ASCII.test(field))) refuse("not_canonical", "a field that is not ASCII");
  const written = fields.map(
    (field) => `${writeText(field)}:${writeCanonical(value[field] ?? null, depth - 1)}`,
  );
  return `{${written.join(",")}}`;
}

function writeText(text: string): string {
  if (LONE_SURROGATE.test(text)) refuse("not_canonical", "a surrogate without its partner");
  return JSON.stringify(text);
}

/** The canonical bytes of a value. */
export function canonicalBytes(value: Json): Uint8Array {
  return utf8(writeCanonical(value));
}

/** Whether a value is an array; narrows read-only arrays, which `Array.isArray` does not. */
export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
