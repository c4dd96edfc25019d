/**
 * How long one pack takes, and how long its signatures take alone, one by one: `measure.js PACK TRUST`
 * prints one line of JSON, in milliseconds, medians. Not a test by itself.
 */
import { readFileSync } from "node:fs";
import { signedIn } from "../src/attestation/envelope.js";
import { verifyPack } from "../src/index.js";
import { readPack } from "../src/pack/file.js";
import { keysOf } from "../src/pack/history.js";
import { checkSubmissions, submissionOf } from "../src/pack/statements.js";
import { checkSignature } from "../src/suites.js";
import { parseTrust } from "../src/trust.js";

const RUNS = 21;

function median(run: () => void): number {
  const times = Array.from({ length: RUNS }, () => {
    const begun = performance.now();
    run();
    return performance.now() - begun;
  });
  return times.sort((one, other) => one - other)[Math.floor(RUNS / 2)] ?? NaN;
}

const [pack, trust] = process.argv.slice(2);
if (pack === undefined || trust === undefined) throw new Error("PACK and TRUST are expected");
const file = readFileSync(pack);
const trusted = parseTrust(readFileSync(trust));
const verdict = verifyPack(file, trusted).verdict;
const keys = keysOf(readPack(file));
const submissions = checkSubmissions(readPack(file), keys).flatMap((group) => submissionOf(group) ?? []);
const signed = submissions.flatMap(({ envelope }) => signedIn(envelope, (id) => keys.get(id)));
const alone = median(() => {
  for (const { key, message, signature } of signed) checkSignature(key, message, signature);
});
const whole = median(() => verifyPack(file, trusted));
process.stdout.write(`${JSON.stringify({ alone, signatures: signed.length, verdict, whole })}\n`);
