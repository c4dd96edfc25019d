#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { verifyPack } from "../index.js";
import { writeReport } from "../pack/report.js";
import { describe } from "../pack/text.js";
import { parseTrust } from "../trust.js";
import { runCommand, type ExitCode } from "./command.js";

const EXIT_CODES = { verified: 0, failed: 1, cannot_tell: 2 } as const;

async function verify(): Promise<ExitCode> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { trust: { type: "string" }, json: { type: "boolean", default: false } },
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new Error("expected one pack");
  const trust = values.trust === undefined ? undefined : parseTrust(await readFile(values.trust));
  const report = verifyPack(await readFile(file), trust);
  process.stdout.write(values.json ? `${writeReport(report)}\n` : `${describe(report).join("\n")}\n`);
  return EXIT_CODES[report.verdict];
}

await runCommand(verify, "lockstep-verify FILE --trust trust.json [--json]");
