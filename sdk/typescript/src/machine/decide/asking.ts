import type { Submission } from "../../attestation/envelope.js";
import type { Statement } from "../../attestation/statement.js";
import { refuse } from "../../refusal.js";
import type { State } from "../state.js";
import type { Writer } from "./writer.js";

/** A command that is decided: what is known, what is said, when. */
export interface Asking {
  readonly state: State;
  readonly word: Submission;
  readonly now: number;
  readonly writer: Writer;
  readonly across: Across;
}

/**
 * What a decision takes from elsewhere than the records that were applied. On a ledger nothing: all of it is
 * there. In the re-run of a pack, what only other cases could tell (`pack.md` §5).
 */
export interface Across {
  /** Whether a claim that is not shown is passed over until a rule needs its value. */
  readonly inPart: boolean;
  /** Whether an act is free; none: as the state says. */
  readonly actIsFree?: boolean;
  /** Whether there is headroom; none: as the state says. */
  readonly headroom?: "enough" | "unknown" | "short";
}

/** A command on a ledger whose every record was applied. */
export const WHOLE: Across = { inPart: false };

/** How a statement of one kind is asked about. */
export type Of<K extends Statement["kind"]> = Asking & {
  readonly said: Extract<Statement, { readonly kind: K }>;
};

const AHEAD_MS = 2_000;
const LIFE_MAX_MS = 7 * 86_400_000;

/** Ids of the keys that signed, ascending. */
export function signers({ envelope }: Submission): readonly string[] {
  return envelope.signatures.map(({ keyId }) => keyId);
}

/** `refusals.md` §2: what holds for every envelope. */
export function checkEnvelopeTimes({ state, word, now }: Asking): void {
  const { statement } = word.envelope;
  if (statement.ledger !== state.ledger) refuse("other_ledger", "it names another ledger");
  if (statement.issued > now + AHEAD_MS) refuse("issued_in_future", "issued later than now");
  if (statement.expires < now) refuse("envelope_expired", "it has expired");
  if (statement.expires - statement.issued > LIFE_MAX_MS)
    refuse("envelope_life", "it lives longer than seven days");
  for (const id of signers(word)) {
    if (state.keys.get(id)?.owner !== statement.party)
      refuse("key_owner", `key ${id} is not one of the party's`);
  }
}
