import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, hex } from "../src/bytes.js";
import { answerOf } from "../src/refusal.js";
import { checkProof, readProof, StateMap } from "../src/state-map.js";
import { vectors, type Given } from "./vectors.js";

interface Maps {
  readonly proofs: readonly {
    readonly answer: string;
    readonly key: string;
    readonly name: string;
    readonly proof: Given;
    readonly root: string;
    readonly value_hash: string | null;
  }[];
  readonly steps: readonly {
    readonly before: string;
    readonly changes: readonly { readonly key: string; readonly value_hash: string }[];
    readonly nodes: readonly { readonly depth: number; readonly node: string; readonly prefix: string }[];
    readonly root: string;
  }[];
}

const given = vectors<Maps>("state-map.json");

for (const { answer, key, name, proof, root, value_hash } of given.proofs) {
  test(`proof, ${name}: ${answer}`, () => {
    const value = value_hash === null ? undefined : fromHex(value_hash);
    assert.equal(
      answerOf(() => checkProof(fromHex(root), fromHex(key), value, readProof(proof))),
      answer,
    );
  });
}

test("a map filled step by step has the root of each step, and every node that it wrote", () => {
  const map = new StateMap();
  for (const { before, changes, nodes, root } of given.steps) {
    assert.equal(hex(map.root()), before);
    for (const { key, value_hash } of changes) map.set(fromHex(key), fromHex(value_hash));
    assert.equal(hex(map.root()), root);
    const kept = new Map(map.nodes().map(({ depth, path, bytes }) => [`${depth} ${hex(path)}`, hex(bytes)]));
    for (const { depth, node, prefix } of nodes) assert.equal(kept.get(`${depth} ${prefix}`), node);
  }
});
