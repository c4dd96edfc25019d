import type { Submission } from "../attestation/envelope.js";
import type { Group } from "../machine/group.js";
import { EVERYTHING, ofParameter, ofStep, wordsOf } from "../policy/audience.js";
import type { Policy } from "../policy/layout.js";
import type { Hidden } from "./facts.js";
import { submissionOf } from "./statements.js";

/** What is shown of the signed words of a case and what is not, by the names of its policy (`pack.md` §9). */

/** A claim or document of a word: a claim that is shown by its own name, the others by their place. */
interface Part {
  /** None: the policy has no such name. */
  readonly name: string | undefined;
  readonly isShown: boolean;
}

/** Digests of the documents of a pack. */
export type Documents = ReadonlySet<string>;

interface Parts {
  readonly claims: readonly Part[];
  readonly documents: readonly Part[];
}

function partsOf(
  { envelope: { statement }, openings }: Submission,
  policy: Policy,
  documents: Documents,
): Parts {
  const step = statement.kind === "attestation" ? policy.steps.get(statement.step) : undefined;
  const declared = statement.kind === "opening" ? policy.parameters : (step?.claims ?? []);
  const digests = statement.kind === "attestation" ? statement.evidence : [];
  return {
    claims: openings.map((opening, at) => ({
      name: opening === null ? declared[at]?.name : declared.find(({ name }) => name === opening.name)?.name,
      isShown: opening !== null,
    })),
    documents: digests.map((digest, at) => ({
      name: step?.evidence[at],
      isShown: documents.has(digest),
    })),
  };
}

/** What is not shown of a word. */
export function hiddenOf(word: Submission, policy: Policy | undefined, documents: Documents): Hidden {
  if (policy === undefined) return {};
  const parts = partsOf(word, policy, documents);
  // What the policy has no name for is counted from 1.
  const named = (those: readonly Part[], what: string): readonly string[] =>
    those.flatMap(({ name, isShown }, at) => (isShown ? [] : [name ?? `${what} ${at + 1}`]));
  const withheld = named(parts.claims, "claim");
  const missing = named(parts.documents, "document");
  return {
    ...(withheld.length === 0 ? {} : { claims_withheld: withheld }),
    ...(missing.length === 0 ? {} : { documents_not_shown: missing }),
  };
}

/** All that the groups of a case show, as `policy/audience.ts` writes it. */
export function shownOf(groups: readonly Group[], policy: Policy, documents: Documents): readonly string[] {
  const steps = new Map(groups.flatMap(({ records }) => records.flatMap(stepAttested)));
  const words = groups.flatMap((group) => submissionOf(group) ?? []);
  return words.flatMap((word): readonly string[] => {
    const { statement } = word.envelope;
    const parts = partsOf(word, policy, documents);
    const shown = [...parts.claims, ...parts.documents].filter(({ isShown }) => isShown);
    switch (statement.kind) {
      case "opening":
        return shown.map(({ name }) => ofParameter(name));
      case "attestation":
        return [
          ...shown.map(({ name }) => ofStep(statement.step, name)),
          ...(statement.verdict === "refused" ? [wordsOf(statement.step)] : []),
        ];
      case "withdrawal":
        return [ofTaken(steps.get(statement.leaf))];
      default:
        return [];
    }
  });
}

function stepAttested({ leafHash, said }: Group["records"][number]): readonly (readonly [string, string])[] {
  return said?.kind === "attested" ? [[leafHash, said.of.step]] : [];
}

/** A word that takes back what the pack does not show is granted with everything only. */
function ofTaken(step: string | undefined): string {
  return step === undefined ? EVERYTHING : wordsOf(step);
}
