import { writeCanonical, type Json } from "../canonical.js";
import type { Facts } from "./facts.js";

/** What a verifier answers: `lockstep-report/1` (`report.md`). Codes are stable, texts are not. */

export type Verdict = "verified" | "failed" | "cannot_tell";

/** Something that is missing, that the answer rests on, or that must be shown. */
export interface Item {
  readonly code: string;
  /** Indices of records, ascending. */
  readonly records: readonly number[];
  readonly text: string;
}

export interface Report {
  readonly format: "lockstep-report/1";
  readonly verdict: Verdict;
  readonly failure?: { readonly rule: string; readonly record?: number; readonly text: string };
  readonly missing: readonly Item[];
  readonly rests_on: readonly Item[];
  readonly flags: readonly Item[];
  readonly facts?: Facts;
}

/** The report as canonical JSON. */
export function writeReport(report: Report): string {
  return writeCanonical(report as unknown as Json);
}
