#!/usr/bin/env node
import { stat } from "node:fs/promises";
import { parseArgs } from "node:util";
import { hex } from "../bytes.js";
import { checkLog, filesAt, type LogCheck } from "../log/check.js";
import { readVerifierKey } from "../log/note.js";
import { Refusal } from "../refusal.js";
import { runCommand, type ExitCode } from "./command.js";
import { filesIn, namesIn } from "./files.js";

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
  const remote = /^https?:/.test(place);
  if (!remote && !(await stat(place)).isDirectory()) throw new Error(`${place} is no folder`);
  const read = remote ? filesAt(new URL(place)) : filesIn(place);
  try {
    const found = await checkLog(read, keys, remote ? {} : { list: namesIn(place) });
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

function asJson({ head, signed, checkpoints, files, lastTime }: LogCheck): object {
  return {
    answer: "holds",
    origin: head.origin,
    size: head.size,
    root: hex(head.root),
    signed,
    checkpoints,
    files,
    lastTime: lastTime ?? null,
  };
}

function asText({ head, signed, checkpoints, files, lastTime }: LogCheck): string {
  const by = signed.map(({ name, at }) => (at === null ? name : `${name} at ${new Date(at).toISOString()}`));
  const last = lastTime === undefined ? "" : `, the last at ${new Date(lastTime).toISOString()}`;
  const size = `${head.size} entries${last}, root ${hex(head.root)}`;
  const read = `${files} files, ${checkpoints} checkpoints`;
  return `HOLDS ${head.origin}
${size}
${read}
signed by ${by.join(", ")}`;
}

await runCommand(check, "lockstep-log check DIR|URL --vkey KEY [--vkey KEY …] [--json]");
