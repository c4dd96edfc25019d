import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, hex, utf8 } from "../src/bytes.js";
import { sha256Hex } from "../src/hash.js";
import {
  checkNote,
  readHead,
  readNote,
  readVerifierKey,
  writeHead,
  writeVerifierKey,
  type Signed,
} from "../src/log/note.js";
import { readBundle, readTilePath, writeTilePath } from "../src/log/tiles.js";
import { hashLeaf, hashNode, isConsistent, isIncluded } from "../src/log/tree.js";
import { answerOf } from "../src/refusal.js";
import { filesOf, leafNumber, pathOf, proofOf, rootOf } from "./log-files.js";
import { vectors } from "./vectors.js";

interface Answered {
  readonly answer: string;
}

interface Logs {
  readonly paths: readonly (Answered & { readonly path: string })[];
  readonly bundles: readonly (Answered & { readonly bundle: string; readonly name: string })[];
  readonly heads: readonly (Answered & { readonly name: string; readonly text: string })[];
  readonly keys: readonly (Answered & { readonly key: string })[];
  readonly notes: readonly (Answered & {
    readonly keys: readonly string[];
    readonly name: string;
    readonly note: string;
    readonly signed: readonly Signed[];
  })[];
  readonly sizes: readonly {
    readonly files: readonly { readonly bytes: number; readonly path: string; readonly sha256: string }[];
    readonly root: string;
    readonly size: number;
  }[];
}

const given = vectors<Logs>("log.json");

for (const { answer, path } of given.paths) {
  test(`path \`${path}\`: ${answer}`, () => {
    assert.equal(
      answerOf(() => readTilePath(path)),
      answer,
    );
    if (answer === "holds") assert.equal(writeTilePath(readTilePath(path)), path);
  });
}

for (const { answer, bundle, name } of given.bundles) {
  test(`bundle, ${name}: ${answer}`, () =>
    assert.equal(
      answerOf(() => readBundle(fromHex(bundle))),
      answer,
    ));
}

test("a bundle of 257 leaves is refused", () => {
  const entry = `0029${hex(leafNumber(1))}`;
  assert.equal(
    answerOf(() => readBundle(fromHex(entry.repeat(256)))),
    "holds",
  );
  assert.equal(
    answerOf(() => readBundle(fromHex(entry.repeat(257)))),
    "too_many",
  );
});

for (const { answer, name, text } of given.heads) {
  test(`head, ${name}: ${answer}`, () => {
    assert.equal(
      answerOf(() => readHead(text)),
      answer,
    );
    if (answer === "holds") assert.equal(writeHead(readHead(text)), text);
  });
}

for (const { answer, key } of given.keys) {
  test(`verifier key ${key.slice(0, 24)}…: ${answer}`, () => {
    assert.equal(
      answerOf(() => readVerifierKey(key)),
      answer,
    );
    if (answer !== "holds") return;
    const read = readVerifierKey(key);
    assert.equal(writeVerifierKey(read.name, read.kind, read.key), key);
  });
}

for (const { answer, keys, name, note, signed } of given.notes) {
  test(`note, ${name}: ${answer}`, () => {
    let said: readonly Signed[] = [];
    const check = () => (said = checkNote(readNote(utf8(note)), keys.map(readVerifierKey)));
    assert.equal(answerOf(check), answer);
    assert.deepEqual(said, signed);
  });
}

test("a note of too many bytes or lines is refused before its lines are read", () => {
  const line = "\u2014 a AAAAAAA=\n";
  assert.equal(
    answerOf(() => readNote(utf8(`text\n\n${line.repeat(64)}`))),
    "holds",
  );
  assert.equal(
    answerOf(() => readNote(utf8(`text\n\n${line.repeat(65)}`))),
    "too_many_signatures",
  );
  assert.equal(
    answerOf(() => readNote(utf8(`${"text".repeat(20_000)}\n\n${line}`))),
    "too_long",
  );
  assert.equal(
    answerOf(() => readNote(Uint8Array.of(0xff, 10, 10))),
    "characters",
  );
});

for (const { files, root, size } of given.sizes) {
  test(`a log of ${size} leaves has its root and its files`, () => {
    const leaves = Array.from({ length: size }, (_, n) => leafNumber(n));
    assert.equal(hex(rootOf(leaves.map(hashLeaf))), root);
    const made = filesOf(leaves);
    // Of the larger logs the vectors name some files only.
    if (size < 65_536) assert.deepEqual([...made.keys()].sort(), files.map(({ path }) => path).sort());
    for (const { bytes, path, sha256 } of files) {
      const file = made.get(path) ?? assert.fail(`no file ${path}`);
      assert.equal(file.length, bytes);
      assert.equal(sha256Hex(file), sha256);
    }
  });
}

test("every path in logs of up to 40 leaves holds, and at no other place, size or root", () => {
  for (let size = 1; size <= 40; size++) {
    const hashes = Array.from({ length: size }, (_, n) => hashLeaf(leafNumber(n)));
    const head = { root: rootOf(hashes), size };
    hashes.forEach((hash, index) => {
      const path = pathOf(index, hashes);
      assert.ok(isIncluded({ hash, index }, head, path));
      assert.ok(!isIncluded({ hash, index: index + 1 }, head, path));
      assert.ok(!isIncluded({ hash: hashNode(hash, hash), index }, head, path));
      assert.ok(!isIncluded({ hash, index }, head, [...path, hash]));
      if (path.length > 0) assert.ok(!isIncluded({ hash, index }, head, path.slice(1)));
    });
  }
});

test("every proof between logs of up to 40 leaves holds, and no changed one does", () => {
  const hashes = Array.from({ length: 40 }, (_, n) => hashLeaf(leafNumber(n)));
  for (let size = 1; size <= 40; size++) {
    const later = { size, root: rootOf(hashes.slice(0, size)) };
    for (let first = 1; first <= size; first++) {
      const earlier = { size: first, root: rootOf(hashes.slice(0, first)) };
      const proof = proofOf(first, hashes.slice(0, size));
      assert.ok(isConsistent(earlier, later, proof));
      assert.ok(!isConsistent({ ...earlier, root: hashNode(earlier.root, later.root) }, later, proof));
      assert.ok(!isConsistent(earlier, later, [...proof, later.root]));
      if (proof.length > 0) assert.ok(!isConsistent(earlier, later, proof.slice(0, -1)));
    }
  }
});
