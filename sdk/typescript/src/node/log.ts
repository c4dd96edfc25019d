#!/usr/bin/env node
import { parseArgs } from "node:util";
import { hex } from "../bytes.js";
import { checkLog, filesAt, type LogCheck } from "../log/check.js";
import { readVerifierKey } from "../log/note.js";
import { Refusal } from "../refusal.js";
import { runCommand, type ExitCode } from "./command.js";
import { filesIn } from "./files.js";

async function check(): Promise<ExitCode> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      vkey: { type: "string", multiple: true, default: [] },
      json: { type: "boolean", default: false },
    },
  });
  const [command, place, ...more] = positionals;
  if (command !== "check" || place === undefined || more.length > 0)
    throw new Error("expected `check` and a log");
  const keys = values.vkey.map(readVerifierKey);
  const read = /^https?:/.test(place) ? filesAt(new URL(place)) : filesIn(place);
  try {
    const found = await checkLog(read, keys);
    process.stdout.write(values.json ? `${JSON.stringify(asJson(found))}\n` : `${asText(found)}\n`);
    return 0;
  } catch (error) {
    // A file that cannot be had says nothing about the log; any other refusal does.
    if (!(error instanceof Refusal) || error.code === "read") throw error;
    const { code, message } = error;
    process.stdout.write(
      values.json ? `${JSON.stringify({ answer: code, text: message })}\n` : `FAILED ${code}: ${message}\n`,
    );
    return 1;
  }
}

function asJson({ head, signed, files, lastTime }: LogCheck): object {
  return {
    answer: "holds",
    origin: head.origin,
    size: head.size,
    root: hex(head.root),
    signed,
    files,
    lastTime,
  };
}

function asText({ head, signed, files, lastTime }: LogCheck): string {
  const by = signed.map(({ name, at }) => (at === null ? name : `${name} at ${new Date(at).toISOString()}`));
  const last = lastTime === undefined ? "" : `, the last at ${new Date(lastTime).toISOString()}`;
  return `HOLDS ${head.origin}\n${head.size} records${last}, root ${hex(head.root)}, ${files} files\nsigned by ${by.join(", ")}`;
}

await runCommand(check, "lockstep-log check DIR|URL --vkey KEY [--vkey KEY …] [--json]");
