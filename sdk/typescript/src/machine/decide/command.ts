import type { Submission } from "../../attestation/envelope.js";
import type { Json } from "../../canonical.js";
import { Refusal, refuse } from "../../refusal.js";
import { isClosed, returnsDeposits, type State } from "../state.js";
import { checkEnvelopeTimes, type Across, type Asking, type Of } from "./asking.js";
import { decideCredential, decideRevocation } from "./credential.js";
import { decideGenesis } from "./genesis.js";
import { decideAgreement, decideProposal } from "./governance.js";
import { decideLateDeposit } from "./late.js";
import { decideOpening } from "./opening.js";
import { decideReading } from "./reading.js";
import { decideStep } from "./step.js";
import { decideTick } from "./tick.js";
import { decideWithdrawal } from "./withdrawal.js";
import { Writer, type Draft, type LeafOf } from "./writer.js";

/** A command (`case.md` §1), its submission decoded and its signatures checked. */
export type Decidable =
  | { readonly kind: "genesis"; readonly genesis: Json }
  | { readonly kind: "tick" }
  | { readonly kind: "submit"; readonly submission: Submission }
  | { readonly kind: "propose"; readonly submission: Submission; readonly action: Json };

export interface Decided {
  readonly drafts: readonly Draft[];
  /** The rule that was broken; with drafts, where the refusal itself is on record. */
  readonly refused?: string;
}

/**
 * Decides a command at a ledger time; the state is as it was. Leaf hashes come from whoever knows the
 * salts.
 */
export function decide(
  state: State,
  command: Decidable,
  { now, leafOf, across }: { readonly now: number; readonly leafOf: LeafOf; readonly across: Across },
): Decided {
  const writer = new Writer(leafOf);
  try {
    const refused = route({ state, now, writer, across }, command);
    return { drafts: writer.drafts, ...(refused === undefined ? {} : { refused }) };
  } catch (error) {
    if (error instanceof Refusal) return { drafts: [], refused: error.code };
    throw error;
  }
}

function route(on: Omit<Asking, "word">, command: Decidable): string | undefined {
  switch (command.kind) {
    case "genesis":
      decideGenesis(on.state, command.genesis, on.writer);
      return undefined;
    case "tick":
      return decideTick(on);
    case "propose": {
      const asking = { ...on, word: command.submission };
      checkEnvelopeTimes(asking);
      decideProposal(asking, command.action);
      return undefined;
    }
    case "submit":
      return submit({ ...on, word: command.submission });
  }
}

function submit(asking: Asking): string | undefined {
  checkEnvelopeTimes(asking);
  const said = asking.word.envelope.statement;
  switch (said.kind) {
    case "opening":
      decideOpening({ ...asking, said });
      return undefined;
    case "attestation":
      return attestation({ ...asking, said });
    case "withdrawal":
      decideWithdrawal({ ...asking, said });
      return undefined;
    case "reading":
      decideReading({ ...asking, said });
      return undefined;
    case "credential":
      decideCredential({ ...asking, said });
      return undefined;
    case "revocation":
      decideRevocation({ ...asking, said });
      return undefined;
  }
}

function attestation(asking: Of<"attestation">): string | undefined {
  const { state, said } = asking;
  const proposal = state.governance.get(said.case);
  if (proposal?.phase === "open") {
    decideAgreement(asking, proposal);
    return undefined;
  }
  if (proposal !== undefined) refuse("case_closed", "the governance case has ended");
  if (state.unknownCases.has(said.case)) refuse("policy_unknown", "a case of a policy that is not known");
  const of = state.cases.get(said.case) ?? refuse("case_unknown", "no such case");
  if (!isClosed(of.phase)) return decideStep(asking, of);
  if (!returnsDeposits(of.policy)) refuse("case_closed", "the case has ended");
  decideLateDeposit(asking, of);
  return undefined;
}
