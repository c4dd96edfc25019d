import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, type AdoptedList, type GuardInput, type Shown } from "../../src/policy/guards.js";
import { readPolicy } from "../../src/policy/read.js";

const LAYOUT = `
format    = "lockstep-policy/1"
name      = "p"
title     = "P"
programme = "x"
guards    = "cedar-1"
opened_by = "a"
lasts     = "1d"
[param]
amount = { type = "money", currency = "EUR", min = "0.01", max = "10.00" }
note   = { type = "text" }
[list]
blocked = "set"
[role]
a = { credential = "a" }
b = { credential = "b" }
[step.first]
by    = "a"
title = "first"
claim = { sum = "money:EUR", when = "time", good = "bool" }
[step.second]
by    = "b"
title = "second"
after = ["first"]
claim = { count = "int" }
`;

const LEDGER = "ab".repeat(32);

function shown(...texts: readonly (string | null | undefined)[]): readonly (Shown | undefined)[] {
  return texts.map((text) => (text === null ? "hidden" : text === undefined ? undefined : { text }));
}

const INPUT: GuardInput = {
  ledger: LEDGER,
  party: "ACMEUSDISSUER0000046",
  parameters: shown("1.00", "KP"),
  claims: shown("7"),
  claimsOf: () => shown("0.50", "2026-11-20T00:00:00.000Z", "true"),
  listOf: (): AdoptedList => ({ set: ["IR", "KP"] }),
};

function verdict(guards: string, input: Partial<GuardInput> = {}, step = "second"): string {
  const policy = readPolicy(LAYOUT, guards);
  const of = policy.steps.get(step);
  assert.ok(of !== undefined);
  const said = judge(policy, of, { ...INPUT, ...input });
  return said.kind === "refused" ? `refused ${said.guards.join(" ")}`.trim() : said.kind;
}

/** A permit for everybody under a condition. */
function when(condition: string): string {
  return `permit (principal, action, resource) when { ${condition} };`;
}

const ALL = "permit (principal, action, resource);\n";

test("what a guard sees", () => {
  const conditions: readonly (readonly [string, string])[] = [
    ["resource.amount == 100", "allowed"],
    ["context.step.first.sum == 50", "allowed"],
    ["context.step.first.when == 1795132800000", "allowed"],
    ["context.step.first.good", "allowed"],
    ["context.claim.count == 7", "allowed"],
    ["context.list.blocked.contains(resource.note)", "allowed"],
    [`context.ledger == "${LEDGER}"`, "allowed"],
    ['principal.lei == "ACMEUSDISSUER0000046"', "allowed"],
    ['principal == Party::"ACMEUSDISSUER0000046"', "allowed"],
    ['principal in Role::"b"', "allowed"],
    ['principal in Role::"a"', "refused"],
    ['action == Action::"second"', "allowed"],
    ["resource.amount > 100", "refused"],
    ["context.claim.count * 9223372036854775807 > 0", "error"],
  ];
  for (const [condition, expected] of conditions) assert.equal(verdict(when(condition)), expected, condition);
});

test("unknown comes before error, error before forbid, forbid before permit", () => {
  const overflow = "context.claim.count * 9223372036854775807 > 0";
  const forbid = (id: string, condition: string): string =>
    `@id("${id}") forbid (principal, action, resource) when { ${condition} };`;
  assert.equal(verdict(ALL), "allowed");
  assert.equal(verdict(""), "refused");
  assert.equal(verdict(ALL + forbid("one", "true") + forbid("two", "true")), "refused one two");
  assert.equal(verdict(ALL + forbid("one", "true") + forbid("two", overflow)), "error");
  assert.equal(
    verdict(ALL + forbid("one", overflow), { parameters: shown(null, "KP") }),
    "error",
    "not mentioned",
  );
  const mentions = forbid("one", `${overflow} || resource.amount == 1`);
  assert.equal(verdict(ALL + mentions, { parameters: shown(null, "KP") }), "unknown");
  assert.equal(
    verdict(when("resource.amount == 100"), { parameters: shown(undefined, "KP") }),
    "error",
    "missing",
  );
  const both = when("resource.amount == 100 && context.claim.count == 7");
  assert.equal(verdict(both, { parameters: shown(undefined, "KP"), claims: shown(null) }), "unknown");
  assert.equal(
    verdict(when("context.list.blocked.contains(resource.note)"), { listOf: () => undefined }),
    "error",
  );
  assert.equal(
    verdict(when('context.list.blocked.contains("KP")'), { listOf: () => ({ digest: LEDGER }) }),
    "error",
  );
});

test("a path mentions what it leads to, and a bare record all beneath it", () => {
  const hidden = { claimsOf: () => shown(null, "2026-11-20T00:00:00.000Z", "true") };
  assert.equal(verdict(when("context.step.first.good"), hidden), "allowed");
  assert.equal(verdict(when("context.step.first == context.step.first"), hidden), "unknown");
  assert.equal(verdict(when("context has step"), hidden), "unknown");
  assert.equal(verdict(when("context.step.first has sum"), hidden), "unknown");
  assert.equal(verdict(when("resource == resource"), { parameters: shown("1.00", null) }), "unknown");
});

test("a guard of another step or another role", () => {
  const overflow = "9223372036854775807 + resource.amount > 0";
  const other = `forbid (principal, action == Action::"first", resource) when { ${overflow} };`;
  assert.equal(verdict(ALL + other), "allowed", "it does not cover the step");
  assert.equal(verdict(ALL + other, {}, "first"), "error");
  const role = `forbid (principal in Role::"a", action, resource) when { ${overflow} };`;
  assert.equal(verdict(ALL + role), "allowed", "its scope fails, so that its condition is not asked");
  assert.equal(verdict(ALL + role, { parameters: shown(null, "KP") }), "unknown", "but it covers the step");
});
