import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { digestOf, readPolicy } from "../../src/policy/read.js";

const ROOT = new URL("../../../../../", import.meta.url);

function fencedBlocks(text: string, language: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gmu"))].map(
    (match) => match[1] ?? "",
  );
}

test("the example of the specification has the digest that stands below it", () => {
  const spec = readFileSync(new URL("specs/policy.md", ROOT), "utf8");
  const [layout = ""] = fencedBlocks(spec, "toml");
  const [guards = ""] = fencedBlocks(spec, "cedar");
  const stated = /Its digest is `([0-9a-f]{64})`/u.exec(spec)?.[1];
  assert.equal(digestOf(layout, guards), stated);
  assert.equal(readPolicy(layout, guards).steps.size, 2);
});

test("every policy of the repository reads", () => {
  const folder = new URL("policies/", ROOT);
  const names = readdirSync(folder);
  for (const name of names) {
    const file = (of: string): string => readFileSync(new URL(`${name}/${of}`, folder), "utf8");
    const policy = readPolicy(file("policy.toml"), file("guards.cedar"));
    assert.ok(policy.guards.length >= 2, name);
  }
  assert.ok(names.length >= 4);
});
