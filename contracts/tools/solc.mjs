#!/usr/bin/env node
// The Solidity compiler as forge expects it: a program that answers `--version` and `--standard-json`.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc");
const args = process.argv.slice(2);

if (args.includes("--version")) {
  // forge reads the platform from the last two words; the compiler is the same in every build.
  const version = solc.version().replace(/Emscripten\.clang$/, "Linux.g++");
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${version}`);
} else if (args.includes("--standard-json")) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  console.error(`expected \`--version\` or \`--standard-json\`, found \`${args.join(" ")}\``);
  process.exitCode = 1;
}
