/**
 * Answers packs a line at a time, for a reader that wants to be compared: `{"pack","trust"}` in base64 in, a
 * `lockstep-report/1` out. Not a test by itself.
 */
import { createInterface } from "node:readline";
import { verifyPack } from "../src/index.js";
import { writeReport } from "../src/pack/report.js";
import { parseTrust } from "../src/trust.js";

interface Question {
  readonly pack: string;
  readonly trust: string | null;
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { pack, trust } = JSON.parse(line) as Question;
  const trusted = trust === null ? undefined : parseTrust(Buffer.from(trust, "base64"));
  process.stdout.write(`${writeReport(verifyPack(Buffer.from(pack, "base64"), trusted))}\n`);
}
