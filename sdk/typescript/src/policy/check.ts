import { refuse } from "../refusal.js";
import type { Policy } from "./layout.js";

/** `policy.md` §4. Refuses with the code of the first finding. */
export function checkPolicy(policy: Policy): void {
  if (policy.steps.size === 0) refuse("no-end", "no step");
}
