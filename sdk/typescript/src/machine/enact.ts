import { committeeOf } from "../certificate.js";
import { readPolicy } from "../policy/read.js";
import type { Action } from "./action.js";
import { programmeOf, registerCommittee, registerKeys, type Applying } from "./applying.js";

/** An action takes effect (`governance.md` §3). */
export function enact(action: Action, { state, touched }: Applying): void {
  switch (action.kind) {
    case "adopt": {
      const policy = readPolicy(action.layout, action.guards);
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
    case "erase":
    case "gate":
      return;
  }
}
