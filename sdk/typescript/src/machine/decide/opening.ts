import { refuse } from "../../refusal.js";
import { openingKey } from "../keys.js";
import type { Of } from "./asking.js";
import { checkClaims } from "./claims.js";
import { checkPersons, entitled } from "./entitled.js";

/** `case.md` §3, `refusals.md` §5: a case is opened. */
export function decideOpening(asking: Of<"opening">): void {
  const { state, word, now, writer, said } = asking;
  const policy = state.policies.get(said.policy);
  const inForce =
    policy && state.programmes.get(policy.programme)?.inForce.get(policy.name) === policy.digest;
  if (policy === undefined || !inForce) return refuse("policy_unknown", "no policy in force");
  const role = policy.roles.get(policy.openedBy) ?? refuse("policy_unknown", "nobody opens this policy");
  const by = entitled(asking, role);
  const { attestation } = word.envelope;
  if (state.uses.has(openingKey(attestation))) refuse("opened_before", "opened before");
  checkPersons(by, role);
  if (said.deadline <= now || said.deadline > now + policy.lastsMs)
    refuse("deadline", "a deadline out of range");
  checkClaims(asking, policy.parameters);
  writer.record({
    kind: "opened",
    of: {
      attestation,
      credentials: by.credentials,
      deadline: said.deadline,
      envelope: word.envelope.digest,
      party: said.party,
      policy: policy.digest,
    },
  });
}
