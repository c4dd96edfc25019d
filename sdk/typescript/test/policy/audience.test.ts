import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { checkPolicy } from "../../src/policy/check.js";
import { readPolicy } from "../../src/policy/read.js";
import { answerOf } from "../../src/refusal.js";

/** The table of audiences of a policy (`policy.md` §9). */

const SPEC = readFileSync(new URL("../../../../../specs/policy.md", import.meta.url), "utf8");
const POLICIES = new URL("../../../../../policies/", import.meta.url);

function block(language: string): string {
  return new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, "u").exec(SPEC)?.[1] ?? assert.fail(language);
}

// The example of the page, with a step whose slot is called as a claim of it.
const LAYOUT = block("toml").replace(
  '[step.due]\nby    = "issuer"',
  '[step.due]\nevidence = ["sum", "statement-1.a"]\nby    = "issuer"',
);
const GUARDS = block("cedar");

function answer(table: string): string {
  return answerOf(() => checkPolicy(readPolicy(`${LAYOUT}\n${table}`, GUARDS)));
}

test("the layout of the tests is as they say", () => {
  assert.notEqual(LAYOUT, block("toml"));
  assert.equal(answer(""), "holds");
});

const GIVEN = '"param.amount", "param.holder"';

for (const [what, lists, expected] of [
  ["nothing is asked of a table without a list", "", "holds"],
  ["what outcomes carry is public", `public = [${GIVEN}]`, "holds"],
  ["all parameters", 'public = ["param.*"]\nauditor = []', "holds"],
  ["everything", 'public = ["*"]', "holds"],
  ["claims, slots, steps", `public = [${GIVEN}]\nauditor = ["due.statement-1.a", "confirm.*"]`, "holds"],
  ["a list that adds one", `public = [${GIVEN}, "due.*"]\nsupervisor = ["param.*", "confirm.*"]`, "holds"],
  ["another audience", `public = [${GIVEN}]\nfriends = []`, "unknown-audience"],
  ["an entry without a point", `public = [${GIVEN}, "due"]`, "name"],
  ["an entry without a name", `public = [${GIVEN}, "due."]`, "name"],
  ["capitals", `public = [${GIVEN}, "due.Sum"]`, "name"],
  ["a claim of every step", `public = [${GIVEN}, "*.received"]`, "name"],
  ["no such step", `public = [${GIVEN}, "paid.*"]`, "unknown-step"],
  ["no such claim", `public = [${GIVEN}, "confirm.sum"]`, "unknown-claim"],
  ["no such parameter", `public = [${GIVEN}, "param.sum"]`, "unknown-param"],
  ["a claim and a slot", `public = [${GIVEN}]\nauditor = ["due.sum"]`, "ambiguous"],
  ["a step with a claim and a slot of one name", `public = [${GIVEN}]\nauditor = ["due.*"]`, "holds"],
  ["named twice", `public = [${GIVEN}]\nauditor = ["due.*", "due.*"]`, "duplicate"],
  ["granted by the step", `public = [${GIVEN}]\nauditor = ["confirm.received", "confirm.*"]`, "duplicate"],
  ["granted by the parameters", 'public = ["param.*", "param.amount"]', "duplicate"],
  ["granted by everything", `public = [${GIVEN}]\nauditor = ["*", "confirm.*"]`, "duplicate"],
  ["granted to the public", 'public = ["*"]\nauditor = ["confirm.received"]', "duplicate"],
  ["an argument that is not public", 'public = ["param.amount"]\nauditor = ["*"]', "shown-anyway"],
  ["nothing is public", 'supervisor = ["*"]', "shown-anyway"],
  ["no list", 'public = "*"', "layout"],
  ["a list of numbers", "public = [1]", "layout"],
] as const) {
  test(`${what}: ${expected}`, () => assert.equal(answer(`[audience]\n${lists}`), expected));
}

const ALWAYS_SHOWN = {
  "stablecoin-issue": [
    ...["param.amount", "param.beneficiary", "payment.amount", "payment.booked_at"],
    ...["reserve.balance", "reserve.as_of"],
  ],
  "stablecoin-redeem": ["deposit.depositor", "deposit.amount", "payout.amount", "payout.booked_at"],
};
const FREE = { "stablecoin-issue": "reserve.segregated", "stablecoin-redeem": "deposit.chain" };

for (const policy of ["stablecoin-issue", "stablecoin-redeem"] as const) {
  test(`${policy}: what records and outcomes carry is public, and what they do not need not be`, () => {
    const of = (name: string): string => readFileSync(new URL(`${policy}/${name}`, POLICIES), "utf8");
    const [before = "", table = ""] = of("policy.toml").split("[audience]");
    const answerWithout = (entry: string): string => {
      assert.ok(table.includes(`"${entry}"`), entry);
      const layout = `${before}[audience]${table.replace(new RegExp(`"${entry}",? ?`, "u"), "")}`;
      return answerOf(() => checkPolicy(readPolicy(layout, of("guards.cedar"))));
    };
    for (const entry of ALWAYS_SHOWN[policy]) assert.equal(answerWithout(entry), "shown-anyway", entry);
    assert.equal(answerWithout(FREE[policy]), "holds");
  });
}
