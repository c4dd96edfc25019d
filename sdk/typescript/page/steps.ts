import type { Bound, Report, Step } from "../src/index.js";
import type { View, ViewRecord } from "./view.js";
import type { SHOWN } from "./words.js";

/** A record of the case: what the pack shows of it, and what the report found. */
export interface Drawn extends ViewRecord {
  readonly shown: keyof typeof SHOWN;
  /** Bounds of time; none where the check did not come so far. */
  readonly bounds?: { readonly earliest?: Bound; readonly latest: Bound };
  readonly signatures: Step["signatures"];
}

/** The records of the case with what the report says of each. */
export function stepsOf({ facts, failure }: Report, view: View | undefined): readonly Drawn[] {
  const found = new Map((facts?.steps ?? []).map((step) => [step.index, step] as const));
  return (view?.records ?? []).map((record): Drawn => {
    const step = found.get(record.index);
    const fails = failure?.record === record.index;
    if (step === undefined) return { ...record, shown: fails ? "broken" : "unchecked", signatures: [] };
    const { earliest, latest, signatures } = step;
    const bounds = earliest === undefined ? { latest } : { earliest, latest };
    return { ...record, shown: fails ? "broken" : step.shown, bounds, signatures };
  });
}

/** How far a step of the policy has come. */
export interface Standing {
  readonly state: "done" | "refused" | "attempted" | "withdrawn" | "not taken";
  /** The record that says so. */
  readonly record?: Drawn;
}

/** Where each step of the policy stands after all records of the case. */
export function standingOf(
  names: readonly string[],
  records: readonly Drawn[],
): ReadonlyMap<string, Standing> {
  const standing = new Map<string, Standing>(names.map((name) => [name, { state: "not taken" }]));
  for (const record of records) {
    if (record.kind === "withdrawn") {
      for (const step of record.fallen ?? []) standing.set(step, { state: "withdrawn", record });
    }
    const { step } = record;
    if (step === undefined) continue;
    if (record.kind === "attested") standing.set(step, { state: "done", record });
    if (record.kind === "refused") standing.set(step, { state: "refused", record });
    if (record.kind === "attempted" && standing.get(step)?.state !== "done") {
      standing.set(step, { state: "attempted", record });
    }
  }
  return standing;
}
