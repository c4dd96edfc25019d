/**
 * The versions of the rules, and everything in which they differ (`case.md` §12). A case is under the rules
 * that were in force when it was opened. Nothing else compares versions.
 */
export type Rules = 1 | 2;

/** Those of the time before there were others: meant wherever none are named. */
export const RULES_FIRST: Rules = 1;

/** The rules of a version; nothing, where they are not known here. */
export function knownRules(version: number): Rules | undefined {
  return version === 1 || version === 2 ? version : undefined;
}

/** Whether a word on a step is refused because its case is suspended: rules 2 let a party refuse its step. */
export function suspensionRefuses(rules: Rules, verdict: "done" | "refused"): boolean {
  return rules === 1 || verdict === "done";
}
