import { hex } from "../bytes.js";
import type { Json } from "../canonical.js";
import { readCommittee, type Committee } from "../certificate.js";
import { readBody } from "../machine/body.js";
import type { AcceptedReceipt } from "../receipt.js";
import { leafHash, readRecordJson } from "../record.js";
import {
  anyObject,
  boolean,
  digest,
  integer,
  lei,
  list,
  name,
  object,
  text,
  time,
  variant,
} from "../reading.js";
import { refuse } from "../refusal.js";
import { readAddress, writeAddress } from "../suites.js";
import { readProblem, readReceipt, type Problem } from "./problem.js";

/**
 * What a server answers (`http.md` §1), read in its one form. Written by hand until the OpenAPI document of
 * the server is committed as docs/openapi.json; then these interfaces are generated from it.
 */

/** A page of a list; `next` asks for the one after it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface LedgerRow {
  readonly ledger: string;
  readonly name: string;
}

/** A size that k co-signers have signed, by the server's word. */
export interface Certified {
  readonly certificate: string;
  readonly size: number;
}

/** How a ledger stands, by the server's word. */
export interface LedgerState {
  readonly certified: Certified | null;
  readonly committee: Committee;
  readonly head: { readonly root: string; readonly size: number; readonly time: number } | null;
  readonly ledger: string;
  readonly name: string;
}

/** A record that a request made; `leaf` is the id of a case that it opens. */
export interface RecordRow {
  readonly index: number;
  readonly kind: string;
  readonly leaf: string;
}

/** A request that counts. */
export interface Entered {
  readonly ledger: string;
  readonly receipt: AcceptedReceipt | null;
  readonly records: readonly RecordRow[];
}

/** One answer of a batch, not yet checked. */
export type Outcome = { readonly entered: Entered } | { readonly problem: Problem };

/** Values by name; `null` where they are withheld from whoever asks, or erased. */
export type Values = Readonly<Record<string, string | null>>;

export interface StepRow {
  readonly at: number;
  readonly attestation: string;
  readonly claims: Values;
  readonly leaf: string;
  readonly party: string;
}

export interface NextStep {
  readonly role: string;
  readonly step: string;
}

/** A case, as whoever asks may see it, by the server's word. */
export interface Case {
  readonly case: string;
  /** When it must have been decided; `null` once it is closed. */
  readonly deadline: number | null;
  readonly next: readonly NextStep[];
  readonly opener: string | null;
  readonly params: Values;
  readonly phase: string;
  readonly policy: string | null;
  readonly records: readonly RecordRow[];
  readonly steps: Readonly<Record<string, StepRow>>;
}

export interface CaseRow {
  readonly case: string;
  readonly deadline: number | null;
  readonly opened: number;
  readonly opener: string;
  readonly phase: string;
  readonly policy: string;
}

export interface WaitingRow {
  readonly case: string;
  readonly deadline: number;
  readonly role: string;
  readonly step: string;
}

/** An outcome of which it is not settled yet what became of it. */
export interface PendingRow {
  readonly case: string;
  /** The Gate at which it waits. */
  readonly gate: string;
  readonly ordinal: number;
  /** Until when it can be executed; `null` when it never expires. */
  readonly until: number | null;
}

/** Where value of a programme lives, and what observers are asked there; times in ms. */
export interface DomainRow {
  /** What readings have to be; `null` when no policy asks for any. */
  readonly asked: { readonly max_age_ms: number; readonly quorum: number } | null;
  /** The date of the newest balance: headroom counts the supply of then. */
  readonly balance: number | null;
  /** `eip155:` and a number. */
  readonly chain: string;
  readonly domain: string;
  readonly escrows: readonly string[];
  /** The Gate in force first, then those that it has replaced. */
  readonly gates: readonly string[];
  readonly observed: boolean;
  readonly paused_until: number | null;
  readonly pending: readonly PendingRow[];
  readonly programme: string;
  /** When the party's own last reading was signed, by its LEI. */
  readonly read: Readonly<Record<string, number>>;
  readonly token: string;
}

/** What would become of a request now. */
export interface Trial {
  /** The rule that would refuse it; `null` when it would count. */
  readonly refused: { readonly code: string; readonly detail: string } | null;
}

/** A change of the ledger to which the party may agree, and has not. */
export interface ChangeRow {
  readonly case: string;
  readonly deadline: number;
}

/** What waits for the party, as events tell it. */
export type Waits = { readonly step: WaitingRow } | { readonly change: ChangeRow };

/** What waits has changed: all of it is another, or one item came or went. */
export type WaitingEvent =
  | { readonly all: readonly Waits[] }
  | { readonly waits: Waits }
  | { readonly gone: Waits };

/** A policy, as its files. */
export interface PolicyRow {
  readonly guards: string;
  /** Cases can be opened under it; of the others, open cases still follow it. */
  readonly in_force: boolean;
  readonly layout: string;
  readonly policy: string;
}

export interface KeyRow {
  readonly key: string;
  readonly owner: string;
}

/** Whoever shows it is taken for the key that asked for it. Until `expires`, in ms. */
export interface Token {
  readonly expires: number;
  readonly token: string;
}

// A server cuts its answers; a liar is cut by their length in bytes.
const ITEMS_MAX = Number.MAX_SAFE_INTEGER;

type Read<T> = (value: Json | undefined) => T;

function orNull<T>(value: Json | undefined, read: Read<T>): T | null {
  return value === null ? null : read(value);
}

function map<T>(value: Json | undefined, read: Read<T>): Readonly<Record<string, T>> {
  // Without a prototype: a name is data, `__proto__` too.
  const read_ = Object.create(null) as Record<string, T>;
  for (const [key, item] of Object.entries(anyObject(value))) read_[name(key)] = read(item);
  return read_;
}

export function readPage<T>(value: Json | undefined, item: Read<T>): Page<T> {
  const read = object(value, ["items", "next"]);
  return { items: list(read["items"], ITEMS_MAX, item), next: orNull(read["next"], (next) => text(next)) };
}

export function readLedgerRow(value: Json | undefined): LedgerRow {
  const read = object(value, ["ledger", "name"]);
  return { ledger: digest(read["ledger"]), name: name(read["name"]) };
}

export function readLedger(value: Json | undefined): LedgerState {
  const read = object(value, ["certified", "committee", "head", "ledger", "name"]);
  return {
    certified: orNull(read["certified"], readCertified),
    committee: readCommittee(read["committee"]),
    head: orNull(read["head"], readHead),
    ledger: digest(read["ledger"]),
    name: name(read["name"]),
  };
}

function readCertified(value: Json | undefined): Certified {
  const read = object(value, ["certificate", "size"]);
  return { certificate: digest(read["certificate"]), size: integer(read["size"]) };
}

function readHead(value: Json | undefined): NonNullable<LedgerState["head"]> {
  const read = object(value, ["root", "size", "time"]);
  return { root: digest(read["root"]), size: integer(read["size"]), time: time(read["time"]) };
}

function readRecordRow(value: Json | undefined): RecordRow {
  const read = object(value, ["index", "kind", "leaf"]);
  return { index: integer(read["index"]), kind: text(read["kind"]), leaf: digest(read["leaf"]) };
}

export function readEntered(value: Json | undefined): Entered {
  const read = object(value, ["ledger", "receipt", "records"]);
  return {
    ledger: digest(read["ledger"]),
    receipt: orNull(read["receipt"], readReceipt),
    records: list(read["records"], ITEMS_MAX, readRecordRow),
  };
}

export function readBatch(value: Json | undefined): readonly Outcome[] {
  return list(object(value, ["answers"])["answers"], ITEMS_MAX, (answer): Outcome => {
    const [kind, said] = variant(answer);
    if (kind === "entered") return { entered: readEntered(said) };
    return kind === "problem" ? { problem: readProblem(said) } : refuse("form", `no answer \`${kind}\``);
  });
}

function readValues(value: Json | undefined): Values {
  return map(value, (shown) => orNull(shown, (shown) => text(shown)));
}

function readStepRow(value: Json | undefined): StepRow {
  const read = object(value, ["at", "attestation", "claims", "leaf", "party"]);
  return {
    at: time(read["at"]),
    attestation: digest(read["attestation"]),
    claims: readValues(read["claims"]),
    leaf: digest(read["leaf"]),
    party: lei(read["party"]),
  };
}

function readNext(value: Json | undefined): NextStep {
  const read = object(value, ["role", "step"]);
  return { role: name(read["role"]), step: name(read["step"]) };
}

export function readCase(value: Json | undefined): Case {
  const fields = ["case", "deadline", "next", "opener", "opening", "params", "phase", "policy", "records"];
  const read = object(value, [...fields, "steps"]);
  checkOpening(read["opening"], digest(read["case"]), orNull(read["policy"], digest));
  return {
    case: digest(read["case"]),
    deadline: orNull(read["deadline"], time),
    next: list(read["next"], ITEMS_MAX, readNext),
    opener: orNull(read["opener"], lei),
    params: readValues(read["params"]),
    phase: text(read["phase"]),
    policy: orNull(read["policy"], digest),
    records: list(read["records"], ITEMS_MAX, readRecordRow),
    steps: map(read["steps"], readStepRow),
  };
}

/** The record that opened a case has the case's id as its leaf hash: its policy is believed to nobody. */
function checkOpening(value: Json | undefined, id: string, policy: string | null): void {
  if (value === null) return;
  const { body, leaf } = readRecordJson(value);
  if (hex(leafHash(leaf)) !== id) return refuse("answer", "the opening shown is that of another case");
  const opened = readBody(body);
  if (opened.kind === "opened" && opened.of.policy !== policy) {
    return refuse("answer", "the case was opened under another policy");
  }
}

export function readCaseRow(value: Json | undefined): CaseRow {
  const read = object(value, ["case", "deadline", "opened", "opener", "phase", "policy"]);
  return {
    case: digest(read["case"]),
    deadline: orNull(read["deadline"], time),
    opened: time(read["opened"]),
    opener: lei(read["opener"]),
    phase: text(read["phase"]),
    policy: digest(read["policy"]),
  };
}

export function readWaitingRow(value: Json | undefined): WaitingRow {
  const read = object(value, ["case", "deadline", "role", "step"]);
  return {
    case: digest(read["case"]),
    deadline: time(read["deadline"]),
    role: name(read["role"]),
    step: name(read["step"]),
  };
}

export function readPolicyRow(value: Json | undefined): PolicyRow {
  const read = object(value, ["guards", "in_force", "layout", "policy"]);
  return {
    guards: text(read["guards"]),
    in_force: boolean(read["in_force"]),
    layout: text(read["layout"]),
    policy: digest(read["policy"]),
  };
}

export function readKeyRow(value: Json | undefined): KeyRow {
  const read = object(value, ["key", "owner"]);
  return { key: digest(read["key"]), owner: lei(read["owner"]) };
}

export function readToken(value: Json | undefined): Token {
  const read = object(value, ["expires", "token"]);
  return { expires: time(read["expires"]), token: text(read["token"]) };
}

function address(value: Json | undefined): string {
  return writeAddress(readAddress(value));
}

function readPending(value: Json | undefined): PendingRow {
  const read = object(value, ["case", "gate", "ordinal", "until"]);
  return {
    case: digest(read["case"]),
    gate: address(read["gate"]),
    ordinal: integer(read["ordinal"]),
    until: orNull(read["until"], time),
  };
}

function readAsked(value: Json | undefined): NonNullable<DomainRow["asked"]> {
  const read = object(value, ["max_age_ms", "quorum"]);
  return { max_age_ms: integer(read["max_age_ms"]), quorum: integer(read["quorum"]) };
}

export function readDomainRow(value: Json | undefined): DomainRow {
  const fields = ["asked", "balance", "chain", "domain", "escrows", "gates", "observed", "paused_until"];
  const read = object(value, [...fields, "pending", "programme", "read", "token"]);
  const parties = Object.entries(anyObject(read["read"])).map(([key, at]) => [lei(key), time(at)] as const);
  return {
    asked: orNull(read["asked"], readAsked),
    balance: orNull(read["balance"], time),
    chain: text(read["chain"]),
    domain: name(read["domain"]),
    escrows: list(read["escrows"], ITEMS_MAX, address),
    gates: list(read["gates"], ITEMS_MAX, address),
    observed: boolean(read["observed"]),
    paused_until: orNull(read["paused_until"], time),
    pending: list(read["pending"], ITEMS_MAX, readPending),
    programme: name(read["programme"]),
    read: Object.fromEntries(parties),
    token: address(read["token"]),
  };
}

export function readTrial(value: Json | undefined): Trial {
  const refused = orNull(object(value, ["refused"])["refused"], (told) => {
    const read = object(told, ["code", "detail"]);
    return { code: text(read["code"]), detail: text(read["detail"]) };
  });
  return { refused };
}

function readWaits(value: Json | undefined): Waits {
  const [kind, row] = variant(value);
  if (kind === "step") return { step: readWaitingRow(row) };
  if (kind !== "change") return refuse("form", `nothing that waits is \`${kind}\``);
  const read = object(row, ["case", "deadline"]);
  return { change: { case: digest(read["case"]), deadline: time(read["deadline"]) } };
}

/** An event of what waits; none for one of another name, which a later server may tell. */
export function readWaitingEvent(named: string, value: Json): WaitingEvent | undefined {
  if (named === "all") return { all: list(object(value, ["items"])["items"], ITEMS_MAX, readWaits) };
  if (named === "waits") return { waits: readWaits(value) };
  return named === "gone" ? { gone: readWaits(value) } : undefined;
}
