// The bundle of everything exported, without the two dependencies, minified and compressed: at most 60 kB.
import { build } from "esbuild";
import { gzipSync } from "node:zlib";

const LIMIT = 60 * 1024;
const options = { entryPoints: ["src/index.ts"], bundle: true, minify: true, format: "esm", platform: "browser", write: false };
const sizeOf = async (more) => {
  const [file] = (await build({ ...options, ...more })).outputFiles;
  return { minified: file.contents.length, gzip: gzipSync(file.contents, { level: 9 }).length };
};

const own = await sizeOf({ external: ["@noble/*"] });
const whole = await sizeOf({});
console.log(`without dependencies: ${own.minified} bytes minified, ${own.gzip} gzip (at most ${LIMIT})`);
console.log(`with dependencies:    ${whole.minified} bytes minified, ${whole.gzip} gzip`);
process.exitCode = own.gzip <= LIMIT ? 0 : 1;
