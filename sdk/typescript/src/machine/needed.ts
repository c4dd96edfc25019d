import { parseJson } from "../canonical.js";
import { Failure, answerOf } from "../refusal.js";
import { entityText, orderOf, type Entity } from "./entity.js";
import type { Noticed } from "./findings.js";
import type { ShownEntry } from "./group.js";
import type { State } from "./state.js";

/** What a re-run has ended in. */
export interface Ended {
  readonly caseId: string;
  readonly state: State;
  readonly noticed: Noticed;
}

/** `pack.md` §2: the entries that a pack must show, in their order. */
export function neededEntries({ caseId, state, noticed }: Ended): readonly Entity[] {
  const needed = new Map<string, Entity>();
  const add = (entity: Entity): void => void needed.set(entityText(entity), entity);
  add({ case: caseId });
  for (const id of noticed.credentials) add({ credential: id });
  for (const lei of noticed.issuers) add({ issuer: lei });
  for (const use of noticed.uses) add({ use });
  const policy = state.cases.get(caseId)?.policy;
  if (policy !== undefined) {
    add({ account: policy.programme });
    add({ policy: [policy.programme, policy.name] });
    for (const list of policy.lists.keys()) add({ list: [policy.programme, list] });
  }
  add("committee");
  return [...needed.values()].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

/** `pack.md` §4, 13. */
export function checkEntries(shown: readonly ShownEntry[], ended: Ended): void {
  const needed = neededEntries(ended);
  for (let at = 0; at < Math.max(needed.length, shown.length); at++) {
    const expected = needed[at];
    const entry = shown[at];
    if (expected === undefined || entry === undefined || entityText(expected) !== entityText(entry.entity)) {
      throw new Failure("incomplete", "other entries of the map than needed");
    }
    if (!isAsEnded(entry, ended)) {
      const record =
        expected !== "committee" && "case" in expected ? ended.noticed.lastOf(ended.caseId) : undefined;
      throw new Failure("incomplete", `the entry ${entityText(expected)} is not as the re-run ends`, record);
    }
  }
}

/** An act and the account are moved by other cases too. */
function isAsEnded({ entity, value }: ShownEntry, { caseId, state }: Ended): boolean {
  if (entity !== "committee" && "account" in entity) return true;
  if (entity !== "committee" && "use" in entity) {
    return state.uses.get(entity.use) !== caseId || namesCase(value, caseId);
  }
  return state.entries.get(entity)?.value === value;
}

function namesCase(value: string | undefined, caseId: string): boolean {
  let named = false;
  const read = answerOf(() => {
    const parsed = parseJson(value ?? "");
    named = typeof parsed === "object" && parsed !== null && "case" in parsed && parsed["case"] === caseId;
  });
  return read === "holds" && named;
}
