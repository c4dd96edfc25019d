import { bigEndian, concat, equal, fromBigEndian, hex } from "./bytes.js";
import { wordOfAddress, wordOfNumber } from "./eip712.js";
import { BODY_BYTES_MAX } from "./limits.js";
import { refuse } from "./refusal.js";

/** Outcomes: what a decided case unlocks, as a contract reads it (`outcome.md`). */

/** 0: the domain's token; 1: a change of the Gate; 2: the Gate's Escrow. */
export type OutcomeKind = 0 | 1 | 2;

export interface Call {
  /** Twenty bytes. */
  readonly target: Uint8Array;
  readonly data: Uint8Array;
}

export interface Outcome {
  readonly ledger: string;
  readonly case: string;
  readonly prev: string;
  /** Keccak-256 of the programme's name. */
  readonly programme: string;
  readonly policy: string;
  /** Keccak-256 of the Gate's line. */
  readonly line: string;
  readonly kind: OutcomeKind;
  readonly chainId: bigint;
  /** Twenty bytes. */
  readonly gate: Uint8Array;
  readonly calls: readonly Call[];
  /** Seconds since 1970, inclusive; 0: never expires. */
  readonly notAfter: number;
  readonly ordinal: number;
}

const WORD = 32;
const HEAD_WORDS = 12;
const ADDRESS_START = 12;

/** The body of an outcome, `abi.encode` of its fields. */
export function writeOutcome(outcome: Outcome): Uint8Array {
  const { ledger, case: of, prev, programme, policy, line } = outcome;
  const digests = [ledger, of, prev, programme, policy, line].map((digest) =>
    bigEndian(BigInt(`0x${digest}`), WORD),
  );
  return concat(
    ...digests,
    wordOfNumber(outcome.kind),
    bigEndian(outcome.chainId, WORD),
    wordOfAddress(outcome.gate),
    wordOfNumber(HEAD_WORDS * WORD),
    wordOfNumber(outcome.notAfter),
    wordOfNumber(outcome.ordinal),
    writeCalls(outcome.calls),
  );
}

function writeCalls(calls: readonly Call[]): Uint8Array {
  const tails = calls.map(({ target, data }) => {
    const padding = new Uint8Array((WORD - (data.length % WORD)) % WORD);
    return concat(wordOfAddress(target), wordOfNumber(2 * WORD), wordOfNumber(data.length), data, padding);
  });
  let offset = calls.length * WORD;
  const offsets = tails.map((tail) => {
    const word = wordOfNumber(offset);
    offset += tail.length;
    return word;
  });
  return concat(wordOfNumber(calls.length), ...offsets, ...tails);
}

/**
 * Reads the body of an outcome; refuses (`outcome`) bytes that its fields do not encode to, and other kinds.
 */
export function readOutcome(body: Uint8Array): Outcome {
  if (body.length > BODY_BYTES_MAX) refuse("outcome", `a body of ${body.length} bytes`);
  const words = new Words(body);
  const kind = words.number(6);
  if (kind !== 0 && kind !== 1 && kind !== 2)
    return refuse("outcome", `outcomes of kind ${kind} are not known`);
  const outcome: Outcome = {
    ledger: words.digest(0),
    case: words.digest(1),
    prev: words.digest(2),
    programme: words.digest(3),
    policy: words.digest(4),
    line: words.digest(5),
    kind,
    chainId: fromBigEndian(words.at(7)),
    gate: words.at(8).subarray(ADDRESS_START),
    calls: readCalls(words),
    notAfter: words.number(10),
    ordinal: words.number(11),
  };
  if (!equal(writeOutcome(outcome), body)) refuse("outcome", "not the encoding of its fields");
  return outcome;
}

// Offsets are not followed: an encoding has one layout, and bytes of another are refused by encoding again.
function readCalls(words: Words): readonly Call[] {
  const count = words.number(HEAD_WORDS);
  const calls: Call[] = [];
  let at = HEAD_WORDS + 1 + count;
  for (let call = 0; call < count; call++) {
    const length = words.number(at + 2);
    calls.push({ target: words.at(at).subarray(ADDRESS_START), data: words.bytes(at + 3, length) });
    at += 3 + Math.ceil(length / WORD);
  }
  return calls;
}

class Words {
  constructor(readonly body: Uint8Array) {}

  at(word: number): Uint8Array {
    return this.bytes(word, WORD);
  }

  bytes(word: number, length: number): Uint8Array {
    const start = word * WORD;
    if (start + length > this.body.length) refuse("outcome", "cut off");
    return this.body.subarray(start, start + length);
  }

  digest(word: number): string {
    return hex(this.at(word));
  }

  number(word: number): number {
    const value = fromBigEndian(this.at(word));
    if (value > Number.MAX_SAFE_INTEGER) refuse("outcome", "a number out of range");
    return Number(value);
  }
}
