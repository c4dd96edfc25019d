import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CHANGES, FLAGS, MISSING, REFUSALS, RESTS_ON, RULES } from "../../page/words.js";

const PACKAGE = fileURLToPath(new URL("../../../", import.meta.url));
const SPECS = new URL("../../../../../specs/", import.meta.url);
const page = await readFile(join(PACKAGE, "dist/page/verify.html"), "utf8");

test("the page is made twice with the same bytes", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lockstep-page-"));
  try {
    for (const name of ["one.html", "two.html"]) {
      const file = join(folder, name);
      await promisify(execFile)(process.execPath, ["scripts/page.mjs", file], { cwd: PACKAGE });
      assert.ok((await readFile(file, "utf8")) === page, name);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("its policy admits one script and one style, by their hashes, and nothing else", () => {
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page)?.[1] ?? "";
  const hashOf = (tag: string): string => {
    const all = [...page.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, "g"))];
    assert.equal(all.length, 1);
    return createHash("sha256")
      .update(all[0]?.[1] ?? "")
      .digest("base64");
  };
  assert.deepEqual(policy.split("; "), [
    "default-src 'none'",
    `script-src 'sha256-${hashOf("script")}'`,
    `style-src 'sha256-${hashOf("style")}'`,
    "worker-src blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types lockstep-worker",
  ]);
  // A policy holds for what comes after it.
  assert.ok(page.indexOf("<meta http-equiv") < page.indexOf("<style>"));
});

test("it names no other file and no other place", () => {
  const markup = page.replace(/<script>[^]*<\/script>/, "").replace(/<style>[^]*<\/style>/, "");
  const places = [...markup.matchAll(/\s(?:src|href|action|data|srcset|poster)="([^"]*)"/g)].map(
    ([, place]) => place,
  );
  assert.deepEqual(places, ["#answer"]);
  assert.doesNotMatch(/<style>([^]*)<\/style>/.exec(page)?.[1] ?? "", /url\(|@import/);
});

/** The codes that begin the rows of a section's table. */
function codesIn(text: string, from: string, to: string): readonly string[] {
  const section = text.slice(text.indexOf(from), text.indexOf(to));
  return [...section.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([a-z_]+)`/g)].map(([, code = ""]) => code),
  );
}

test("there are plain words for every code that a report can hold", async () => {
  const report = await readFile(new URL("report.md", SPECS), "utf8");
  assert.deepEqual(Object.keys(MISSING), codesIn(report, "## 2 Missing", "## 3"));
  assert.deepEqual(Object.keys(RESTS_ON), codesIn(report, "## 3 Rests on", "## 4"));
  assert.deepEqual(Object.keys(FLAGS), codesIn(report, "## 4 Flags", "## 5"));
});

test("there are plain words for every rule that a pack can break", async () => {
  const pack = await readFile(new URL("pack.md", SPECS), "utf8");
  const checks = pack.slice(pack.indexOf("## 4 Checks"), pack.indexOf("## 5 The re-run"));
  const rules = new Set([...checks.matchAll(/`([a-z_]+)`/g)].map(([, word = ""]) => word));
  const others = "size rules credentialed proposed enacted propose set_rules leaf format";
  for (const word of others.split(" ")) rules.delete(word);
  assert.deepEqual([...rules].sort(), Object.keys(RULES).sort());
});

test("there are plain words for every change of the rules or of those in charge", async () => {
  const bodies = await readFile(new URL("bodies.md", SPECS), "utf8");
  const actions = codesIn(bodies, "| action | value |", "## 5 ");
  assert.deepEqual(Object.keys(CHANGES), actions);
});

test("there are plain words for every rule that can refuse a step on record", async () => {
  const refusals = await readFile(new URL("refusals.md", SPECS), "utf8");
  const step = refusals.slice(refusals.indexOf("## 3 A step"), refusals.indexOf("## 4 "));
  const onRecord = step.slice(step.indexOf("**R**"));
  const codes = new Set([...onRecord.matchAll(/`([a-z_]+)`/g)].map(([, code = ""]) => code));
  // Leaves nothing on record (§1), and names that are no codes.
  for (const word of ["withheld", "after", "verdict", "null", "booked", "at", "within"]) codes.delete(word);
  assert.deepEqual([...codes].sort(), Object.keys(REFUSALS).sort());
});
