import assert from "node:assert/strict";
import { test } from "node:test";
import { generatePrivateKey, privateKeyToAccount, sign } from "viem/accounts";
import { fromHex, hex, utf8 } from "../../src/bytes.js";
import { writeCanonical, type Json, type JsonObject } from "../../src/canonical.js";
import { checkpointHash, committeeOf, type Committee, type Member } from "../../src/certificate.js";
import { nextCommittee, readHandoverRow } from "../../src/client/rotation.js";
import { hashNode } from "../../src/log/tree.js";
import { leafHash, leafOf, writeRecordJson, type LedgerRecord } from "../../src/record.js";
import { answerOf } from "../../src/refusal.js";
import { writeAddress } from "../../src/suites.js";

/** A log of two records, a rotation proposed and enacted, which two committees have signed. */

const LEDGER = "5".repeat(64);
const LEIS = ["52990000000000000002", "52990000000000000196", "52990000000000000293", "52990000000000000390"];

interface Set {
  readonly committee: Committee;
  readonly secrets: readonly `0x${string}`[];
}

function set(epoch: number): Set {
  const secrets = LEIS.map(() => generatePrivateKey());
  const member = (lei: string, at: number): Member => {
    const { address } = privateKeyToAccount(secrets[at] ?? assert.fail());
    return { address: fromHex(address.slice(2).toLowerCase()), lei, name: `c-${at}` };
  };
  return { committee: committeeOf(epoch, LEIS.map(member), 3), secrets };
}

function record(body: Json): LedgerRecord {
  const [bytes, salt] = [utf8(writeCanonical(body)), new Uint8Array(32)];
  return { body: bytes, leaf: leafOf(1, 0, salt, bytes), salt };
}

async function certificate({ committee, secrets }: Set, root: string): Promise<JsonObject> {
  const { digest, epoch, threshold } = committee;
  const hash = `0x${hex(checkpointHash({ epoch, ledger: LEDGER, root, size: 2 }))}` as const;
  const one = async (secret: `0x${string}`, member: number): Promise<Json> => {
    const bytes = await sign({ hash, privateKey: secret, to: "hex" });
    return { member, signature: bytes.slice(2) };
  };
  const signatures = await Promise.all(secrets.slice(0, 3).map(one));
  return { committee: digest, epoch, ledger: LEDGER, root, scheme: 1, signatures, size: 2, threshold };
}

function action({ members, threshold }: Committee): Json {
  const cosigners = members.map(({ address, lei, name }) => ({ address: writeAddress(address), lei, name }));
  return { rotate: { cosigners, threshold } };
}

function proposal(of: Json): LedgerRecord {
  const named = { action: of, attestation: LEDGER, deadline: 1, envelope: LEDGER, loosens: true };
  return record({ proposed: { ...named, party: LEIS[0] ?? assert.fail() } });
}

async function row(old: Set, next: Set, signers = next): Promise<JsonObject> {
  const proposed = proposal(action(next.committee));
  const named = hex(leafHash(proposed.leaf));
  const enacted = record({ enacted: { action: LEDGER, case: named, prev: named } });
  const root = hex(hashNode(leafHash(proposed.leaf), leafHash(enacted.leaf)));
  return {
    enacted: writeRecordJson(enacted),
    handover: { new: await certificate(signers, root), old: await certificate(old, root) },
    inclusion: [named],
    index: 1,
    proposed: writeRecordJson(proposed),
  };
}

const [first, second, strangers] = [set(0), set(1), set(1)];
const told = await row(first, second);
const follow = (of: Json): Committee => nextCommittee(LEDGER, first.committee, readHandoverRow(of));

test("a committee is followed by the one that it signed a rotation to", () => {
  assert.equal(follow(told).digest, second.committee.digest);
  assert.equal(follow(told).epoch, 1);
});

test("nobody else is followed", async () => {
  const strange = await row(strangers, second);
  const others = proposal(action(strangers.committee));
  const refused: readonly (readonly [string, Json])[] = [
    ["signed by others than those who leave", strange],
    ["signed by others than those who come", await row(first, second, strangers)],
    ["other members", { ...told, proposed: writeRecordJson(others) }],
    ["no rotation", { ...told, proposed: writeRecordJson(proposal({ remove_issuer: { lei: LEIS[0]! } })) }],
    ["no record of it", { ...told, enacted: told["proposed"]! }],
    ["another place in the log", { ...told, index: 0 }],
    ["a path that leads elsewhere", { ...told, inclusion: ["6".repeat(64)] }],
    ["no path", { ...told, inclusion: [] }],
  ];
  for (const [name, of] of refused) assert.equal(answerOf(() => follow(of)), "rotation", name);
  const read = readHandoverRow(told);
  assert.equal(answerOf(() => nextCommittee(LEDGER, second.committee, read)), "rotation");
  assert.equal(answerOf(() => nextCommittee("7".repeat(64), first.committee, read)), "rotation");
});
