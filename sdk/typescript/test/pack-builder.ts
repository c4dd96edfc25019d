import { secp256k1 } from "@noble/curves/secp256k1.js";
import { concat, hex, utf8 } from "../src/bytes.js";
import { writeCanonical, type Json, type JsonObject } from "../src/canonical.js";
import { checkpointHash, committeeOf, readMembers, writeMember, type Committee } from "../src/certificate.js";
import { keccak256, sha256, sha256Hex } from "../src/hash.js";
import type { Rerun } from "../src/machine/group.js";
import { leafBytes, leafHash, leafOf, type Tag } from "../src/record.js";
import { StateMap } from "../src/state-map.js";
import { writeAddress } from "../src/suites.js";
import { pathOf, proofOf, rootOf } from "./log-files.js";

/** Small ledgers, and packs of them, whose co-signers' keys are known here. */

export const START = 1_795_241_415_000;

/** A re-run that agrees with everything: for tests of the checks around it. */
export const agreeing = (): Rerun => ({
  run: () => {},
  findings: () => ({ restsOn: [], inPart: [], flags: [], deposits: [], outcomes: [] }),
  checkEntries: () => {},
});

const LEIS = ["COSIGNERSMALL0000098", "COSIGNERSMALL1000071", "COSIGNERSMALL2000044", "COSIGNERSMALL3000017"];

interface Keyed {
  readonly committee: Committee;
  readonly secrets: readonly Uint8Array[];
}

/** Four co-signers of an epoch, three of whom must sign. */
export function committee(epoch: number): Keyed {
  const secrets = LEIS.map((lei) => sha256(utf8(`${lei} ${epoch}`)));
  const members = LEIS.map((lei, at) => ({
    address: writeAddress(
      keccak256(secp256k1.getPublicKey(secrets[at] ?? fail(), false).subarray(1)).subarray(12),
    ),
    lei,
    name: `cosigner-${at}`,
  }));
  return { committee: committeeOf(epoch, readMembers(members), 3), secrets };
}

function fail(): never {
  throw new Error("not there");
}

interface Made {
  readonly tag: Tag;
  readonly time: number;
  readonly salt: Uint8Array;
  readonly body: Json;
  readonly leaf: Uint8Array;
  readonly hash: Uint8Array;
}

/** A ledger being written, with a seal wherever the test wants one. */
export class Ledger {
  readonly records: Made[] = [];
  readonly epochs: Keyed[] = [committee(0)];

  constructor() {
    this.append({
      genesis: {
        administrator_threshold: 1,
        administrators: [{ keys: [{ key: ed25519Key(1) }], lei: "ADMIN000000000000080" }],
        appender: ed25519Key(2),
        cosigner_threshold: 3,
        cosigners: this.#members(0),
        log: ed25519Key(3),
        name: "acme",
        nonce: "00".repeat(32),
        notice_ms: 0,
        rules: 1,
      },
    });
  }

  get id(): string {
    return hex(this.records[0]?.hash ?? fail());
  }

  #members(epoch: number): Json {
    return (this.epochs[epoch] ?? fail()).committee.members.map(writeMember);
  }

  append(body: Json): string {
    const at = this.records.length;
    const time = START + at;
    const salt = sha256(utf8(`salt ${at}`));
    const leaf = leafOf(1, time, salt, utf8(writeCanonical(body)));
    this.records.push({ tag: 1, time, salt, body, leaf: leafBytes(leaf), hash: leafHash(leaf) });
    return hex(leafHash(leaf));
  }

  /** Puts the next committee in force, by a governance case that nobody has agreed to. */
  rotate(threshold = 3): void {
    this.epochs.push(committee(this.epochs.length));
    const action = { rotate: { cosigners: this.#members(this.epochs.length - 1), threshold } };
    const id = this.append({
      proposed: {
        action,
        attestation: "11".repeat(32),
        deadline: START + 1000,
        envelope: "22".repeat(32),
        loosens: true,
        party: "ADMIN000000000000080",
      },
    });
    this.append({ enacted: { action: sha256Hex(writeCanonical(action)), case: id, prev: id } });
  }

  seal(): number {
    this.append({ seal: { map: hex(new StateMap().root()) } });
    return this.records.length;
  }

  root(size: number): string {
    return hex(rootOf(this.records.slice(0, size).map(({ hash }) => hash)));
  }

  certificate(size: number, epoch: number, signers: readonly number[] = [0, 1, 2]): JsonObject {
    const { committee: of, secrets } = this.epochs[epoch] ?? fail();
    const checkpoint = { epoch, ledger: this.id, root: this.root(size), size };
    const hash = checkpointHash(checkpoint);
    const signatures = signers.map((member) => ({
      member,
      signature: hex(sign(hash, secrets[member] ?? fail())),
    }));
    return { ...checkpoint, committee: of.digest, scheme: 1, signatures, threshold: of.threshold };
  }

  consistency(earlier: number, later: number): Json {
    const hashes = this.records.slice(0, later).map(({ hash }) => hash);
    return proofOf(earlier, hashes).map(hex);
  }

  handover(size: number, from: number, later: number): JsonObject {
    const handover = { new: this.certificate(size, from + 1), old: this.certificate(size, from) };
    return { consistency: this.consistency(size, later), handover };
  }

  trust(size: number, epoch: number): JsonObject {
    return {
      committee: this.#members(epoch),
      epoch,
      format: "lockstep-trust/1",
      ledger: this.id,
      name: "acme",
      root: this.root(size),
      size,
      threshold: 3,
    };
  }

  /** A pack of the first `size` records, all of them withheld but genesis, certified by an epoch. */
  pack(size: number, epoch: number, more: JsonObject = {}): JsonObject {
    const shown = this.records.slice(0, size);
    const hashes = shown.map(({ hash }) => hash);
    const path = (index: number) => pathOf(index, hashes).map(hex);
    const excerpt = shown.slice(0, -1).flatMap(({ body, salt, time }, index) => {
      if (writeCanonical(body).startsWith('{"seal":')) return [];
      const records = [{ body: { record: body }, index, path: path(index), salt: hex(salt) }];
      return [{ command: index === 0 ? "genesis" : "tick", records, time }];
    });
    const seal = shown.at(-1) ?? fail();
    return {
      case: "33".repeat(32),
      certificate: this.certificate(size, epoch),
      evidence: [],
      excerpt,
      format: "lockstep-pack/1",
      handovers: [],
      map: [],
      seal: {
        body: (seal.body as JsonObject)["seal"] ?? null,
        path: path(size - 1),
        salt: hex(seal.salt),
        time: seal.time,
      },
      seen: [],
      ...more,
    };
  }
}

export function fileOf(json: JsonObject): Uint8Array {
  return utf8(writeCanonical(json));
}

function ed25519Key(of: number): JsonObject {
  const points = [
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
  ];
  return { key: points[of - 1] ?? fail(), suite: "ed25519" };
}

function sign(hash: Uint8Array, secret: Uint8Array): Uint8Array {
  const made = secp256k1.sign(hash, secret, { prehash: false, format: "recovered" });
  return concat(made.subarray(1), Uint8Array.of(27 + (made[0] ?? 0)));
}
