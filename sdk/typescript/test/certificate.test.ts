import assert from "node:assert/strict";
import { test } from "node:test";
import { hex } from "../src/bytes.js";
import { type JsonObject } from "../src/canonical.js";
import {
  checkCertificate,
  checkHandover,
  checkpointHash,
  isThreshold,
  readCertificate,
  readCheckpoint,
  readCommittee,
  readHandover,
} from "../src/certificate.js";
import { domainSeparator } from "../src/eip712.js";
import { answerOf } from "../src/refusal.js";
import { checkRequest, readRequest, type LastSigned } from "../src/signer.js";
import { vectors, type Given } from "./vectors.js";

interface Answered {
  readonly answer: string;
  readonly ledger: string;
  readonly name: string;
}

interface Certificates {
  readonly thresholds: readonly { readonly allowed: readonly number[]; readonly members: number }[];
  readonly committees: readonly { readonly committee: JsonObject; readonly digest: string }[];
  readonly checkpoints: readonly {
    readonly checkpoint: JsonObject;
    readonly domain_separator: string;
    readonly signing_hash: string;
  }[];
  readonly certificates: readonly (Answered & { readonly certificate: Given; readonly committee: Given })[];
  readonly handovers: readonly (Answered & {
    readonly handover: Given;
    readonly new: Given;
    readonly old: Given;
  })[];
  readonly requests: readonly (Answered & {
    readonly last: LastSigned | null;
    readonly now: number;
    readonly request: Given;
  })[];
}

const given = vectors<Certificates>("certificate.json");

for (const { allowed, members } of given.thresholds) {
  test(`thresholds of ${members} members`, () => {
    const of = Array.from({ length: 40 }, (_, threshold) => threshold).filter((k) => isThreshold(k, members));
    assert.deepEqual(of, allowed);
  });
}

given.committees.forEach(({ committee, digest }, at) => {
  test(`committee ${at} has its digest`, () => assert.equal(readCommittee(committee).digest, digest));
});

given.checkpoints.forEach(({ checkpoint, domain_separator, signing_hash }, at) => {
  test(`checkpoint ${at} has its hash`, () => {
    const read = readCheckpoint(checkpoint);
    assert.equal(hex(domainSeparator(read.ledger)), domain_separator);
    assert.equal(hex(checkpointHash(read)), signing_hash);
  });
});

for (const { answer, certificate, committee, ledger, name } of given.certificates) {
  test(`certificate, ${name}: ${answer}`, () => {
    const check = () => checkCertificate(readCertificate(certificate), ledger, readCommittee(committee));
    assert.equal(answerOf(check), answer);
  });
}

for (const { answer, handover, ledger, name, new: next, old } of given.handovers) {
  test(`handover, ${name}: ${answer}`, () => {
    const check = () =>
      checkHandover(readHandover(handover), ledger, readCommittee(old), readCommittee(next));
    assert.equal(answerOf(check), answer);
  });
}

for (const { answer, last, ledger, name, now, request } of given.requests) {
  test(`request, ${name}: ${answer}`, () => {
    assert.equal(
      answerOf(() => checkRequest(readRequest(request), ledger, last ?? undefined, now)),
      answer,
    );
  });
}

test("a signature that is wrong in several ways has one answer", () => {
  const { certificate, committee, ledger } = given.certificates[0] ?? assert.fail();
  const read = readCertificate(certificate);
  const [first, ...others] = read.signatures;
  assert.ok(first !== undefined);
  const said = (change: (signature: Uint8Array) => void) => {
    const signature = first.signature.slice();
    change(signature);
    const changed = { ...read, signatures: [{ member: first.member, signature }, ...others] };
    return answerOf(() => checkCertificate(changed, ledger, readCommittee(committee)));
  };
  assert.equal(
    said((signature) => signature.fill(0x80, 32, 64)),
    "high_s",
  );
  assert.equal(
    said((signature) => signature.fill(0x80, 32, 65)),
    "bad_signature",
  );
  assert.equal(
    said((signature) => signature.fill(0xff, 32, 64)),
    "bad_signature",
  );
});

test("a signature that is not of 65 bytes is no certificate", () => {
  const { certificate } = given.certificates[0] ?? assert.fail();
  const fields = certificate as JsonObject;
  const signatures = [{ member: 0, signature: "00".repeat(66) }];
  assert.equal(
    answerOf(() => readCertificate({ ...fields, signatures })),
    "form",
  );
});

/** What is said of the second committee of the vectors when its fields are changed. */
function committeeSaid(change: (committee: JsonObject, members: readonly JsonObject[]) => Given): string {
  const committee = given.committees.at(-1)?.committee ?? {};
  return answerOf(() => readCommittee(change(committee, committee["members"] as readonly JsonObject[])));
}

test("what is no committee is refused", () => {
  assert.equal(
    committeeSaid((committee) => committee),
    "holds",
  );
  assert.equal(
    committeeSaid((committee) => ({ ...committee, members: [] })),
    "form",
  );
  assert.equal(
    committeeSaid((committee) => ({ ...committee, threshold: 0 })),
    "form",
  );
  assert.equal(
    committeeSaid((committee) => ({ ...committee, threshold: 200 })),
    "form",
  );
  for (const field of ["address", "lei"]) {
    const twice = committeeSaid((committee, members) => {
      const changed = members.map((member) => ({ ...member, [field]: members[0]?.[field] ?? null }));
      return { ...committee, members: changed };
    });
    assert.equal(twice, "form", field);
  }
});
