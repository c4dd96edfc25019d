import { refuse } from "../../refusal.js";
import type { Role } from "../../policy/layout.js";
import type { Credential, State } from "../state.js";
import { signers, type Asking } from "./asking.js";

/** Under which credentials the keys of a statement act, and for how many persons. */
export interface Entitled {
  /** Ids, ascending, each once. */
  readonly credentials: readonly string[];
  readonly persons: number;
}

/**
 * `refusals.md` §2: each key holds the role's credential. Of several the one with the smallest id counts.
 * Refuses with `not_entitled`, `credential_revoked` or `credential_not_valid`.
 */
export function entitled({ state, word, now }: Asking, role: Role): Entitled {
  const party = word.envelope.statement.party;
  const chosen = new Set<string>();
  const persons = new Set<string>();
  for (const key of signers(word)) {
    const credential = credentialOf(state, { party, role, key, now });
    chosen.add(credential.id);
    persons.add(personOf(credential, key) ?? key);
  }
  return { credentials: [...chosen].sort(), persons: persons.size };
}

interface Wanted {
  readonly party: string;
  readonly role: Role;
  readonly key: string;
  readonly now: number;
}

function credentialOf({ credentials }: State, { party, role, key, now }: Wanted): Credential {
  const naming = [...credentials.values()]
    .filter(({ subject, kind }) => subject === party && kind === role.credential)
    .filter((credential) => names(credential, key, role.keys > 1))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const holding = naming.find((credential) => standing(credential, now) === undefined);
  if (holding !== undefined) return holding;
  const last = naming.at(-1);
  return refuse(
    (last && standing(last, now)) ?? "not_entitled",
    `key ${key} holds no \`${role.credential}\``,
  );
}

/** Why a credential does not stand; nothing, if it does. */
function standing({ revoked, validFrom, validUntil }: Credential, now: number): string | undefined {
  if (revoked !== undefined) return "credential_revoked";
  return validFrom <= now && now <= validUntil ? undefined : "credential_not_valid";
}

function names(credential: Credential, key: string, withPerson: boolean): boolean {
  return credential.keys.some((item) => item.key.id === key && (!withPerson || item.person !== undefined));
}

function personOf(credential: Credential, key: string): string | undefined {
  return credential.keys.find((item) => item.key.id === key)?.person;
}

/** Refuses (`persons`) fewer persons than a role asks for. */
export function checkPersons({ persons }: Entitled, role: Role): void {
  if (persons < role.keys) refuse("persons", `${persons} persons, ${role.keys} needed`);
}
