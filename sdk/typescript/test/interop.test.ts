import assert from "node:assert/strict";
import { createPublicKey, verify, webcrypto } from "node:crypto";
import { test } from "node:test";
import { p256 } from "@noble/curves/nist.js";
import { privateKeyToAccount } from "viem/accounts";
import { hashTypedData, verifyTypedData } from "viem";
import {
  checkEnvelope,
  preAuthentication,
  readSubmission,
  type Submission,
} from "../src/attestation/envelope.js";
import { typedHash, typedStatement } from "../src/attestation/typed.js";
import { base64, fromHex, hex, utf8 } from "../src/bytes.js";
import type { JsonObject } from "../src/canonical.js";
import { checkpointHash, readCertificate, readCommittee } from "../src/certificate.js";
import { normaliseSignature, publicKey, readKey, writeAddress, type PublicKey } from "../src/suites.js";
import { vectors, type Given } from "./vectors.js";

/** What other people's libraries say of the same evidence. */

interface Signed {
  readonly envelope: JsonObject;
  readonly openings: readonly Given[];
}

const { keys, signed } = vectors<{ readonly keys: readonly Given[]; readonly signed: readonly Signed[] }>(
  "attestation.json",
);
const submissions = signed.map(({ envelope, openings }) => readSubmission({ envelope, openings }));
const registered = new Map(keys.map(readKey).map((key) => [key.id, key]));

function bySuite(
  suite: PublicKey["suite"],
): { readonly submission: Submission; readonly key: PublicKey; readonly signature: Uint8Array }[] {
  return submissions.flatMap((submission) =>
    submission.envelope.signatures.flatMap(({ keyId, signature }) => {
      const key = registered.get(keyId);
      return key?.suite === suite ? [{ submission, key, signature }] : [];
    }),
  );
}

const STATEMENT = {
  Statement: [
    { name: "kind", type: "string" },
    { name: "party", type: "string" },
    { name: "about", type: "bytes32" },
    { name: "step", type: "string" },
    { name: "verdict", type: "string" },
    { name: "claims", type: "bytes32[]" },
    { name: "evidence", type: "bytes32[]" },
    { name: "prev", type: "bytes32[]" },
    { name: "issued", type: "uint64" },
    { name: "expires", type: "uint64" },
    { name: "digest", type: "bytes32" },
  ],
} as const;

function typedData({ envelope }: Submission) {
  const { statement, attestation } = envelope;
  const members = typedStatement(statement, attestation);
  const word = (digest: string) => `0x${digest}` as const;
  return {
    domain: { name: "Lockstep", version: "1", salt: word(statement.ledger) },
    types: STATEMENT,
    primaryType: "Statement" as const,
    message: {
      ...members,
      about: word(members.about),
      claims: members.claims.map(word),
      evidence: members.evidence.map(word),
      prev: members.prev.map(word),
      issued: BigInt(members.issued),
      expires: BigInt(members.expires),
      digest: word(members.digest),
    },
  };
}

test("viem hashes and verifies every statement that an `eip712` key signed", async () => {
  const made = bySuite("eip712");
  assert.ok(made.length >= 5);
  for (const { submission, key, signature } of made) {
    const data = typedData(submission);
    assert.equal(hashTypedData(data), `0x${hex(typedHash(submission.envelope))}`);
    const address = writeAddress(key.bytes) as `0x${string}`;
    assert.ok(await verifyTypedData({ ...data, address, signature: `0x${hex(signature)}` }));
    const message = { ...data.message, party: "ANOTHERPARTY00000000" };
    assert.ok(!(await verifyTypedData({ ...data, message, address, signature: `0x${hex(signature)}` })));
  }
});

test("what viem signs counts here", async () => {
  const account = privateKeyToAccount(`0x${"11".repeat(32)}`);
  const key = publicKey("eip712", fromHex(account.address.slice(2).toLowerCase()));
  const [first] = bySuite("eip712");
  assert.ok(first !== undefined);
  const made = fromHex((await account.signTypedData(typedData(first.submission))).slice(2));
  const envelope = { ...first.submission.envelope, signatures: [{ keyId: key.id, signature: made }] };
  checkEnvelope(envelope, () => key);
});

test("node verifies every statement that an `ed25519` key signed", () => {
  const made = bySuite("ed25519");
  assert.ok(made.length >= 5);
  for (const { submission, key, signature } of made) {
    const jwk = { kty: "OKP", crv: "Ed25519", x: base64url(key.bytes) };
    const message = preAuthentication(submission.envelope.payload);
    assert.ok(verify(null, message, createPublicKey({ key: jwk, format: "jwk" }), signature));
    assert.ok(!verify(null, message.subarray(1), createPublicKey({ key: jwk, format: "jwk" }), signature));
  }
});

test("WebCrypto verifies an `es256` statement, and what it signs counts here once normalised", async () => {
  const payload = submissions[4]?.envelope.payload ?? assert.fail();
  const message = preAuthentication(payload);
  const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
  const pair = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const key = publicKey("es256", new Uint8Array(await webcrypto.subtle.exportKey("raw", pair.publicKey)));
  // Nothing makes WebCrypto emit a low s: among sixteen signatures both kinds stand, but for odds of 2^-15.
  for (let round = 0; round < 16; round++) {
    const made = new Uint8Array(
      await webcrypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, message),
    );
    const signature = normaliseSignature("es256", made);
    const envelope = {
      payload: base64(payload),
      payloadType: "application/vnd.in-toto+json",
      signatures: [{ keyid: key.id, sig: base64(signature) }],
    };
    const submission = readSubmission({ envelope, openings: signed[4]?.openings ?? [] });
    checkEnvelope(submission.envelope, () => key);
    assert.ok(
      await webcrypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, pair.publicKey, signature, message),
    );
  }
});

test("WebCrypto verifies what a P-256 key of these suites signed", async () => {
  const secret = fromHex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
  const message = utf8("a word of a party");
  const signature = p256.sign(message, secret);
  const key = await webcrypto.subtle.importKey(
    "raw",
    p256.getPublicKey(secret, false),
    { name: "ECDSA", namedCurve: "P-256" },
    false,
    ["verify"],
  );
  assert.ok(await webcrypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, message));
});

test("viem hashes a checkpoint as co-signers do, and verifies their certificate", async () => {
  const { certificates } = vectors<{
    readonly certificates: readonly { readonly certificate: Given; readonly committee: Given }[];
  }>("certificate.json");
  const given = certificates[0] ?? assert.fail();
  const certificate = readCertificate(given.certificate);
  const data = {
    domain: { name: "Lockstep", version: "1", salt: `0x${certificate.ledger}` },
    types: {
      Checkpoint: [
        { name: "ledger", type: "bytes32" },
        { name: "epoch", type: "uint64" },
        { name: "size", type: "uint64" },
        { name: "root", type: "bytes32" },
      ],
    },
    primaryType: "Checkpoint",
    message: {
      ledger: `0x${certificate.ledger}`,
      epoch: BigInt(certificate.epoch),
      size: BigInt(certificate.size),
      root: `0x${certificate.root}`,
    },
  } as const;
  assert.equal(hashTypedData(data), `0x${hex(checkpointHash(certificate))}`);
  const { members } = readCommittee(given.committee);
  for (const { member, signature } of certificate.signatures) {
    const address = writeAddress(members[member]?.address ?? assert.fail()) as `0x${string}`;
    assert.ok(await verifyTypedData({ ...data, address, signature: `0x${hex(signature)}` }));
  }
});

function base64url(bytes: Uint8Array): string {
  return base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
