import type { Guard } from "../cedar/syntax.js";
import type { Audiences } from "./audience.js";
import type { ValueType } from "./value.js";

/**
 * What `policy.toml` says (`policy.md` §2), every default filled in. Maps and lists keep the order of the
 * file.
 */
export interface Layout {
  readonly name: string;
  readonly title: string;
  readonly programme: string;
  readonly openedBy: string;
  readonly lastsMs: number;
  readonly parameters: readonly Parameter[];
  readonly lists: ReadonlyMap<string, "digest" | "set">;
  readonly domains: ReadonlyMap<string, Domain>;
  readonly roles: ReadonlyMap<string, Role>;
  readonly steps: ReadonlyMap<string, Step>;
  readonly readings: ReadonlyMap<string, ReadingRule>;
  readonly holds: ReadonlyMap<string, HoldRule>;
  readonly outcomes: readonly OutcomeRule[];
  readonly audiences: Audiences;
}

/** A layout with its guards, as adopted. */
export interface Policy extends Layout {
  /** `policy.md` §7. */
  readonly digest: string;
  readonly guards: readonly Guard[];
}

export interface Parameter {
  readonly name: string;
  readonly type: ValueType;
  /** Bounds of money in minor units, or of an integer. */
  readonly min?: number;
  readonly max?: number;
  readonly domain?: string;
}

export interface Domain {
  /** CAIP-2, as `eip155:1`. */
  readonly chain: string;
  readonly gate: string;
  readonly token: string;
  readonly escrow?: string;
  readonly decimals: number;
}

export interface Role {
  readonly credential: string;
  readonly keys: number;
  readonly distinctFrom: readonly string[];
}

export interface Claim {
  readonly name: string;
  readonly type: ValueType;
}

export interface Step {
  readonly name: string;
  readonly by: string;
  readonly title: string;
  readonly after: readonly string[];
  readonly withinMs?: number;
  readonly evidence: readonly string[];
  readonly claims: readonly Claim[];
  readonly singleUse?: { readonly claims: readonly string[]; readonly useAs: string };
  readonly fresh?: { readonly claim: string; readonly maxAgeMs: number };
  readonly booked?: string;
  readonly pays?: string;
  readonly dueMs?: number;
  readonly commits: boolean;
}

export interface ReadingRule {
  readonly by: string;
  readonly quorum: number;
  readonly maxAgeMs: number;
  readonly domains: readonly string[];
}

export interface Term {
  readonly step: string;
  readonly claim: string;
}

export interface HoldRule {
  readonly at: string;
  /** The parameter that is held. */
  readonly amount: string;
  readonly domain: string;
  /** `against` as it stands in the file. */
  readonly text: string;
  readonly reserve: Term;
  readonly credits: readonly Term[];
  readonly reading: string;
}

export interface OutcomeRule {
  readonly name: string;
  readonly after: readonly string[];
  /** The step whose deposit this outcome gives back. */
  readonly returns?: string;
  readonly domain: string;
  readonly line: string;
  readonly to: "token" | "escrow";
  readonly call: string;
  readonly types: readonly string[];
  readonly args: readonly string[];
  /** None: the outcome never expires. */
  readonly expiresMs?: number;
}
