import assert from "node:assert/strict";
import { test } from "node:test";
import { parseToml, type Toml } from "../../src/policy/toml.js";
import { answerOf } from "../../src/refusal.js";

type Plain = string | bigint | boolean | readonly Plain[] | { readonly [key: string]: Plain };

function plain(value: Toml): Plain {
  switch (value.kind) {
    case "string":
    case "integer":
    case "bool":
      return value.value;
    case "float":
    case "time":
      return `${value.kind} ${value.text}`;
    case "array":
      return value.items.map(plain);
    case "table":
      return Object.fromEntries([...value.entries].map(([key, entry]) => [key, plain(entry)]));
  }
}

test("what TOML 1.0 says", () => {
  const texts: readonly (readonly [string, Plain])[] = [
    ["a = 1 # c\nb.c = 'x'\nb.\"d e\" = true", { a: 1n, b: { c: "x", "d e": true } }],
    ["[a.b]\nc = 1\n[a]\nd = 2", { a: { b: { c: 1n }, d: 2n } }],
    ["[[a]]\nb = 1\n[[a]]\n[a.c]\nd = 2", { a: [{ b: 1n }, { c: { d: 2n } }] }],
    ["a = [ 1, # one\n 2,\n]", { a: [1n, 2n] }],
    ["a = { b = 1, c.d = [2, 3] }", { a: { b: 1n, c: { d: [2n, 3n] } } }],
    ['a = "\\u00e9\\n"\nb = """\nx\n  \\\n   y"""', { a: "é\n", b: "x\n  y" }],
    ["a = '''\nx'y'''\nb = '''''z'''''", { a: "x'y", b: "''z''" }],
    ["a = 0x1F\nb = -1_000\nc = 0b11\nd = +7", { a: 31n, b: -1000n, c: 3n, d: 7n }],
    [
      "a = 1.5e3\nb = inf\nc = 1979-05-27 07:32:00Z",
      { a: "float 1.5e3", b: "float inf", c: "time 1979-05-27 07:32:00Z" },
    ],
    ["\r\na = 1\r\n", { a: 1n }],
    ["", {}],
  ];
  for (const [text, expected] of texts) assert.deepEqual(plain(parseToml(text)), expected, text);
});

test("what TOML 1.0 refuses, and inline tables of more than one line", () => {
  const texts = [
    "a = 1\na = 2",
    "a = 1\n[a]",
    "[a]\n[a]",
    "a.b = 1\na = 2",
    "[a]\nb.c = 1\n[a.b]",
    "a = {b = 1}\na.c = 2",
    "a = {b = 1}\n[a.c]",
    "a = [1]\n[[a]]",
    "[[a]]\n[a]",
    "a = {b = 1,}",
    "a = {\nb = 1}",
    "a = {b = [1,\n2]}",
    "a = { b = '''\nx''' }",
    "a = 01",
    "a = 1__0",
    "a = tru",
    'a = "\\e"',
    'a = "\\x41"',
    'a = "x\ny"',
    "a = 'x",
    "= 1",
    "a 1",
    "a = 1 b = 2",
    "a = [1 2]",
    'a = "\u0001"',
    "# \u0001",
    "a = 9223372036854775808",
    "a =",
    "[a",
  ];
  for (const text of texts)
    assert.equal(
      answerOf(() => void parseToml(text)),
      "toml",
      text,
    );
});
