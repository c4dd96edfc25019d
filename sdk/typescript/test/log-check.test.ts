import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { hex, utf8 } from "../src/bytes.js";
import { checkLog, filesAt, type ListFiles, type ReadFile } from "../src/log/check.js";
import { readCheckpoint, readVerifierKey, writeHead } from "../src/log/note.js";
import { hashLeaf } from "../src/log/tree.js";
import { filesIn } from "../src/node/files.js";
import { Refusal } from "../src/refusal.js";
import { filesOf, leafNumber, rootOf, signedHead, verifierKey } from "./log-files.js";

const SECRET = new Uint8Array(32).fill(7);
const ORIGIN = "example/0000000000000000000000000000000000000000000000000000000000000000";
const KEY = verifierKey(ORIGIN, SECRET);

/** The files of a log of n leaves with its checkpoint. */
function log(size: number): Map<string, Uint8Array> {
  const leaves = Array.from({ length: size }, (_, n) => leafNumber(n));
  const root = rootOf(leaves.map(hashLeaf));
  return filesOf(leaves).set("checkpoint", signedHead({ origin: ORIGIN, size, root }, SECRET));
}

function from(files: ReadonlyMap<string, Uint8Array>): ReadFile {
  return (path) => Promise.resolve(files.get(path));
}

async function said(
  files: ReadonlyMap<string, Uint8Array>,
  keys: readonly string[] = [KEY],
): Promise<string> {
  try {
    await checkLog(from(files), keys.map(readVerifierKey));
    return "holds";
  } catch (error) {
    assert.ok(error instanceof Refusal);
    return error.code;
  }
}

for (const size of [0, 1, 2, 255, 256, 257, 512, 66_000]) {
  test(`a log of ${size} leaves holds`, async () => {
    const files = log(size);
    const { head, signed, files: read } = await checkLog(from(files), [readVerifierKey(KEY)]);
    assert.equal(head.size, size);
    assert.deepEqual(signed, [{ name: ORIGIN, at: null }]);
    assert.equal(read, files.size - 1);
  });
}

test("a log without its partial files is read from the full ones", async () => {
  const files = log(300);
  const later = log(600);
  for (const path of ["tile/entries/001.p/44", "tile/0/001.p/44"]) {
    files.delete(path);
    assert.equal(await said(files), "missing");
    const full = path.replace(/\.p.*/, "");
    files.set(full, later.get(full) ?? assert.fail());
  }
  assert.equal(await said(files), "holds");
});

test("one bit turned in any file is found", async () => {
  for (const [path, bytes] of log(300)) {
    const files = log(300);
    const turned = bytes.slice();
    turned[turned.length - 2] = (turned[turned.length - 2] ?? 0) ^ 1;
    files.set(path, turned);
    assert.notEqual(await said(files), "holds", path);
  }
});

test("a file that is not there is named", async () => {
  for (const path of log(300).keys()) {
    const files = log(300);
    files.delete(path);
    assert.equal(await said(files), "missing", path);
  }
});

test("a checkpoint that the log did not sign says nothing", async () => {
  assert.equal(await said(log(3), []), "no_known_signature");
  assert.equal(await said(log(3), [verifierKey("another", SECRET)]), "no_known_signature");
  assert.equal(await said(log(3), [verifierKey(ORIGIN, new Uint8Array(32).fill(8))]), "no_known_signature");
});

test("times that decrease are found", async () => {
  const leaves = [leafNumber(2), leafNumber(1)];
  const head = { origin: ORIGIN, size: 2, root: rootOf(leaves.map(hashLeaf)) };
  assert.equal(await said(filesOf(leaves).set("checkpoint", signedHead(head, SECRET))), "time");
});

test("a log begins with every head that was known, and with no other", async () => {
  const hashes = Array.from({ length: 300 }, (_, n) => hashLeaf(leafNumber(n)));
  const read = from(log(300));
  const keys = [readVerifierKey(KEY)];
  for (const size of [1, 200, 256, 257, 300]) {
    const root = rootOf(hashes.slice(0, size));
    await checkLog(read, keys, { earlier: { size, root } });
    const other = { earlier: { size, root: hashLeaf(root) } };
    await assert.rejects(checkLog(read, keys, other), { code: "inconsistent" });
  }
  const longer = { earlier: { size: 301, root: rootOf(hashes) } };
  await assert.rejects(checkLog(read, keys, longer), { code: "rollback" });
});

test("of another log the entries may be anything, and lines may follow the root", async () => {
  const origin = "logs.example/any";
  const entries = Array.from({ length: 300 }, (_, n) => utf8("entry ".repeat(n % 7)));
  const root = rootOf(entries.map(hashLeaf));
  const files = filesOf(entries).set("checkpoint", signedHead({ origin, size: 300, root }, SECRET));
  assert.equal(await said(files, [verifierKey(origin, SECRET)]), "holds");
  assert.equal(await said(files, [verifierKey("another", SECRET)]), "no_known_signature");
  const text = writeHead({ origin, size: 300, root });
  assert.deepEqual(readCheckpoint(`${text}more\n`), readCheckpoint(text));
  for (const wrong of [`${text}\n`, `${text}more`, `${text}more\n\n`]) {
    assert.throws(() => readCheckpoint(wrong), { code: "lines" });
  }
  const own = writeHead({ origin: ORIGIN, size: 0, root });
  assert.throws(() => readCheckpoint(`${own}more\n`), { code: "lines" });
});

test("checkpoints of earlier and older partial files that are known must agree", async () => {
  const before = log(200);
  const files = log(300);
  for (const path of ["tile/entries/000.p/200", "tile/0/000.p/200"]) {
    files.set(path, before.get(path) ?? assert.fail());
  }
  files.set("checkpoints/200", before.get("checkpoint") ?? assert.fail());
  const list: ListFiles = (folder) =>
    Promise.resolve([...files.keys()].filter((path) => path.startsWith(`${folder}/`)).map(lastPart));
  const keys = [readVerifierKey(KEY)];
  const found = await checkLog(from(files), keys, { list });
  assert.deepEqual([found.checkpoints, found.files], [2, files.size - 2]);
  for (const path of ["tile/entries/000.p/200", "tile/0/000.p/200", "checkpoints/200"]) {
    const good = files.get(path) ?? assert.fail();
    files.set(path, good.with(good.length - 1, (good.at(-1) ?? 0) ^ 1));
    await assert.rejects(checkLog(from(files), keys, { list }), Refusal, path);
    files.set(path, good);
  }
  files.set("checkpoints/400", log(400).get("checkpoint") ?? assert.fail());
  await assert.rejects(checkLog(from(files), keys, { list }), { code: "rollback" });
});

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

test("files are read over HTTP, and what is neither there nor missing is no answer", async () => {
  const files = log(3);
  const asked: string[] = [];
  const get = (url: string | URL | Request): Promise<Response> => {
    const path = String(url).replace("https://logs.example/acme/", "");
    asked.push(path);
    const file = files.get(path);
    return Promise.resolve(
      file === undefined ? new Response(null, { status: 404 }) : new Response(file.slice()),
    );
  };
  await checkLog(filesAt(new URL("https://logs.example/acme"), get), [readVerifierKey(KEY)]);
  assert.deepEqual(asked, ["checkpoint", "tile/entries/000.p/3", "tile/0/000.p/3"]);
  const broken = () => Promise.resolve(new Response(null, { status: 503 }));
  await assert.rejects(checkLog(filesAt(new URL("https://logs.example/"), broken), []), { code: "read" });
});

const COMMAND = fileURLToPath(new URL("../src/node/log.js", import.meta.url));

function run(
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly out: string; readonly told: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [COMMAND, ...args], (error, out, told) =>
      done({ code: error?.code ?? 0, out, told }),
    );
  });
}

test("the command answers for a folder, with exit codes 0, 1 and 2", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lockstep-log-"));
  try {
    for (const [path, bytes] of log(300)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), bytes);
    }
    await checkLog(filesIn(folder), [readVerifierKey(KEY)]);
    const good = await run("check", folder, "--vkey", KEY, "--json");
    assert.equal(good.code, 0, good.told);
    const { root, size } = JSON.parse(good.out) as { readonly root: string; readonly size: number };
    assert.equal(size, 300);
    assert.equal(root, hex(rootOf(Array.from({ length: 300 }, (_, n) => hashLeaf(leafNumber(n))))));
    await writeFile(join(folder, "tile/1/000.p/1"), new Uint8Array(32));
    assert.deepEqual(await run("check", folder, "--vkey", KEY), {
      code: 1,
      out: "FAILED tile: tile 1/0 is not made of what lies below it\n",
      told: "",
    });
    const wrong = await run("check", folder, "--vkey", "none");
    assert.equal(wrong.code, 2);
    assert.match(wrong.told, /^form: .*\nhint: /);
  } finally {
    await rm(folder, { recursive: true });
  }
});
