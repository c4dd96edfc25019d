import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { startRerun } from "../../src/machine/index.js";
import type { Command, Findings, Group, ShownEntry } from "../../src/machine/group.js";
import { linkOf } from "../../src/machine/link.js";
import { entityText, orderOf, type Entity } from "../../src/machine/entity.js";
import { openingKey } from "../../src/machine/keys.js";
import { Failure } from "../../src/refusal.js";
import type { Ledger } from "./kit.js";
import { Stage } from "./stories.js";

const FOLDER = new URL("../../../../../policies/", import.meta.url);

/** What a pack of a case holds of a ledger: no readings, of settlements the case's, and no other case. */
function excerpt(ledger: Ledger, caseId: string): readonly Group[] {
  return ledger.groups.flatMap((group): Group[] => {
    const { command } = group;
    const isReading = command.kind === "submit" && command.submission.envelope.statement.kind === "reading";
    if (!isReading) return [group];
    const records = group.records.filter((record) => linkOf(record)?.case === caseId);
    return records.length > 0 ? [{ ...group, records, command: { kind: "recorded" } }] : [];
  });
}

/** The entries that a pack needs (`pack.md` §2), as the ledger ends in them. */
function entries({ state }: Ledger, groups: readonly Group[], caseId: string): readonly ShownEntry[] {
  const needed: Entity[] = [{ case: caseId }, "committee"];
  for (const { said } of groups.flatMap(({ records }) => records)) {
    if (said?.kind === "credentialed" || said?.kind === "revoked") {
      needed.push({ credential: said.of.credential }, { issuer: said.of.issuer });
    }
    if (said?.kind === "opened") needed.push({ use: openingKey(said.of.attestation) });
    if (said?.kind === "attested" && said.of.use_key !== undefined) needed.push({ use: said.of.use_key });
  }
  const policy = state.cases.get(caseId)?.policy;
  if (policy !== undefined) {
    const { programme, name, lists } = policy;
    needed.push({ account: programme }, { policy: [programme, name] });
    for (const list of lists.keys()) needed.push({ list: [programme, list] });
  }
  const once = new Map(needed.map((entity) => [entityText(entity), entity]));
  return [...once.values()]
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    .map((entity) => {
      const value = state.entries.get(entity)?.value;
      return value === undefined ? { entity } : { entity, value };
    });
}

interface Ran {
  readonly findings: Findings;
  readonly answer: string;
}

function run(groups: readonly Group[], caseId: string, shown: readonly ShownEntry[]): Ran {
  const rerun = startRerun(caseId);
  let answer = "holds";
  try {
    for (const group of groups) rerun.run(group);
    rerun.checkEntries(shown);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    answer = `${error.code} at ${error.record}`;
  }
  return { findings: rerun.findings(), answer };
}

/** The command of a group with one claim not shown. */
function hiding(command: Command, claim: number): Command {
  if (command.kind !== "submit") throw new Error("nothing to hide");
  const { envelope, openings } = command.submission;
  return {
    kind: "submit",
    submission: { envelope, openings: openings.map((shown, at) => (at === claim ? null : shown)) },
  };
}

function isOfCase(group: Group, caseId: string): boolean {
  return group.records.some((record) => linkOf(record)?.case === caseId);
}

/** Every story of every policy, played to its end. */
function* ended(): Generator<{ name: string; ledger: Ledger; caseId: string }> {
  for (const policy of readdirSync(FOLDER)) {
    const stage = new Stage(policy);
    for (const story of stage.stories) {
      const ledger = stage.ledger();
      yield { name: `${policy}: ${story.name}`, ledger, caseId: stage.play(ledger, story, () => undefined) };
    }
  }
}

const STORIES = [...ended()];

test("a true history is re-run, also where any claim or any command of the case is not shown", () => {
  let hidden = 0;
  for (const { name, ledger, caseId } of STORIES) {
    const groups = excerpt(ledger, caseId);
    const shown = entries(ledger, groups, caseId);
    assert.equal(run(groups, caseId, shown).answer, "holds", name);
    groups.forEach((group, at) => {
      if (!isOfCase(group, caseId)) return;
      for (const kind of ["withheld", "erased"] as const) {
        const { answer } = run(groups.with(at, { ...group, command: { kind } }), caseId, shown);
        assert.equal(answer, "holds", `${name}, group ${at} ${kind}`);
      }
      const claims = group.command.kind === "submit" ? group.command.submission.openings.length : 0;
      for (let claim = 0; claim < claims; claim++) {
        const { answer, findings } = run(
          groups.with(at, { ...group, command: hiding(group.command, claim) }),
          caseId,
          shown,
        );
        assert.equal(answer, "holds", `${name}, group ${at} without claim ${claim}`);
        assert.ok(findings.inPart.length >= group.records.length);
        hidden += 1;
      }
    });
  }
  assert.ok(hidden > 200, `${hidden} claims hidden`);
});

test("what is left out or added in a command of the case is found", () => {
  for (const { name, ledger, caseId } of STORIES) {
    const groups = excerpt(ledger, caseId);
    const shown = entries(ledger, groups, caseId);
    groups.forEach((group, at) => {
      if (!isOfCase(group, caseId)) return;
      const without = run(groups.toSpliced(at, 1), caseId, shown).answer;
      assert.notEqual(without, "holds", `${name} without group ${at}`);
      const { records } = group;
      const last = records.at(-1);
      if (records.length > 1 && group.command.kind !== "tick") {
        const cut = run(groups.with(at, { ...group, records: records.slice(0, -1) }), caseId, shown).answer;
        assert.equal(cut, `left_out at ${records.at(-2)?.index}`, `${name}, group ${at} cut`);
      }
      if (last !== undefined) {
        const doubled = { ...group, records: [...records, last] };
        assert.equal(
          run(groups.with(at, doubled), caseId, shown).answer,
          `no_decision at ${last.index}`,
          name,
        );
      }
      const later = run(groups.with(at, { ...group, time: group.time + 3_600_001 }), caseId, shown).answer;
      if (group.command.kind !== "tick")
        assert.notEqual(later, "holds", `${name}, group ${at} after its envelope`);
    });
  }
});

test("a pack has no opening of another case, and no act that it shows as used is used again", () => {
  const story = STORIES.find(({ name }) => name === "stablecoin-issue: issued");
  assert.ok(story !== undefined);
  const groups = excerpt(story.ledger, story.caseId);
  const opening = groups.find(({ records }) => records[0]?.said?.kind === "opened")?.records[0];
  assert.equal(run(groups, "0".repeat(64), []).answer, `order at ${opening?.index}`);
  const at = groups.findIndex(({ records }) =>
    records.some(({ said }) => said?.kind === "attested" && said.of.use_key),
  );
  const used = groups[at];
  assert.ok(used !== undefined);
  const again = run(groups.toSpliced(at, 0, used), story.caseId, []).answer;
  assert.equal(again, `single_use at ${used.records[0]?.index}`);
  const { findings } = run(groups, story.caseId, []);
  assert.deepEqual(
    findings.restsOn.map(({ code }) => code),
    ["single_use", "headroom"],
  );
});

/** Numbers from a seed. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 8;
  }
}

const SEED = Number(process.env["RERUN_SEED"] ?? 7);

test(`whatever a pack shows, its re-run ends in findings or in a word (RERUN_SEED=${SEED})`, () => {
  const random = numbers(SEED);
  const below = (limit: number): number => random.next().value % limit;
  const kinds = ["genesis", "tick", "withheld", "erased", "recorded"] as const;
  const words = new Map<string, number>();
  const all = STORIES.flatMap(({ ledger }) => ledger.groups);
  for (let round = 0; round < 600; round++) {
    const story = STORIES[below(STORIES.length)];
    assert.ok(story !== undefined);
    const groups = [...excerpt(story.ledger, story.caseId)];
    for (let change = 0; change <= below(3); change++) {
      const at = below(groups.length);
      const group = groups[at];
      const other = all[below(all.length)];
      const neighbour = groups[below(groups.length)];
      if (group === undefined || other === undefined || neighbour === undefined) continue;
      const changed: readonly Group[] = [
        { ...group, command: { kind: kinds[below(kinds.length)] ?? "tick" } },
        { ...group, command: other.command },
        { ...group, command: neighbour.command },
        { ...group, records: [...group.records, ...neighbour.records] },
        { ...group, records: group.records.slice(below(group.records.length)) },
        { ...group, time: group.time + below(20_000_000) },
        neighbour,
        other,
      ];
      const next = changed[below(changed.length)];
      if (next !== undefined && next.records.length > 0) groups[at] = next;
    }
    const { answer, findings } = run(groups, story.caseId, entries(story.ledger, groups, story.caseId));
    const [word = ""] = answer.split(" ");
    words.set(word, (words.get(word) ?? 0) + 1);
    assert.ok(Array.isArray(findings.flags));
  }
  for (const word of ["differs", "no_decision", "order", "refused"]) {
    assert.ok((words.get(word) ?? 0) > 0, `${word}: ${JSON.stringify([...words])}`);
  }
});
