import { fromBigEndian, hex } from "../src/bytes.js";
import type { Layout, OutcomeRule } from "../src/policy/layout.js";
import { writeAddress } from "../src/suites.js";

const SELECTOR_BYTES = 4;
const WORD = 32;
const ADDRESS_START = 12;
const STATIC = /^(?:address|bool|bytes32|u?int[0-9]*)$/;

/** The arguments of a call, by the names that its policy gives them; nothing for types of many words. */
export function argumentsOf(
  { types, args, domain }: OutcomeRule,
  layout: Layout | undefined,
  data: Uint8Array,
): readonly { readonly name: string; readonly value: string }[] | undefined {
  if (data.length !== SELECTOR_BYTES + types.length * WORD) return undefined;
  if (!types.every((type) => STATIC.test(type))) return undefined;
  return types.map((type, at) => {
    const word = data.subarray(SELECTOR_BYTES + at * WORD, SELECTOR_BYTES + (at + 1) * WORD);
    const name = args[at]?.replace(/^param\./, "") ?? type;
    const isMoney = layout?.parameters.find((parameter) => parameter.name === name)?.type.kind === "money";
    const decimals = isMoney ? layout?.domains.get(domain)?.decimals : undefined;
    return { name, value: valueOf(type, word, decimals) };
  });
}

function valueOf(type: string, word: Uint8Array, decimals: number | undefined): string {
  if (type === "address") return writeAddress(word.subarray(ADDRESS_START));
  if (type === "bytes32") return `0x${hex(word)}`;
  const units = String(fromBigEndian(word));
  if (decimals === undefined || decimals === 0) return units;
  const padded = units.padStart(decimals + 1, "0");
  return `${units} (${padded.slice(0, -decimals)}.${padded.slice(-decimals)} tokens)`;
}
