import { committeeOf } from "../certificate.js";
import type { Policy } from "../policy/layout.js";
import { readPolicy } from "../policy/read.js";
import { answerOf } from "../refusal.js";
import type { Action, ReplaceGate } from "./action.js";
import { programmeOf, registerCommittee, registerKeys, type Applying } from "./applying.js";
import { knownRules } from "./rules.js";

/** An action takes effect (`governance.md` §3). */
export function enact(action: Action, { state, touched }: Applying): void {
  switch (action.kind) {
    case "adopt": {
      const policy = readable(action.layout, action.guards);
      if (policy === undefined) return;
      const programme = programmeOf(state, policy.programme);
      state.policies.set(policy.digest, policy);
      programme.adopted.add(policy.digest);
      programme.inForce.set(policy.name, policy.digest);
      touched.add({ policy: [policy.programme, policy.name] });
      return;
    }
    case "retire":
      programmeOf(state, action.programme).inForce.delete(action.policy);
      touched.add({ policy: [action.programme, action.policy] });
      return;
    case "name_issuer": {
      const keys = registerKeys(state, action.lei, action.keys);
      state.issuers.set(action.lei, { keys, kinds: action.kinds, json: action.json });
      touched.add({ issuer: action.lei });
      return;
    }
    case "remove_issuer":
      state.issuers.delete(action.lei);
      touched.add({ issuer: action.lei });
      return;
    case "set_list":
      programmeOf(state, action.programme).lists.set(action.list, action.value);
      touched.add({ list: [action.programme, action.list] });
      return;
    case "rotate":
      state.committee = committeeOf((state.committee?.epoch ?? -1) + 1, action.members, action.threshold);
      registerCommittee(state);
      touched.add("committee");
      return;
    case "replace_gate":
      return replaceGate(action, { state, touched });
    case "set_rules":
      // Rules that are not known were refused when they were proposed.
      state.rules = knownRules(action.rules) ?? state.rules;
      return;
    case "erase":
    case "gate":
      return;
  }
}

/** Policies in force that name another Gate go out of force (`governance.md` §7). */
function replaceGate(
  { programme: name, domain, to }: ReplaceGate,
  { state, touched }: Pick<Applying, "state" | "touched">,
): void {
  const programme = programmeOf(state, name);
  programme.gates.set(domain, to);
  for (const [policy, digest] of [...programme.inForce]) {
    const gate = state.policies.get(digest)?.domains.get(domain)?.gate;
    if (gate === undefined || gate === to) continue;
    programme.inForce.delete(policy);
    touched.add({ policy: [name, policy] });
  }
}

/** On a ledger it was read when it was proposed; a pack may show a proposal without its submission. */
function readable(layout: string, guards: string): Policy | undefined {
  let policy: Policy | undefined;
  answerOf(() => (policy = readPolicy(layout, guards)));
  return policy;
}
