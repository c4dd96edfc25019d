// Runs forge of node_modules in the project, whatever the current directory is.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const forge = fileURLToPath(new URL("../node_modules/@foundry-rs/forge/bin.mjs", import.meta.url));
const run = spawnSync(process.execPath, [forge, ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
process.exitCode = run.status ?? 1;
