import type { Shown, Verdict } from "../src/index.js";

/** Plain English for the codes of `pack.md` §4, `report.md` §§2 to 5 and `refusals.md` §3. */

export const VERDICTS: Readonly<Record<Verdict, string>> = {
  verified: "Verified",
  failed: "Failed",
  cannot_tell: "Cannot tell",
};

export interface Words {
  /** One sentence. */
  readonly title: string;
  /** What it means for whoever reads it. */
  readonly means: string;
}

type Table = Readonly<Record<string, Words>>;
const words = (title: string, means: string): Words => ({ title, means });

/** Rules that a pack can break. */
export const RULES: Table = {
  form: words(
    "The file is damaged, or is not written as an evidence pack must be.",
    "A pack has exactly one spelling. This file departs from it, so nothing in it was looked at.",
  ),
  order: words(
    "The records do not stand in the order of the log.",
    "Something was moved, doubled, or put where it does not belong.",
  ),
  ledger: words(
    "This is another ledger.",
    "The pack, its certificate and your trust file do not all speak of one ledger.",
  ),
  committee: words(
    "The co-signers are not those who were in office.",
    "The pack names other co-signers, or another number of them, than its own history or your trust file.",
  ),
  certificate: words(
    "The co-signers’ certificate does not hold.",
    "Too few of the co-signers signed this state of the ledger, or a signature is not theirs.",
  ),
  split_view: words(
    "There are two histories of the same length.",
    "The pack and your trust file show different records at the same size. Keep both files: together they " +
      "convict whoever signed both.",
  ),
  consistency: words(
    "The pack’s history does not go on from the one you trust.",
    "The proof that both are one log does not hold, or leads elsewhere. Records may have been rewritten.",
  ),
  handover: words(
    "A change of co-signers is not signed by both committees.",
    "So the later committee cannot be believed on the word of the one you trust.",
  ),
  inclusion: words(
    "A record is not in the certified log.",
    "It was changed after it was certified, or it was never there.",
  ),
  map_proof: words(
    "A value is not what the ledger’s seal says.",
    "The proof of what the ledger knew at its last seal does not hold.",
  ),
  signature: words(
    "A signature does not count.",
    "The statement was changed after it was signed, or it was signed by a key that nobody has registered.",
  ),
  seen: words(
    "What a signer is said to have seen does not fit.",
    "The earlier state of the ledger that bounds a step’s time is not one of this log.",
  ),
  chain: words(
    "A record does not follow the one before it in the case.",
    "Something between the two is missing or was put there.",
  ),
  no_decision: words(
    "Something is recorded that was never decided.",
    "Deciding every step again under the policy does not lead to this record: the signed steps do not " +
      "support what stands here.",
  ),
  refused: words(
    "A step is recorded that the rules refuse.",
    "Decided again under the policy, the answer to this step is no.",
  ),
  differs: words(
    "A record says something else than what the steps lead to.",
    "Deciding again gives another record than the one that stands here.",
  ),
  left_out: words(
    "A record is left out.",
    "The steps lead to a record, such as an outcome, that the pack does not show.",
  ),
  single_use: words(
    "One act is used twice.",
    "A payment, or another act that may carry one case only, carries another one already.",
  ),
  incomplete: words(
    "Not everything that happened is shown.",
    "By the ledger’s seal there is more in this case, or about those who signed in it, than the pack shows.",
  ),
  evidence: words(
    "A document is not the one that was attested.",
    "No party has named a document with this content, or it stands in the pack twice.",
  ),
  unused: words(
    "The pack holds a certificate that nobody named.",
    "It bounds no time and does not belong here.",
  ),
};

/** What is missing for a yes. */
export const MISSING: Table = {
  trust: words(
    "No trust file was given.",
    "Without one, anybody could have made this history, co-signers and all.",
  ),
  consistency: words(
    "No proof leads from this pack to the state that you trust.",
    "The committee that certified it has left since; its signatures alone say nothing any more. Ask for a " +
      "pack that was made later.",
  ),
  handover: words(
    "No handover leads from the co-signers you trust to those who certified.",
    "Get a newer trust file, or a pack that holds the handovers.",
  ),
  rules: words("The ledger follows rules that this page does not know.", "Use a newer version of this page."),
  withheld: words("Steps are withheld.", "What was signed there is not in this pack. Ask whoever made it."),
  claims: words(
    "Statements are withheld.",
    "Some values that a party signed are not shown, so what depends on them cannot be decided again here.",
  ),
  erased: words("Steps were erased.", "What was signed there is gone, and cannot be decided again."),
};

/** What an answer rests on. */
export const RESTS_ON: Table = {
  trust: words(
    "Your trust file",
    "That it came from elsewhere than the pack, and names the right co-signers.",
  ),
  not_compared: words(
    "One history",
    "The pack was made at another moment than your trust file, and holds no proof between the two. That " +
      "both are of one log rests on the co-signers, who sign one history only.",
  ),
  on_certificate: words(
    "What is not shown",
    "These records were not decided again here, or only in part. The co-signers’ certificate covers them.",
  ),
  single_use: words("Used once", "That no other case had used these acts: by the seal and the co-signers."),
  headroom: words(
    "Cover",
    "That there was enough cover, which other cases draw on too: the co-signers’ word.",
  ),
  refused_across: words(
    "Refusals because of other cases",
    "That other cases were the reason: the co-signers’ word.",
  ),
  settled: words("What a chain showed", "Read by observers, and under the co-signers’ certificate."),
  open: words("An open case", "The case can go on. The answer is about its state up to this record."),
  certificate: words(
    "The co-signers",
    "That they decided again what this case alone cannot show, and did not collude.",
  ),
  appender_clock: words("Time", "Ledger time is the word of whoever wrote the log, within the bounds given."),
  keys: words("Keys", "That no key which signed was stolen."),
};

/** What a reader must not overlook. */
export const FLAGS: Table = {
  single_cosigner: words(
    "One co-signer alone certifies this ledger.",
    "Nobody else has decided these cases again.",
  ),
  no_order: words("Erased without an order.", "Something was erased, and the order to do so is not shown."),
  suspect: words(
    "A key was suspect when a step was taken.",
    "A credential in use here has since been called suspect from that time or before.",
  ),
  revoked: words(
    "A credential has been revoked.",
    "By now its keys count no longer. They did count when they were used, unless they are also suspect.",
  ),
  decided_again: words("Decided more than once.", "An earlier outcome lapsed before it was used."),
  attempts: words("Steps were refused.", "Somebody tried a step that a rule did not allow."),
};

/** What a record is. */
export const KINDS: Readonly<Record<string, string>> = {
  opened: "Case opened",
  attested: "Step taken",
  refused: "Step refused by its party",
  attempted: "Attempt refused by a rule",
  decided: "Decided",
  withdrawn: "Step withdrawn",
  expired: "Case expired",
  settled: "Result on a chain",
  outcome: "Outcome unlocked",
  genesis: "Ledger founded",
  credentialed: "Credential given",
  revoked: "Credential revoked",
  proposed: "Change proposed",
  approved: "Change approved",
  consented: "Change consented to",
  resolved: "Change resolved",
  enacted: "Change in force",
  read: "Chain read",
  seal: "Seal",
};

/** How a record was gone through; the last two after a failure only. */
export const SHOWN: Readonly<Record<Shown | "broken" | "unchecked", Words>> = {
  rerun: words("Re-run", "Decided again here, with the same result."),
  in_part: words("Re-run in part", "Some of what it depends on is not shown; that rests on the certificate."),
  as_recorded: words(
    "As recorded",
    "Taken from the record: it follows from something that is no part of this pack.",
  ),
  withheld: words("Withheld", "What was signed is not in this pack; the record rests on the certificate."),
  erased: words("Erased", "What was signed is gone; the record rests on the certificate."),
  broken: words("Fails here", "This is the first record that breaks a rule."),
  unchecked: words("Not checked", "The check ended before it. This is only what the file says."),
};

/** Why a rule refused a step. */
export const REFUSALS: Readonly<Record<string, string>> = {
  case_late: "the case’s deadline was over",
  suspended: "the case was suspended: a credential in use is suspect",
  persons: "too few persons signed",
  step_taken: "the step had been taken already",
  taken_back: "this statement had been taken back",
  not_distinct: "the party has acted in a role that must be somebody else’s",
  order: "a step that must come first had not been taken",
  prev: "it did not build on the steps that come before it",
  step_late: "the step’s own deadline was over",
  claim_count: "it did not state what the policy asks for",
  claim_form: "a value was not written as it must be",
  evidence_count: "it did not name the documents that the policy asks for",
  stale: "what it states was too old",
  guard: "a condition of the policy was not met",
  guard_error: "a condition of the policy could not be worked out, which counts as no",
  single_use: "the act that it names carries another case already",
  headroom_unknown: "whether there was enough cover was not known",
  headroom_short: "there was not enough cover",
  outcome_form: "its outcome could not be written for the chain",
};

/** What a change of the ledger's rules or of those in charge does. */
export const CHANGES: Readonly<Record<string, string>> = {
  adopt: "adopts a policy",
  retire: "retires a policy",
  name_issuer: "names an issuer of credentials",
  remove_issuer: "removes an issuer of credentials",
  set_list: "sets a list that policies go by",
  rotate: "replaces co-signers",
  erase: "orders a case erased",
  gate: "changes what a Gate on a chain allows",
  replace_gate: "puts another Gate in the place of one",
  set_rules: "puts cases that are opened from then on under later rules",
};

/** Where a case stands. */
export const PHASES: Readonly<Record<string, string>> = {
  open: "Open: it can go on",
  decided: "Decided",
  settled: "Settled: a chain has shown that it was carried out",
  lapsed: "Lapsed: decided, and not carried out in time",
  expired: "Expired: not decided in time",
  refused: "Refused by a party",
  enacted: "In force",
};

/** The words for a code; a code of a later version stands for itself. */
export function wordsFor(table: Table, code: string): Words {
  return table[code] ?? words(code, "");
}
