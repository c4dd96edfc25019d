// Runs forge of node_modules in the project, whatever the current directory is. The package's own launcher answers 0
// whether the tests passed or not, so its program is called directly.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const arch = process.arch === "x64" ? "amd64" : process.arch;
const program = process.platform === "win32" ? "forge.exe" : "forge";
const name = `@foundry-rs/forge-${process.platform}-${arch}/bin/${program}`;
const forge = createRequire(import.meta.url).resolve(name);
const root = fileURLToPath(new URL("..", import.meta.url));
const run = spawnSync(forge, process.argv.slice(2), { cwd: root, stdio: "inherit" });
if (run.error) console.error(run.error.message);
process.exitCode = run.status ?? 1;
