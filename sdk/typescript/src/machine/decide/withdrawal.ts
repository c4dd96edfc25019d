import { refuse } from "../../refusal.js";
import { stepsAfter } from "../../policy/order.js";
import { commits, isClosed } from "../state.js";
import type { Of } from "./asking.js";
import { checkPersons, entitled } from "./entitled.js";

/**
 * `case.md` §5, `refusals.md` §5: a party takes its own standing step back, and what builds on it
 * falls.
 */
export function decideWithdrawal(asking: Of<"withdrawal">): void {
  const { state, word, now, writer, said } = asking;
  if (state.unknownCases.has(said.case)) refuse("policy_unknown", "a case of a policy that is not known");
  const of = state.cases.get(said.case);
  if (of === undefined)
    return refuse(state.governance.has(said.case) ? "case_closed" : "case_unknown", "no such case");
  if (isClosed(of.phase)) refuse("case_closed", "the case has ended");
  const standing = [...of.standing.values()].find(
    ({ leaf, party }) => leaf === said.leaf && party === said.party,
  );
  const step = of.policy.steps.get(standing?.step ?? "");
  const role = of.policy.roles.get(step?.by ?? "");
  if (step === undefined || role === undefined)
    return refuse("nothing_to_withdraw", "no standing step of this party");
  const by = entitled(asking, role);
  if (of.phase === "decided") refuse("case_closed", "the case is decided");
  if (now > of.deadline && !commits(of)) refuse("case_late", "the deadline has passed");
  checkPersons(by, role);
  const fallen = stepsAfter(of.policy, [step.name]).filter((name) => of.standing.has(name));
  writer.record({
    kind: "withdrawn",
    of: {
      case: of.id,
      envelope: word.envelope.digest,
      fallen,
      leaf: said.leaf,
      party: said.party,
      prev: of.head,
    },
  });
}
