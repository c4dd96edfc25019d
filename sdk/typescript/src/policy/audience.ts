/** Who may be shown what of a case (`policy.md` §9). */

/** In the order of the page. */
export const AUDIENCES: readonly string[] = ["public", "counterparty", "auditor", "supervisor"];
/** What this one sees every audience sees. */
export const PUBLIC = "public";

const ALL = "*";
/** What only all of it grants. */
export const EVERYTHING = ALL;

/** The lists of a policy's table, by audience and as they stand; empty: there are no audiences. */
export type Audiences = ReadonlyMap<string, readonly string[]>;

/**
 * What can be granted is written as the narrowest entry that grants it: `param.P`, `STEP.CLAIM`, `STEP.SLOT`,
 * or `STEP.*` for the words that refuse a step or take it back.
 */
export function ofParameter(name: string | undefined): string {
  return `param.${name ?? ALL}`;
}

/** As {@link ofParameter}: without a name all of the step; of a step called as parameters are, everything. */
export function ofStep(step: string, name: string | undefined): string {
  return step === "param" ? EVERYTHING : `${step}.${name ?? ALL}`;
}

/** The words that refuse a step or take it back. */
export function wordsOf(step: string): string {
  return ofStep(step, ALL);
}

/** The entries that grant more than this one, and all of it. */
function wider(entry: string): readonly string[] {
  if (entry === ALL) return [];
  const step = `${entry.slice(0, entry.indexOf("."))}.${ALL}`;
  return entry === step ? [ALL] : [step, ALL];
}

/** Whether another entry of the list grants all that this one does. */
export function isCovered(entries: ReadonlySet<string>, entry: string): boolean {
  return wider(entry).some((other) => entries.has(other));
}

export function isGranted(entries: ReadonlySet<string>, what: string): boolean {
  return entries.has(what) || isCovered(entries, what);
}

/** The audiences of a policy that may see all of this. */
export function whoMaySee(audiences: Audiences, shown: readonly string[]): readonly string[] {
  const open = audiences.get(PUBLIC) ?? [];
  return AUDIENCES.filter((name) => {
    const own = audiences.get(name);
    const entries = new Set([...open, ...(own ?? [])]);
    return own !== undefined && shown.every((what) => isGranted(entries, what));
  });
}
