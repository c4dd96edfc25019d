import { concat, utf8 } from "../bytes.js";
import { wordOfAddress } from "../eip712.js";
import { keccak256, ZERO_DIGEST } from "../hash.js";
import type { Call } from "../outcome.js";
import { refuse } from "../refusal.js";
import type { Domain, Policy } from "../policy/layout.js";
import { addressBytes } from "./form.js";
import { selector } from "./gate.js";
import type { ReplaceGate } from "./action.js";
import type { State } from "./state.js";

/** Which Gate is in force where (`governance.md` §7). */

const ROLES_MAX = 7;
const ROLE = /^[A-Z][A-Z0-9_]{0,63}$/u;
const ZERO_ADDRESS = `0x${"0".repeat(40)}`;

/** The role that always moves with the Gate. */
export const ADMIN_ROLE = "DEFAULT_ADMIN_ROLE";

/** A domain of a programme, and the chain that it is on. */
export interface Place {
  readonly programme: string;
  readonly domain: string;
  readonly chain: string;
}

/** How the policies that a programme ever had define a domain; they agree but for Gate and Escrow. */
export function definitionsOf(state: State, programme: string, domain: string): readonly Domain[] {
  const digests = [...(state.programmes.get(programme)?.adopted ?? [])];
  const found = digests.map((digest) => state.policies.get(digest)?.domains.get(domain));
  return found.filter((definition) => definition !== undefined);
}

/** The Gate in force: the last that was put there, else the one that the programme's policies name. */
export function gateInForce(state: State, programme: string, domain: string): string | undefined {
  return (
    state.programmes.get(programme)?.gates.get(domain) ?? definitionsOf(state, programme, domain)[0]?.gate
  );
}

/** Whether a Gate is, on its chain, no token or Escrow, and no Gate of another domain. */
export function isFreeGate(state: State, gate: string, place: Place, more: readonly Policy[] = []): boolean {
  for (const policy of [...state.policies.values(), ...more]) {
    for (const [name, domain] of policy.domains) {
      if (domain.chain !== place.chain) continue;
      if (domain.token === gate || domain.escrow === gate) return false;
      const here = policy.programme === place.programme && name === place.domain;
      if (domain.gate === gate && !here) return false;
    }
  }
  return ![...state.programmes.values()].some(({ name, gates }) =>
    [...gates].some(([domain, other]) => {
      const here = name === place.programme && domain === place.domain;
      return other === gate && !here && definitionsOf(state, name, domain)[0]?.chain === place.chain;
    }),
  );
}

/** Calls at the token: `to` is given every role, the admin's last, before `from` gives up the first. */
export function replacementCalls(
  token: Uint8Array,
  { from, to, roles }: Pick<ReplaceGate, "from" | "to" | "roles">,
): readonly Call[] {
  const ids = [...roles.map((role) => keccak256(utf8(role))), ZERO_DIGEST];
  const call =
    (signature: string, holder: string) =>
    (role: Uint8Array): Call => ({
      target: token,
      data: concat(selector(signature), role, wordOfAddress(addressBytes(holder))),
    });
  return [
    ...ids.map(call("grantRole(bytes32,address)", to)),
    ...ids.map(call("renounceRole(bytes32,address)", from)),
  ];
}

/** What a `replace_gate` must keep; refuses with `action_form`. */
export function checkReplacement(state: State, { programme, domain, from, to, roles }: ReplaceGate): void {
  const named = roles.every((role) => ROLE.test(role) && role !== ADMIN_ROLE);
  const ascending = roles.every((role, at) => at === 0 || (roles[at - 1] ?? "") < role);
  if (roles.length === 0 || roles.length > ROLES_MAX || !named || !ascending)
    refuse("action_form", "no such roles");
  const definitions = definitionsOf(state, programme, domain);
  const [first] = definitions;
  if (first === undefined) return refuse("action_form", "no policy names this domain");
  const known =
    gateInForce(state, programme, domain) === from || definitions.some(({ gate }) => gate === from);
  if (!known) refuse("action_form", "`from` is no Gate of this domain");
  if (to === from || to === ZERO_ADDRESS) refuse("action_form", "`to` is no other Gate");
  const place = { programme, domain, chain: first.chain };
  if (!isFreeGate(state, to, place)) refuse("action_form", "`to` is something else on this chain");
}
