import { Refusal } from "../../refusal.js";
import type { Formed } from "../form.js";
import { commits, type Case, type State } from "../state.js";
import { writeDecision } from "./decision.js";
import { writeEnactment } from "./governance.js";
import { returnsOf } from "./step.js";
import type { Writer } from "./writer.js";

const EXPIRED_RECORDS_MAX = 128;

export interface Ticking {
  readonly state: State;
  readonly now: number;
  readonly writer: Writer;
}

/**
 * `case.md` §7: what is due at a time; nothing refuses it. Gives `withheld` where a deposit goes back and
 * what
 * its outcome is formed of is not shown, which only a re-run meets.
 */
export function decideTick(ticking: Ticking): string | undefined {
  const { state, now, writer } = ticking;
  const [due] = [...state.governance.values()]
    .filter(({ phase, effective }) => phase === "open" && effective !== undefined && effective <= now)
    .sort((a, b) => (a.effective ?? 0) - (b.effective ?? 0) || (a.id < b.id ? -1 : 1));
  if (due !== undefined) writeEnactment(ticking, due);
  const late = [...state.governance.values()]
    .filter(({ phase, effective, deadline }) => phase === "open" && effective === undefined && deadline < now)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const { id, head } of late) writer.record({ kind: "expired", of: { case: id, prev: head } });
  return expireCases(ticking);
}

function expireCases({ state, now, writer }: Ticking): string | undefined {
  const due = [...state.cases.values()]
    .filter((of) => of.phase === "open" && of.deadline < now && !commits(of))
    .sort((a, b) => a.deadline - b.deadline || (a.id < b.id ? -1 : 1));
  let written = 0;
  let refused: string | undefined;
  for (const of of due) {
    const formed = returned(of);
    refused ??= formed === "withheld" ? formed : undefined;
    const goesBack = formed !== "withheld" && formed.length > 0;
    const records = goesBack ? 2 + formed.length : 1;
    if (written + records > EXPIRED_RECORDS_MAX) break;
    written += records;
    const prev = writer.record({ kind: "expired", of: { case: of.id, prev: of.head } });
    if (goesBack) writeDecision({ state, now, writer }, of, { formed, prev });
  }
  return refused;
}

function returned(of: Case): readonly Formed[] | "withheld" {
  try {
    return returnsOf(of);
  } catch (error) {
    if (error instanceof Refusal && error.code === "withheld") return "withheld";
    throw error;
  }
}
