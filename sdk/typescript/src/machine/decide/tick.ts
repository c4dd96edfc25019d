import { commits, type State } from "../state.js";
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

/** `case.md` §1: what is due at a time; nothing refuses it. */
export function decideTick(ticking: Ticking): void {
  const { state, now, writer } = ticking;
  const [due] = [...state.governance.values()]
    .filter(({ phase, effective }) => phase === "open" && effective !== undefined && effective <= now)
    .sort((a, b) => (a.effective ?? 0) - (b.effective ?? 0) || (a.id < b.id ? -1 : 1));
  if (due !== undefined) writeEnactment(ticking, due);
  const late = [...state.governance.values()]
    .filter(({ phase, effective, deadline }) => phase === "open" && effective === undefined && deadline < now)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const { id, head } of late) writer.record({ kind: "expired", of: { case: id, prev: head } });
  expireCases(ticking);
}

function expireCases({ state, now, writer }: Ticking): void {
  const due = [...state.cases.values()]
    .filter((of) => of.phase === "open" && of.deadline < now && !commits(of))
    .sort((a, b) => a.deadline - b.deadline || (a.id < b.id ? -1 : 1));
  let written = 0;
  for (const of of due) {
    const formed = returnsOf(of);
    const records = formed.length > 0 ? 2 + formed.length : 1;
    if (written + records > EXPIRED_RECORDS_MAX) return;
    written += records;
    const prev = writer.record({ kind: "expired", of: { case: of.id, prev: of.head } });
    if (formed.length > 0) writeDecision({ state, now, writer }, of, { formed, prev });
  }
}
