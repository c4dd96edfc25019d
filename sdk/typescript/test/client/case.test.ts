import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { connect, ProblemError, signedOf, type Certificate, type Client } from "../../src/client/index.js";
import { checkAccepted } from "../../src/receipt.js";
import { AUDIT, payment, reserve, SCREEN, statement, supply, type Town, townOf } from "./town.js";

/** A real server, and six parties that take a case from its opening to a certificate. */

let town: Town;
const options = townOf((begun) => (town = begun));

test("six parties take a case to its decision, and co-signers certify it", options, async () => {
  town.follow();
  const issuer = await town.as("issuer");
  const { committee } = issuer.genesis;
  const id = await town.open(issuer);
  const take = async (party: Client, step: string, words: object = {}): Promise<void> => {
    const signed = await party.attestation({ case: id, step, ...words });
    const { receipt: given, records } = await party.submit(signed);
    const receipt = given ?? assert.fail();
    // Checked once more, from outside of the client.
    checkAccepted(receipt, town.ledger, issuer.genesis.appender);
    assert.equal(receipt.item.attestation, signed.attestation);
    assert.equal(records[0]?.kind, "attested");
  };
  const [custodian, auditor, screening] = [
    await town.as("custodian"),
    await town.as("auditor"),
    await town.as("screening"),
  ];
  await take(issuer, "request");
  const waits = (await custodian.waiting()).items.filter((row) => row.case === id).map((row) => row.step);
  assert.deepEqual(waits.sort(), ["payment", "reserve"]);
  const evidence = { "bank-statement": statement() };
  await take(custodian, "payment", { claims: payment("1"), evidence });
  await take(custodian, "reserve", { claims: reserve(town.ledger), evidence });
  await take(auditor, "audit", { claims: AUDIT });
  await take(screening, "screen", { claims: SCREEN });
  const observer = await town.as("observer");
  await observer.submit(await observer.reading(supply(Date.now())));
  const officer = await town.as("officer1");
  const seen = (await officer.certificate(committee)) ?? (await certified(officer, 1));
  const approval = await officer.attestation({ case: id, step: "approve", and: [town.keys.officer2], seen });
  const entered = await officer.submit(approval);
  assert.deepEqual(
    entered.records.map(({ kind }) => kind),
    ["attested", "decided", "outcome"],
  );

  const last = entered.records.at(-1)?.index ?? assert.fail();
  const certificate = await certified(issuer, last + 1);
  assert.equal(certificate.ledger, town.ledger);
  const decided = await issuer.case(id);
  assert.equal(decided.phase, "decided");
  assert.deepEqual(Object.keys(decided.steps).sort(), [
    "approve",
    "audit",
    "payment",
    "request",
    "reserve",
    "screen",
  ]);
  const again = await issuer.receipt(approval.attestation);
  const { index, leaf } = entered.records[0] ?? assert.fail();
  assert.deepEqual(again.item.result, { recorded: { index, leaf } });
  assert.ok(((await issuer.ledger()).certified?.size ?? 0) > last);
});

/** The newest certificate once it covers so many records; asked again and again, for half a minute. */
async function certified(client: Client, size: number): Promise<Certificate> {
  const end = Date.now() + 30_000;
  for (;;) {
    const certificate = await client.certificate(client.genesis.committee);
    if (certificate !== undefined && certificate.size >= size) return certificate;
    assert.ok(Date.now() < end, `nothing certified covers ${size} records`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

test("a refusal on record is thrown with its receipt; the next attempt counts", options, async () => {
  const [issuer, custodian, auditor] = [
    await town.as("issuer"),
    await town.as("custodian"),
    await town.as("auditor"),
  ];
  const id = await town.open(issuer);
  const early = await auditor.attestation({ case: id, step: "audit", claims: AUDIT });
  const refused = await auditor.submit(early).then(() => assert.fail(), (error: unknown) => error);
  assert.ok(refused instanceof ProblemError);
  assert.equal(refused.code, "order");
  assert.ok(refused.hint !== undefined && "refused" in (refused.receipt ?? assert.fail()).item.result);
  assert.deepEqual((await auditor.receipt(early.attestation)).item.result, refused.receipt?.item.result);
  const evidence = { "bank-statement": statement() };
  await custodian.submit(
    await custodian.attestation({ case: id, step: "reserve", claims: reserve(town.ledger), evidence }),
  );
  await auditor.submit(await auditor.attestation({ case: id, step: "audit", claims: AUDIT }));
  const twice = await auditor.attestation({ case: id, step: "audit", claims: AUDIT });
  await assert.rejects(auditor.submit(twice), { code: "step_taken", kind: "conflict", status: 409 });

  // What is taken back falls with all that waits for it.
  const back = await custodian.withdrawal({ case: id, step: "reserve", reason: "another account" });
  assert.equal((await custodian.submit(back)).records[0]?.kind, "withdrawn");
  assert.deepEqual(Object.keys((await custodian.case(id)).steps), []);
  const no = await issuer.refusal({ case: id, step: "request", reason: "not wanted any more" });
  await issuer.submit(no);
  assert.equal((await issuer.case(id)).phase, "refused");
});

test("the same again is answered as the first time, also from what was kept", options, async () => {
  const issuer = await town.as("issuer");
  const id = await town.open(issuer);
  const signed = await issuer.attestation({ case: id, step: "request" });
  const first = await issuer.submit(signed);
  const kept = JSON.parse(JSON.stringify(signed.submission));
  const second = await issuer.submit(signedOf(kept));
  assert.deepEqual(second.records, first.records);
});

test("a batch has one answer each, in order", options, async () => {
  const issuer = await town.as("issuer");
  const [one, two] = [await town.open(issuer), await town.open(issuer)];
  const step = (id: string) => issuer.attestation({ case: id, step: "request" });
  const early = await (await town.as("auditor")).attestation({ case: one, step: "audit", claims: AUDIT });
  const answers = await issuer.submitAll([await step(one), early, await step(two)]);
  const said = answers.map((answer) => {
    if ("entered" in answer) return answer.entered.records[0]?.kind;
    return answer.error instanceof ProblemError ? answer.error.code : answer.error;
  });
  assert.deepEqual(said, ["attested", "order", "attested"]);
  const rows = (await issuer.cases()).items.map((row) => row.case);
  assert.ok(rows.includes(one) && rows.includes(two));
});

test("a token asks as its key does, and signs nothing", options, async () => {
  const { token, expires } = await (await town.as("custodian")).token();
  assert.ok(expires > Date.now());
  const shown = await connect(town.url, { ledger: town.ledger, token });
  assert.ok((await shown.policies()).length > 0);
  await assert.rejects(shown.token(), { code: "signing" });
  await assert.rejects(shown.opening({ policy: "stablecoin.issue", params: {} }), { code: "signing" });
  const wrong = await connect(town.url, { ledger: town.ledger, token: `${token.slice(1)}A` });
  await assert.rejects(wrong.policies(), { code: "not-signed", kind: "unauthorised", status: 401 });
});

test("the ten lines of the example open a case and take a step", options, async () => {
  const script = fileURLToPath(new URL("../../examples/ten-lines.js", import.meta.url));
  const to = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
  const env = { ...process.env, SERVER: town.url, LEDGER: town.ledger, TO: to };
  const { stdout } = await promisify(execFile)(process.execPath, [script], { cwd: town.dir, env });
  assert.match(stdout, /kind: .attested./);
});

test("the page shows the ten lines as they run", async () => {
  const root = new URL("../../../", import.meta.url);
  const read = (path: string): Promise<string> => readFile(new URL(path, root), "utf8");
  const page = await read("../../docs/how-to/use-the-typescript-client.md");
  const lines = await read("examples/ten-lines.ts");
  assert.equal(lines.trimEnd().split("\n").length, 10);
  assert.ok(page.includes(`\`\`\`ts\n${lines}\`\`\``));
});
