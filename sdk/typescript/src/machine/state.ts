import type { Committee } from "../certificate.js";
import type { CredentialKey } from "../attestation/statement.js";
import type { Json } from "../canonical.js";
import type { AdoptedList, Shown } from "../policy/guards.js";
import type { Policy } from "../policy/layout.js";
import type { PublicKey } from "../suites.js";
import type { Account } from "./account.js";
import type { Action } from "./action.js";
import type { Booked } from "./body.js";
import type { Entries } from "./entries.js";
import type { Rules } from "./rules.js";

/** What the kernel knows after the records that were applied. */
export interface State {
  /** Leaf hash of genesis; empty before it. */
  ledger: string;
  name: string;
  noticeMs: number;
  administrators: { threshold: number; keys: ReadonlyMap<string, ReadonlySet<string>> };
  committee: Committee | undefined;
  /** In force: cases that are opened now are under them. */
  rules: Rules;
  /** By key id; a key belongs to the first party that it was registered for. */
  readonly keys: Map<string, OwnedKey>;
  readonly issuers: Map<string, Issuer>;
  readonly credentials: Map<string, Credential>;
  readonly programmes: Map<string, Programme>;
  /** Every policy that was ever adopted, by digest. */
  readonly policies: Map<string, Policy>;
  readonly cases: Map<string, Case>;
  /** Cases of policies that are not known, which only a pack can show: by id, the last record. */
  readonly unknownCases: Map<string, string>;
  readonly governance: Map<string, Proposal>;
  /** Single-use keys and openings; `undefined`: it came back. */
  readonly uses: Map<string, string | undefined>;
  readonly entries: Entries;
}

export interface OwnedKey {
  readonly key: PublicKey;
  readonly owner: string;
}

export interface Issuer {
  readonly keys: ReadonlySet<string>;
  readonly kinds: readonly string[];
  /** As it stands in the map. */
  readonly json: Json;
}

export interface Credential {
  readonly id: string;
  readonly kind: string;
  readonly issuer: string;
  readonly subject: string;
  readonly keys: readonly CredentialKey[];
  readonly validFrom: number;
  readonly validUntil: number;
  revoked: number | undefined;
  suspectSince: number | undefined;
}

export interface Programme {
  readonly name: string;
  /** Digests by policy name. */
  readonly inForce: Map<string, string>;
  /** Digests of all policies ever adopted into it. */
  readonly adopted: Set<string>;
  readonly lists: Map<string, AdoptedList>;
  /** Gates that have been put in the place of others, by domain. */
  readonly gates: Map<string, string>;
  readonly account: Account;
}

export type ClosedPhase = "settled" | "refused" | "expired" | "lapsed";
export type Phase = "open" | "decided" | ClosedPhase;

export interface Case {
  readonly id: string;
  readonly policy: Policy;
  /** Under which it was opened, until its end. */
  readonly rules: Rules;
  readonly party: string;
  readonly openedAt: number;
  readonly openedUnder: readonly string[];
  readonly deadline: number;
  readonly parameters: readonly Shown[];
  phase: Phase;
  /** The last record of the case. */
  head: string;
  readonly standing: Map<string, Standing>;
  /** Attestations that have fallen and never count again. */
  readonly spent: Set<string>;
  readonly attempts: Map<string, number>;
  readonly attempted: Set<string>;
  /** How many decisions there were: the ordinal of the next. */
  decisions: number;
  decision: Decision | undefined;
}

/** A step that stands. */
export interface Standing {
  readonly step: string;
  readonly party: string;
  readonly leaf: string;
  readonly attestation: string;
  readonly credentials: readonly string[];
  readonly time: number;
  readonly claims: readonly Shown[];
  readonly useKey: string | undefined;
  readonly payout: Booked | undefined;
}

export interface Decision {
  readonly ordinal: number;
  readonly outcomes: ReadonlyMap<string, Unlocked>;
  /** The phase in which the case had ended before a deposit was returned. */
  readonly endedAs: ClosedPhase | undefined;
}

export interface Unlocked {
  /** ms; none: never expires. */
  readonly notAfter: number | undefined;
  shown: "nothing" | "lapsed" | { readonly executed: number };
}

export interface Proposal {
  readonly id: string;
  readonly action: Action;
  /** SHA-256 of the action's canonical JSON. */
  readonly digest: string;
  readonly loosens: boolean;
  readonly deadline: number;
  readonly approvals: Set<string>;
  readonly consents: Set<string>;
  phase: "open" | "enacted" | "expired";
  effective: number | undefined;
  head: string;
}

export function isClosed(phase: Phase): phase is ClosedPhase {
  return phase !== "open" && phase !== "decided";
}

/** Whether a policy gives deposits back. */
export function returnsDeposits(policy: Policy): boolean {
  return policy.outcomes.some(({ returns }) => returns !== undefined);
}

/** Whether a step stands that no deadline may take back. */
export function commits({ policy, standing }: Case): boolean {
  return [...standing.keys()].some((step) => policy.steps.get(step)?.commits ?? false);
}
