import type { Certificate } from "../certificate.js";
import type { Seen } from "../attestation/statement.js";
import type { Layout, Step } from "../policy/layout.js";
import { digestOf, readLayout } from "../policy/read.js";
import { isCanonical, type ValueType } from "../policy/value.js";
import { refuse } from "../refusal.js";
import type { Case, PolicyRow } from "./answers.js";
import { digestsOf, random32, saltedClaims, saltedDocument, type Draft } from "./draft.js";
import { hex } from "../bytes.js";

/** What a party says, drafted as a policy asks for it: `case.md` §§3 to 5, `attestation.md` §2. */

/** Whose words they are, and when they count. */
export interface Speaker {
  readonly ledger: string;
  readonly party: string;
  /** In ms since 1970. */
  readonly now: number;
  /** A certified checkpoint that was seen: the lower bound of *when*. */
  readonly seen?: Seen | Certificate | undefined;
}

/** A policy whose files were held against its digest. */
export interface Adopted {
  readonly digest: string;
  readonly layout: Layout;
}

/** How long what is signed here may be handed in. */
const VALID_MS = 3_600_000;

/** Reads a policy's files; refuses (`answer`) those that do not give its digest. */
export function adoptedOf(row: PolicyRow): Adopted {
  if (digestOf(row.layout, row.guards) !== row.policy) {
    return refuse("answer", `the files given for policy ${row.policy} are those of another`);
  }
  return { digest: row.policy, layout: readLayout(row.layout) };
}

export interface OpeningWords {
  /** Parameters, each in its canonical text. */
  readonly params: Readonly<Record<string, string>>;
  /** When it must have been decided, in ms; as late as the policy allows when nobody says. */
  readonly deadline?: number | undefined;
}

/** Opens a case. */
export function draftOpening(speaker: Speaker, adopted: Adopted, words: OpeningWords): Draft {
  const { digest, layout } = adopted;
  const openings = saltedClaims(namesOf(layout.parameters), words.params);
  checkTexts(layout.parameters, words.params);
  // A second less: the appender's clock may be behind this one.
  const deadline = words.deadline ?? speaker.now + layout.lastsMs - 1_000;
  const statement = {
    kind: "opening" as const,
    ...common(speaker),
    claims: digestsOf(openings),
    deadline,
    nonce: hex(random32()),
    policy: digest,
  };
  return { statement, openings, documents: [] };
}

export interface StepWords {
  readonly step: string;
  /** Claims, each in its canonical text. */
  readonly claims?: Readonly<Record<string, string>> | undefined;
  /** Documents by the policy's names for them. */
  readonly evidence?: Readonly<Record<string, Uint8Array>> | undefined;
}

/**
 * Takes a step. One that is not ready is drafted with what stands, and will be refused: a party may want
 * that on record.
 */
export function draftStep(speaker: Speaker, adopted: Adopted, found: Case, words: StepWords): Draft {
  const step = stepOf(adopted.layout, words.step);
  const { claims = {}, evidence = {} } = words;
  const openings = saltedClaims(namesOf(step.claims), claims);
  checkTexts(step.claims, claims);
  const documents = documentsOf(step, evidence);
  const statement = {
    kind: "attestation" as const,
    ...common(speaker),
    case: found.case,
    claims: digestsOf(openings),
    evidence: documents.map(({ digest }) => digest),
    prev: prevOf(step, found),
    step: step.name,
    verdict: "done" as const,
  };
  return { statement, openings, documents: documents.map(({ kept }) => kept) };
}

export interface RefusalWords {
  readonly step: string;
  /** Why, in up to 512 bytes. */
  readonly reason: string;
}

/** Refuses a step, which ends the case. */
export function draftRefusal(speaker: Speaker, adopted: Adopted, found: Case, words: RefusalWords): Draft {
  const step = stepOf(adopted.layout, words.step);
  const statement = {
    kind: "attestation" as const,
    ...common(speaker),
    case: found.case,
    claims: [],
    evidence: [],
    prev: prevOf(step, found),
    reason: words.reason,
    step: step.name,
    verdict: "refused" as const,
  };
  return { statement, openings: [], documents: [] };
}

/** Takes a standing step back. */
export function draftWithdrawal(speaker: Speaker, found: Case, { step, reason }: RefusalWords): Draft {
  const { leaf } = found.steps[step] ?? refuse("step_absent", `step \`${step}\` does not stand in this case`);
  const statement = {
    kind: "withdrawal" as const,
    ...common(speaker),
    case: found.case,
    leaf,
    reason,
  };
  return { statement, openings: [], documents: [] };
}

/** What an observer has read off a chain (`attestation.md` §2, `readings.md`); times in ms. */
export interface ReadingWords {
  readonly programme: string;
  readonly domain: string;
  readonly block: number;
  readonly blockHash: string;
  readonly blockTime: number;
  readonly nextBlockTime: number;
  /** Token units in decimal. */
  readonly supply: string;
  readonly consumed?: readonly { readonly case: string; readonly ordinal: number; readonly time: number }[];
  readonly pausedUntil?: number;
}

/** Says what a chain shows. */
export function draftReading(speaker: Speaker, words: ReadingWords): Draft {
  const statement = { kind: "reading" as const, ...common(speaker), consumed: [], ...words };
  return { statement, openings: [], documents: [] };
}

interface Declared {
  readonly name: string;
  readonly type: ValueType;
}

function namesOf(declared: readonly Declared[]): readonly string[] {
  return declared.map(({ name }) => name);
}

function checkTexts(declared: readonly Declared[], texts: Readonly<Record<string, string>>): void {
  for (const { name, type } of declared) {
    const text = texts[name] ?? "";
    if (!isCanonical(type, text)) {
      const kind = type.kind === "money" ? `money:${type.currency}` : type.kind;
      refuse("claim_form", `claim \`${name}\`: \`${text}\` is not the canonical text of a \`${kind}\``);
    }
  }
}

function stepOf(layout: Layout, name: string): Step {
  const known = [...layout.steps.keys()].map((step) => `\`${step}\``).join(", ");
  return layout.steps.get(name) ?? refuse("step_unknown", `no step \`${name}\`; there are ${known}`);
}

// case.md §4, 5: the records of the steps before, in the policy's order; with none, the opening.
function prevOf({ after }: Step, found: Case): readonly string[] {
  if (after.length === 0) return [found.case];
  return after.flatMap((before) => found.steps[before]?.leaf ?? []);
}

function documentsOf(
  { evidence: slots, name }: Step,
  given: Readonly<Record<string, Uint8Array>>,
): readonly { readonly digest: string; readonly kept: Uint8Array }[] {
  const known = slots.map((slot) => `\`${slot}\``).join(", ") || "none";
  const found = Object.keys(given);
  if (found.length !== slots.length || !slots.every((slot) => Object.hasOwn(given, slot))) {
    return refuse("evidence", `step \`${name}\` asks for the documents ${known}; found ${found.length}`);
  }
  return slots.map((slot) => saltedDocument(given[slot] ?? refuse("evidence", slot)));
}

function common({ ledger, party, now, seen }: Speaker): {
  readonly ledger: string;
  readonly party: string;
  readonly issued: number;
  readonly expires: number;
  readonly seen?: Seen;
} {
  const whole = { ledger, party, issued: now, expires: now + VALID_MS };
  if (seen === undefined) return whole;
  const certificate = "digest" in seen ? seen.digest : seen.certificate;
  return { ...whole, seen: { certificate, size: seen.size } };
}
