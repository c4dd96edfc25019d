import assert from "node:assert/strict";
import { test } from "node:test";
import { base64, hex, utf8 } from "../src/bytes.js";
import { writeCanonical, type JsonObject } from "../src/canonical.js";
import { describe, parseTrust, verifyPack, type Report } from "../src/index.js";
import type { Ledger } from "./machine/kit.js";
import { documentOf, SALT, signersOf, Stage, type Act } from "./machine/stories.js";
import { vectorBytes } from "./vectors.js";
import { wholePack } from "./whole-pack.js";

/** What reports tell of packs for audiences (`pack.md` §9), under the policy that issues a stablecoin. */

const stage = new Stage("stablecoin-issue");
const issued = stage.stories.find(({ name }) => name === "issued") ?? assert.fail();
const BANK = "NORTHBANKCUSTODY0090";

interface Played {
  readonly ledger: Ledger;
  readonly caseId: string;
}

function played(acts: readonly Act[]): Played {
  const ledger = stage.ledger();
  return { ledger, caseId: stage.play(ledger, { ...issued, acts }, () => undefined) };
}

/** The report of a pack that shows these claims and documents alone: `param.P`, `STEP.CLAIM`, `STEP.SLOT`. */
function reportOf({ ledger, caseId }: Played, shows: (what: string) => boolean): Report {
  const { pack, trust } = wholePack(ledger, caseId);
  const groups = pack["excerpt"] as readonly JsonObject[];
  const excerpt = groups.map((group) => {
    const { submit } = group["command"] as { readonly submit?: JsonObject };
    const step = stepOf(group);
    if (submit === undefined || step === undefined) return group;
    const openings = (submit["openings"] as readonly JsonObject[]).map((opening) =>
      shows(`${step}.${opening["name"]}`) ? opening : null,
    );
    return { ...group, command: { submit: { ...submit, openings } } };
  });
  const taken = new Set(groups.map(stepOf));
  const evidence = ["payment.bank-statement", "reserve.bank-statement"]
    .filter((slot) => shows(slot) && taken.has(slot.split(".")[0]))
    .map((slot) => ({ document: base64(documentOf(slot)), salt: hex(SALT) }));
  const file = utf8(writeCanonical({ ...pack, evidence, excerpt }));
  return verifyPack(file, parseTrust(utf8(writeCanonical(trust))));
}

/** The step of a group of the case, `param` of its opening. */
function stepOf(group: JsonObject): string | undefined {
  const [{ body }] = group["records"] as unknown as readonly [{ readonly body: JsonObject }];
  const says = body["record"] as { readonly opened?: object; readonly attested?: { readonly step: string } };
  return says?.opened === undefined ? says?.attested?.step : "param";
}

/** Of each step by its name, and of the opening: what is not shown. */
function hiddenIn({ facts }: Report): Readonly<Record<string, readonly string[]>> {
  const steps = facts?.steps ?? [];
  const hidden = steps.map(({ step, kind, claims_withheld = [], documents_not_shown = [] }) => {
    return [step ?? kind, [...claims_withheld, ...documents_not_shown]] as const;
  });
  return Object.fromEntries(hidden.filter(([, what]) => what.length > 0));
}

const PUBLIC: readonly string[] = [
  ...["param.amount", "param.beneficiary", "payment.amount", "payment.booked_at", "reserve.balance"],
  ...["reserve.as_of", "reserve.segregated", "reserve.earmarked_for", "audit.agrees", "audit.balance"],
];

test("a pack that shows everything is for who may see everything", () => {
  const report = reportOf(played(issued.acts), () => true);
  assert.equal(report.verdict, "verified");
  assert.deepEqual(report.facts?.audiences, ["supervisor"]);
  assert.deepEqual(hiddenIn(report), {});
});

test("what the public may see every audience may; the rest is named as not shown", () => {
  const report = reportOf(played(issued.acts), (what) => PUBLIC.includes(what));
  assert.deepEqual(
    report.missing.map(({ code }) => code),
    ["claims"],
  );
  assert.deepEqual(report.facts?.audiences, ["public", "counterparty", "auditor", "supervisor"]);
  assert.deepEqual(hiddenIn(report), {
    opened: ["jurisdiction"],
    payment: ["servicer", "account", "servicer_ref", "entry_ref", "debtor", "booked", "bank-statement"],
    reserve: ["bank-statement"],
    audit: ["haircut_bps"],
    screen: ["provider", "hits", "list"],
  });
  const lines = describe(report);
  assert.ok(lines.some((line) => line.endsWith("shown to: public, counterparty, auditor, supervisor")));
  assert.ok(lines.includes("      withheld: haircut_bps; what a rule asks of it rests on the certificate"));
});

test("one claim or document more is for those alone to whom the policy grants it", () => {
  const whole = played(issued.acts);
  const also = (...more: readonly string[]): readonly string[] | undefined =>
    reportOf(whole, (what) => PUBLIC.includes(what) || more.includes(what)).facts?.audiences;
  assert.deepEqual(also("payment.debtor"), ["counterparty", "supervisor"]);
  assert.deepEqual(also("reserve.bank-statement"), ["auditor", "supervisor"]);
  assert.deepEqual(also("payment.account"), ["counterparty", "auditor", "supervisor"]);
  assert.deepEqual(also("payment.debtor", "audit.haircut_bps"), ["supervisor"]);
  assert.deepEqual(also("payment.bank-statement"), ["supervisor"]);
});

/** The case as far as the bank's balance, then with one more word of the bank about it. */
function withWord(word: (played: Played) => void): Report {
  const whole = played(issued.acts.slice(0, 2));
  word(whole);
  return reportOf(whole, (what) => PUBLIC.includes(what));
}

const reserve = issued.acts.find(({ step }) => step === "reserve") ?? assert.fail();

test("a word that refuses a step or takes it back gives a reason, which `STEP.*` grants", () => {
  const refused = withWord(({ ledger, caseId }) => stage.take(ledger, caseId, { ...reserve, refuse: true }));
  assert.equal(refused.facts?.steps.at(-1)?.kind, "refused");
  assert.deepEqual(refused.facts?.audiences, ["auditor", "supervisor"]);
  const withdrawn = withWord(({ ledger, caseId }) => {
    const { drafts } = stage.take(ledger, caseId, reserve);
    const leaf = drafts[0]?.leaf ?? assert.fail();
    const predicate = { party: BANK, case: caseId, leaf, reason: "a wrong balance" };
    const subject = { name: "record", digest: leaf };
    ledger.submit({ kind: "withdrawal", predicate, subject }, ...signersOf(BANK).slice(0, 1));
  });
  assert.equal(withdrawn.facts?.steps.at(-1)?.kind, "withdrawn");
  assert.deepEqual(withdrawn.facts?.audiences, ["auditor", "supervisor"]);
});

test("a policy without the table has no audiences, and what is not shown is named all the same", () => {
  const trust = parseTrust(vectorBytes("pack/trust.json"));
  const { facts } = verifyPack(vectorBytes("pack/claim_withheld.json"), trust);
  assert.ok(facts !== undefined && !("audiences" in facts));
  assert.deepEqual(facts.steps[1]?.claims_withheld, ["note"]);
  assert.deepEqual(facts.steps[1]?.documents_not_shown, ["limit-report"]);
});
