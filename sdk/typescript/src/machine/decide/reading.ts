import { writeCanonical, type Json } from "../../canonical.js";
import { sha256Hex } from "../../hash.js";
import { minorUnits } from "../../policy/currency.js";
import type { Policy, ReadingRule } from "../../policy/layout.js";
import { refuse } from "../../refusal.js";
import type { Case, Programme, State } from "../state.js";
import type { ReadingStatement } from "../../attestation/statement.js";
import type { Of } from "./asking.js";
import { checkPersons, entitled } from "./entitled.js";

const AHEAD_MS = 2_000;
const SETTLED_MAX = 200;
const CONSUMED_MAX = 256;
const UNITS_END = 2n ** 128n;

/**
 * `readings.md`: an observer reads a domain; at the quorum supply is known and outcomes are
 * settled.
 */
export function decideReading(asking: Of<"reading">): void {
  const { state, word, now, writer, said } = asking;
  const programme = state.programmes.get(said.programme) ?? refuse("reading_unknown", "no such programme");
  const asked = askedReadings(state, programme, said.domain);
  const first = asked[0] ?? refuse("reading_unknown", "nobody asks for this domain");
  for (const { policy, rule } of asked) {
    const role = policy.roles.get(rule.by) ?? refuse("reading_unknown", "a reading of nobody");
    checkPersons(entitled(asking, role), role);
  }
  const { account } = programme;
  const before = account.domains.get(said.domain)?.issued.get(said.party);
  if (before !== undefined && said.issued <= before) refuse("reading_form", "issued no later than the last");
  if (said.nextBlockTime > now + AHEAD_MS) refuse("reading_form", "a block later than now");
  if (said.consumed.some(({ time }) => time > said.blockTime))
    refuse("reading_form", "executed after the block");
  const supply = minorSupply(first.policy, said);
  const content = contentOf(said);
  const parties = new Set([...(account.waiting.get(content)?.keys() ?? []), said.party]);
  const reached = parties.size >= Math.max(...asked.map(({ rule }) => rule.quorum));
  writer.record({
    kind: "read",
    of: {
      block_time: said.blockTime,
      content,
      domain: said.domain,
      envelope: word.envelope.digest,
      issued: said.issued,
      next_block_time: said.nextBlockTime,
      party: said.party,
      ...(said.pausedUntil === undefined ? {} : { paused_until: said.pausedUntil }),
      programme: said.programme,
      quorum_reached: reached,
      supply,
    },
  });
  if (reached) writeSettled(asking);
}

interface Asked {
  readonly policy: Policy;
  readonly rule: ReadingRule;
}

/** The readings that cover a domain: of the policies in force, or where none is, of all that ever were. */
function askedReadings(
  { policies }: State,
  { inForce, adopted }: Programme,
  domain: string,
): readonly Asked[] {
  const names = [...inForce].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, digest]) => digest);
  const found = covering(policies, names, domain);
  return found.length > 0 ? found : covering(policies, [...adopted].sort(), domain);
}

function covering(policies: State["policies"], digests: readonly string[], domain: string): readonly Asked[] {
  return digests.flatMap((digest) => {
    const policy = policies.get(digest);
    const rules = [...(policy?.readings.values() ?? [])].filter(({ domains }) => domains.includes(domain));
    return policy === undefined ? [] : rules.map((rule) => ({ policy, rule }));
  });
}

/** Token units in minor units of the programme's currency, rounded up. */
function minorSupply(policy: Policy, { domain: name, supply }: ReadingStatement): number {
  const domain = policy.domains.get(name) ?? refuse("reading_form", "no such domain");
  const [hold] = policy.holds.values();
  const type = policy.parameters.find((parameter) => parameter.name === hold?.amount)?.type;
  const decimals = type?.kind === "money" ? minorUnits(type.currency) : undefined;
  if (decimals === undefined) return refuse("reading_form", "nothing rests on this reading");
  const units = BigInt(supply) * 10n ** BigInt(decimals);
  const scale = 10n ** BigInt(domain.decimals);
  const minor = (units + scale - 1n) / scale;
  const fits = units < UNITS_END && minor <= BigInt(Number.MAX_SAFE_INTEGER);
  return fits ? Number(minor) : refuse("reading_form", "a supply out of range");
}

function contentOf(said: ReadingStatement): string {
  const consumed = said.consumed.map(({ case: of, ordinal, time }) => ({ case: of, ordinal, time }));
  const place = [said.programme, said.domain, said.block, said.blockHash];
  const seen: Json[] = [place, [said.blockTime, said.nextBlockTime, said.supply, consumed]];
  if (said.pausedUntil !== undefined) seen.push(said.pausedUntil);
  return sha256Hex(writeCanonical(seen));
}

function writeSettled({ state, writer, said }: Of<"reading">): void {
  let settled = 0;
  for (const of of [...state.cases.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (settled === SETTLED_MAX) return;
    const shown = of.policy.programme === said.programme ? shownBy(of, said) : undefined;
    if (shown === undefined) continue;
    writer.record({ kind: "settled", of: { case: of.id, domain: said.domain, prev: of.head, ...shown } });
    settled += 1;
  }
}

/** What a reading shows of a case's outcome: executed, or never to be. */
function shownBy(of: Case, said: ReadingStatement): { ordinal: number; consumed?: number } | undefined {
  const unlocked = of.decision?.outcomes.get(said.domain);
  if (of.decision === undefined || unlocked?.shown !== "nothing") return undefined;
  const { ordinal } = of.decision;
  const executed = said.consumed.find((item) => item.case === of.id && item.ordinal === ordinal);
  if (executed !== undefined) return { ordinal, consumed: executed.time };
  const { notAfter } = unlocked;
  if (notAfter === undefined || said.blockTime <= notAfter) return undefined;
  const last = said.consumed.at(-1);
  const wouldName = said.consumed.length < CONSUMED_MAX || last === undefined || isUpTo(of.id, ordinal, last);
  return wouldName ? { ordinal } : undefined;
}

function isUpTo(
  id: string,
  ordinal: number,
  last: { readonly case: string; readonly ordinal: number },
): boolean {
  return id < last.case || (id === last.case && ordinal <= last.ordinal);
}
