import assert from "node:assert/strict";
import { test } from "node:test";
import { ProblemError, type Client } from "../../src/client/index.js";
import { parseTrust, verifyPack, writeTrust, type Trust } from "../../src/index.js";
import { AUDIT, payment, reserve, SCREEN, statement, supply, type Town, townOf } from "./town.js";

/** What parties ask besides: what observers are to read, what would be refused, packs and whom to believe. */

let town: Town;
const options = townOf((begun) => (town = begun));

async function code(asked: Promise<unknown>): Promise<string> {
  const thrown = await asked.then(() => assert.fail(), (error: unknown) => error);
  return thrown instanceof ProblemError ? thrown.code : assert.fail(String(thrown));
}

test("what would be refused is told, and nothing of it is on record", options, async () => {
  const [issuer, auditor] = [await town.as("issuer"), await town.as("auditor")];
  const id = await town.open(issuer);
  const before = (await issuer.case(id)).records.length;
  const early = await auditor.attestation({ case: id, step: "audit", claims: AUDIT });
  assert.equal((await auditor.tryOut(early)).refused?.code, "order");
  const request = await issuer.attestation({ case: id, step: "request" });
  assert.equal((await issuer.tryOut(request)).refused, null);
  assert.equal((await issuer.case(id)).records.length, before);
  await issuer.submit(request);
});

test("a domain tells an observer what is waited for", options, async () => {
  const observer = await town.as("observer");
  const [row, ...more] = await observer.domains();
  assert.ok(row !== undefined && more.length === 0);
  const { asked, balance, chain, domain, gates, pending, programme, token } = row;
  assert.deepEqual([programme, domain, chain], ["acme-usd", "home", "eip155:31337"]);
  assert.deepEqual(asked, { max_age_ms: 300_000, quorum: 1 });
  assert.deepEqual([balance, pending, gates.length], [null, [], 1]);
  assert.equal(token, "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512");
});

test("a pack from the server verifies under what follows from the ledger's id alone", options, async () => {
  const id = await decided();
  const [issuer, custodian] = [await town.as("issuer"), await town.as("custodian")];
  assert.equal(await custodian.trust(), undefined, "nothing is certified");
  assert.equal(await code(issuer.pack(id)), "not-certified");
  town.follow();
  const trust = await covering(issuer, (await issuer.case(id)).records.at(-1)?.index ?? assert.fail());
  assert.deepEqual(parseTrust(writeTrust(trust)), trust);

  // Acme administers the ledger, and sees all of it.
  const whole = verifyPack(await issuer.pack(id, { evidence: true }), trust);
  assert.equal(whole.verdict, "verified", JSON.stringify(whole));
  const text = async (client: Client, asked = {}): Promise<string> =>
    Buffer.from(await client.pack(id, asked)).toString();
  const own = await custodian.pack(id);
  assert.equal(verifyPack(own, trust).verdict, "cannot_tell", "of others it sees less");
  assert.ok((await text(custodian)).includes("Jane Doe"));
  assert.ok(!(await text(custodian, { audience: "public" })).includes("Jane Doe"));
  assert.ok(!(await text(custodian, { withhold: ["payment.debtor", "reserve"] })).includes("Jane Doe"));
  assert.equal(await code(custodian.pack(id, { audience: "supervisor" })), "audience");
  const changed = Buffer.from((await text(issuer)).replace("1000000.00", "9000000.00"));
  assert.equal(verifyPack(changed, trust).verdict, "failed");
});

/** A case that is decided and not certified. */
async function decided(): Promise<string> {
  const [issuer, custodian, auditor, screening, observer, officer] = [
    await town.as("issuer"),
    await town.as("custodian"),
    await town.as("auditor"),
    await town.as("screening"),
    await town.as("observer"),
    await town.as("officer1"),
  ];
  const id = await town.open(issuer);
  const evidence = { "bank-statement": statement() };
  const take = async (party: Client, step: string, words: object = {}): Promise<unknown> =>
    party.submit(await party.attestation({ case: id, step, ...words }));
  await take(issuer, "request");
  await take(custodian, "payment", { claims: payment("1"), evidence });
  await take(custodian, "reserve", { claims: reserve(town.ledger), evidence });
  await take(auditor, "audit", { claims: AUDIT });
  await take(screening, "screen", { claims: SCREEN });
  await observer.submit(await observer.reading(supply(Date.now())));
  await take(officer, "approve", { and: [town.keys.officer2] });
  return id;
}

/** What is to be believed, once it covers this record. */
async function covering(client: Client, index: number): Promise<Trust> {
  const end = Date.now() + 30_000;
  for (;;) {
    const trust = await client.trust();
    if (trust !== undefined && trust.size > index) return trust;
    assert.ok(Date.now() < end, `nothing certified covers record ${index}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
