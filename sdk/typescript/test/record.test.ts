import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, hex, utf8 } from "../src/bytes.js";
import {
  inputBytes,
  leafBytes,
  leafHash,
  readLeaf,
  readRecord,
  readRecordJson,
  readSeal,
  saltOf,
  writeRecordJson,
  type Tag,
} from "../src/record.js";
import { answerOf } from "../src/refusal.js";
import { vectors, type Given } from "./vectors.js";

interface Answered {
  readonly answer: string;
  readonly name: string;
}

interface Records {
  readonly seed: string;
  readonly salts: readonly { readonly number: number; readonly salt: string }[];
  readonly inputs: {
    readonly now: number;
    readonly command: { readonly bytes: string; readonly command: string };
    readonly seal: { readonly bytes: string };
  };
  readonly leaves: readonly (Answered & { readonly leaf: string })[];
  readonly records: readonly (Answered & { readonly bytes: string })[];
  readonly seals: readonly (Answered & { readonly body: string; readonly tag: Tag })[];
  readonly made: readonly {
    readonly body: string;
    readonly bytes: string;
    readonly json: Given;
    readonly leaf: string;
    readonly leaf_hash: string;
    readonly salt: string;
    readonly seal: { readonly map: string; readonly prev_seal?: string } | null;
    readonly tag: Tag;
    readonly time: number;
  }[];
}

const given = vectors<Records>("record.json");
const seed = fromHex(given.seed);

for (const { number, salt } of given.salts) {
  test(`salt ${number}`, () => assert.equal(hex(saltOf(seed, number)), salt));
}

test("inputs are their bytes", () => {
  const { now, command, seal } = given.inputs;
  assert.equal(hex(inputBytes(now, seed, fromHex(command.command))), command.bytes);
  assert.equal(hex(inputBytes(now, seed)), seal.bytes);
});

for (const { answer, leaf, name } of given.leaves) {
  test(`leaf, ${name}: ${answer}`, () =>
    assert.equal(
      answerOf(() => readLeaf(fromHex(leaf))),
      answer,
    ));
}

for (const { answer, bytes, name } of given.records) {
  test(`record, ${name}: ${answer}`, () =>
    assert.equal(
      answerOf(() => readRecord(fromHex(bytes))),
      answer,
    ));
}

for (const { answer, body, name, tag } of given.seals) {
  test(`seal, ${name}: ${answer}`, () => {
    let said = "";
    const refused = answerOf(() => (said = readSeal(tag, utf8(body)) === undefined ? "no_seal" : "seal"));
    assert.equal(refused === "holds" ? said : refused, answer);
  });
}

given.made.forEach((made, at) => {
  test(`made record ${at} is the same in all its forms`, () => {
    const record = readRecord(fromHex(made.bytes));
    assert.deepEqual(readRecordJson(made.json), record);
    assert.deepEqual(writeRecordJson(record), made.json);
    assert.equal(record.leaf.tag, made.tag);
    assert.equal(record.leaf.time, made.time);
    assert.equal(hex(leafBytes(record.leaf)), made.leaf);
    assert.equal(hex(leafHash(record.leaf)), made.leaf_hash);
    assert.equal(hex(record.salt), made.salt);
    assert.equal(hex(record.body), made.body);
    const seal = readSeal(record.leaf.tag, record.body);
    assert.equal(seal?.map, made.seal?.map);
    assert.equal(seal?.prevSeal, made.seal?.prev_seal);
  });
});
