import type { CredentialKey } from "../attestation/statement.js";
import type { Submission } from "../attestation/envelope.js";
import { Account } from "./account.js";
import { entityText, type Entity } from "./entity.js";
import { committeeKeys } from "./keys.js";
import type { Programme, State } from "./state.js";

/** A record as it stands on the ledger. */
export interface Applied {
  readonly tag: 1 | 2;
  readonly body: Uint8Array;
  readonly leaf: string;
  readonly time: number;
}

/** Collects what a record touches, each entity once. */
export class Touched {
  readonly #entities = new Map<string, Entity>();

  add(entity: Entity): void {
    this.#entities.set(entityText(entity), entity);
  }

  [Symbol.iterator](): Iterator<Entity> {
    return this.#entities.values();
  }
}

/** What applying a record needs besides it. */
export interface Applying {
  readonly state: State;
  readonly record: Applied;
  /** The submission that the record followed from, where one is known. */
  readonly word: Submission | undefined;
  readonly touched: Touched;
}

/** The account of a programme, which is there from its first record on. */
export function accountOf(state: State, programme: string): Account {
  return programmeOf(state, programme).account;
}

export function programmeOf(state: State, name: string): Programme {
  const known = state.programmes.get(name);
  if (known !== undefined) return known;
  const made = {
    name,
    inForce: new Map(),
    adopted: new Set<string>(),
    lists: new Map(),
    account: new Account(),
  };
  state.programmes.set(name, made);
  return made;
}

/** Registers keys for a party; one that has an owner keeps it. */
export function registerKeys(
  state: State,
  owner: string,
  keys: readonly CredentialKey[],
): ReadonlySet<string> {
  for (const { key } of keys) if (!state.keys.has(key.id)) state.keys.set(key.id, { key, owner });
  return new Set(keys.map(({ key }) => key.id));
}

/** Co-signers consent by the keys with which they sign checkpoints. */
export function registerCommittee(state: State): void {
  for (const { key, lei: owner } of committeeKeys(state)) {
    if (!state.keys.has(key.id)) state.keys.set(key.id, { key, owner });
  }
}
