import { fromUtf8 } from "../src/bytes.js";
import { isList, parseJson, type Json } from "../src/canonical.js";
import { sha256Hex } from "../src/hash.js";
import { parseTrust, Refusal, verifyPack, writeReport, type Report, type Trust } from "../src/index.js";
import { viewOf, type View } from "./view.js";

/** What the page asks about a pair of files, and what it is told: data only, so that a worker can pass it. */

export interface Asked {
  readonly pack: Uint8Array;
  readonly trust?: Uint8Array;
}

export type Answer =
  /** The file is no pack, so there is nothing to give a verdict on. */
  | { readonly kind: "no_pack"; readonly text: string }
  | Answered
  /** The verifier itself broke: no answer about the pack. */
  | { readonly kind: "broken"; readonly text: string };

export interface Answered {
  readonly kind: "answered";
  readonly report: Report;
  /** The report as canonical JSON. */
  readonly json: string;
  /** SHA-256 of the file. */
  readonly digest: string;
  /** What the pack shows, whether it holds or not; none where its form is broken. */
  readonly view?: View;
}

const FORMAT = "lockstep-pack/1";
// Every canonical pack begins so, since `case` is the first of its fields; one that was cut off does too.
const START = '{"case":"';

/** Answers for a pack. `trust` is a trust file that {@link trustOf} has read. */
export function answer({ pack, trust }: Asked): Answer {
  try {
    const text = notAPack(pack);
    if (text !== undefined) return { kind: "no_pack", text };
    const report = verifyPack(pack, trust === undefined ? undefined : parseTrust(trust));
    const view = viewOf(pack);
    const answered: Answered = {
      kind: "answered",
      report,
      json: writeReport(report),
      digest: sha256Hex(pack),
    };
    return view === undefined ? answered : { ...answered, view };
  } catch (error) {
    return { kind: "broken", text: error instanceof Error ? error.message : String(error) };
  }
}

/** Why a file is not an evidence pack at all; nothing, where it claims to be one. */
function notAPack(file: Uint8Array): string | undefined {
  if (file.length === 0) return "the file is empty";
  if (beginsWith(file, START)) return undefined;
  let value: Json;
  try {
    value = parseJson(fromUtf8(file));
  } catch {
    return "it is not JSON";
  }
  const format = formatOf(value);
  if (format === FORMAT) return undefined;
  return format === undefined
    ? `it is JSON, but does not say \`"format":"${FORMAT}"\``
    : `its format is \`${format}\`, expected \`${FORMAT}\``;
}

function formatOf(value: Json): string | undefined {
  if (value === null || typeof value !== "object" || isList(value)) return undefined;
  const { format } = value;
  return typeof format === "string" ? format : undefined;
}

/** Whether a file begins with an ASCII text. */
export function beginsWith(file: Uint8Array, text: string): boolean {
  return file.length >= text.length && [...text].every((letter, at) => file[at] === letter.charCodeAt(0));
}

/** Reads a trust file, or says why it is none. */
export function trustOf(file: Uint8Array): Trust | string {
  try {
    return parseTrust(file);
  } catch (error) {
    if (error instanceof Refusal) return `${error.code}: ${error.message}`;
    throw error;
  }
}
