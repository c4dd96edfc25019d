import { readFileSync, writeFileSync } from "node:fs";
import { describe, parseTrust, verifyPack, writeTrust } from "@lockstep/verifier";
import { connect, type Client } from "@lockstep/verifier/client";
import { ago, desk, fail, fileOf, handIn, handInOnce, soon, told, turn } from "./desk.js";
import { signerOf } from "./keys.js";
import { observe } from "./observer.js";

/**
 * Six institutions issue a stablecoin and redeem it (docs/how-to/six-institutions.md): `node main.js NAME`
 * is one of them, in its own folder, with its own keys and what `told` says.
 */

const STATEMENT = "../../crates/sources/samples/statement.xml";

async function acme(): Promise<void> {
  const issuer = await desk("issuer");
  const holder = told("HOLDER");
  const params = { amount: "1000000.00", beneficiary: holder, jurisdiction: "NO" };
  const issue = await handIn(issuer, await issuer.opening({ policy: "stablecoin.issue", params }));
  await handIn(issuer, await issuer.attestation({ case: issue, step: "request" }));
  writeFileSync("issue.case", issue);
  await settled(issuer, issue);
  const asked = { policy: "stablecoin.redeem", params: { amount: "1000.00", holder } };
  const redeem = await handIn(issuer, await issuer.opening(asked));
  writeFileSync("redeem.case", redeem);
  writeFileSync("../holder/case", redeem);
  await settled(issuer, redeem);
  for (const [id, name] of [[issue, "issuance"], [redeem, "redemption"]] as const) {
    writeFileSync(`${name}.json`, await soon(() => packOf(issuer, id)));
  }
}

/** Once the observer has shown what became of the outcome. */
async function settled(client: Client, id: string): Promise<void> {
  await soon(async () => ((await client.case(id)).phase === "settled" ? true : undefined));
}

/** The pack, once co-signers have signed all of the case. */
async function packOf(client: Client, id: string): Promise<Uint8Array | undefined> {
  const { records } = await client.case(id);
  const last = records.at(-1)?.index ?? fail("a case without records");
  const certificate = await client.certificate();
  if (certificate === undefined || certificate.size <= last) return undefined;
  return client.pack(id, { evidence: true });
}

async function officers(): Promise<void> {
  const [first, and] = [await desk("one"), [signerOf("two")]];
  const issue = await turn(first, "approve");
  const approval = { step: "approve", and };
  await handInOnce(first, "headroom_unknown", () => first.attestation({ case: issue, ...approval }));
  const redeem = await turn(first, "approve");
  await handIn(first, await first.attestation({ case: redeem, ...approval }));
}

async function northbank(): Promise<void> {
  const custodian = await desk("custodian");
  const evidence = { "bank-statement": readFileSync(STATEMENT) };
  const payment = {
    amount: "1000000.00",
    servicer: "NORTHNO1",
    account: "NO9386011117947",
    servicer_ref: "HB2611200000017",
    entry_ref: "20261120-00017",
    debtor: "Jane Doe",
    booked: "true",
    booked_at: ago(7_200),
  };
  const issue = await turn(custodian, "payment");
  const take = async (id: string, step: string, claims: Readonly<Record<string, string>>): Promise<string> =>
    handIn(custodian, await custodian.attestation({ case: id, step, claims, evidence }));
  await take(issue, "payment", payment);
  const balance = { balance: "5000000.00", as_of: ago(5), segregated: "true", earmarked_for: custodian.id };
  await take(issue, "reserve", balance);
  const redeem = await turn(custodian, "payout");
  const { debtor: creditor, ...paid } = payment;
  const reference = { servicer_ref: "HB2611200000019", entry_ref: "20261120-00019" };
  await take(redeem, "payout", { ...paid, creditor, ...reference, amount: "1000.00", booked_at: ago(1) });
}

async function fair(): Promise<void> {
  const auditor = await desk("auditor");
  const claims = { agrees: "true", balance: "5000000.00", haircut_bps: "100" };
  const id = await turn(auditor, "audit");
  await handIn(auditor, await auditor.attestation({ case: id, step: "audit", claims }));
}

/** The beneficiary of the one case, the holder of the other. */
async function clear(): Promise<void> {
  const screening = await desk("screening");
  const claims = { provider: "Clear Screening", hits: "0", list: told("SANCTIONS") };
  for (let screened = 0; screened < 2; screened++) {
    const id = await turn(screening, "screen");
    await handIn(screening, await screening.attestation({ case: id, step: "screen", claims }));
  }
}

/** It believes the id that it has, and from there the co-signers' signatures. */
async function otherbank(): Promise<void> {
  const packs = [await fileOf("../acme/issuance.json"), await fileOf("../acme/redemption.json")];
  const { LEDGER: ledger, SERVER = "" } = process.env;
  const trust = await (await connect(SERVER, { ledger })).trust();
  writeFileSync("trust.json", writeTrust(trust ?? fail("nothing is certified")));
  const known = parseTrust(readFileSync("trust.json"));
  for (const pack of packs) {
    const report = verifyPack(pack, known);
    console.log(describe(report).join("\n"));
    if (report.verdict !== "verified") fail(report.verdict);
  }
}

const DESKS = { acme, officers, northbank, fair, clear, watcher: observe, otherbank };

const name = process.argv[2] ?? "";
const plays = Object.entries(DESKS).find(([desk]) => desk === name)?.[1];
await (plays ?? fail(`\`${name}\` is none of ${Object.keys(DESKS).join(", ")}`))();
