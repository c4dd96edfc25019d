import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../src/bytes.js";
import { parseCanonical, writeCanonical, type Json } from "../src/canonical.js";
import { isLei, name, object } from "../src/reading.js";
import { answerOf } from "../src/refusal.js";
import { readAddress } from "../src/suites.js";

function said(text: string, bytes = 1000): string {
  return answerOf(() => parseCanonical(text, { bytes }));
}

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

const SAID: readonly (readonly [text: string, answer: string])[] = [
  ["{}", "holds"],
  ["null", "holds"],
  ['{"a":1,"b":[true,false,null,"x"],"c":{}}', "holds"],
  ['{"B":1,"a":1}', "holds"],
  ['{"a":1,"B":1}', "not_canonical"],
  ['{"a":1,"a":1}', "not_canonical"],
  ['{"a":1,"a":2}', "not_canonical"],
  ['{"__proto__":1}', "holds"],
  ['{"é":1}', "not_canonical"],
  ['{"2":1,"10":1}', "not_canonical"],
  ['{"10":1,"2":1}', "holds"],
  [" {}", "not_canonical"],
  ["{}\n", "not_canonical"],
  ["\ufeff{}", "json"],
  ["1.0", "not_canonical"],
  ["1e3", "not_canonical"],
  ["0.5", "not_canonical"],
  ["-0", "not_canonical"],
  ["01", "json"],
  ["9007199254740991", "holds"],
  ["-9007199254740991", "holds"],
  ["9007199254740992", "not_canonical"],
  ["9007199254740993", "not_canonical"],
  ["1e400", "not_canonical"],
  ["NaN", "json"],
  ["'a'", "json"],
  ['"\\u0061"', "not_canonical"],
  ['"\\/"', "not_canonical"],
  ['"\\n\\b\\f\\r\\t\\"\\\\"', "holds"],
  ['"\\u000a"', "not_canonical"],
  ['"\\u001f"', "holds"],
  ['"\\u001F"', "not_canonical"],
  ['"\u007f\u2028é😀"', "holds"],
  ['"\\u00e9"', "not_canonical"],
  ['"\\ud83d\\ude00"', "not_canonical"],
  ['"\\ud800"', "not_canonical"],
  ['"\\udc00\\ud800"', "not_canonical"],
  ["[1,]", "json"],
  ["", "json"],
  [nested(16), "holds"],
  [nested(17), "too_deep"],
];

for (const [text, answer] of SAID) {
  test(`${JSON.stringify(text).slice(0, 60)}: ${answer}`, () => assert.equal(said(text), answer));
}

test("lengths are of UTF-8 bytes, and asked first", () => {
  assert.equal(said('"ab"', 4), "holds");
  assert.equal(said('"abc"', 4), "too_long");
  assert.equal(said('"é"', 4), "holds");
  assert.equal(said('"éé"', 4), "too_long");
  assert.equal(said("[".repeat(10), 4), "too_long");
});

test("bytes that are no UTF-8 are refused", () => {
  assert.equal(
    answerOf(() => parseCanonical(Uint8Array.of(0x22, 0xff, 0x22), { bytes: 10 })),
    "utf8",
  );
  assert.equal(
    answerOf(() => parseCanonical(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), { bytes: 10 })),
    "utf8",
  );
});

test("a million brackets are refused, and not followed", () => {
  assert.equal(said(nested(1_000_000), 2_000_000), "too_deep");
});

test("what was written is read again", () => {
  const values: readonly Json[] = [{ b: [1, { a: "\u0000" }], a: null }, "😀", -1, [], [[]], { "": "" }];
  for (const value of values)
    assert.deepEqual(parseCanonical(utf8(writeCanonical(value)), { bytes: 1000 }), value);
});

test("fields that every object inherits are no fields", () => {
  assert.equal(
    answerOf(() => object({}, ["constructor"])),
    "form",
  );
  assert.equal(
    answerOf(() => object(parseCanonical('{"__proto__":1}', { bytes: 100 }), [])),
    "form",
  );
});

test("an LEI has its check digits", () => {
  for (const lei of ["ACMEUSDISSUER0000046", "NORTHBANKCUSTODY0090", "52990000000000000002"])
    assert.ok(isLei(lei));
  for (const lei of [
    "ACMEUSDISSUER0000047",
    "acmeusdissuer0000046",
    "ACMEUSDISSUER000046",
    "ACMEUSDISSUER00000AB",
    "",
    " CMEUSDISSUER0000046",
  ]) {
    assert.ok(!isLei(lei), lei);
  }
});

test("names and addresses have one spelling", () => {
  for (const good of ["a", "acme-usd", "x.y_z-0", "a".repeat(64)]) assert.equal(name(good), good);
  for (const bad of ["", "A", "0a", "a b", "a".repeat(65), "é"])
    assert.equal(
      answerOf(() => name(bad)),
      "form",
      bad,
    );
  const address = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
  assert.equal(
    answerOf(() => readAddress(address)),
    "holds",
  );
  assert.equal(
    answerOf(() => readAddress(address.toLowerCase())),
    "form",
  );
  assert.equal(
    answerOf(() => readAddress(address.replace("e7f1", "E7f1"))),
    "form",
  );
});
