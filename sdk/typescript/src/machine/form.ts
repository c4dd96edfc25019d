import { bigEndian, concat, fromHex } from "../bytes.js";
import { wordOfAddress } from "../eip712.js";
import { keccak256Hex, sha256Hex } from "../hash.js";
import { writeOutcome, type Call } from "../outcome.js";
import type { Shown } from "../policy/guards.js";
import type { Domain, OutcomeRule, Policy } from "../policy/layout.js";
import { decimalsOf } from "../policy/read.js";
import { numberOf, type ValueType } from "../policy/value.js";
import { refuse } from "../refusal.js";
import { selector } from "./gate.js";

/** An outcome whose call is formed, and which is not yet placed behind a record. */
export interface Formed {
  readonly rule: OutcomeRule;
  readonly domain: Domain;
  readonly call: Call;
}

/** What the arguments of a call are taken from. */
export interface Source {
  readonly case: string;
  readonly policy: Policy;
  readonly parameters: readonly Shown[];
  readonly claimsOf: (step: string) => readonly Shown[] | undefined;
}

/** Where an outcome stands. */
export interface Place {
  readonly ledger: string;
  readonly case: string;
  readonly prev: string;
  readonly ordinal: number;
  /** ms; none: never expires. */
  readonly notAfter: number | undefined;
}

/** Forms the call of an outcome (`outcome.md` §1); refuses with `outcome_form`, or `withheld`. */
export function formCall(rule: OutcomeRule, source: Source): Formed {
  const domain = source.policy.domains.get(rule.domain) ?? refuse("outcome_form", "no such domain");
  const target = rule.to === "token" ? domain.token : (domain.escrow ?? refuse("outcome_form", "no Escrow"));
  const words = rule.args.map((argument, at) => wordOf(argument, rule.types[at] ?? "", { source, domain }));
  return {
    rule,
    domain,
    call: { target: addressBytes(target), data: concat(selector(rule.call), ...words) },
  };
}

/** `not_after` in ms, rounded down to the second. */
export function notAfterOf({ expiresMs }: OutcomeRule, now: number): number | undefined {
  return expiresMs === undefined ? undefined : Math.floor((now + expiresMs) / 1_000) * 1_000;
}

/** The body of a formed outcome in its place. */
export function outcomeBody(policy: Policy, { rule, domain, call }: Formed, place: Place): Uint8Array {
  return writeOutcome({
    ledger: place.ledger,
    case: place.case,
    prev: place.prev,
    programme: keccak256Hex(policy.programme),
    policy: policy.digest,
    line: keccak256Hex(rule.line),
    kind: rule.to === "token" ? 0 : 2,
    chainId: chainId(domain.chain),
    gate: addressBytes(domain.gate),
    calls: [call],
    notAfter: place.notAfter === undefined ? 0 : place.notAfter / 1_000,
    ordinal: place.ordinal,
  });
}

/** The number of an `eip155` chain. */
export function chainId(chain: string): bigint {
  return BigInt(chain.slice("eip155:".length));
}

/** The bytes of an address in its EIP-55 letters. */
export function addressBytes(address: string): Uint8Array {
  return fromHex(address.slice(2).toLowerCase(), 20);
}

interface Around {
  readonly source: Source;
  readonly domain: Domain;
}

function wordOf(argument: string, type: string, { source, domain }: Around): Uint8Array {
  if (argument === "case") return fromHex(source.case);
  if (argument === "token") return wordOfAddress(addressBytes(domain.token));
  const [of, shown] = valueNamed(argument, source);
  if (shown === "hidden") return refuse("withheld", `\`${argument}\` is not shown`);
  return wordOfText(of, shown.text, { type, decimals: domain.decimals });
}

function valueNamed(argument: string, { policy, parameters, claimsOf }: Source): readonly [ValueType, Shown] {
  const [of = "", name = ""] = argument.split(".");
  const declared = of === "param" ? policy.parameters : (policy.steps.get(of)?.claims ?? []);
  const values = of === "param" ? parameters : (claimsOf(of) ?? []);
  const at = declared.findIndex((item) => item.name === name);
  const type = declared[at]?.type;
  const shown = values[at];
  if (type === undefined || shown === undefined) return refuse("outcome_form", `no value \`${argument}\``);
  return [type, shown];
}

function wordOfText(of: ValueType, text: string, into: { type: string; decimals: number }): Uint8Array {
  switch (of.kind) {
    case "account":
      return wordOfAddress(addressBytes(text));
    case "digest":
      return fromHex(text, 32);
    case "bool":
      return bigEndian(text === "true" ? 1 : 0, 32);
    case "money":
      return tokenUnits(of, text, into.decimals);
    case "int":
    case "time": {
      const number = numberOf(of, text);
      return number === undefined || number < 0
        ? refuse("outcome_form", "below zero")
        : bigEndian(number, 32);
    }
    default:
      return refuse("outcome_form", `no ${into.type} of a ${of.kind}`);
  }
}

/** Money in units of the token, exactly. */
function tokenUnits(of: ValueType, text: string, decimals: number): Uint8Array {
  const minor = BigInt(numberOf(of, text) ?? refuse("outcome_form", "no amount"));
  if (minor < 0n) refuse("outcome_form", "below zero");
  const shift = decimals - decimalsOf(of);
  if (shift >= 0) return bigEndian(minor * 10n ** BigInt(shift), 32);
  const divisor = 10n ** BigInt(-shift);
  return minor % divisor === 0n
    ? bigEndian(minor / divisor, 32)
    : refuse("outcome_form", "does not convert exactly");
}

/** Policy and line under which changes of a Gate stand (`governance.md` §6). */
export const GOVERNANCE_LINE = "governance";
export const GOVERNANCE: string = sha256Hex("lockstep-governance/1");
