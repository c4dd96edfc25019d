import { refuse } from "../refusal.js";
import { decimalsOf } from "./read.js";
import type { OutcomeRule, Policy } from "./layout.js";
import type { ValueType } from "./value.js";

const ESCROW_CALLS: ReadonlySet<string> = new Set([
  "burn(bytes32,address,address,uint256)",
  "refund(bytes32,address,address,uint256)",
  "release(bytes32,address,address,address,uint256)",
]);

/** `policy.md` §§2 and 4: what outcomes ask for. */
export function checkOutcomes(policy: Policy): void {
  const returning = policy.outcomes.some(({ returns }) => returns !== undefined);
  for (const rule of policy.outcomes) {
    if (!policy.domains.has(rule.domain)) refuse("unknown-name", `no domain \`${rule.domain}\``);
    for (const step of rule.after) if (!policy.steps.has(step)) refuse("unknown-name", `no step \`${step}\``);
    if (returning && rule.expiresMs !== undefined)
      refuse("outcome-returns", "where deposits go back nothing expires");
    if (rule.to === "escrow") checkEscrow(policy, rule);
    if (rule.returns !== undefined) checkReturn(policy, rule);
    checkArguments(policy, rule);
  }
}

function checkEscrow({ domains }: Policy, { domain, call, args, expiresMs }: OutcomeRule): void {
  if (!ESCROW_CALLS.has(call)) refuse("escrow-call", `\`${call}\` is no call of an Escrow`);
  if (args[0] !== "case") refuse("escrow-call", "the case stands first");
  if (expiresMs !== undefined) refuse("escrow-call", "a call of an Escrow never expires");
  if (domains.get(domain)?.escrow === undefined) refuse("escrow-call", `\`${domain}\` has no Escrow`);
}

function checkReturn({ steps, holds }: Policy, { returns = "", to, after }: OutcomeRule): void {
  const step = steps.get(returns) ?? refuse("outcome-returns", `no step \`${returns}\``);
  if (to !== "escrow" || after.length > 0)
    refuse("outcome-returns", "a deposit lies in an Escrow, and waits for nothing");
  const plain =
    step.after.length === 0 && !step.commits && step.pays === undefined && step.singleUse !== undefined;
  if (!plain) refuse("outcome-returns", `\`${returns}\` does not show a deposit`);
  for (const { at, reserve, credits } of holds.values()) {
    const counted = [at, reserve.step, ...credits.map((term) => term.step)].includes(returns);
    if (counted) refuse("outcome-returns", "a deposit is no money of the reserve");
  }
}

function checkArguments(policy: Policy, rule: OutcomeRule): void {
  if (rule.args.length !== rule.types.length)
    refuse("call-args", `${rule.args.length} arguments of ${rule.types.length}`);
  rule.args.forEach((argument, at) => {
    if (!fits(policy, rule, { argument, into: rule.types[at] ?? "" })) refuse("call-args", `\`${argument}\``);
  });
}

function fits(
  policy: Policy,
  rule: OutcomeRule,
  { argument, into }: { argument: string; into: string },
): boolean {
  if (argument === "case") return into === "bytes32";
  if (argument === "token") return into === "address";
  const [of = "", name = "", ...more] = argument.split(".");
  if (more.length > 0) return false;
  if (of === "param") {
    const parameter = policy.parameters.find((item) => item.name === name);
    if (parameter === undefined) return false;
    if (parameter.type.kind === "account" && parameter.domain !== rule.domain) return false;
    if (parameter.type.kind === "int" && (parameter.min ?? -1) < 0) return false;
    return converts(parameter.type, into, policy.domains.get(rule.domain)?.decimals ?? 0);
  }
  if (rule.returns !== undefined && of !== rule.returns) return false;
  const claim = policy.steps.get(of)?.claims.find((item) => item.name === name);
  return claim !== undefined && converts(claim.type, into, policy.domains.get(rule.domain)?.decimals ?? 0);
}

/** Whether every value of a type converts, money exactly. */
function converts(type: ValueType, into: string, decimals: number): boolean {
  switch (type.kind) {
    case "account":
      return into === "address";
    case "money":
      return into === "uint256" && decimals >= decimalsOf(type);
    case "int":
    case "time":
      return into === "uint256";
    case "digest":
      return into === "bytes32";
    case "bool":
      return into === "bool";
    default:
      return false;
  }
}
