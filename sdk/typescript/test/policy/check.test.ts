import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { checkPolicy } from "../../src/policy/check.js";
import { readPolicy } from "../../src/policy/read.js";
import { answerOf } from "../../src/refusal.js";

const FOLDER = new URL("../../../../../policies/", import.meta.url);

function fileOf(policy: string, name: string): string {
  return readFileSync(new URL(`${policy}/${name}`, FOLDER), "utf8");
}

test("every policy of the repository passes", () => {
  for (const name of readdirSync(FOLDER)) {
    checkPolicy(readPolicy(fileOf(name, "policy.toml"), fileOf(name, "guards.cedar")));
  }
});

/** What stands in a file, what is put in its place, and the code of the finding. */
type Change = readonly [file: "policy.toml" | "guards.cedar", from: string, to: string, code: string];

const ISSUE: readonly Change[] = [
  ["policy.toml", 'format    = "lockstep-policy/1"', 'format = "lockstep-policy/2"', "format"],
  ["policy.toml", 'opened_by = "issuer"', 'opened_by = "nobody"', "unknown-name"],
  ["policy.toml", "decimals = 6", "decimals = 19", "layout"],
  ["policy.toml", "decimals = 6", "decimals = 1", "call-args"],
  ["policy.toml", "decimals = 6", "decimals = 6\nunknown = 1", "layout"],
  ["policy.toml", 'min = "1.00", max = "50000000.00"', 'min = "1.0", max = "50000000.00"', "layout"],
  ["policy.toml", 'min = "1.00", max = "50000000.00"', 'min = "0.00", max = "50000000.00"', "hold-amount"],
  ["policy.toml", 'min = "1.00", max = "50000000.00"', 'max = "50000000.00"', "layout"],
  [
    "policy.toml",
    '"0x5FbDB2315678afecb367f032d93F642f64180aa3"',
    '"0x5FbDB2315678afecb367f032d93F642f64180aA3"',
    "layout",
  ],
  [
    "policy.toml",
    'distinct_from = ["issuer", "custodian"]',
    'distinct_from = ["auditor"]',
    "contradictory-role",
  ],
  [
    "policy.toml",
    "issuer     = { cred",
    'idle = { credential = "idle" }\nissuer     = { cred',
    "unused-role",
  ],
  ["policy.toml", 'after      = ["request"]', 'after      = ["approve"]', "cycle"],
  ["policy.toml", 'within     = "1d" ', 'within     = "8d" ', "deadline"],
  ["policy.toml", 'after = ["payment", "audit", "screen"]', 'after = ["payment", "audit"]', "dead-end"],
  ["policy.toml", 'after   = ["approve"]\ndomain', "after   = []\ndomain", "hold-without-outcome"],
  ["policy.toml", 'fresh    = { claim = "as_of", max_age = "36h" }\n', "", "hold-term"],
  ["policy.toml", 'booked     = "booked_at"', 'booked     = "debtor"', "unknown-name"],
  [
    "policy.toml",
    '"reserve.balance + payment.amount - supply"',
    '"reserve.balance + reserve.balance - supply"',
    "hold-term",
  ],
  [
    "policy.toml",
    '"reserve.balance + payment.amount - supply"',
    '"reserve.balance+payment.amount-supply"',
    "layout",
  ],
  ["policy.toml", '- supply"', '- other"', "hold-without-reading"],
  [
    "policy.toml",
    'args    = ["param.beneficiary", "param.amount"]',
    'args    = ["param.amount", "param.beneficiary"]',
    "call-args",
  ],
  ["policy.toml", 'expires = "30m"', 'expires = "30"', "layout"],
  ["policy.toml", "[hold.headroom]", "[hold.headroom] x", "toml"],
  ["guards.cedar", "context.claim.hits == 0", "context.claim.hits == true", "guard-type"],
  ["guards.cedar", "context.claim.hits == 0", "context.claim.none == 0", "guard-type"],
  ["guards.cedar", "context.claim.hits == 0", "1 == 2", "guard-warning"],
  ["guards.cedar", 'Role::"compliance"', 'Role::"issuer"', "idle-guard"],
  ["guards.cedar", 'action == Action::"request"', 'action == Action::"requests"', "guard-type"],
  ["guards.cedar", "context.claim.hits == 0", "if true then true else false", "cedar-1"],
  [
    "guards.cedar",
    "when { context.list.blocked_countries.contains(resource.jurisdiction) }",
    "",
    "never-permitted",
  ],
  ["guards.cedar", '@id("issuer-may-ask")', '@id("compliance-may-approve")', "cedar-1"],
];

const REDEEM: readonly Change[] = [
  ["policy.toml", 'returns = "deposit"', 'returns = "screen"', "outcome-returns"],
  [
    "policy.toml",
    'call    = "burn(bytes32,address,address,uint256)"',
    'call    = "burn(bytes32)"',
    "escrow-call",
  ],
  ["policy.toml", 'to      = "escrow"\ncall    = "refund', 'call    = "refund', "outcome-returns"],
  ["policy.toml", 'booked     = "booked_at"\n', "", "payout-without-date"],
  [
    "policy.toml",
    'expires = "never"\n\n[outcome.refund]',
    'expires = "1d"\n\n[outcome.refund]',
    "outcome-returns",
  ],
  ["policy.toml", 'escrow   = "0xa16E02E87b7454126E5E10d957A927A7F5B5d2be"\n', "", "escrow-call"],
  ["policy.toml", 'single_use = ["chain", "transaction", "log"]', "single_use = []", "outcome-returns"],
];

for (const [policy, changes] of [
  ["stablecoin-issue", ISSUE],
  ["stablecoin-redeem", REDEEM],
] as const) {
  test(`what breaks ${policy} is found by its code`, () => {
    for (const [file, from, to, code] of changes) {
      const text = fileOf(policy, file);
      assert.ok(text.includes(from), `${file} has no ${from}`);
      const changed = text.replace(from, to);
      const layout = file === "policy.toml" ? changed : fileOf(policy, "policy.toml");
      const guards = file === "guards.cedar" ? changed : fileOf(policy, "guards.cedar");
      assert.equal(
        answerOf(() => checkPolicy(readPolicy(layout, guards))),
        code,
        `${from} → ${to}`,
      );
    }
  });
}
