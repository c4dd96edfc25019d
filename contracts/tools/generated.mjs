// What is made from the sources and committed: artifacts/*.json and the figures in PROPERTIES.md. Without `--write` it
// compares, and names what differs.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const CONTRACTS = ["Anchor", "Gate", "Escrow", "Token"];
const CODE_BYTES_MAX = 24_576;
/** Goals of the rows that have one. */
const GOALS = {
  "Anchor.submit, 1 of 1": 110_000,
  "Anchor.submit, 3 of 4": 130_000,
  "Anchor.submit, 4 of 4": 130_000,
  "Anchor.submit, 11 of 16": 200_000,
  "Anchor.submit, 16 of 16": 200_000,
  "Gate.execute, less the call itself": 100_000,
};
const BEGIN = "<!-- made by tools/generated.mjs: begin -->";
const END = "<!-- made by tools/generated.mjs: end -->";

const write = process.argv.includes("--write");
const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const read = (name) => (existsSync(path(name)) ? readFileSync(path(name), "utf8") : "");
const number = (n) => n.toLocaleString("en-US");
const different = [];

function forge(...args) {
  const tool = fileURLToPath(new URL("forge.mjs", import.meta.url));
  const env = { ...process.env, FOUNDRY_PROFILE: "default" };
  const run = spawnSync(process.execPath, [tool, ...args], { encoding: "utf8", env });
  if (run.status !== 0) {
    console.error(run.stdout, run.stderr);
    console.error(`\`forge ${args.join(" ")}\` failed`);
    process.exit(2);
  }
}

function keep(name, text) {
  if (read(name) === text) return;
  different.push(name);
  if (write) writeFileSync(path(name), text);
}

forge("build");
forge("test", "--isolate", "--match-contract", "GasTest");

// Code under a copyleft licence is a yardstick of the tests: nothing of ours imports it, nothing ships with it.
const { packages } = JSON.parse(read("package-lock.json"));
const linked = Object.entries(packages).filter(([, { license, dev }]) => /GPL/.test(license ?? "") && !dev);
for (const [name, { license }] of linked) console.error(`${license} outside devDependencies: ${name}`);
const sources = (folder) => readdirSync(path(folder), { recursive: true }).map((name) => `${folder}/${name}`);
const imported = [...sources("src"), ...sources("test")]
  .filter((name) => name.endsWith(".sol"))
  .filter((name) => /^import [^;]*@safe-global/m.test(read(name)));
for (const name of imported) console.error(`imports a yardstick: ${name}`);
if (linked.length + imported.length > 0) process.exit(1);

mkdirSync(path("artifacts"), { recursive: true });
const sizes = CONTRACTS.map((name) => {
  const made = JSON.parse(read(`out/${name}.sol/${name}.json`));
  const artifact = { contractName: name, abi: made.abi, bytecode: made.bytecode.object };
  keep(`artifacts/${name}.json`, `${JSON.stringify(artifact, null, 1)}\n`);
  return { name, bytes: (made.deployedBytecode.object.length - 2) / 2 };
});

const gas = Object.entries(JSON.parse(read("snapshots/gas.json"))).map(([name, value]) => ({
  name,
  value: Number(value),
  goal: GOALS[name],
}));
const missed = [
  ...gas.filter(({ value, goal }) => goal !== undefined && value > goal).map(({ name }) => name),
  ...Object.keys(GOALS).filter((name) => !gas.some((row) => row.name === name)),
  ...sizes.filter(({ bytes }) => bytes > CODE_BYTES_MAX).map(({ name }) => `code of ${name}`),
];

const table = [
  "| transaction | gas | goal, at most |",
  "| --- | ---: | ---: |",
  ...gas.map(({ name, value, goal }) => `| ${name} | ${number(value)} | ${goal ? number(goal) : ""} |`),
  "",
  "| contract | bytes of code | limit |",
  "| --- | ---: | ---: |",
  ...sizes.map(({ name, bytes }) => `| ${name} | ${number(bytes)} | ${number(CODE_BYTES_MAX)} |`),
].join("\n");
const page = read("PROPERTIES.md");
const [before, after] = [page.split(BEGIN)[0], page.split(END)[1]];
keep("PROPERTIES.md", `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);

for (const name of missed) console.error(`over its goal, or not measured: ${name}`);
for (const name of different) console.error(`${write ? "written" : "differs from what is committed"}: ${name}`);
if (different.length > 0 && !write) console.error("hint: `npm run generate` writes them");
process.exitCode = missed.length > 0 || (different.length > 0 && !write) ? 1 : 0;
