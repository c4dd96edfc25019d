import assert from "node:assert/strict";
import { test } from "node:test";
import { hex } from "../../src/bytes.js";
import { emptyState } from "../../src/machine/apply.js";
import { mapKey } from "../../src/machine/entity.js";
import { vectors } from "../vectors.js";
import { replay, type VectorCommand } from "./replay.js";

interface Vectors {
  readonly case: string;
  readonly commands: readonly VectorCommand[];
  readonly entry: { readonly key: string; readonly value: string };
  readonly map: string;
}

const VECTORS = vectors<Vectors>("case.json");

test("every command of the example gives the leaves of the ledger, and every seal the root of the map", () => {
  const state = emptyState();
  for (const command of VECTORS.commands) replay(state, command);
  assert.equal(state.entries.root(), VECTORS.map);
  const entity = { case: VECTORS.case };
  assert.equal(hex(mapKey(entity)), VECTORS.entry.key);
  assert.equal(state.entries.get(entity)?.value, VECTORS.entry.value);
  assert.ok(VECTORS.commands.length > 15);
});
