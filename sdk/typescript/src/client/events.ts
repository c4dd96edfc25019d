import { concat, fromUtf8 } from "../bytes.js";
import { refuse, refusedAs } from "../refusal.js";

/** Server-sent events, as a server tells them: bounded lines, and no event that was cut off. */

/** Longest line that is read. */
const LINE_BYTES_MAX = 8 * 1_048_576;

export interface ServerEvent {
  readonly name: string;
  /** What stands for the state after it. */
  readonly id: string | undefined;
  readonly data: string;
}

/** The events of a stream, to its end; one without its blank line is none. */
export async function* eventsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent, void> {
  let [name, data, begun] = ["", "", false];
  let id: string | undefined;
  for await (const line of linesOf(bytes)) {
    if (line === "") {
      if (begun) yield { name, id, data };
      [name, data, begun, id] = ["", "", false, undefined];
      continue;
    }
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") name = value;
    else if (field === "data") data += value;
    else if (field === "id") id = value;
    // A comment: the stream still stands.
    else continue;
    begun = true;
  }
}

async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const LINE_FEED = 10;
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    let rest = chunk;
    for (let at = rest.indexOf(LINE_FEED); at >= 0; at = rest.indexOf(LINE_FEED)) {
      const line = concat(...parts, rest.subarray(0, at));
      if (line.length > LINE_BYTES_MAX) refuse("answer", `a line of more than ${LINE_BYTES_MAX} bytes`);
      yield refusedAs("answer", () => fromUtf8(line)).replace(/\r$/, "");
      [parts, length, rest] = [[], 0, rest.subarray(at + 1)];
    }
    parts.push(rest);
    length += rest.length;
    if (length > LINE_BYTES_MAX) refuse("answer", `a line of more than ${LINE_BYTES_MAX} bytes`);
  }
}
