import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, hex } from "../src/bytes.js";
import { domainSeparator, hashStruct, signingHash, typeHash } from "../src/eip712.js";
import { answerOf } from "../src/refusal.js";
import {
  checkSignature,
  normaliseSignature,
  publicKey,
  readKey,
  writeAddress,
  type Message,
  type Suite,
} from "../src/suites.js";
import { vectors, type Given } from "./vectors.js";

interface Suites {
  readonly domain: { readonly salt: string; readonly separator: string; readonly type: string };
  readonly keys: readonly { readonly address: string | null; readonly id: string; readonly key: Given }[];
  readonly keys_refused: readonly { readonly key: string; readonly reason: string; readonly suite: Suite }[];
  readonly structs: readonly {
    readonly type: string;
    readonly type_hash: string;
    readonly words: readonly string[];
    readonly salt: string;
    readonly struct_hash: string;
    readonly signing_hash: string;
  }[];
  readonly signatures: readonly {
    readonly name: string;
    readonly answer: string;
    readonly key: Given;
    readonly message: { readonly bytes: string } | { readonly hash: string };
    readonly signature: string;
    readonly normalised: { readonly answer: string; readonly signature: string } | null;
  }[];
}

const given = vectors<Suites>("suites.json");

for (const { address, id, key } of given.keys) {
  test(`key ${id.slice(0, 8)} has its id and its address`, () => {
    const read = readKey(key);
    assert.equal(read.id, id);
    if (address !== null) assert.equal(writeAddress(read.bytes), address);
  });
}

for (const { key, reason, suite } of given.keys_refused) {
  test(`a key of ${suite} is refused: ${reason} ${key.slice(0, 8)}`, () => {
    assert.equal(
      answerOf(() => publicKey(suite, fromHex(key))),
      reason,
    );
  });
}

test("the domain has its separator", () => {
  assert.equal(hex(domainSeparator(given.domain.salt)), given.domain.separator);
});

for (const struct of given.structs) {
  test(`struct ${struct.type} has its hashes`, () => {
    const hash = hashStruct(typeHash(struct.type), ...struct.words.map((word) => fromHex(word)));
    assert.equal(hex(typeHash(struct.type)), struct.type_hash);
    assert.equal(hex(hash), struct.struct_hash);
    assert.equal(hex(signingHash(struct.salt, hash)), struct.signing_hash);
  });
}

for (const { name, answer, key, message, signature, normalised } of given.signatures) {
  const read = readKey(key);
  const signed: Message =
    "bytes" in message ? { bytes: fromHex(message.bytes) } : { hash: fromHex(message.hash) };
  const judge = (bytes: Uint8Array): string => {
    const said = answerOf(() => checkSignature(read, signed, bytes));
    return said === "holds" ? "counts" : said;
  };
  test(`${read.suite}: ${name}: ${answer}`, () => assert.equal(judge(fromHex(signature)), answer));
  test(`${read.suite}: ${name}: as a client normalises it`, () => {
    const made = normaliseSignature(read.suite, fromHex(signature));
    assert.equal(hex(made), normalised?.signature ?? signature);
    assert.equal(judge(made), normalised?.answer ?? answer);
  });
}
