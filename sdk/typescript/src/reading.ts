import { isList, type Json, type JsonObject } from "./canonical.js";
import { fromBase64, fromHex, utf8 } from "./bytes.js";
import { TIME_MAX } from "./limits.js";
import { refuse } from "./refusal.js";

/**
 * Reads values of parsed JSON, each in the one form that the specifications give it. Everything here
 * refuses with `form`; what a document calls that is up to whoever reads it.
 */

const DIGEST = /^[0-9a-f]{64}$/;
const LEI = /^[0-9A-Z]{18}[0-9]{2}$/;
const NAME = /^[a-z][a-z0-9._-]{0,63}$/;

function expected(what: string): never {
  return refuse("form", `expected ${what}`);
}

/** An object with exactly the `required` fields, and of `optional` ones any. */
export function object(
  value: Json | undefined,
  required: readonly string[],
  optional: readonly string[] = [],
): JsonObject {
  const read = anyObject(value);
  for (const field of required) if (!Object.hasOwn(read, field)) expected(`a field \`${field}\``);
  for (const field of Object.keys(read)) {
    if (!required.includes(field) && !optional.includes(field)) refuse("form", `unknown field \`${field}\``);
  }
  return read;
}

/** An object of any fields. */
export function anyObject(value: Json | undefined): JsonObject {
  if (typeof value !== "object" || value === null || isList(value)) return expected("an object");
  return value;
}

/** The name and the value of an object that has exactly one field. */
export function variant(value: Json | undefined): readonly [name: string, value: Json] {
  const [entry, ...more] = Object.entries(anyObject(value));
  return entry === undefined || more.length > 0 ? expected("an object of one field") : entry;
}

/** An array of at most `max` items, each read by `item`. */
export function list<T>(value: Json | undefined, max: number, item: (value: Json, index: number) => T): T[] {
  if (value === undefined || !isList(value)) return expected("an array");
  if (value.length > max) refuse("form", `${value.length} items, at most ${max}`);
  return value.map(item);
}

/** A text of at most `max` UTF-8 bytes. */
export function text(value: Json | undefined, max: number = Number.MAX_SAFE_INTEGER): string {
  if (typeof value !== "string") return expected("a text");
  if (value.length > max || (value.length * 3 > max && utf8(value).length > max)) {
    refuse("form", `a text of more than ${max} bytes`);
  }
  return value;
}

export function boolean(value: Json | undefined): boolean {
  return typeof value === "boolean" ? value : expected("true or false");
}

/** An integer from `min` to `max`. */
export function integer(value: Json | undefined, min = 0, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) {
    return expected(`an integer from ${min} to ${max}`);
  }
  return value;
}

/** Milliseconds since 1970, up to the year 9999 (`record.md` §1). */
export function time(value: Json | undefined): number {
  return integer(value, 0, TIME_MAX);
}

/** Sixty-four lower-case hexadecimal digits, kept as they are. */
export function digest(value: Json | undefined): string {
  return typeof value === "string" && DIGEST.test(value)
    ? value
    : expected("64 lower-case hexadecimal digits");
}

/** Whether a text is an LEI whose check digits are right (`policy.md` §3; ISO/IEC 7064 MOD 97-10). */
export function isLei(value: string): boolean {
  // The scheme never gives these check digits, though MOD 97-10 alone would let them pass.
  if (!LEI.test(value) || /(00|01|99)$/.test(value)) return false;
  let remainder = 0;
  for (const character of value) {
    const digit = Number.parseInt(character, 36);
    remainder = (remainder * (digit < 10 ? 10 : 100) + digit) % 97;
  }
  return remainder === 1;
}

/** An LEI. */
export function lei(value: Json | undefined): string {
  return typeof value === "string" && isLei(value) ? value : expected("an LEI");
}

/** A name of `policy.md` §2. */
export function name(value: Json | undefined): string {
  return typeof value === "string" && NAME.test(value) ? value : expected("a name");
}

/** Bytes in lower-case hexadecimal digits, of `length` if one is given. */
export function hexBytes(value: Json | undefined, length?: number): Uint8Array {
  return formOf(() => fromHex(text(value), length));
}

/** Bytes in standard base64. */
export function base64Bytes(value: Json | undefined): Uint8Array {
  return formOf(() => fromBase64(text(value)));
}

function formOf<T>(read: () => T): T {
  try {
    return read();
  } catch {
    return expected("bytes in their one spelling");
  }
}
