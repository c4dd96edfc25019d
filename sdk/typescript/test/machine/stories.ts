import { readFileSync } from "node:fs";
import { evidenceDigest } from "../../src/attestation/claim.js";
import { utf8 } from "../../src/bytes.js";
import type { Json } from "../../src/canonical.js";
import { sha256Hex } from "../../src/hash.js";
import type { Decided } from "../../src/machine/decide/command.js";
import { digestOf } from "../../src/policy/read.js";
import { parseToml, type Toml, type TomlTable } from "../../src/policy/toml.js";
import {
  begin,
  cosigner,
  COSIGNERS,
  credential,
  keysOf,
  signer,
  ADMIN,
  type Ledger,
  type Said,
  type Signer,
} from "./kit.js";

/** Plays the stories of a policy's `tests.toml` (`policy.md` §8) on a ledger of their own. */

const FOLDER = new URL("../../../../../policies/", import.meta.url);
/** Of every document. */
export const SALT = new Uint8Array(32);
const PERSONS = 3;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export interface Act {
  readonly at: number;
  readonly by: string;
  readonly step: string | undefined;
  readonly units: ReadonlyMap<string, Toml> | undefined;
  readonly claim: Texts;
  readonly keys: number | undefined;
  readonly refuse: boolean;
  readonly expect: string;
}

type Texts = ReadonlyMap<string, string>;

export interface Story {
  readonly name: string;
  readonly openedBy: string;
  readonly parameters: Texts;
  readonly acts: readonly Act[];
}

interface Party {
  readonly lei: string;
  readonly roles: readonly string[];
}

export class Stage {
  readonly stories: readonly Story[];
  readonly #layout: string;
  readonly #guards: string;
  readonly #start: number;
  readonly #parties: ReadonlyMap<string, Party>;
  readonly #lists: ReadonlyMap<string, Toml>;
  readonly #claims: ReadonlyMap<string, Texts>;

  constructor(policy: string) {
    const file = (name: string): string => readFileSync(new URL(`${policy}/${name}`, FOLDER), "utf8");
    this.#layout = file("policy.toml");
    this.#guards = file("guards.cedar");
    const tests = parseToml(file("tests.toml")).entries;
    this.#start = Date.parse(text(tests.get("start")));
    this.#parties = mapped(tests.get("party"), (value) => ({
      lei: text(table(value).get("lei")),
      roles: texts(table(value).get("roles")),
    }));
    this.#lists = table(tests.get("list"));
    this.#claims = mapped(tests.get("claim"), textMap);
    const parameters = textMap(tests.get("param"));
    this.stories = [...table(tests.get("scenario"))].map(([name, value]) =>
      story(name, table(value), parameters),
    );
  }

  /** Both files, as `adopt` names them. */
  get files(): { readonly guards: string; readonly layout: string } {
    return { guards: this.#guards, layout: this.#layout };
  }

  /** A ledger on which the policy is adopted, its lists are set and its parties hold their credentials. */
  ledger(): Ledger {
    const ledger = begin();
    ledger.now = this.#start - 3_600_000;
    const roles = table(parseToml(this.#layout).entries.get("role"));
    const kindOf = (role: string): string => text(table(roles.get(role)).get("credential"));
    const kinds = [...new Set([...roles.keys()].map(kindOf))].sort();
    ledger.propose({ name_issuer: { keys: keysOf([signer(ADMIN)]), kinds, lei: ADMIN } });
    const programme = text(parseToml(this.#layout).entries.get("programme"));
    for (const [list, value] of this.#lists) {
      ledger.propose({ set_list: { list, programme, value: listValue(value) } });
    }
    ledger.propose({ adopt: this.files });
    for (const { lei, roles: held } of this.#parties.values()) {
      for (const kind of new Set(held.map(kindOf))) credential(ledger, lei, kind, signersOf(lei));
    }
    return ledger;
  }

  /** Opens the case of a story and plays its acts; `seen` is told what each led to. */
  play(
    ledger: Ledger,
    { openedBy, parameters, acts }: Story,
    seen: (act: Act, decided: Decided) => void,
  ): string {
    ledger.now = this.#start;
    const digest = digestOf(this.#layout, this.#guards);
    const policy = ledger.state.policies.get(digest);
    if (policy === undefined) throw new Error("the policy was not adopted");
    const claims = policy.parameters.map(({ name }) => ({ name, value: parameters.get(name) ?? "" }));
    const lei = this.#lei(openedBy);
    const opening = ledger.opening(lei, policy.digest, claims, this.#start + policy.lastsMs);
    const caseId = ledger.submit(opening, ...signersOf(lei).slice(0, 1)).drafts[0]?.leaf ?? "";
    for (const act of acts) {
      ledger.now = this.#start + act.at;
      ledger.command({ kind: "tick" });
      const party = this.#lei(act.by);
      if (act.step === undefined) {
        for (const [domain, units] of act.units ?? []) {
          const said = reading(ledger, { party, programme: policy.programme, domain, supply: text(units) });
          seen(act, ledger.submit(said, ...signersOf(party).slice(0, 1)));
        }
      } else seen(act, this.take(ledger, caseId, act));
    }
    return caseId;
  }

  /** Takes a step of a case at the present time of the ledger. */
  take(ledger: Ledger, caseId: string, act: Act): Decided {
    const of = ledger.state.cases.get(caseId);
    const step = of?.policy.steps.get(act.step ?? "");
    if (of === undefined || step === undefined) throw new Error(`no step ${act.step}`);
    const stated = new Map([...(this.#claims.get(step.name) ?? []), ...act.claim]);
    const valueOf = (name: string): string => {
      const value = stated.get(name) ?? "";
      return value === "ledger" ? ledger.state.ledger : value;
    };
    const after = step.after.map((name) => of.standing.get(name)?.leaf ?? sha256Hex(name));
    const predicate = {
      party: this.#lei(act.by),
      case: caseId,
      step: step.name,
      prev: after.length > 0 ? after : [caseId],
      evidence: act.refuse ? [] : step.evidence.map((slot) => evidenceOf(step.name, slot)),
      verdict: act.refuse ? "refused" : "done",
      ...(act.refuse ? { reason: "no" } : {}),
    };
    const claims = act.refuse ? [] : step.claims.map(({ name }) => ({ name, value: valueOf(name) }));
    const said: Said = {
      kind: "attestation",
      predicate,
      subject: { name: step.name, digest: caseId },
      claims,
    };
    const needed = act.keys ?? of.policy.roles.get(step.by)?.keys ?? 1;
    return ledger.submit(said, ...signersOf(this.#lei(act.by)).slice(0, needed));
  }

  #lei(party: string): string {
    const known = this.#parties.get(party);
    if (known === undefined) throw new Error(`no party ${party}`);
    return known.lei;
  }
}

/** What lies in an evidence slot, `STEP.SLOT`. */
export function documentOf(slot: string): Uint8Array {
  return utf8(`document ${slot}`);
}

function evidenceOf(step: string, slot: string): string {
  return evidenceDigest(SALT, documentOf(`${step}.${slot}`));
}

/** Proposes what loosens; three co-signers consent. */
export function proposeLoosening(ledger: Ledger, action: Json): readonly Decided[] {
  const proposed = ledger.propose(action);
  const id = proposed.drafts[0]?.leaf ?? "";
  return [
    proposed,
    ...COSIGNERS.slice(0, 3).map(([lei, name]) => ledger.agree("consent", id, lei, cosigner(name))),
  ];
}

export function signersOf(lei: string): readonly Signer[] {
  return Array.from({ length: PERSONS }, (_, at) => signer(`${lei} ${at}`));
}

interface Read {
  readonly party: string;
  readonly programme: string;
  readonly domain: string;
  readonly supply: string;
  readonly consumed?: readonly { readonly case: string; readonly ordinal: number; readonly time: number }[];
  readonly blockTime?: number;
}

/** A reading whose block covers the newest balance, or any block a minute ago. */
export function reading(ledger: Ledger, read: Read): Said {
  const date = ledger.state.programmes.get(read.programme)?.account.date ?? ledger.now - 60_000;
  const blockTime = read.blockTime ?? date - 5_000;
  const hash = sha256Hex(`block ${ledger.now}`);
  const predicate = {
    party: read.party,
    programme: read.programme,
    domain: read.domain,
    supply: read.supply,
    block: 1,
    block_hash: hash,
    block_time: blockTime,
    next_block_time: blockTime + 12_000,
    consumed: (read.consumed ?? []).map((item) => ({ ...item })),
  };
  return { kind: "reading", predicate, subject: { name: read.domain, digest: hash } };
}

function story(name: string, fields: ReadonlyMap<string, Toml>, parameters: Texts): Story {
  const acts = fields.get("acts");
  return {
    name,
    openedBy: text(fields.get("opened_by")),
    parameters: new Map([...parameters, ...textMap(fields.get("param"))]),
    acts: acts?.kind === "array" ? acts.items.map((item) => actOf(table(item))) : [],
  };
}

function actOf(fields: ReadonlyMap<string, Toml>): Act {
  const keys = fields.get("keys");
  const refuse = fields.get("refuse");
  const units = fields.get("units");
  return {
    at: duration(text(fields.get("at"))),
    by: text(fields.get("by")),
    step: fields.has("step") ? text(fields.get("step")) : undefined,
    units: units === undefined ? undefined : table(units),
    claim: textMap(fields.get("claim")),
    keys: keys?.kind === "integer" ? Number(keys.value) : undefined,
    refuse: refuse?.kind === "bool" && refuse.value,
    expect: fields.has("expect") ? text(fields.get("expect")) : "accepted",
  };
}

function duration(of: string): number {
  return Number(of.slice(0, -1)) * (UNIT_MS[of.slice(-1)] ?? Number.NaN);
}

function listValue(value: Toml): { digest: string } | { set: string[] } {
  return value.kind === "array" ? { set: texts(value).sort() } : { digest: text(value) };
}

function table(value: Toml | undefined): TomlTable["entries"] {
  return value?.kind === "table" ? value.entries : new Map();
}

function mapped<T>(value: Toml | undefined, read: (value: Toml) => T): ReadonlyMap<string, T> {
  return new Map([...table(value)].map(([name, entry]) => [name, read(entry)]));
}

function textMap(value: Toml | undefined): Texts {
  return mapped(value, text);
}

function text(value: Toml | undefined): string {
  if (value?.kind !== "string") throw new Error("expected a text");
  return value.value;
}

function texts(value: Toml | undefined): string[] {
  return value?.kind === "array" ? value.items.map(text) : [];
}
