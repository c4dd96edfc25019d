import { refuse } from "../../refusal.js";
import { shownOf } from "../apply.js";
import { formCall } from "../form.js";
import type { Case } from "../state.js";
import type { Of } from "./asking.js";
import { checkClaims } from "./claims.js";
import { writeDecision } from "./decision.js";
import { checkPersons, entitled } from "./entitled.js";
import { actIsFree, actOf } from "./step.js";

/**
 * `case.md` §10, `refusals.md` §4: a deposit that is shown after its case has ended goes back. A
 * refusal leaves nothing.
 */
export function decideLateDeposit(asking: Of<"attestation">, of: Case): void {
  const { word, writer, said } = asking;
  const step = of.policy.steps.get(said.step) ?? refuse("step_unknown", `no step \`${said.step}\``);
  const role = of.policy.roles.get(step.by) ?? refuse("step_unknown", "a step of nobody");
  const by = entitled(asking, role);
  const rules = of.policy.outcomes.filter(({ returns }) => returns === step.name);
  if (rules.length === 0 || said.verdict === "refused") refuse("case_closed", "the case has ended");
  checkPersons(by, role);
  if (said.prev.length !== 1 || said.prev[0] !== of.id) refuse("prev", "it builds on the opening alone");
  checkClaims(asking, step.claims);
  if (said.evidence.length !== step.evidence.length) refuse("evidence_count", "other evidence than declared");
  const claims = shownOf(word, step.claims.length);
  const use = actOf(of, step, claims);
  if (use !== undefined && !actIsFree(asking, use)) refuse("single_use", "the act is taken");
  const source = {
    ...of,
    case: of.id,
    claimsOf: (name: string) => (name === step.name ? claims : undefined),
  };
  const formed = rules.map((rule) => formCall(rule, source));
  const { attestation, digest } = word.envelope;
  const prev = writer.record({
    kind: "attested",
    of: {
      attestation,
      case: of.id,
      credentials: by.credentials,
      envelope: digest,
      party: said.party,
      prev: of.head,
      refused: false,
      step: step.name,
      ...(use === undefined ? {} : { use_key: use }),
    },
  });
  writeDecision(asking, of, { formed, prev });
}
