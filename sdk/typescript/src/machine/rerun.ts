import type { Submission } from "../attestation/envelope.js";
import { equal, hex } from "../bytes.js";
import { readOutcome, type Outcome } from "../outcome.js";
import { leafHash, leafOf } from "../record.js";
import { answerOf, Failure, Refusal } from "../refusal.js";
import { apply, emptyState } from "./apply.js";
import { GOVERNANCE } from "./form.js";
import type { Across } from "./decide/asking.js";
import { decide, type Decidable, type Decided } from "./decide/command.js";
import { checkEntries } from "./needed.js";
import { findingsOf, Noticed, type ShownAs } from "./findings.js";
import type { Findings, Group, Rerun, ShownEntry, ShownRecord } from "./group.js";
import { linkOf } from "./link.js";
import type { State } from "./state.js";

const NO_SALT = new Uint8Array(32);

/** Begins the re-run of a pack for one case (`pack.md` §5). */
export function startRerun(caseId: string): Rerun {
  return new Rerunning(caseId);
}

/**
 * Decides the commands of a pack again, group by group, and applies their records. A group that does not hold
 * throws a `Failure` with the word of `pack.md` §4, 12; what was found before it can still be asked for.
 */
class Rerunning implements Rerun {
  readonly #case: string;
  readonly #state: State = emptyState();
  readonly #noticed = new Noticed();
  /** Whether anything up to here is not shown. */
  #hides = false;

  constructor(caseId: string) {
    this.#case = caseId;
  }

  run(group: Group): void {
    const { command, records } = group;
    for (const record of records)
      if (isOfAnother(record, this.#case)) fail("order", "a record of another case", record);
    if (command.kind === "genesis" && this.#state.ledger !== "")
      fail("order", "the ledger has begun", records[0]);
    switch (command.kind) {
      case "genesis":
      case "submit":
      case "propose":
        return this.#again(group);
      case "tick":
        return this.#tick(group);
      case "recorded":
        return this.#recorded(group);
      case "withheld":
      case "erased":
        return this.#unseen(group);
    }
  }

  findings(): Findings {
    return findingsOf(this.#case, this.#state, this.#noticed);
  }

  /** `pack.md` §4, 13: the entries needed are those shown, and each is as the re-run ends. */
  checkEntries(shown: readonly ShownEntry[]): void {
    checkEntries(shown, { caseId: this.#case, state: this.#state, noticed: this.#noticed });
  }

  #again(group: Group): void {
    const { records, time } = group;
    const word = submissionOf(group);
    const partly = word?.openings.includes(null) ?? false;
    this.#hides ||= partly;
    for (const record of records) this.#checkActs(record);
    const decidable = decidableOf(group);
    const leaf = (tag: 1 | 2, body: Uint8Array, at: number): string =>
      hex(leafHash(leafOf(tag, time, records[at]?.salt ?? NO_SALT, body)));
    const decided = decide(this.#state, decidable, { now: time, leafOf: leaf, across: this.#across(group) });
    if (decided.refused === "withheld" && this.#hides && word !== undefined)
      return this.#asItStands(group, word);
    if (decided.refused !== undefined && decided.drafts.length === 0) {
      const text = `decided again it is refused: ${decided.refused}`;
      fail("refused", text, records[0]);
    }
    compare(records, decided);
    this.#apply(group, partly ? "in_part" : "rerun", word);
  }

  /** A rule asked for what is not shown: the records must be of this statement, and follow their case. */
  #asItStands(group: Group, word: Submission): void {
    const [first, ...more] = group.records;
    if (first === undefined || !isOf(first, word))
      fail("no_decision", "the record is not of this statement", first);
    for (const record of more) if (!isDecision(record)) fail("no_decision", "no decision", record);
    this.#checkChain(group.records);
    this.#apply(group, "in_part", word);
  }

  #tick(group: Group): void {
    const { records, time } = group;
    let at = 0;
    const leaf = (tag: 1 | 2, body: Uint8Array): string => {
      const shown = records[at];
      if (shown === undefined || shown.tag !== tag || !equal(shown.body, body)) {
        return hex(leafHash(leafOf(tag, time, NO_SALT, body)));
      }
      at += 1;
      return shown.leafHash;
    };
    const { refused } = decide(
      this.#state,
      { kind: "tick" },
      { now: time, leafOf: leaf, across: this.#across(group) },
    );
    const partly = refused === "withheld" && this.#hides;
    for (const record of records.slice(at)) {
      if (!partly || !isDecision(record)) fail("no_decision", "nothing of this kind is due", record);
    }
    if (partly) this.#checkChain(records);
    this.#apply(group, partly ? "in_part" : "rerun");
  }

  #recorded(group: Group): void {
    for (const record of group.records) {
      if (record.said?.kind !== "settled")
        fail("no_decision", "only settlements are taken as recorded", record);
    }
    this.#checkChain(group.records);
    this.#apply(group, "as_recorded");
  }

  #unseen(group: Group): void {
    this.#hides = true;
    this.#checkChain(group.records);
    for (const record of group.records) this.#checkActs(record);
    this.#apply(group, group.command.kind === "erased" ? "erased" : "withheld");
  }

  /** An act that this very pack shows as used. */
  #checkActs(record: ShownRecord): void {
    const use = record.said?.kind === "attested" ? record.said.of.use_key : undefined;
    if (use !== undefined && this.#state.uses.get(use) !== undefined)
      fail("single_use", "the act is taken", record);
  }

  #checkChain(records: readonly ShownRecord[]): void {
    const heads = new Map<string, string>();
    for (const record of records) {
      const link = linkOf(record);
      if (link === undefined) continue;
      const head = heads.get(link.case) ?? this.#headOf(link.case);
      if (link.prev !== undefined && link.prev !== head) fail("chain", "it does not follow its case", record);
      heads.set(link.case, record.leafHash);
    }
  }

  #headOf(id: string): string | undefined {
    const { cases, governance, unknownCases } = this.#state;
    return (cases.get(id) ?? governance.get(id))?.head ?? unknownCases.get(id);
  }

  /** What only other cases could tell is taken from the first record (`pack.md` §5). */
  #across({ records }: Group): Across {
    const said = records[0]?.said;
    const code = said?.kind === "attempted" ? said.of.code : "";
    const headroom = code === "headroom_unknown" ? "unknown" : code === "headroom_short" ? "short" : "enough";
    return { inPart: true, headroom, actIsFree: code !== "single_use" };
  }

  #apply(group: Group, shown: ShownAs, word?: Submission): void {
    for (const record of group.records) {
      try {
        apply(this.#state, { ...record, leaf: record.leafHash, time: group.time }, word);
      } catch (error) {
        if (error instanceof Refusal) fail("chain", error.message, record);
        throw error;
      }
      this.#noticed.add(record, shown);
    }
  }
}

function fail(rule: string, text: string, record: ShownRecord | undefined): never {
  throw new Failure(rule, text, record?.index);
}

function submissionOf({ command }: Group): Submission | undefined {
  return command.kind === "submit" || command.kind === "propose" ? command.submission : undefined;
}

function decidableOf({ command, records }: Group): Decidable {
  const said = records[0]?.said;
  switch (command.kind) {
    case "submit":
      return { kind: "submit", submission: command.submission };
    case "propose":
      return {
        kind: "propose",
        submission: command.submission,
        action: said?.kind === "proposed" ? said.of.action : null,
      };
    default:
      return { kind: "genesis", genesis: said?.kind === "genesis" ? said.of : null };
  }
}

/** Record by record, what is shown is what deciding gives. */
function compare(records: readonly ShownRecord[], { drafts }: Decided): void {
  records.forEach((record, at) => {
    const draft = drafts[at];
    if (draft === undefined) return fail("no_decision", "more than follows from the command", record);
    if (draft.tag === record.tag && equal(draft.body, record.body)) return;
    const other = isDecision(record) && !sameKind(draft.tag, draft.body, record);
    fail(other ? "no_decision" : "differs", "decided again it is another record", record);
  });
  if (drafts.length > records.length) fail("left_out", "a record that follows is not there", records.at(-1));
}

function isDecision({ tag, said }: ShownRecord): boolean {
  return tag === 2 || said?.kind === "decided";
}

function sameKind(tag: 1 | 2, body: Uint8Array, record: ShownRecord): boolean {
  return tag === record.tag && (tag === 2 || isDecided(body));
}

const DECIDED = new TextEncoder().encode('{"decided":');

function isDecided(body: Uint8Array): boolean {
  return equal(body.subarray(0, DECIDED.length), DECIDED);
}

/** Whether a record names the envelope, party and step of a statement. */
function isOf({ said }: ShownRecord, { envelope }: Submission): boolean {
  if (said?.kind !== "attested" && said?.kind !== "attempted") return false;
  const { statement } = envelope;
  if (statement.kind !== "attestation") return false;
  return (
    said.of.attestation === envelope.attestation &&
    said.of.envelope === envelope.digest &&
    said.of.party === statement.party &&
    said.of.step === statement.step &&
    said.of.case === statement.case
  );
}

/** Openings and outcomes of other cases have no place in a pack; outcomes of governance have. */
function isOfAnother({ tag, said, body, leafHash: leaf }: ShownRecord, caseId: string): boolean {
  if (said?.kind === "opened") return leaf !== caseId;
  if (tag === 1) return false;
  let outcome: Outcome | undefined;
  answerOf(() => (outcome = readOutcome(body)));
  return outcome === undefined || (outcome.case !== caseId && outcome.policy !== GOVERNANCE);
}
