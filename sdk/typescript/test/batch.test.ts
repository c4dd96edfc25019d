import assert from "node:assert/strict";
import { test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { allCount, type Signed } from "../src/batch.js";
import { concat, fromHex, utf8 } from "../src/bytes.js";
import { keccak256, sha256 } from "../src/hash.js";
import { answerOf } from "../src/refusal.js";
import { addressOf, checkSignature, publicKey, readKey } from "../src/suites.js";
import { vectors, type Given } from "./vectors.js";

const given = vectors<{
  readonly signatures: readonly {
    readonly answer: string;
    readonly key: Given;
    readonly message: { readonly bytes: string } | { readonly hash: string };
    readonly signature: string;
  }[];
}>("suites.json").signatures.map(({ answer, key, message, signature }) => ({
  counts: answer === "counts",
  signed: {
    key: readKey(key),
    message: "bytes" in message ? { bytes: fromHex(message.bytes) } : { hash: fromHex(message.hash) },
    signature: fromHex(signature),
  } satisfies Signed,
}));

function alone({ key, message, signature }: Signed): boolean {
  return answerOf(() => checkSignature(key, message, signature)) === "holds";
}

/** Signatures by a few keys of every suite over many messages. */
function made(count: number): Signed[] {
  return Array.from({ length: count }, (_, at): Signed => {
    const secret = sha256(utf8(`key ${at % 4}`));
    const message = utf8(`message ${at}`);
    if (at % 7 === 6) {
      const key = publicKey("es256", p256.getPublicKey(secret, false));
      return { key, message: { bytes: message }, signature: p256.sign(message, secret) };
    }
    if (at % 2 === 0) {
      const key = publicKey("ed25519", ed25519.getPublicKey(secret));
      return { key, message: { bytes: message }, signature: ed25519.sign(message, secret) };
    }
    const hash = keccak256(message);
    const [recovery, ...signature] = secp256k1.sign(hash, secret, { prehash: false, format: "recovered" });
    return {
      key: publicKey(
        "eip712",
        addressOf(secp256k1.Point.BASE.multiply(secp256k1.Point.Fn.fromBytes(secret))),
      ),
      message: { hash },
      signature: concat(Uint8Array.from(signature), Uint8Array.of(27 + (recovery ?? 0))),
    };
  });
}

test("what counts alone counts together, and one that does not is found among any others", () => {
  const good = given.filter(({ counts }) => counts).map(({ signed }) => signed);
  assert.ok(good.length >= 4);
  assert.ok(allCount(good));
  assert.ok(allCount([]));
  for (const { counts, signed } of given) {
    assert.equal(alone(signed), counts);
    assert.equal(allCount([signed]), counts);
    assert.equal(allCount([...good, signed, ...good]), counts);
  }
});

test("one bit turned in any of many signatures or messages is found", () => {
  const all = made(56);
  assert.ok(all.every(alone));
  assert.ok(allCount(all));
  all.forEach((signed, at) => {
    const signature = signed.signature.slice();
    const byte = at % 64;
    signature[byte] = (signature[byte] ?? 0) ^ 1;
    assert.ok(!alone({ ...signed, signature }));
    assert.ok(!allCount(all.with(at, { ...signed, signature })), `signature ${at}`);
    const other = all[(at + 28) % all.length] ?? assert.fail();
    assert.ok(!allCount(all.with(at, { ...signed, message: other.message })), `message ${at}`);
  });
});

test("two wrong signatures whose errors cancel are found", () => {
  const secret = sha256(utf8("key"));
  const key = publicKey("ed25519", ed25519.getPublicKey(secret));
  const two = ["one", "two"].map((text): Signed => {
    const message = utf8(text);
    return { key, message: { bytes: message }, signature: ed25519.sign(message, secret) };
  });
  assert.ok(allCount(two));
  const moved = two.map((signed, at) => {
    const signature = signed.signature.slice();
    // s + 1 in one, s − 1 in the other: their plain sum holds. Neither ends in a byte that carries.
    signature[32] = (signature[32] ?? 0) + (at === 0 ? 1 : -1);
    return { ...signed, signature };
  });
  assert.ok(!allCount(moved));
});

// Every spelling of the points of order 8 and less that ZIP 215 decodes, the non-canonical ones included.
const SMALL_ORDER = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000080",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

test("keys and nonces of small order count in every spelling, alone and together", () => {
  const message = { bytes: utf8("Zcash") };
  const all = SMALL_ORDER.flatMap((key) =>
    SMALL_ORDER.map((nonce): Signed => ({
      key: publicKey("ed25519", fromHex(key)),
      message,
      signature: concat(fromHex(nonce), new Uint8Array(32)),
    })),
  );
  assert.equal(all.length, 196);
  assert.ok(all.every(alone));
  assert.ok(allCount(all));
  assert.ok(allCount([...all, ...made(20)]));
});
