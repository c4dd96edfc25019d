import { readOutcome } from "../outcome.js";
import { Refusal } from "../refusal.js";
import type { ShownRecord } from "./group.js";

/** Which case a record belongs to, and the record of it that it names; none: it begins the case. */
export interface Link {
  readonly case: string;
  readonly prev?: string;
}

/** The link that a record is in the chain of a case; nothing, where it is of none. */
export function linkOf({ tag, said, body, leafHash }: ShownRecord): Link | undefined {
  if (tag === 2) return outcomeLink(body);
  if (said === undefined) return undefined;
  if (said.kind === "opened" || said.kind === "proposed") return { case: leafHash };
  return "case" in said.of && "prev" in said.of ? { case: said.of.case, prev: said.of.prev } : undefined;
}

/** Bytes that are no outcome are of no case that is known. */
function outcomeLink(body: Uint8Array): Link {
  try {
    const { case: of, prev } = readOutcome(body);
    return { case: of, prev };
  } catch (error) {
    if (error instanceof Refusal) return { case: "", prev: "" };
    throw error;
  }
}
