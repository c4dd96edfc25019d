import assert from "node:assert/strict";
import { test } from "node:test";
import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import { parseGuards } from "../../src/cedar/parser.js";
import { canHold, type Schema, type Type } from "../../src/cedar/validate.js";
import { Refusal } from "../../src/refusal.js";
import { expression, Random } from "./generate.js";

const CASES = 3000;
const SEED = Number(process.env["CEDAR_SEED"] ?? 20_261_126);

const SCHEMA = `
entity Role;
entity Party in [Role] { lei: String };
entity Case { amount: Long, flag: Bool, country: String, inner: { amount: Long, flag: Bool } };
action "pay" appliesTo {
  principal: [Party], resource: [Case],
  context: { claim: { amount: Long, flag: Bool, country: String }, listed: Set<String>, ledger: String },
};
action "other" appliesTo { principal: [Party], resource: [Case], context: {} };
`;

const BOOL: Type = { kind: "bool" };
const LONG: Type = { kind: "long" };
const STRING: Type = { kind: "string" };

function record(fields: Record<string, Type>): Type {
  return { kind: "record", fields: new Map(Object.entries(fields)) };
}

const OURS: Schema = {
  step: "pay",
  steps: new Set(["pay", "other"]),
  resource: new Map([
    ["amount", LONG],
    ["flag", BOOL],
    ["country", STRING],
    ["inner", record({ amount: LONG, flag: BOOL })],
  ]),
  context: new Map<string, Type>([
    ["claim", record({ amount: LONG, flag: BOOL, country: STRING })],
    ["listed", { kind: "set", of: STRING }],
    ["ledger", STRING],
  ]),
};

type Answer = "passes" | "warning" | "error";

function ours(policy: string): Answer {
  try {
    return parseGuards(policy).every((guard) => canHold(guard, OURS)) ? "passes" : "warning";
  } catch (error) {
    if (error instanceof Refusal && error.code === "guard-type") return "error";
    throw error;
  }
}

function cedars(policy: string): Answer {
  const answer = cedar.validate({ schema: SCHEMA, policies: { staticPolicies: policy } });
  if (answer.type === "failure") throw new Error(JSON.stringify(answer));
  if (answer.validationErrors.length > 0) return "error";
  return answer.validationWarnings.length > 0 ? "warning" : "passes";
}

test(`random guards are validated as Cedar validates them (CEDAR_SEED=${SEED})`, () => {
  const random = new Random(SEED);
  const seen = { passes: 0, warning: 0, error: 0 };
  for (let index = 0; index < CASES; index++) {
    const body = expression(random, "bool", 1 + random.below(4), index % 2 === 0 ? 0 : 3);
    const kind = random.pick(["when", "unless"]);
    const policy = `permit (principal, action == Action::"pay", resource) ${kind} { ${body} };`;
    let answer: Answer;
    try {
      answer = ours(policy);
    } catch (error) {
      // Beyond the limits of cedar-1, which Cedar does not have.
      if (error instanceof Refusal && error.code === "guard-too-large") continue;
      throw error;
    }
    assert.equal(answer, cedars(policy), policy);
    seen[answer] += 1;
  }
  for (const answer of ["passes", "warning", "error"] as const) {
    assert.ok(seen[answer] > CASES / 50, `${answer}: ${seen[answer]} of ${CASES}`);
  }
});
