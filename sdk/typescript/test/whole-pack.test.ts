import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { utf8 } from "../src/bytes.js";
import { writeCanonical, type Json, type JsonObject } from "../src/canonical.js";
import { parseTrust, verifyPack, type Report } from "../src/index.js";
import { digestOf } from "../src/policy/read.js";
import { begin, credential, keysOf, signer, ADMIN, type Ledger } from "./machine/kit.js";
import { Stage } from "./machine/stories.js";
import { wholePack, type Whole } from "./whole-pack.js";

const POLICIES = new URL("../../../../policies/", import.meta.url);

function verify({ pack, trust }: Whole): Report {
  return verifyPack(utf8(writeCanonical(pack)), parseTrust(utf8(writeCanonical(trust))));
}

function said({ failure, missing, verdict }: Report): string {
  const why = failure === undefined ? missing.map(({ code }) => code) : [`${failure.rule} ${failure.record}: ${failure.text}`];
  return [verdict, ...why].join(" ");
}

/** The excerpt of a pack with one command replaced. */
function with_({ pack, trust }: Whole, at: number, change: (command: Json) => Json): Whole {
  const excerpt = (pack["excerpt"] as readonly JsonObject[]).map((group, place) =>
    place === at ? { ...group, command: change(group["command"] ?? null) } : group,
  );
  return { pack: { ...pack, excerpt }, trust };
}

for (const policy of readdirSync(POLICIES)) {
  const stage = new Stage(policy);
  for (const story of stage.stories) {
    test(`${policy}: ${story.name}: its pack is verified, and says what is not shown`, () => {
      const ledger = stage.ledger();
      const caseId = stage.play(ledger, story, () => undefined);
      const whole = wholePack(ledger, caseId);
      const report = verify(whole);
      assert.equal(said(report), "verified");
      assert.equal(report.facts?.steps.length, report.facts?.outcome?.records);
      const groups = whole.pack["excerpt"] as readonly JsonObject[];
      const steps = new Set(report.facts?.steps.map(({ index }) => index));
      groups.forEach((group, at) => {
        const [first] = group["records"] as readonly JsonObject[];
        if (!steps.has(Number(first?.["index"]))) return;
        assert.equal(said(verify(with_(whole, at, () => "withheld"))), "cannot_tell withheld", `group ${at}`);
        assert.equal(said(verify(with_(whole, at, () => "erased"))), "cannot_tell erased", `group ${at}`);
        const { submit } = group["command"] as { readonly submit?: JsonObject };
        const openings = submit?.["openings"] as readonly Json[] | undefined;
        if (submit === undefined || openings === undefined || openings.length === 0) return;
        const hidden = { submit: { ...submit, openings: openings.map(() => null) } };
        assert.equal(said(verify(with_(whole, at, () => hidden))), "cannot_tell claims", `group ${at}`);
      });
    });
  }
}

// An outcome waits for 32 steps at most: the first 32, of which 28 wait for one more each.
const WAITED_FOR = 32;
const STEPS = 60;
const before = (at: number): readonly string[] => (at + WAITED_FOR < STEPS ? [`s${at + WAITED_FOR}`] : []);
const LAYOUT = `
format    = "lockstep-policy/1"
name      = "long"
title     = "A case of many steps"
programme = "test"
guards    = "cedar-1"
opened_by = "desk"
lasts     = "3d"

[param]
account = { type = "account", domain = "home" }

[domain.home]
chain    = "eip155:31337"
gate     = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
token    = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
decimals = 6

[role]
desk = { credential = "desk" }
${Array.from({ length: STEPS }, (_, at) => `
[step.s${at}]
by    = "desk"
title = "step ${at}"
after = ${JSON.stringify(at < WAITED_FOR ? before(at) : [])}
claim = { note = "text", amount = "int" }
`).join("")}
[outcome.freeze]
after   = [${Array.from({ length: WAITED_FOR }, (_, at) => `"s${at}"`).join(", ")}]
domain  = "home"
line    = "order"
call    = "freeze(address)"
args    = ["param.account"]
expires = "1d"
`.trimStart();
const GUARDS = '@id("any")\npermit (principal, action, resource);\n';

/** A case of more than a hundred signed statements: a credential for every step, and the step. */
function long(): Whole {
  const ledger: Ledger = begin();
  ledger.propose({ name_issuer: { keys: keysOf([signer(ADMIN)]), kinds: ["desk"], lei: ADMIN } });
  ledger.propose({ adopt: { guards: GUARDS, layout: LAYOUT } });
  const desk = "DESK0000000000000063";
  const key = (at: number) => signer(`desk ${at}`);
  for (let at = 0; at < STEPS; at++) {
    ledger.now += 1;
    credential(ledger, desk, "desk", [key(at)]);
  }
  const policy = digestOf(LAYOUT, GUARDS);
  const account = { name: "account", value: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" };
  const opening = ledger.opening(desk, policy, [account], ledger.now + 86_400_000);
  const caseId = ledger.submit(opening, key(0)).drafts[0]?.leaf ?? assert.fail();
  const leaves = new Map<string, string>();
  for (let at = STEPS - 1; at >= 0; at--) {
    ledger.now += 1000;
    const step = `s${at}`;
    const after = at < WAITED_FOR ? before(at).map((name) => leaves.get(name) ?? assert.fail()) : [];
    const prev = after.length > 0 ? after : [caseId];
    const predicate = { party: desk, case: caseId, step, prev, evidence: [], verdict: "done" };
    const claims = [{ name: "note", value: `note ${at}` }, { name: "amount", value: String(at) }];
    const subject = { name: step, digest: caseId };
    const { drafts, refused } = ledger.submit({ kind: "attestation", predicate, subject, claims }, key(at));
    leaves.set(step, drafts[0]?.leaf ?? assert.fail(refused));
  }
  return wholePack(ledger, caseId);
}

test("a pack of more than a hundred signed statements is verified", () => {
  const whole = long();
  const report = verify(whole);
  assert.equal(said(report), "verified");
  const signed = (whole.pack["excerpt"] as readonly JsonObject[]).filter(({ command }) => typeof command === "object");
  assert.ok(signed.length > 120, `${signed.length} statements`);
});
