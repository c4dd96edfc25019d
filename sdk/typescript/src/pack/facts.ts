import type { Submission } from "../attestation/envelope.js";
import type { Json } from "../canonical.js";
import type { Certificate, Committee } from "../certificate.js";
import { readOutcome } from "../outcome.js";
import type { Group, ShownRecord } from "../machine/group.js";
import { answerOf } from "../refusal.js";
import type { PublicKey } from "../suites.js";
import type { Pack } from "./file.js";
import { signersOf, type ShownHead } from "./heads.js";
import { seenBy, submissionOf } from "./statements.js";

/** What a report states of a case besides its verdict (`report.md` §5). */

/** A bound of time, and by whose clocks. */
export interface Bound {
  readonly by: readonly string[];
  readonly time: number;
}

/** How a record is shown: decided again, partly so, as it stands, or not at all. */
export type Shown = "rerun" | "in_part" | "as_recorded" | "withheld" | "erased";

/** A record of the case. */
export interface Step {
  /** Ledger time, the appender's word. */
  readonly at: number;
  /** Those shown, by their names. */
  readonly claims: Readonly<Record<string, string>>;
  /** Names of the policy for those that are not. */
  readonly claims_withheld?: readonly string[];
  /** Slots whose documents are not in the pack. */
  readonly documents_not_shown?: readonly string[];
  readonly earliest?: Bound;
  readonly index: number;
  readonly kind: string;
  readonly latest: Bound;
  readonly leaf: string;
  readonly party?: string;
  /** The rule by which an attempt was refused. */
  readonly refusal?: string;
  readonly shown: Shown;
  readonly signatures: readonly { readonly keyid: string; readonly suite: string }[];
  readonly step?: string;
}

/** What is not shown of a signed word that is. */
export type Hidden = Pick<Step, "claims_withheld" | "documents_not_shown">;

/** What became of the case. */
export interface CaseOutcome {
  readonly last: number;
  readonly outcomes: readonly number[];
  readonly phase: string;
  readonly policy: string;
  readonly policy_name: string;
  readonly programme: string;
  readonly records: number;
  /** The version under which the case was opened, but for the first. */
  readonly rules?: number;
}

export interface Facts {
  /** Those that may see all that is shown, where the policy names audiences. */
  readonly audiences?: readonly string[];
  readonly case: string;
  readonly certified?: {
    readonly epoch: number;
    readonly members: number;
    readonly signed: readonly string[];
    readonly threshold: number;
  };
  readonly ledger: string;
  readonly name: string;
  readonly on_chain_not_checked: { readonly deposits: readonly Json[]; readonly outcomes: readonly Json[] };
  readonly outcome?: CaseOutcome;
  readonly root: string;
  /** Time of the last certified record. */
  readonly sealed: number;
  readonly size: number;
  readonly steps: readonly Step[];
}

/** A step was signed at most so long before the last record of the head that its signer had. */
export const CLOCKS_APART_MS = 2_000;
/** A head was signed at most so long after its last record. */
export const SIGNED_AFTER_MS = 60_000;

/** Who certified the head of a pack. */
export function certifiedBy(certificate: Certificate, committee: Committee): NonNullable<Facts["certified"]> {
  const { epoch, threshold, members } = committee;
  return { epoch, members: members.length, signed: signersOf(certificate, committee), threshold };
}

/** The clocks that bound the times of a pack's records (`report.md` §5, *When*). */
export class Clocks {
  readonly #seen: ReadonlyMap<string, ShownHead>;
  readonly #certified: ShownHead;

  constructor(pack: Pack, committee: Committee, seen: readonly ShownHead[]) {
    const { certificate, seal } = pack;
    this.#certified = { size: certificate.size, time: seal.time, by: signersOf(certificate, committee) };
    this.#seen = new Map(
      pack.seen.flatMap(({ certificate: { digest } }, at) => {
        const head = seen[at];
        return head === undefined ? [] : [[digest, head] as const];
      }),
    );
  }

  /** No earlier was the statement of a group signed. */
  earliest(group: Group): Bound | undefined {
    const named = seenBy(group);
    const head = named === undefined ? undefined : this.#seen.get(named.certificate);
    return head === undefined ? undefined : { by: head.by, time: Math.max(0, head.time - CLOCKS_APART_MS) };
  }

  /** No later was a record in the log. */
  latest(index: number): Bound {
    let first = this.#certified;
    for (const head of this.#seen.values()) {
      const isFirst = head.time < first.time || (head.time === first.time && head.size <= first.size);
      if (head.size > index && isFirst) first = head;
    }
    return { by: first.by, time: first.time + SIGNED_AFTER_MS };
  }
}

/** The steps of a group, as the report lists them: its records that are of the case. */
export function stepsOf(
  group: Group,
  caseId: string,
  context: {
    readonly clocks: Clocks;
    readonly hidden: (word: Submission) => Hidden;
    readonly keys: ReadonlyMap<string, PublicKey>;
    readonly shown: Shown;
  },
): readonly Step[] {
  const { clocks, hidden, keys, shown } = context;
  return group.records
    .filter((record) => isOf(record, caseId))
    .map((record, at): Step => {
      const earliest = clocks.earliest(group);
      const submission = at === 0 && record === group.records[0] ? submissionOf(group) : undefined;
      const openings = submission?.openings.flatMap((opening) => (opening === null ? [] : [opening])) ?? [];
      return {
        at: group.time,
        claims: Object.fromEntries(openings.map(({ name, value }) => [name, value])),
        ...(submission === undefined ? {} : hidden(submission)),
        ...(earliest === undefined ? {} : { earliest }),
        index: record.index,
        latest: clocks.latest(record.index),
        leaf: record.leafHash,
        shown,
        signatures: (submission?.envelope.signatures ?? []).map(({ keyId }) => ({
          keyid: keyId,
          suite: keys.get(keyId)?.suite ?? "",
        })),
        ...saidBy(record),
      };
    });
}

function saidBy({ said }: ShownRecord): Pick<Step, "kind" | "party" | "step" | "refusal"> {
  if (said === undefined) return { kind: "outcome" };
  switch (said.kind) {
    case "opened":
    case "withdrawn":
    case "proposed":
    case "approved":
    case "consented":
      return { kind: said.kind, party: said.of.party };
    case "attested":
      return { kind: said.of.refused ? "refused" : said.kind, party: said.of.party, step: said.of.step };
    case "attempted":
      return { kind: said.kind, party: said.of.party, step: said.of.step, refusal: said.of.code };
    default:
      return { kind: said.kind };
  }
}

/** Whether a record is one of the case. */
export function isOf({ said, body, leafHash }: ShownRecord, caseId: string): boolean {
  if (said !== undefined) return leafHash === caseId || ("case" in said.of && said.of.case === caseId);
  let of = "";
  return answerOf(() => (of = readOutcome(body).case)) === "holds" && of === caseId;
}
