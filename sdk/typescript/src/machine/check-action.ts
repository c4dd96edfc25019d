import { utf8 } from "../bytes.js";
import { committeeOf } from "../certificate.js";
import type { Domain, Policy } from "../policy/layout.js";
import { checkPolicy } from "../policy/check.js";
import { readPolicy } from "../policy/read.js";
import { refuse, refusedAs, answerOf } from "../refusal.js";
import { publicKey, type PublicKey } from "../suites.js";
import { areKeys, type Action } from "./action.js";
import { checkReplacement, gateInForce, isFreeGate } from "./gates.js";
import { isSmallOrder } from "./order.js";
import { knownRules } from "./rules.js";
import { isClosed, type State } from "./state.js";

const KINDS_MAX = 64;
const CALLS_MAX = 16;
const SET_MAX = 1_024;
const SET_TEXT_BYTES_MAX = 512;

/** When an action is asked about: the static checks of a policy are asked once only. */
export type Moment = "proposed" | "enacted";

/** `governance.md` §3: what an action must keep. Refuses with `action_form`. */
export function checkAction(state: State, action: Action, moment: Moment): void {
  refusedAs("action_form", () => CHECKS[action.kind](state, action as never, moment));
}

type Check<K extends Action["kind"]> = (
  state: State,
  action: Extract<Action, { readonly kind: K }>,
  moment: Moment,
) => void;

const CHECKS: { readonly [K in Action["kind"]]: Check<K> } = {
  adopt: (state, { layout, guards }, moment) => {
    const policy = readPolicy(layout, guards);
    if (moment === "proposed") checkPolicy(policy);
    checkOnLedger(state, policy);
  },
  retire: (state, { programme, policy }) => {
    if (!state.programmes.get(programme)?.inForce.has(policy))
      refuse("action_form", "no such policy in force");
  },
  name_issuer: (state, { lei, keys, kinds }) => {
    if (kinds.length === 0 || kinds.length > KINDS_MAX) refuse("action_form", `${kinds.length} kinds`);
    if (!areKeys(keys)) refuse("action_form", "keys that are not 1 to 16 and ascending");
    for (const { key } of keys) checkKey(state, key, lei);
  },
  remove_issuer: (state, { lei }) => {
    if (!state.issuers.has(lei)) refuse("action_form", "no such issuer");
  },
  set_list: (state, { programme, list, value }) => {
    const set = "set" in value ? value.set : [];
    const fits = set.length <= SET_MAX && set.every((entry) => utf8(entry).length <= SET_TEXT_BYTES_MAX);
    if (!fits) refuse("action_form", "a set beyond the limits");
    for (const digest of state.programmes.get(programme)?.inForce.values() ?? []) {
      const kind = state.policies.get(digest)?.lists.get(list);
      if (kind !== undefined && !(kind in value)) refuse("action_form", "a list of another kind");
    }
  },
  rotate: (state, { members, threshold }) => {
    for (const { address, lei } of committeeOf(0, members, threshold).members) {
      checkKey(state, publicKey("eip712", address), lei);
    }
  },
  erase: (state, { case: id }) => {
    const phase = state.cases.get(id)?.phase;
    const governance = state.governance.get(id)?.phase;
    const closed = phase === undefined ? governance !== undefined && governance !== "open" : isClosed(phase);
    if (!closed) refuse("action_form", "the case is not closed");
  },
  gate: (state, { programme, domain, calls }) => {
    const fit = calls.length > 0 && calls.length <= CALLS_MAX && calls.every((call) => call.fits);
    if (!fit) refuse("action_form", "calls that a Gate cannot take");
    if (gateInForce(state, programme, domain) === undefined)
      refuse("action_form", "no policy names this domain");
  },
  replace_gate: (state, action) => checkReplacement(state, action),
  set_rules: (state, { rules }) => {
    const later = knownRules(rules);
    if (later === undefined) return refuse("action_form", `rules ${rules} are not known here`);
    if (later <= state.rules) refuse("action_form", `rules ${state.rules} are in force`);
  },
};

function checkKey(state: State, key: PublicKey, owner: string): void {
  if (isSmallOrder(key)) refuse("action_form", "anybody can sign for this key");
  if ((state.keys.get(key.id)?.owner ?? owner) !== owner)
    refuse("action_form", `key ${key.id} is of another party`);
}

/** What the policies of a ledger must agree on. */
function checkOnLedger(state: State, policy: Policy): void {
  if (policy.holds.size > 1) refuse("action_form", "more than one hold");
  for (const returning of [true, false]) {
    const domains = policy.outcomes
      .filter(({ returns }) => (returns !== undefined) === returning)
      .map(({ domain }) => domain);
    if (new Set(domains).size < domains.length) refuse("action_form", "two outcomes on one domain");
  }
  checkDomains(policy, policy);
  for (const other of state.policies.values()) {
    checkDomains(policy, other);
    if (other.programme === policy.programme) checkCurrency(policy, other);
  }
  checkGates(state, policy);
}

function checkCurrency(policy: Policy, other: Policy): void {
  const currencies = [currencyOf(policy), currencyOf(other)].filter((currency) => currency !== undefined);
  if (new Set(currencies).size > 1) refuse("action_form", "another currency than its programme's");
}

/** The currency in which a policy counts: that of what it holds. */
export function currencyOf({ holds, parameters }: Policy): string | undefined {
  const [hold] = holds.values();
  const type = parameters.find(({ name }) => name === hold?.amount)?.type;
  return type?.kind === "money" ? type.currency : undefined;
}

function checkDomains(policy: Policy, other: Policy): void {
  for (const [name, domain] of policy.domains) {
    for (const [otherName, known] of other.domains) {
      const one = policy.programme === other.programme && name === otherName;
      if (one && !agree(domain, known)) refuse("action_form", `\`${name}\` is defined otherwise`);
      const shared =
        domain.chain === known.chain && (domain.gate === known.gate || domain.token === known.token);
      if (shared && !one) refuse("action_form", `\`${name}\` names the Gate or the token of another domain`);
    }
  }
}

/** A domain has one token; its Gates have an Escrow each. */
function agree(a: Domain, b: Domain): boolean {
  if (a.chain !== b.chain || a.token !== b.token || a.decimals !== b.decimals) return false;
  if (a.escrow === undefined || b.escrow === undefined) return true;
  return (a.gate === b.gate) === (a.escrow === b.escrow);
}

/** Each domain names the Gate in force there, which is nothing else on its chain. */
function checkGates(state: State, policy: Policy): void {
  for (const [name, { chain, gate }] of policy.domains) {
    const place = { programme: policy.programme, domain: name, chain };
    const inForce = gateInForce(state, policy.programme, name) ?? gate;
    if (gate !== inForce) refuse("action_form", `\`${name}\` does not name the Gate in force`);
    if (!isFreeGate(state, gate, place, [policy]))
      refuse("action_form", `the Gate of \`${name}\` is something else too`);
  }
}

/** `governance.md` §1: whether an action loosens, as things stand when it is proposed. */
export function loosens(state: State, action: Action): boolean {
  switch (action.kind) {
    case "adopt":
      return adoptLoosens(state, action);
    case "name_issuer":
      return [...state.programmes.values()].some(({ adopted }) => adopted.size > 0);
    case "set_list":
      return dropsEntry(state, action);
    case "rotate":
    case "replace_gate":
    case "set_rules":
      return true;
    case "gate":
      return !action.calls.every(({ tightens }) => tightens);
    case "retire":
    case "remove_issuer":
    case "erase":
      return false;
  }
}

function adoptLoosens(
  state: State,
  { layout, guards }: Extract<Action, { readonly kind: "adopt" }>,
): boolean {
  let programme = "";
  const read = answerOf(() => {
    programme = readPolicy(layout, guards).programme;
  });
  return read !== "holds" || (state.programmes.get(programme)?.adopted.size ?? 0) > 0;
}

function dropsEntry(
  state: State,
  { programme, list, value }: Extract<Action, { readonly kind: "set_list" }>,
): boolean {
  const old = state.programmes.get(programme)?.lists.get(list);
  if (old === undefined || "digest" in old) return false;
  return "digest" in value || old.set.some((entry) => !value.set.includes(entry));
}
