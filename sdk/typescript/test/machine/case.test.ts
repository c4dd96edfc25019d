import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { hex } from "../../src/bytes.js";
import { emptyState } from "../../src/machine/apply.js";
import { mapKey } from "../../src/machine/entity.js";
import { vectors } from "../vectors.js";
import { replay, type VectorCommand } from "./replay.js";

interface Vectors {
  readonly case?: string;
  readonly commands: readonly VectorCommand[];
  readonly entry?: { readonly key: string; readonly value: string };
  readonly format: string;
  readonly map?: string;
}

const FORMATS = new Set(["lockstep-vectors/case/1", "lockstep-vectors/history/1"]);
const FOLDER = new URL("../../../../../vectors/", import.meta.url);
const FILES = readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".json"))
  .filter((file) => FORMATS.has(vectors<Partial<Vectors>>(file).format ?? ""));

for (const file of FILES) {
  test(`${file}: every command gives the leaves of the ledger, and every seal the root of the map`, () => {
    const { commands, map, entry, case: id } = vectors<Vectors>(file);
    const state = emptyState();
    for (const command of commands) replay(state, command);
    if (map !== undefined) assert.equal(state.entries.root(), map);
    if (entry === undefined || id === undefined) return;
    assert.equal(hex(mapKey({ case: id })), entry.key);
    assert.equal(state.entries.get({ case: id })?.value, entry.value);
  });
}

test("the example of the specification is among them", () => {
  assert.ok(FILES.includes("case.json"));
});
