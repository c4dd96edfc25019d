import { notAfterOf, outcomeBody, type Formed } from "../form.js";
import type { Case, State } from "../state.js";
import type { Writer } from "./writer.js";

/** `outcome.md` §2: `decided`, then one outcome for each that is unlocked, each the `prev` of the next. */
export function writeDecision(
  { state, now, writer }: { readonly state: State; readonly now: number; readonly writer: Writer },
  of: Case,
  { formed, prev }: { readonly formed: readonly Formed[]; readonly prev: string },
): void {
  const ordinal = of.decisions;
  const outcomes = formed.map(({ rule }) => {
    const notAfter = notAfterOf(rule, now);
    return { domain: rule.domain, ...(notAfter === undefined ? {} : { not_after: notAfter }) };
  });
  let before = writer.record({ kind: "decided", of: { case: of.id, ordinal, outcomes, prev } });
  for (const outcome of formed) {
    const place = {
      ledger: state.ledger,
      case: of.id,
      prev: before,
      ordinal,
      notAfter: notAfterOf(outcome.rule, now),
    };
    before = writer.outcome(outcomeBody(of.policy, outcome, place));
  }
}
