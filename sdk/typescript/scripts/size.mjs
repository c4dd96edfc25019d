// The bundles of what is exported, without the two dependencies, minified and compressed: the verifier's has at
// most 60 kB, and knows nothing of the client.
import { build } from "esbuild";
import { gzipSync } from "node:zlib";

const LIMIT = 60 * 1024;
const CLIENT_LIMIT = 32 * 1024;
const options = { bundle: true, minify: true, format: "esm", platform: "browser", write: false, metafile: true };
const sizeOf = async (entry, more) => {
  const made = await build({ ...options, entryPoints: [entry], ...more });
  const [file] = made.outputFiles;
  const [{ inputs }] = Object.values(made.metafile.outputs);
  const ofClient = Object.keys(inputs).some((name) => name.includes("src/client/"));
  return { minified: file.contents.length, gzip: gzipSync(file.contents, { level: 9 }).length, ofClient };
};

const own = await sizeOf("src/index.ts", { external: ["@noble/*"] });
const whole = await sizeOf("src/index.ts", {});
const client = await sizeOf("src/client/index.ts", { external: ["@noble/*"] });
console.log(`without dependencies: ${own.minified} bytes minified, ${own.gzip} gzip (at most ${LIMIT})`);
console.log(`with dependencies:    ${whole.minified} bytes minified, ${whole.gzip} gzip`);
console.log(`client, without:      ${client.minified} bytes minified, ${client.gzip} gzip (at most ${CLIENT_LIMIT})`);
if (own.ofClient) console.error("error: the verifier's bundle has parts of the client");
process.exitCode = own.gzip <= LIMIT && client.gzip <= CLIENT_LIMIT && !own.ofClient ? 0 : 1;
