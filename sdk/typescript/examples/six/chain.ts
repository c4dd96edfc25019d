import type { DomainRow } from "@lockstep/verifier/client";
import { createPublicClient, getAddress, http, parseAbi, zeroAddress, type Address, type Hex } from "viem";
import { fail } from "./desk.js";

/** What an observer reads of a chain at an endpoint of its own, from final blocks only. */

const DEPTH = 2n;
const EVENTS = parseAbi([
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "event Executed(bytes32 indexed caseId, uint32 indexed ordinal)",
  "event Deposited(bytes32 indexed caseId, address indexed depositor, address indexed token, uint256 amount)",
]);
const [TRANSFER, EXECUTED, DEPOSITED] = EVENTS;

export interface Seen {
  readonly block: number;
  readonly blockHash: string;
  readonly blockTime: number;
  readonly nextBlockTime: number;
  readonly supply: string;
  readonly consumed: readonly { readonly case: string; readonly ordinal: number; readonly time: number }[];
}

export interface Deposit {
  readonly case: string;
  readonly depositor: Address;
  readonly units: bigint;
  readonly transaction: string;
  readonly log: number;
  readonly block: number;
  readonly blockHash: string;
}

interface Block {
  readonly number: bigint;
  readonly hash: Hex;
  readonly time: number;
}

export class Chain {
  readonly #rpc;
  readonly #blocks = new Map<bigint, Block>();

  constructor(url: string) {
    this.#rpc = createPublicClient({ transport: http(url), cacheTime: 0 });
  }

  /** The last block that is final. */
  async final(): Promise<Block> {
    const latest = await this.#rpc.getBlockNumber();
    return this.#block(latest > DEPTH ? latest - DEPTH : 0n);
  }

  /** The last block at or before a time; none while the one after it is not final. */
  async asOf(row: DomainRow, timeMs: number): Promise<Seen | undefined> {
    const final = await this.final();
    if (final.time <= timeMs) return undefined;
    let next = final;
    let block = await this.#block(final.number - 1n);
    while (block.time > timeMs && block.number > 0n) {
      [next, block] = [block, await this.#block(block.number - 1n)];
    }
    const { number: block_, hash, time } = block;
    const consumed = await this.#executed(row, block_);
    const supply = (await this.#supply(row.token as Address, block_)).toString();
    return {
      block: Number(block_),
      blockHash: hash.slice(2),
      blockTime: time,
      nextBlockTime: next.time,
      supply,
      consumed,
    };
  }

  /** Everything that came from nowhere, less everything that went there: no node keeps all old states. */
  async #supply(token: Address, toBlock: bigint): Promise<bigint> {
    const logs = await this.#rpc.getLogs({ address: token, event: TRANSFER, fromBlock: 0n, toBlock });
    return logs.reduce((supply, { args: { from, to, value = 0n } }) => {
      return supply + (from === zeroAddress ? value : 0n) - (to === zeroAddress ? value : 0n);
    }, 0n);
  }

  /** Outcomes that the ledger waits for, and that the Gates have executed by this block. */
  async #executed({ gates, pending }: DomainRow, toBlock: bigint): Promise<Seen["consumed"]> {
    const address = gates as Address[];
    const logs = await this.#rpc.getLogs({ address, event: EXECUTED, fromBlock: 0n, toBlock });
    const found = [];
    for (const { args, blockNumber } of logs) {
      const [id, ordinal] = [(args.caseId ?? "").slice(2), args.ordinal ?? 0];
      if (!pending.some((row) => row.case === id && row.ordinal === ordinal)) continue;
      found.push({ case: id, ordinal, time: (await this.#block(blockNumber)).time });
    }
    return found.sort((a, b) => (a.case === b.case ? a.ordinal - b.ordinal : a.case < b.case ? -1 : 1));
  }

  /** Final deposits in the Escrows. */
  async deposits({ escrows, token }: DomainRow): Promise<readonly Deposit[]> {
    if (escrows.length === 0) return [];
    const { number: toBlock } = await this.final();
    const address = escrows as Address[];
    const logs = await this.#rpc.getLogs({ address, event: DEPOSITED, fromBlock: 0n, toBlock });
    const ours = logs.filter(({ args }) => args.token === getAddress(token));
    return ours.map(({ args, transactionHash, logIndex, blockNumber, blockHash }) => ({
      case: (args.caseId ?? "").slice(2),
      depositor: args.depositor ?? fail("no depositor"),
      units: args.amount ?? 0n,
      transaction: transactionHash.slice(2),
      log: logIndex,
      block: Number(blockNumber),
      blockHash: blockHash.slice(2),
    }));
  }

  async #block(number: bigint): Promise<Block> {
    const known = this.#blocks.get(number);
    if (known !== undefined) return known;
    const { hash, timestamp } = await this.#rpc.getBlock({ blockNumber: number });
    const block = { number, hash, time: Number(timestamp) * 1_000 };
    this.#blocks.set(number, block);
    return block;
  }
}
