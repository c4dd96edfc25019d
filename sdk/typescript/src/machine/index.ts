/** The kernel's machine, as a reader runs it again. */
export { startRerun } from "./rerun.js";
export type { Command, Findings, Group, Noted, Rerun, ShownEntry, ShownRecord } from "./group.js";
export { mapKey, orderOf, entityText, readEntity, type Entity } from "./entity.js";
export { knownRules, type Rules } from "./rules.js";
