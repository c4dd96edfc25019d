import { secp256k1 } from "@noble/curves/secp256k1.js";
import type { Opening } from "../src/attestation/claim.js";
import type { Submission } from "../src/attestation/envelope.js";
import { PAYLOAD_TYPE } from "../src/attestation/envelope.js";
import { base64, concat, fromHex, fromUtf8, hex, utf8 } from "../src/bytes.js";
import { parseJson, writeCanonical, type Json, type JsonObject } from "../src/canonical.js";
import { checkpointHash, committeeOf, readMembers, writeMember, type Committee } from "../src/certificate.js";
import { sha256 } from "../src/hash.js";
import { mapKey, orderOf, type Entity } from "../src/machine/entity.js";
import type { Group } from "../src/machine/group.js";
import { openingKey } from "../src/machine/keys.js";
import { linkOf } from "../src/machine/link.js";
import { leafHash, leafOf } from "../src/record.js";
import { StateMap, valueHash } from "../src/state-map.js";
import { writeAddress } from "../src/suites.js";
import { pathOf, rootOf } from "./log-files.js";
import { cosigner, COSIGNERS, type Ledger } from "./machine/kit.js";

/** Whole packs, signatures and proofs included, of ledgers that tests have played. */

/** A pack of a case, sealed and certified at the ledger's present end, and the trust file of that head. */
export interface Whole {
  readonly pack: JsonObject;
  readonly trust: JsonObject;
}

const SALT = sha256(utf8("salt of the seal"));

export function wholePack(ledger: Ledger, caseId: string): Whole {
  const { state, now } = ledger;
  const map = new StateMap();
  for (const { entity, value } of state.entries.all()) map.set(mapKey(entity), valueHash(value));
  const seal = { map: hex(map.root()) };
  const sealed = leafHash(leafOf(1, now, SALT, utf8(writeCanonical({ seal }))));
  const records = ledger.groups.flatMap((group) => group.records);
  const hashes = [...records.map((record) => fromHex(record.leafHash)), sealed];
  const path = (index: number): Json => pathOf(index, hashes).map(hex);
  const committee = committeeNow();
  const groups = excerptOf(ledger, caseId);
  const head = { epoch: 0, ledger: state.ledger, root: hex(rootOf(hashes)), size: hashes.length };
  return {
    pack: {
      case: caseId,
      certificate: certificate(head, committee),
      evidence: [],
      excerpt: groups.map((group) => writeGroup(group, path)),
      format: "lockstep-pack/1",
      handovers: [],
      map: neededOf(ledger, groups, caseId).map((entity) => writeEntry(ledger, map, entity)),
      seal: { body: seal, path: path(head.size - 1), salt: hex(SALT), time: now },
      seen: [],
    },
    trust: {
      committee: committee.members.map(writeMember),
      epoch: 0,
      format: "lockstep-trust/1",
      ledger: state.ledger,
      name: "test",
      root: head.root,
      size: head.size,
      threshold: committee.threshold,
    },
  };
}

function committeeNow(): Committee {
  const members = COSIGNERS.map(([lei, name]) => ({ address: writeAddress(cosigner(name).key.bytes), lei, name }));
  return committeeOf(0, readMembers(members), 3);
}

function certificate(
  head: { readonly epoch: number; readonly ledger: string; readonly root: string; readonly size: number },
  { digest, threshold }: Committee,
): JsonObject {
  const hash = checkpointHash(head);
  const signatures = COSIGNERS.slice(0, threshold).map(([, name], member) => {
    const made = secp256k1.sign(hash, cosigner(name).secret, { prehash: false, format: "recovered" });
    return { member, signature: hex(concat(made.subarray(1), Uint8Array.of(27 + (made[0] ?? 0)))) };
  });
  return { ...head, committee: digest, scheme: 1, signatures, threshold };
}

/** What a pack of a case holds of a ledger (`pack.md` §2): of readings the settlements of the case alone. */
function excerptOf(ledger: Ledger, caseId: string): readonly Group[] {
  return ledger.groups.flatMap((group): Group[] => {
    const { command } = group;
    const isReading = command.kind === "submit" && command.submission.envelope.statement.kind === "reading";
    if (!isReading) return [group];
    const records = group.records.filter((record) => linkOf(record)?.case === caseId);
    return records.length > 0 ? [{ ...group, records, command: { kind: "recorded" } }] : [];
  });
}

function writeGroup({ command, records, time }: Group, path: (index: number) => Json): JsonObject {
  return {
    command: "submission" in command ? { [command.kind]: writeSubmission(command.submission) } : command.kind,
    records: records.map(({ body, index, salt, tag }) => ({
      body: tag === 1 ? { record: parseJson(fromUtf8(body)) } : { outcome: base64(body) },
      index,
      path: path(index),
      salt: hex(salt),
    })),
    time,
  };
}

function writeSubmission({ envelope, openings }: Submission): JsonObject {
  const signatures = envelope.signatures.map(({ keyId, signature }) => ({ keyid: keyId, sig: base64(signature) }));
  return {
    envelope: { payload: base64(envelope.payload), payloadType: PAYLOAD_TYPE, signatures },
    openings: openings.map(writeOpening),
  };
}

function writeOpening(opening: Opening): Json {
  return opening === null ? null : { name: opening.name, salt: opening.salt, value: opening.value };
}

/** The entries that a pack needs (`pack.md` §2), in their order. */
function neededOf({ state }: Ledger, groups: readonly Group[], caseId: string): readonly Entity[] {
  const needed: Entity[] = [{ case: caseId }, "committee"];
  for (const { said } of groups.flatMap(({ records }) => records)) {
    if (said?.kind === "credentialed" || said?.kind === "revoked") {
      needed.push({ credential: said.of.credential }, { issuer: said.of.issuer });
    } else if (said?.kind === "opened") needed.push({ use: openingKey(said.of.attestation) });
    else if (said?.kind === "attested" && said.of.use_key !== undefined) needed.push({ use: said.of.use_key });
  }
  const policy = state.cases.get(caseId)?.policy;
  if (policy !== undefined) {
    const { programme, name, lists } = policy;
    needed.push({ account: programme }, { policy: [programme, name] });
    for (const list of lists.keys()) needed.push({ list: [programme, list] });
  }
  const byOrder = new Map(needed.map((entity) => [orderOf(entity), entity]));
  return [...byOrder].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entity]) => entity);
}

function writeEntry({ state }: Ledger, map: StateMap, entity: Entity): JsonObject {
  const value = state.entries.get(entity)?.value;
  const entry = { entity: entity as Json, proof: proofOf(map, mapKey(entity)) };
  return value === undefined ? entry : { ...entry, value };
}

/** A proof of what a map holds under a key, from its nodes. */
function proofOf(map: StateMap, key: Uint8Array): Json {
  const nodes = new Map(map.nodes().map(({ depth, path, bytes }) => [`${depth} ${hex(path)}`, bytes]));
  const at = (depth: number, of: Uint8Array) => nodes.get(`${depth} ${hex(firstBits(of, depth))}`);
  const siblings: string[] = [];
  for (let depth = 0; ; depth++) {
    const node = at(depth, key);
    if (node === undefined) return { end: "nothing", siblings };
    if (node[0] === 0) {
      const leaf = { key: hex(node.subarray(1, 33)), value_hash: hex(node.subarray(33)) };
      return { end: { leaf }, siblings };
    }
    const beside = key.slice();
    beside[depth >> 3] = (beside[depth >> 3] ?? 0) ^ (0x80 >> (depth & 7));
    const sibling = at(depth + 1, beside);
    siblings.push(sibling === undefined ? "0".repeat(64) : hex(sha256(sibling)));
  }
}

function firstBits(key: Uint8Array, bits: number): Uint8Array {
  return key.map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * at))));
}
