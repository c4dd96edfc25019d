// Makes the page that verifies packs: one file, script and style inside, admitted by their hashes alone.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

const FILE = process.argv[2] ?? "dist/page/verify.html";
const WORKER_POLICY = "lockstep-worker";

const bundle = async (entry, more) => {
  const options = { bundle: true, minify: true, write: false, charset: "utf8", legalComments: "none" };
  const { outputFiles } = await build({ entryPoints: [entry], ...options, ...more });
  // Without the last line end, which a hash would count too.
  return outputFiles[0].text.trimEnd();
};
const hash = (text, algorithm, form) => createHash(algorithm).update(text).digest(form);

const script = await bundle("page/main.ts", { format: "iife", platform: "browser", target: "es2022" });
const style = await bundle("page/page.css", {});
// Either would end its element, or begin a comment in it, before its time.
if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style))
  throw new Error("a bundle that would end its element");

const policy = [
  "default-src 'none'",
  `script-src 'sha256-${hash(script, "sha256", "base64")}'`,
  `style-src 'sha256-${hash(style, "sha256", "base64")}'`,
  "worker-src blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  `trusted-types ${WORKER_POLICY}`,
].join("; ");

const { version } = JSON.parse(await readFile("package.json", "utf8"));
const parts = { csp: policy, style, script, version };
const template = await readFile("page/page.html", "utf8");
const page = template.replace(/@@([a-z]+)@@/g, (_, part) => parts[part]);

await mkdir(dirname(FILE), { recursive: true });
await writeFile(FILE, page);
console.log(`${FILE}: ${Buffer.byteLength(page)} bytes, sha256 ${hash(page, "sha256", "hex")}`);
