import { fromBigEndian, hex } from "../src/bytes.js";
import type { OutcomeRule } from "../src/policy/layout.js";
import { writeAddress } from "../src/suites.js";

const SELECTOR_BYTES = 4;
const WORD = 32;
const ADDRESS_START = 12;
const STATIC = /^(?:address|bool|bytes32|u?int[0-9]*)$/;

/** The arguments of a call under the names that its policy gives them; nothing, where a type has no one word. */
export function argumentsOf(
  { types, args }: OutcomeRule,
  data: Uint8Array,
): readonly { readonly name: string; readonly value: string }[] | undefined {
  if (data.length !== SELECTOR_BYTES + types.length * WORD) return undefined;
  if (!types.every((type) => STATIC.test(type))) return undefined;
  return types.map((type, at) => {
    const word = data.subarray(SELECTOR_BYTES + at * WORD, SELECTOR_BYTES + (at + 1) * WORD);
    return { name: args[at]?.replace(/^param\./, "") ?? type, value: valueOf(type, word) };
  });
}

function valueOf(type: string, word: Uint8Array): string {
  if (type === "address") return writeAddress(word.subarray(ADDRESS_START));
  if (type === "bytes32") return `0x${hex(word)}`;
  return String(fromBigEndian(word));
}
