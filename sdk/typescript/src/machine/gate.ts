import { concat, fromHex, utf8 } from "../bytes.js";
import { wordOfAddress, wordOfNumber } from "../eip712.js";
import { keccak256 } from "../hash.js";
import { digest, integer, name, object, text, variant } from "../reading.js";
import { refuse } from "../refusal.js";
import { readAddress } from "../suites.js";
import type { Json } from "../canonical.js";

/** A change of a Gate (`governance.md` §6): the bytes of its call, and whether it tightens. */
export interface GateCall {
  readonly data: Uint8Array;
  readonly tightens: boolean;
}

const CAP_END = 2 ** 56;
const WINDOW_MAX = 2 ** 32 - 1;
const EXPONENT_MAX = 30;
const WORD_MAX = 255;
const SIGNATURE_BYTES_MAX = 256;
const SIGNATURE = /^[A-Za-z_$][A-Za-z0-9_$]*\([A-Za-z0-9_$,()[\]]*\)$/u;

/** Reads one of the calls of a `gate` action. */
export function readGateCall(value: Json): GateCall {
  const [kind, of] = variant(value);
  const fields = FIELDS[kind] ?? refuse("form", `no call \`${kind}\``);
  const read = object(of, fields.names);
  const field = (at: string): Json | undefined => read[at];
  return { data: concat(selector(fields.function), ...fields.words(field)), tightens: fields.tightens };
}

interface Form {
  readonly names: readonly string[];
  readonly function: string;
  readonly tightens: boolean;
  readonly words: (field: (name: string) => Json | undefined) => readonly Uint8Array[];
}

const FIELDS: Readonly<Record<string, Form>> = {
  tighten: {
    names: ["cap", "line", "window_s"],
    function: "tighten(bytes32,uint56,uint32)",
    tightens: true,
    words: (of) => [line(of("line")), cap(of("cap")), window(of("window_s"))],
  },
  retire: {
    names: ["line", "policy"],
    function: "retire(bytes32,bytes32)",
    tightens: true,
    words: (of) => [fromHex(digest(of("policy"))), line(of("line"))],
  },
  forbid: {
    names: ["signature", "target"],
    function: "forbid(address,bytes4)",
    tightens: true,
    words: (of) => [address(of("target")), selectorWord(of("signature"))],
  },
  drop: {
    names: ["change"],
    function: "drop(bytes32)",
    tightens: true,
    words: (of) => [fromHex(digest(of("change")))],
  },
  accept: {
    names: ["line", "policy"],
    function: "accept(bytes32,bytes32)",
    tightens: false,
    words: (of) => [fromHex(digest(of("policy"))), line(of("line"))],
  },
  permit: {
    names: ["line", "signature", "target"],
    function: "permit(address,bytes4,bytes32)",
    tightens: false,
    words: (of) => [address(of("target")), selectorWord(of("signature")), line(of("line"))],
  },
  set_line: {
    names: ["cap", "exponent", "line", "window_s", "word"],
    function: "setLine(bytes32,uint8,uint8,uint56,uint32)",
    tightens: false,
    words: (of) => [
      line(of("line")),
      wordOfNumber(integer(of("word"), 0, WORD_MAX)),
      wordOfNumber(integer(of("exponent"), 0, EXPONENT_MAX)),
      cap(of("cap")),
      window(of("window_s")),
    ],
  },
  set_guardian: {
    names: ["guardian"],
    function: "setGuardian(address)",
    tightens: false,
    words: (of) => [address(of("guardian"))],
  },
};

/** First four bytes of the Keccak-256 of a function's signature. */
export function selector(signature: string): Uint8Array {
  return keccak256(utf8(signature)).subarray(0, 4);
}

function line(value: Json | undefined): Uint8Array {
  return keccak256(utf8(name(value)));
}

function address(value: Json | undefined): Uint8Array {
  return wordOfAddress(readAddress(value));
}

function cap(value: Json | undefined): Uint8Array {
  return wordOfNumber(integer(value, 0, Math.min(CAP_END - 1, Number.MAX_SAFE_INTEGER)));
}

function window(value: Json | undefined): Uint8Array {
  return wordOfNumber(integer(value, 1, WINDOW_MAX));
}

function selectorWord(value: Json | undefined): Uint8Array {
  const signature = text(value, SIGNATURE_BYTES_MAX);
  if (!SIGNATURE.test(signature)) refuse("form", `\`${signature}\` is no signature of a function`);
  const word = new Uint8Array(32);
  word.set(selector(signature));
  return word;
}
