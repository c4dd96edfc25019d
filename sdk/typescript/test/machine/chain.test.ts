import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256Hex } from "../../src/hash.js";
import type { Decided } from "../../src/machine/decide/command.js";
import type { Case } from "../../src/machine/state.js";
import { readOutcome } from "../../src/outcome.js";
import { signer, ADMIN, type Ledger } from "./kit.js";
import { proposeLoosening, reading, signersOf, Stage, type Story } from "./stories.js";

/** What chains show of cases that are decided, and what follows (`case.md` §§5 to 10). */

const WATCHER = "CHAINWATCHER00000041";
const PROGRAMME = "acme-usd";
const MINUTE = 60_000;
const DAY = 86_400_000;

interface Played {
  readonly stage: Stage;
  readonly ledger: Ledger;
  readonly caseId: string;
}

function storyOf(stage: Stage, name: string): Story {
  const story = stage.stories.find((item) => item.name === name);
  assert.ok(story !== undefined, name);
  return story;
}

function played(policy: string, name: string): Played {
  const stage = new Stage(policy);
  const ledger = stage.ledger();
  return { stage, ledger, caseId: stage.play(ledger, storyOf(stage, name), () => undefined) };
}

function caseOf({ ledger, caseId }: Played): Case {
  const of = ledger.state.cases.get(caseId);
  assert.ok(of !== undefined);
  return of;
}

type Shows = Pick<Parameters<typeof reading>[1], "consumed" | "blockTime"> & { readonly supply?: string };

function read(ledger: Ledger, { supply = "0", ...shows }: Shows): Decided {
  const said = reading(ledger, { party: WATCHER, programme: PROGRAMME, domain: "home", supply, ...shows });
  return ledger.submit(said, ...signersOf(WATCHER).slice(0, 1));
}

function account({ ledger }: Played): string | undefined {
  return ledger.state.entries.get({ account: PROGRAMME })?.value;
}

function fields(value: string | undefined): Record<string, unknown> {
  return JSON.parse(value ?? "null") as Record<string, unknown>;
}

test("an outcome that a chain shows executed settles the case, and its hold counts until a balance of that time", () => {
  const on = played("stablecoin-issue", "issued");
  const { ledger, caseId } = on;
  assert.equal(fields(account(on))["held"], 100_000_000);
  const executed = ledger.now + MINUTE;
  ledger.now += 5 * MINUTE;
  const consumed = [{ case: caseId, ordinal: 0, time: executed }];
  const { drafts } = read(ledger, { blockTime: executed, consumed, supply: "3000000000000" });
  assert.equal(drafts.length, 2);
  assert.equal(caseOf(on).phase, "settled");
  const { held, supply, count } = fields(account(on));
  assert.deepEqual({ held, supply }, { held: 0, supply: 300_000_000 });
  assert.equal(ledger.state.programmes.get(PROGRAMME)?.account.holds.length, 1);
  assert.ok(typeof count === "number" && count > 4);
  const use = [...caseOf(on).standing.values()].find(({ useKey }) => useKey !== undefined)?.useKey ?? "";
  assert.equal(ledger.state.uses.get(use), caseId);
});

test("an outcome that can no longer be executed lapses: the case is open again, and its steps must be taken anew", () => {
  const on = played("stablecoin-issue", "issued");
  const { ledger, caseId, stage } = on;
  const held = caseOf(on).decision?.outcomes.get("home")?.notAfter ?? 0;
  ledger.now = held + 5 * MINUTE;
  assert.equal(read(ledger, { blockTime: held }).drafts.length, 1, "a block of that second says nothing");
  ledger.now += MINUTE;
  assert.equal(read(ledger, { blockTime: held + 1 }).drafts.length, 2);
  const of = caseOf(on);
  assert.deepEqual([of.phase, of.standing.has("approve"), of.standing.has("payment")], ["open", false, true]);
  assert.equal(fields(account(on))["held"], 0);
  const approve = storyOf(stage, "issued").acts.at(-1);
  assert.ok(approve !== undefined);
  ledger.now += MINUTE;
  assert.equal(take(on, approve).refused, "headroom_unknown", "the reading of the balance has grown old");
  ledger.now += MINUTE;
  read(ledger, { supply: "2000000000000" });
  const outcome = take(on, approve).drafts.find(({ tag }) => tag === 2);
  assert.equal(readOutcome(outcome?.body ?? new Uint8Array(0)).ordinal, 1);
  assert.equal(ledger.state.cases.get(caseId)?.phase, "decided");
});

/** Takes a step of the case at the ledger's present time. */
function take({ stage, ledger, caseId }: Played, act: Story["acts"][number]): Decided {
  return stage.take(ledger, caseId, act);
}

test("an outcome that lapses after the deadline ends the case, and its act comes back", () => {
  const on = played("stablecoin-issue", "issued");
  const { ledger } = on;
  const use = [...caseOf(on).standing.values()].find(({ useKey }) => useKey !== undefined)?.useKey ?? "";
  ledger.now = caseOf(on).deadline + MINUTE;
  read(ledger, { blockTime: ledger.now - 30_000 });
  assert.equal(caseOf(on).phase, "lapsed");
  assert.equal(ledger.state.uses.get(use), undefined);
  assert.equal(fields(ledger.state.entries.get({ use })?.value)["case"], undefined);
  assert.equal(fields(account(on))["held"], 0);
});

/** A redemption on a ledger whose supply is read too, because of another policy. */
function redeemed(name: string): Played {
  const stage = new Stage("stablecoin-redeem");
  const ledger = stage.ledger();
  const adopted = proposeLoosening(ledger, { adopt: new Stage("stablecoin-issue").files });
  assert.equal(adopted.at(-1)?.drafts.length, 3);
  return { stage, ledger, caseId: stage.play(ledger, storyOf(stage, name), () => undefined) };
}

test("a payout booked after the burn is owed to its holder until a balance of that date", () => {
  const on = redeemed("paid-late");
  const { ledger, caseId } = on;
  const payout = [...caseOf(on).standing.values()].find((standing) => standing.payout !== undefined)?.payout;
  assert.ok(payout !== undefined);
  const burned = payout.booked - 1;
  ledger.now += MINUTE;
  read(ledger, { blockTime: burned, consumed: [{ case: caseId, ordinal: 0, time: burned }] });
  assert.equal(caseOf(on).phase, "settled");
  assert.deepEqual(ledger.state.programmes.get(PROGRAMME)?.account.redemptions, [{ ...payout, burned }]);
  assert.equal(fields(account(on))["count"], 2, "the reading, and the settlement");
});

test("a deposit that went back leaves the case as it had ended, and may be shown again for another act", () => {
  const on = redeemed("another-amount");
  const { ledger, caseId } = on;
  const shown = ledger.now + MINUTE;
  ledger.now += 2 * MINUTE;
  read(ledger, { blockTime: shown, consumed: [{ case: caseId, ordinal: 0, time: shown }] });
  const value = fields(ledger.state.entries.get({ case: caseId })?.value);
  assert.deepEqual([value["phase"], value["ordinal"]], ["expired", 1]);
  const late = storyOf(on.stage, "another-amount").acts.at(-1);
  assert.ok(late !== undefined);
  assert.equal(take(on, late).refused, "single_use");
  const other = { ...late, claim: new Map([["log", "1"]]) };
  const { drafts } = take(on, other);
  assert.equal(readOutcome(drafts[2]?.body ?? new Uint8Array(0)).ordinal, 1);
  assert.equal(take(on, { ...late, refuse: true }).refused, "case_closed");
});

test("a step is taken back with what builds on it, and its attestation never counts again", () => {
  const stage = new Stage("stablecoin-issue");
  const ledger = stage.ledger();
  const story = storyOf(stage, "issued");
  const caseId = stage.play(ledger, { ...story, acts: story.acts.slice(0, 4) }, () => undefined);
  const on = { stage, ledger, caseId };
  const of = caseOf(on);
  const reserve = of.standing.get("reserve");
  assert.ok(reserve !== undefined);
  const word = ledger.groups.find(({ records }) => records[0]?.leafHash === reserve.leaf)?.command;
  const withdraw = (party: string, leaf: string): Decided =>
    ledger.submit(
      {
        kind: "withdrawal",
        predicate: { party, case: caseId, leaf, reason: "" },
        subject: { name: "record", digest: leaf },
      },
      ...signersOf(party).slice(0, 1),
    );
  assert.equal(withdraw("FAIRAUDITOR000000032", reserve.leaf).refused, "nothing_to_withdraw");
  assert.equal(withdraw(reserve.party, reserve.leaf).refused, undefined);
  assert.deepEqual([...of.standing.keys()], ["request", "payment"]);
  assert.equal(fields(account(on))["reserve"], 0);
  assert.ok(word?.kind === "submit");
  assert.equal(ledger.command({ kind: "submit", submission: word.submission }).refused, "taken_back");
  assert.equal(of.attempts.get(reserve.party), 1);
  assert.equal(
    ledger.command({ kind: "submit", submission: word.submission }).drafts.length,
    0,
    "one attempt a word",
  );
});

test("a credential that is suspect since before suspends the case", () => {
  const stage = new Stage("stablecoin-issue");
  const ledger = stage.ledger();
  const story = storyOf(stage, "issued");
  const caseId = stage.play(ledger, { ...story, acts: story.acts.slice(0, 2) }, () => undefined);
  const of = caseOf({ stage, ledger, caseId });
  const credential = of.standing.get("payment")?.credentials[0] ?? "";
  const predicate = { party: ADMIN, credential, reason: "lost", suspect_since: ledger.now };
  const revocation = {
    kind: "revocation",
    predicate,
    subject: { name: "credential", digest: credential },
  } as const;
  assert.equal(ledger.submit(revocation, signer(ADMIN)).refused, undefined);
  assert.equal(ledger.submit(revocation, signer(ADMIN)).refused, "credential_revoked");
  const screen = story.acts.find(({ step }) => step === "screen");
  assert.ok(screen !== undefined);
  assert.equal(take({ stage, ledger, caseId }, screen).refused, "suspended");
  const payment = story.acts.find(({ step }) => step === "payment");
  assert.ok(payment !== undefined);
  assert.equal(take({ stage, ledger, caseId }, payment).refused, "credential_revoked");
});

test("a deposit is given back once, whatever becomes of the case", () => {
  const on = played("stablecoin-redeem", "another-amount");
  const of = caseOf(on);
  assert.equal(of.phase, "decided");
  assert.equal(of.decision?.endedAs, "expired");
  const story = storyOf(on.stage, "another-amount");
  const late = story.acts.at(-1);
  assert.ok(late !== undefined);
  on.ledger.now += DAY;
  assert.equal(take(on, late).refused, "case_closed", "a decision waits for its chain");
  const entry = on.ledger.state.entries.get({ case: on.caseId })?.value;
  assert.equal(fields(entry)["phase"], "decided");
  assert.equal(fields(entry)["ordinal"], undefined);
});

test("envelopes that are too early, too late or of another ledger are refused before anything else", () => {
  const { ledger } = played("account-freeze", "carried-out");
  const subject = { name: "policy", digest: sha256Hex("none") };
  const opening = (more: object): string | undefined =>
    ledger.submit(
      {
        kind: "opening",
        predicate: { party: ADMIN, policy: sha256Hex("none"), deadline: 1, nonce: sha256Hex("n"), ...more },
        subject,
        claims: [],
      },
      signer(ADMIN),
    ).refused;
  const { now } = ledger;
  assert.equal(opening({ ledger: sha256Hex("other") }), "other_ledger");
  assert.equal(opening({ issued: now + 2_001, expires: now + 9_000 }), "issued_in_future");
  assert.equal(opening({ issued: now + 2_000, expires: now + 9_000 }), "policy_unknown");
  assert.equal(opening({ issued: now - 10, expires: now - 1 }), "envelope_expired");
  assert.equal(opening({ issued: now - 10, expires: now + 7 * DAY }), "envelope_life");
  assert.equal(opening({ party: WATCHER }), "key_owner");
});
