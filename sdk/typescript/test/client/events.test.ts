import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../../src/bytes.js";
import { eventsOf, type ServerEvent } from "../../src/client/events.js";
import type { Client, WaitingEvent } from "../../src/client/index.js";
import { type Town, townOf } from "./town.js";

/** Events as they come over the wire, and what waits for a party, followed on a real server. */

let town: Town;
const options = townOf((begun) => (town = begun));

/** What is read of a text that comes in pieces of so many bytes. */
async function read(text: string, size: number): Promise<readonly ServerEvent[]> {
  const bytes = utf8(text);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const found: ServerEvent[] = [];
  for await (const event of eventsOf(pieces())) found.push(event);
  return found;
}

test("events are read however they are cut, and one that was cut off is none", async () => {
  const text = ": alive\n\nevent: a\nid: 1-2\ndata: {\"ö\":\n\ndata:x\r\ndata: y\r\n\r\nevent: b\ndata: cut";
  const expected = [
    { name: "a", id: "1-2", data: '{"ö":' },
    { name: "", id: undefined, data: "xy" },
  ];
  for (const size of [1, 2, 3, 7, 1_000]) assert.deepEqual(await read(text, size), expected, `${size}`);
  assert.deepEqual(await read("", 1), []);
  const long = `data: ${"x".repeat(9 * 1_048_576)}`;
  for (const end of ["", "\n\n"]) await assert.rejects(read(long + end, 65_536), { code: "answer" });
});

/** What comes next of a stream. */
async function next(events: AsyncGenerator<WaitingEvent, void>): Promise<WaitingEvent> {
  const { value } = await events.next();
  return value ?? assert.fail("the stream has ended");
}

/** The first of a stream, which then is left. */
async function first(events: AsyncGenerator<WaitingEvent, void>): Promise<WaitingEvent> {
  const event = await next(events);
  await events.return();
  return event;
}

test("what waits is told as it comes and goes, and taken up where it was left", options, async () => {
  const [issuer, custodian]: [Client, Client] = [await town.as("issuer"), await town.as("custodian")];
  const seen: { last?: string } = {};
  const events = issuer.followWaiting(seen);
  assert.deepEqual(await next(events), { all: [] });
  const id = await town.open(issuer);
  const came = await next(events);
  const step = "waits" in came && "step" in came.waits ? came.waits.step : assert.fail(JSON.stringify(came));
  assert.deepEqual([step.case, step.step, step.role], [id, "request", "issuer"]);
  await issuer.submit(await issuer.attestation({ case: id, step: "request" }));
  assert.deepEqual(await next(events), { gone: { step } });
  const later = await town.open(issuer);
  assert.ok("waits" in (await next(events)));
  await events.return();
  // What the last event stood for was not yet taken: it is told again, and nothing before it.
  const again = await first(issuer.followWaiting(seen));
  const items = "all" in again ? again.all : "waits" in again ? [again.waits] : [];
  assert.deepEqual(items.map((item) => ("step" in item ? item.step.case : "")), [later]);
  const others = await first(custodian.followWaiting());
  assert.ok("all" in others && others.all.some((item) => "step" in item && item.step.step === "payment"));
});

test("a stream of another form, or of nobody, is refused", options, async () => {
  const through = async (change: (response: Response) => Response): Promise<void> => {
    const liar = await town.as("issuer", {
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        return url.endsWith("/events") ? change(response) : response;
      },
    });
    await liar.followWaiting().next();
  };
  const stream = { "content-type": "text/event-stream" };
  const of = (text: string) => (): Response => new Response(text, { headers: stream });
  await assert.rejects(through(of("event: all\ndata: {}\n\n")), { code: "answer" });
  await assert.rejects(through(of("event: all\ndata: no JSON\n\n")), { code: "answer" });
  await assert.rejects(through(() => Response.json({ items: [] })), { code: "answer" });
  await assert.rejects(through(() => new Response("", { status: 502 })), { code: "down" });
  const cut = new ReadableStream({ start: (stream) => stream.error(new Error("cut")) });
  await assert.rejects(through(() => new Response(cut, { headers: stream })), { code: "down" });
  const stranger = await town.as("issuer", { now: () => Date.now() - 90_000 });
  await assert.rejects(stranger.followWaiting().next(), { code: "not-signed" });
});
