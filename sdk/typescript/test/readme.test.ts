import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("the ten lines of the README run, and say VERIFIED", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? assert.fail();
  // Beside the compiled package, so that its own name resolves to it.
  const script = new URL("../readme.mjs", import.meta.url);
  await writeFile(script, code);
  try {
    const cwd = fileURLToPath(new URL("../../../../vectors/pack/", import.meta.url));
    const out = await new Promise<string>((done, fail) => {
      execFile(process.execPath, [fileURLToPath(script)], { cwd }, (error, text) =>
        error === null ? done(text) : fail(error),
      );
    });
    assert.match(out, /^VERIFIED\n/);
  } finally {
    await rm(script);
  }
});
