import assert from "node:assert/strict";
import { test } from "node:test";
import { checkEnvelope } from "../../src/attestation/envelope.js";
import { readBody } from "../../src/machine/body.js";
import type { Decided } from "../../src/machine/decide/command.js";
import { writeAddress } from "../../src/suites.js";
import { begin, cosigner, COSIGNERS, keysOf, signer, ADMIN, type Ledger } from "./kit.js";
import { proposeLoosening, Stage } from "./stories.js";

/** Administration as a case (`governance.md`). */

const NOTICE = 60_000;
const DAY = 86_400_000;
const OTHER = "REGULATOR00000000030";

function kinds({ drafts, refused }: Decided): string {
  const records = drafts.map(({ tag, body }) => (tag === 2 ? "outcome" : readBody(body).kind));
  return [...records, ...(refused === undefined ? [] : [`refused:${refused}`])].join(" ");
}

function rotation(...names: readonly string[]): {
  readonly rotate: {
    readonly cosigners: { lei: string; name: string; address: string }[];
    readonly threshold: number;
  };
} {
  const members = COSIGNERS.filter(([, name]) => names.includes(name));
  return {
    rotate: {
      cosigners: members.map(([lei, name]) => ({
        lei,
        name,
        address: writeAddress(cosigner(`next ${name}`).key.bytes),
      })),
      threshold: members.length,
    },
  };
}

function tick(ledger: Ledger): string {
  return kinds(ledger.command({ kind: "tick" }));
}

test("every word of a story is signed by keys of its party, Ed25519 and EIP-712", () => {
  const stage = new Stage("account-freeze");
  const ledger = stage.ledger();
  proposeLoosening(ledger, { adopt: new Stage("account-thaw").files });
  const suites = new Set<string>();
  for (const { command } of ledger.groups) {
    if (command.kind !== "submit" && command.kind !== "propose") continue;
    const { envelope } = command.submission;
    checkEnvelope(envelope, (id) => ledger.state.keys.get(id)?.key);
    for (const { keyId } of envelope.signatures) suites.add(ledger.state.keys.get(keyId)?.key.suite ?? "");
  }
  assert.deepEqual([...suites].sort(), ["ed25519", "eip712"]);
});

test("what loosens needs k co-signers, each once, and takes effect after the notice", () => {
  const ledger = begin(NOTICE);
  const proposed = ledger.propose(rotation("zero", "one"));
  assert.equal(kinds(proposed), "proposed");
  const id = proposed.drafts[0]?.leaf ?? "";
  const consent = (lei: string, name: string): string =>
    kinds(ledger.agree("consent", id, lei, cosigner(name)));
  assert.equal(kinds(ledger.agree("approve", id, ADMIN, signer(ADMIN))), "refused:agreed_before");
  assert.equal(consent("COSIGNERSMALL0000098", "zero"), "consented");
  ledger.now += 1;
  assert.equal(consent("COSIGNERSMALL0000098", "zero"), "refused:agreed_before");
  assert.equal(consent("COSIGNERSMALL0000098", "one"), "refused:key_owner");
  assert.equal(kinds(ledger.agree("consent", id, ADMIN, signer(ADMIN))), "refused:not_governor");
  assert.equal(consent("COSIGNERSMALL1000071", "one"), "consented");
  assert.equal(consent("COSIGNERSMALL2000044", "two"), "consented resolved");
  assert.equal(consent("COSIGNERSMALL3000017", "three"), "consented", "recorded, and needed for nothing");
  ledger.now += NOTICE - 1;
  assert.equal(tick(ledger), "");
  ledger.now += 1;
  assert.equal(tick(ledger), "enacted");
  assert.equal(ledger.state.committee?.epoch, 1);
  assert.deepEqual(
    ledger.state.committee?.members.map(({ name }) => name),
    ["zero", "one"],
  );
  assert.equal(
    kinds(ledger.agree("consent", id, "COSIGNERSMALL0000098", cosigner("next zero"))),
    "refused:case_closed",
  );
});

test("a proposal that is not agreed on expires, and one that can no longer be carried out does too", () => {
  const ledger = begin(NOTICE);
  const keys = keysOf([signer(OTHER)]);
  const naming = { name_issuer: { keys, kinds: ["auditor"], lei: OTHER } };
  assert.equal(kinds(ledger.propose(naming)), "proposed resolved enacted", "nothing is adopted yet");
  const first = ledger.propose(rotation("zero"));
  ledger.now += DAY + 1;
  assert.equal(
    kinds(ledger.agree("consent", first.drafts[0]?.leaf ?? "", "COSIGNERSMALL0000098", cosigner("zero"))),
    "refused:case_late",
  );
  assert.equal(tick(ledger), "expired");
  const taken = { ...rotation("zero").rotate.cosigners[0], address: writeAddress(cosigner("one").key.bytes) };
  const { lei = "", name = "" } = taken;
  const clash = { rotate: { cosigners: [{ lei, name, address: taken.address }], threshold: 1 } };
  assert.equal(kinds(ledger.propose(clash)), "refused:action_form", "a key of another co-signer");
  const removal = { remove_issuer: { lei: OTHER } };
  assert.equal(kinds(ledger.propose(removal)), "proposed resolved enacted");
  ledger.now += 1;
  assert.equal(kinds(ledger.propose(removal)), "refused:action_form");
  assert.equal(ledger.state.entries.get({ issuer: OTHER })?.count, 2);
});

test("naming an issuer loosens once a policy has been adopted; a set that drops an entry loosens", () => {
  const ledger = new Stage("stablecoin-issue").ledger();
  const keys = keysOf([signer(OTHER)]);
  const naming = { name_issuer: { keys, kinds: ["auditor"], lei: OTHER } };
  assert.equal(kinds(ledger.propose(naming)), "proposed");
  const set = (...entries: readonly string[]): string => {
    ledger.now += 1;
    const value = { set: entries };
    return kinds(ledger.propose({ set_list: { list: "blocked_countries", programme: "acme-usd", value } }));
  };
  assert.equal(set("IR", "KP", "SY"), "proposed resolved enacted");
  assert.equal(set("IR", "KP"), "proposed");
  assert.equal(set("KP", "IR"), "refused:action_form", "a set ascends");
  const digest = {
    set_list: { list: "blocked_countries", programme: "acme-usd", value: { digest: "0".repeat(64) } },
  };
  assert.equal(kinds(ledger.propose(digest)), "refused:action_form", "the policy in force reads a set");
});

test("a policy that is retired opens no case, and can be adopted again", () => {
  const stage = new Stage("account-freeze");
  const ledger = stage.ledger();
  const [digest = ""] = [...ledger.state.policies.keys()];
  assert.equal(
    kinds(ledger.propose({ retire: { policy: "account.freeze", programme: "acme-usd" } })),
    "proposed resolved enacted",
  );
  assert.equal(
    JSON.parse(ledger.state.entries.get({ policy: ["acme-usd", "account.freeze"] })?.value ?? "{}").policy,
    "0".repeat(64),
  );
  const opening = ledger.opening(ADMIN, digest, [], ledger.now + DAY);
  assert.equal(kinds(ledger.submit(opening, signer(ADMIN))), "refused:policy_unknown");
  ledger.now += 1;
  const [proposed, , , last] = proposeLoosening(ledger, { adopt: stage.files });
  assert.equal(kinds(proposed as Decided), "proposed", "adopting again loosens");
  assert.equal(kinds(last as Decided), "consented resolved enacted");
  assert.equal(ledger.state.entries.get({ policy: ["acme-usd", "account.freeze"] })?.count, 3);
});

test("a case is erased by order only when it has ended", () => {
  const stage = new Stage("account-freeze");
  const ledger = stage.ledger();
  const story = stage.stories.find(({ name }) => name === "carried-out");
  assert.ok(story !== undefined);
  const caseId = stage.play(ledger, { ...story, acts: story.acts.slice(0, 1) }, () => undefined);
  const erase = { erase: { case: caseId, order: "0".repeat(64) } };
  assert.equal(kinds(ledger.propose(erase)), "refused:action_form");
  ledger.now += 4 * DAY;
  assert.equal(tick(ledger), "expired");
  assert.equal(kinds(ledger.propose(erase)), "proposed resolved enacted");
});

test("later rules come with consent and notice, and never go back", () => {
  const ledger = begin(NOTICE);
  const set = (rules: number): string => kinds(ledger.propose({ set_rules: { rules } }));
  for (const rules of [0, 1, 3]) assert.equal(set(rules), "refused:action_form", `rules ${rules}`);
  const [proposed, , , last] = proposeLoosening(ledger, { set_rules: { rules: 2 } });
  assert.equal(kinds(proposed as Decided), "proposed");
  assert.equal(kinds(last as Decided), "consented resolved");
  assert.equal(ledger.state.rules, 1, "the notice runs");
  ledger.now += NOTICE;
  assert.equal(tick(ledger), "enacted");
  assert.equal(ledger.state.rules, 2);
  for (const rules of [1, 2, 3]) assert.equal(set(rules), "refused:action_form", `rules ${rules}`);
});
