import type { Submission } from "../attestation/envelope.js";
import type { Policy } from "../policy/layout.js";
import type { Tag } from "../record.js";
import type { Json } from "../canonical.js";
import type { Body } from "./body.js";
import type { Entity } from "./entity.js";
import type { Rules } from "./rules.js";

/** What a re-run is given: commands in their order, each with the records that are shown of it. */

/** A record of a pack, whose leaf has been found in the log. */
export interface ShownRecord {
  readonly index: number;
  readonly tag: Tag;
  /** 64 hexadecimal digits. */
  readonly leafHash: string;
  readonly salt: Uint8Array;
  /** The bytes that the leaf commits to. */
  readonly body: Uint8Array;
  /** What a record of tag 1 says. */
  readonly said?: Body;
}

/** A submission has been decoded, and its signatures hold. */
export type Command =
  | { readonly kind: "genesis" | "tick" | "withheld" | "erased" | "recorded" }
  | { readonly kind: "submit" | "propose"; readonly submission: Submission };

/** At least one record, by one command, at one time. */
export interface Group {
  readonly command: Command;
  readonly time: number;
  readonly records: readonly ShownRecord[];
}

/** Something that a re-run has found, with the indices of the records that it is about. */
export interface Noted {
  readonly code: string;
  readonly records: readonly number[];
  readonly text: string;
}

/** What is known of the case, as far as its policy was found. */
export interface CaseFacts {
  readonly phase: string;
  /** The one under which it was opened. */
  readonly policy: Policy;
  /** Those under which it was opened. */
  readonly rules: Rules;
}

/** What a re-run has found so far; also after it has failed. */
export interface Findings {
  /** `single_use`, `headroom`, `refused_across`, `settled`, in this order, those with records. */
  readonly restsOn: readonly Noted[];
  /** Records of groups of which a rule asked for something that is not shown. */
  readonly inPart: readonly number[];
  /** `no_order`, `suspect`, `revoked`, `decided_again`, `attempts`, in this order. */
  readonly flags: readonly Noted[];
  readonly facts?: CaseFacts;
  /** What no chain was asked about (`report.md` §6). */
  readonly deposits: readonly Json[];
  readonly outcomes: readonly Json[];
}

/** A shown entry of the state map; without `value`, it is shown to be absent. */
export interface ShownEntry {
  readonly entity: Entity;
  readonly value?: string;
}

/** A kernel that starts empty and decides the groups of a pack again (`pack.md` §5). */
export interface Rerun {
  /** Decides a group again, compares, and applies it; throws a `Failure` of check 12. */
  run(group: Group): void;
  findings(): Findings;
  /** Check 13: the entries needed are those shown, and equal; throws a `Failure` (`incomplete`). */
  checkEntries(entries: readonly ShownEntry[]): void;
}
