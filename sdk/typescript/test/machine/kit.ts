import { ed25519 } from "@noble/curves/ed25519.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { claimDigest } from "../../src/attestation/claim.js";
import { preAuthentication, readSubmission, type Submission } from "../../src/attestation/envelope.js";
import { typedHash } from "../../src/attestation/typed.js";
import { base64, hex, utf8 } from "../../src/bytes.js";
import { writeCanonical, type Json, type JsonObject } from "../../src/canonical.js";
import { keccak256, sha256, sha256Hex } from "../../src/hash.js";
import { actionDigest } from "../../src/machine/action.js";
import { apply, emptyState } from "../../src/machine/apply.js";
import { WHOLE } from "../../src/machine/decide/asking.js";
import { decide, type Decidable, type Decided } from "../../src/machine/decide/command.js";
import type { Group, ShownRecord } from "../../src/machine/group.js";
import { readBody } from "../../src/machine/body.js";
import { leafHash, leafOf, saltOf } from "../../src/record.js";
import { publicKey, writeAddress, writeKey, type PublicKey } from "../../src/suites.js";

/** A ledger in memory and the signers of its parties, for tests. Everything follows from texts. */

export const GOVERNANCE: string = sha256Hex("lockstep-governance/1");
export const ADMIN = "ADMIN000000000000080";
export const START = 1_795_161_600_000;

export interface Signer {
  readonly secret: Uint8Array;
  readonly key: PublicKey;
  readonly person: string;
}

export function signer(name: string): Signer {
  const secret = sha256(utf8(`secret of ${name}`));
  return {
    secret,
    key: publicKey("ed25519", ed25519.getPublicKey(secret)),
    person: sha256Hex(`person ${name}`),
  };
}

/** A co-signer, who signs checkpoints and consents by one key. */
export function cosigner(name: string): Signer {
  const secret = sha256(utf8(`co-signer ${name}`));
  const address = keccak256(secp256k1.getPublicKey(secret, false).subarray(1)).subarray(12);
  return { secret, key: publicKey("eip712", address), person: sha256Hex(name) };
}

export const COSIGNERS: readonly (readonly [lei: string, name: string])[] = [
  ["COSIGNERSMALL0000098", "zero"],
  ["COSIGNERSMALL1000071", "one"],
  ["COSIGNERSMALL2000044", "two"],
  ["COSIGNERSMALL3000017", "three"],
];

export interface Said {
  readonly kind: "opening" | "attestation" | "withdrawal" | "reading" | "credential" | "revocation";
  readonly predicate: JsonObject;
  readonly subject: { readonly name: string; readonly digest: string };
  readonly claims?: readonly { readonly name: string; readonly value: string }[];
}

/** One ledger: what is known, and every command that led there. */
export class Ledger {
  readonly state = emptyState();
  readonly groups: Group[] = [];
  now: number = START;
  #commands = 0;
  #size = 0;

  /** Decides a command, applies what it leaves, and keeps both. */
  command(command: Decidable): Decided {
    const seed = sha256(utf8(`seed ${this.#commands++}`));
    const { now } = this;
    const leaf = (tag: 1 | 2, body: Uint8Array, at: number): string =>
      hex(leafHash(leafOf(tag, now, saltOf(seed, at), body)));
    const decided = decide(this.state, command, { now, leafOf: leaf, across: WHOLE });
    const word = "submission" in command ? command.submission : undefined;
    const records = decided.drafts.map(({ tag, body, leaf: leafHash_ }, at): ShownRecord => {
      const record = { index: this.#size + at, tag, leafHash: leafHash_, salt: saltOf(seed, at), body };
      return tag === 1 ? { ...record, said: readBody(body) } : record;
    });
    for (const draft of decided.drafts) apply(this.state, { ...draft, time: now }, word);
    this.#size += records.length;
    if (records.length > 0) this.groups.push({ command: shownCommand(command), time: now, records });
    return decided;
  }

  submit(said: Said, ...signers: readonly Signer[]): Decided {
    return this.command({ kind: "submit", submission: this.sign(said, signers) });
  }

  /** Proposes, as the one administrator, and expects it to take effect at once. */
  propose(action: Json): Decided {
    const claims = [{ name: "action", value: actionDigest(action) }];
    const said = this.opening(ADMIN, GOVERNANCE, claims, this.now + 86_400_000);
    return this.command({ kind: "propose", action, submission: this.sign(said, [signer(ADMIN)]) });
  }

  opening(party: string, policy: string, claims: NonNullable<Said["claims"]>, deadline: number): Said {
    const predicate = { party, policy, deadline, nonce: sha256Hex(`nonce ${this.#commands}`) };
    return { kind: "opening", predicate, subject: { name: "policy", digest: policy }, claims };
  }

  sign({ kind, predicate, subject, claims }: Said, signers: readonly Signer[]): Submission {
    const openings = (claims ?? []).map(({ name, value }, at) => ({
      name,
      value,
      salt: sha256Hex(`salt ${at} ${this.now}`),
    }));
    const statement = {
      _type: "https://in-toto.io/Statement/v1",
      predicate: {
        ledger: this.state.ledger,
        issued: this.now,
        expires: this.now + 3_600_000,
        ...(claims === undefined ? {} : { claims: openings.map(claimDigest) }),
        ...predicate,
      },
      predicateType: `urn:lockstep:${kind}:1`,
      subject: [{ digest: { sha256: subject.digest }, name: subject.name }],
    };
    const payload = utf8(writeCanonical(statement));
    const signatures = signers
      .map((by) => ({ keyid: by.key.id, sig: base64(signature(by, payload, openings.length)) }))
      .sort((a, b) => (a.keyid < b.keyid ? -1 : 1));
    return readSubmission({ envelope: enveloped(payload, signatures), openings });
  }

  /** An administrator or a co-signer agrees with a proposal. */
  agree(step: "approve" | "consent", proposal: string, party: string, by: Signer): Decided {
    const predicate = { party, case: proposal, step, prev: [proposal], evidence: [], verdict: "done" };
    return this.submit(
      { kind: "attestation", predicate, subject: { name: step, digest: proposal }, claims: [] },
      by,
    );
  }
}

function enveloped(payload: Uint8Array, signatures: Json): JsonObject {
  return { payload: base64(payload), payloadType: "application/vnd.in-toto+json", signatures };
}

function signature({ secret, key }: Signer, payload: Uint8Array, claims: number): Uint8Array {
  if (key.suite === "ed25519") return ed25519.sign(preAuthentication(payload), secret);
  const openings = Array.from({ length: claims }, () => null);
  const unsigned = readSubmission({
    envelope: enveloped(payload, [{ keyid: key.id, sig: "" }]),
    openings,
  }).envelope;
  const [recovery = 0, ...scalars] = secp256k1.sign(typedHash(unsigned), secret, {
    prehash: false,
    format: "recovered",
  });
  return Uint8Array.of(...scalars, 27 + recovery);
}

function shownCommand(command: Decidable): Group["command"] {
  if (command.kind === "genesis" || command.kind === "tick") return { kind: command.kind };
  return { kind: command.kind, submission: command.submission };
}

/** A ledger with one administrator, four co-signers of whom three are needed, and a notice. */
export function begin(noticeMs = 0): Ledger {
  const ledger = new Ledger();
  const keyOf = (name: string): Json => writeKey(signer(name).key);
  ledger.command({
    kind: "genesis",
    genesis: {
      administrator_threshold: 1,
      administrators: [{ keys: [{ key: keyOf(ADMIN) }], lei: ADMIN }],
      appender: keyOf("appender"),
      cosigner_threshold: 3,
      cosigners: COSIGNERS.map(([lei, name]) => ({
        address: writeAddress(cosigner(name).key.bytes),
        lei,
        name,
      })),
      log: keyOf("log"),
      name: "test",
      nonce: sha256Hex("nonce"),
      notice_ms: noticeMs,
      rules: 1,
    },
  });
  return ledger;
}

/** Keys of a credential, ascending. */
export function keysOf(signers: readonly Signer[]): Json[] {
  return [...signers]
    .sort((a, b) => (a.key.id < b.key.id ? -1 : 1))
    .map(({ key, person }) => ({ key: { ...writeKey(key) }, person }));
}

/** A credential of a kind for a party, by the administrator, who is named as issuer. */
export function credential(ledger: Ledger, party: string, kind: string, signers: readonly Signer[]): Decided {
  const keys = keysOf(signers);
  const predicate = {
    party: ADMIN,
    keys,
    kind,
    subject: party,
    valid_from: 0,
    valid_until: 4_000_000_000_000,
  };
  const subject = { name: kind, digest: sha256Hex(writeCanonical(keys)) };
  return ledger.submit({ kind: "credential", predicate, subject }, signer(ADMIN));
}
