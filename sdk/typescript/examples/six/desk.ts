import { existsSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { connect, isPassing, ProblemError, type Client, type Signed } from "@lockstep/verifier/client";
import { signerOf } from "./keys.js";

/** What every institution does in the same way: it asks, waits for its turn, and takes its step. */

/** How often is looked. */
export const LOOK_MS = 1_000;

/** A variable of what the institution was told. */
export function told(name: string): string {
  return process.env[name] ?? fail(`${name} is not set`);
}

export function fail(what: string): never {
  throw new Error(what);
}

/** The server, asked with the key of `NAME.key`; the ledger's id is not from it. */
export function desk(name: string): Promise<Client> {
  return connect(told("SERVER"), { ledger: told("LEDGER"), ...signerOf(name) });
}

/** What `look` finds, as soon as it finds something. */
export async function soon<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look().catch((error: unknown) => {
      if (!isPassing(error)) throw error;
      return undefined;
    });
    if (found !== undefined) return found;
    await pause(LOOK_MS);
  }
}

/** The case in which this step waits for the party. */
export function turn(client: Client, step: string): Promise<string> {
  const seen = {};
  return soon(async () => {
    for await (const event of client.followWaiting(seen)) {
      const came = "all" in event ? event.all : "waits" in event ? [event.waits] : [];
      const found = came.find((item) => "step" in item && item.step.step === step);
      if (found !== undefined && "step" in found) return found.step.case;
    }
    return undefined;
  });
}

/** Hands in, and says what became of it. */
export async function handIn(client: Client, signed: Signed): Promise<string> {
  const { records } = await client.submit(signed);
  const [first = fail("no record")] = records;
  console.log(`${records.map(({ kind }) => kind).join(", ")}: on record as ${first.index}`);
  return first.leaf;
}

/** The same, unless the rules say no with this code, for now: then later, signed anew. */
export function handInOnce(client: Client, code: string, signs: () => Promise<Signed>): Promise<string> {
  return soon(async () => {
    try {
      return await handIn(client, await signs());
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== code) throw error;
      console.log(`not yet: ${code}`);
      return undefined;
    }
  });
}

/** A file, once it is there. */
export function fileOf(path: string): Promise<Uint8Array> {
  return soon(async () => (existsSync(path) ? readFileSync(path) : undefined));
}

/** So many seconds ago, as claims have it. */
export function ago(seconds: number): string {
  return new Date(Date.now() - 1_000 * seconds).toISOString();
}
