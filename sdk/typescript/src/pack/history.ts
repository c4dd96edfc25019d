import { committeeOf, readMembers, type Committee, type Member } from "../certificate.js";
import { readAction, readCredentialKeys, type Action } from "../machine/action.js";
import type { Body, Bodies } from "../machine/body.js";
import { publicKey, type PublicKey } from "../suites.js";
import { checked, fail } from "./failure.js";
import type { Pack, PackGroup, PackRecord } from "./file.js";

/** What the records of a pack say of committees and keys, before anything is decided again. */

/** A committee, and the last record of the command that put it in force. */
export interface Epoch {
  readonly committee: Committee;
  readonly index: number;
}

/** The bodies of a pack's records, in their order. */
function* bodiesOf(pack: Pack): Generator<readonly [body: Body, record: PackRecord, group: PackGroup]> {
  for (const group of pack.excerpt) {
    for (const record of group.records) {
      if (record.said !== undefined && record.said !== "seal") yield [record.said, record, group];
    }
  }
}

/** Genesis, as record 0 states it. */
export function genesisOf(pack: Pack): Bodies["genesis"] {
  const said = pack.excerpt[0]?.records[0]?.said;
  if (said === undefined || said === "seal" || said.kind !== "genesis") {
    return fail("order", "the first record is not genesis", 0);
  }
  return said.of;
}

/** The committees that genesis and the rotations of a pack form, by their epochs (`pack.md` §4, 4). */
export function epochsOf(pack: Pack): readonly Epoch[] {
  const epochs: Epoch[] = [];
  const form = (members: readonly Member[], threshold: number, index: number) => {
    const committee = checked("committee", index, () => committeeOf(epochs.length, members, threshold));
    epochs.push({ committee, index });
  };
  const genesis = genesisOf(pack);
  form(readMembers(genesis.cosigners), genesis.cosigner_threshold, 0);
  const rotations = new Map<string, Extract<Action, { kind: "rotate" }>>();
  for (const [body, record, group] of bodiesOf(pack)) {
    if (body.kind === "proposed") {
      const action = readAction(body.of.action);
      if (action.kind === "rotate") rotations.set(record.leafHash, action);
    } else if (body.kind === "enacted") {
      const rotation = rotations.get(body.of.case);
      if (rotation === undefined) continue;
      form(rotation.members, rotation.threshold, group.records.at(-1)?.index ?? record.index);
    }
  }
  return epochs;
}

/** The versions of the rules that genesis and enactments of a pack name (`pack.md` §4, 9). */
export function rulesOf(pack: Pack): readonly number[] {
  const versions = [genesisOf(pack).rules];
  const bodies = [...bodiesOf(pack)];
  const enacted = new Set(bodies.flatMap(([body]) => (body.kind === "enacted" ? [body.of.case] : [])));
  for (const [body, { leafHash }] of bodies) {
    if (body.kind !== "proposed" || !enacted.has(leafHash)) continue;
    const action = readAction(body.of.action);
    if (action.kind === "set_rules") versions.push(action.rules);
  }
  return versions;
}

/** Every key that a record of the pack registers, by its id (`pack.md` §4, 10). */
export function keysOf(pack: Pack): ReadonlyMap<string, PublicKey> {
  const keys = new Map<string, PublicKey>();
  const add = (key: PublicKey) => keys.set(key.id, key);
  const addMembers = (members: readonly Member[]) => {
    for (const { address } of members) add(publicKey("eip712", address));
  };
  for (const [body] of bodiesOf(pack)) {
    if (body.kind === "genesis") {
      for (const administrator of body.of.administrators) {
        for (const { key } of readCredentialKeys(administrator.keys)) add(key);
      }
      addMembers(readMembers(body.of.cosigners));
    } else if (body.kind === "credentialed") {
      for (const { key } of readCredentialKeys(body.of.keys)) add(key);
    } else if (body.kind === "proposed") {
      const action = readAction(body.of.action);
      if (action.kind === "name_issuer") for (const { key } of action.keys) add(key);
      if (action.kind === "rotate") addMembers(action.members);
    }
  }
  return keys;
}
