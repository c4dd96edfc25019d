import assert from "node:assert/strict";
import { checkEnvelope, readSubmission } from "../../src/attestation/envelope.js";
import { fromBase64, fromBigEndian, fromUtf8, hex, utf8 } from "../../src/bytes.js";
import { parseCanonical } from "../../src/canonical.js";
import { COMMAND_BYTES_MAX } from "../../src/limits.js";
import { object, variant } from "../../src/reading.js";
import { leafBytes, leafHash, leafOf, readSeal, saltOf } from "../../src/record.js";
import { apply } from "../../src/machine/apply.js";
import { WHOLE } from "../../src/machine/decide/asking.js";
import { decide, type Decidable, type Decided } from "../../src/machine/decide/command.js";
import type { State } from "../../src/machine/state.js";

/** One command of a vector, with the records that it led to. */
export interface VectorCommand {
  readonly input: string;
  readonly records: readonly { readonly body: string; readonly leaf: string; readonly leaf_hash: string }[];
  readonly refused: string | null;
  readonly what: string;
}

/** Decides a command again, compares every leaf and body, and applies the records. */
export function replay(state: State, vector: VectorCommand): void {
  const input = fromBase64(vector.input);
  const now = Number(fromBigEndian(input.subarray(0, 8)));
  const seed = input.subarray(8, 40);
  const bytes = input.subarray(40);
  if (bytes.length === 0) return checkSeal(state, vector);
  const command = decidable(state, bytes);
  const leaf = (tag: 1 | 2, body: Uint8Array, index: number): string =>
    hex(leafHash(leafOf(tag, now, saltOf(seed, index), body)));
  const decided: Decided = decide(state, command, { now, leafOf: leaf, across: WHOLE });
  assert.equal(decided.refused ?? null, vector.refused, vector.what);
  assert.equal(decided.drafts.length, vector.records.length, vector.what);
  decided.drafts.forEach(({ tag, body, leaf: hash }, at) => {
    const expected = vector.records[at];
    assert.equal(tag === 1 ? fromUtf8(body) : hex(body), expected?.body, vector.what);
    assert.equal(hex(leafBytes(leafOf(tag, now, saltOf(seed, at), body))), expected?.leaf);
    assert.equal(hash, expected?.leaf_hash);
  });
  const word = command.kind === "submit" || command.kind === "propose" ? command.submission : undefined;
  for (const draft of decided.drafts) apply(state, { ...draft, time: now }, word);
}

function checkSeal(state: State, { records, what }: VectorCommand): void {
  const [record] = records;
  const seal = readSeal(1, utf8(record?.body ?? ""));
  assert.equal(state.entries.root(), seal?.map, what);
}

function decidable(state: State, bytes: Uint8Array): Decidable {
  const value = parseCanonical(bytes, { bytes: COMMAND_BYTES_MAX });
  if (value === "tick") return { kind: "tick" };
  const [kind, of] = variant(value);
  if (kind === "genesis") return { kind, genesis: of };
  const proposal = kind === "propose" ? object(of, ["action", "submission"]) : undefined;
  const submission = readSubmission(proposal?.["submission"] ?? of);
  checkEnvelope(submission.envelope, (id) => state.keys.get(id)?.key);
  if (proposal === undefined) return { kind: "submit", submission };
  return { kind: "propose", submission, action: proposal["action"] ?? null };
}
