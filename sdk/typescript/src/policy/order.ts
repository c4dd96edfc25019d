import type { Layout, Step } from "./layout.js";

/** Every step that must be done before this one, in the policy's order. */
export function stepsBefore(policy: Pick<Layout, "steps">, { after }: Pick<Step, "after">): readonly Step[] {
  const before = new Set<string>();
  const waiting = [...after];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (before.has(name)) continue;
    before.add(name);
    waiting.push(...(policy.steps.get(name)?.after ?? []));
  }
  return [...policy.steps.values()].filter(({ name }) => before.has(name));
}

/** These steps and all that build on one of them, in the policy's order. */
export function stepsAfter(policy: Pick<Layout, "steps">, names: readonly string[]): readonly string[] {
  const first = new Set(names);
  return [...policy.steps.values()]
    .filter((step) => first.has(step.name) || stepsBefore(policy, step).some(({ name }) => first.has(name)))
    .map(({ name }) => name);
}
