import { setTimeout as pause } from "node:timers/promises";
import {
  isPassing,
  ProblemError,
  Refusal,
  type Client,
  type DomainRow,
  type Signed,
} from "@lockstep/verifier/client";
import { Chain, type Deposit, type Seen } from "./chain.js";
import { desk, fail, handIn, LOOK_MS, told } from "./desk.js";

/** An observer at work: it attests what the ledger waits for, as its own endpoint shows it. */

/** Claims have the amount in the currency; one whole unit of it is this many of the token. */
const UNITS = 1_000_000n;
const CENT = UNITS / 100n;

/** A reading that was handed in, and when. */
interface Noted {
  readonly text: string;
  readonly at: number;
}

export async function observe(): Promise<never> {
  const observer = await desk("observer");
  const chain = new Chain(told("RPC_URL"));
  const noted = new Map<string, Noted>();
  const shown = new Set<string>();
  for (;;) {
    try {
      const [row = fail("the ledger has no domain")] = await observer.domains();
      await read(observer, chain, row, noted);
      for (const deposit of await chain.deposits(row)) await show(observer, row, deposit, shown);
    } catch (error) {
      if (!isPassing(error)) throw error;
      console.log(`waiting: ${String(error)}`);
    }
    await pause(LOOK_MS);
  }
}

/** The supply as of the newest balance, which headroom counts; and now, while outcomes are waited for. */
async function read(
  observer: Client,
  chain: Chain,
  row: DomainRow,
  noted: Map<string, Noted>,
): Promise<void> {
  const { asked, balance, domain, pending, programme } = row;
  // No policy asks for readings there.
  if (asked === null) return;
  const dates = [
    ...(balance === null ? [] : [["headroom", balance] as const]),
    ...(pending.length === 0 ? [] : [["settlement", (await chain.final()).time - 1_000] as const]),
  ];
  for (const [purpose, date] of dates) {
    const seen: Seen | undefined = await chain.asOf(row, date);
    const text = JSON.stringify(seen);
    const before = noted.get(purpose);
    // The same again, before it stops to count.
    const fresh = before?.text === text && Date.now() < before.at + asked.max_age_ms / 2;
    if (seen === undefined || fresh) continue;
    await handIn(observer, await observer.reading({ programme, domain, ...seen }));
    const { block, consumed, supply } = seen;
    console.log(`${purpose}: block ${block}, ${supply} units, executed: ${consumed.length}`);
    noted.set(purpose, { text, at: Date.now() });
  }
}

/** What the rules would refuse is tried out, not handed in: it would be refused on record at every look. */
async function show(
  observer: Client,
  row: DomainRow,
  deposit: Deposit,
  shown: Set<string>,
): Promise<void> {
  const { block, blockHash, case: id, depositor, log, transaction, units } = deposit;
  const name = `${transaction} ${log}`;
  if (shown.has(name) || units % CENT !== 0n) return;
  const claims = {
    depositor,
    amount: `${units / UNITS}.${String((units % UNITS) / CENT).padStart(2, "0")}`,
    chain: row.chain,
    transaction,
    log: String(log),
    block: String(block),
    block_hash: blockHash,
  };
  const signed = await attested(observer, id, claims);
  if (signed === undefined) return console.log(`a deposit for ${id}: no case that takes one`);
  const { refused } = await observer.tryOut(signed);
  if (refused !== null) return console.log(`a deposit waits: ${refused.code}`);
  await handIn(observer, signed);
  shown.add(name);
}

/** Whoever deposits names the case, and may name any. */
async function attested(
  observer: Client,
  id: string,
  claims: Readonly<Record<string, string>>,
): Promise<Signed | undefined> {
  try {
    return await observer.attestation({ case: id, step: "deposit", claims });
  } catch (error) {
    const missing = error instanceof ProblemError && error.kind === "missing";
    // A case of a policy that takes no deposits.
    if (missing || (error instanceof Refusal && error.code === "step_unknown")) return undefined;
    throw error;
  }
}
