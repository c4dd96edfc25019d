import type { Booked } from "./body.js";

/** What a programme's money says (`readings.md` §4). Amounts are minor units, times ms. */
export class Account {
  /** t: the newest date of a balance ever attested; it never goes back. */
  date: number | undefined;
  /** The balance of that date; none once it has fallen. */
  balance: { readonly amount: number; readonly step: string } | undefined;
  /** By the leaf of the step that attested it. */
  readonly credits = new Map<string, Booked>();
  holds: Hold[] = [];
  redemptions: Redemption[] = [];
  readonly domains = new Map<string, DomainReadings>();
  /** Contents that have not reached their quorum, the one with the newest word last. */
  readonly waiting = new Map<string, Map<string, number>>();

  domain(name: string): DomainReadings {
    const known = this.domains.get(name);
    if (known !== undefined) return known;
    const made: DomainReadings = { kept: [], lastSupply: 0, issued: new Map() };
    this.domains.set(name, made);
    return made;
  }

  /** A balance of the date or a later one takes the place of the present one. */
  attestBalance(amount: number, asOf: number, step: string): void {
    if (this.date !== undefined && asOf < this.date) return;
    this.date = asOf;
    this.balance = { amount, step };
    for (const [of, { booked }] of this.credits) if (booked <= asOf) this.credits.delete(of);
    this.redemptions = this.redemptions.filter(({ booked }) => booked > asOf);
    this.holds = this.holds.filter(({ executed }) => executed === undefined || executed > asOf);
  }

  /** A credit counts if it is booked after the newest balance; any other is forgotten at once. */
  attestCredit(credit: Booked, step: string): void {
    if (this.date === undefined || credit.booked > this.date) this.credits.set(step, credit);
  }

  /** What is owed for a payout; a later one of the same step takes its place. */
  redeem(redemption: Redemption): void {
    const others = this.redemptions.filter(({ step }) => step !== redemption.step);
    const owed = this.date === undefined || redemption.booked > this.date;
    this.redemptions = owed ? [...others, redemption] : others;
  }

  holdOf(of: { readonly case: string; readonly ordinal: number; readonly domain: string }): Hold | undefined {
    return this.holds.find(
      (hold) => hold.case === of.case && hold.ordinal === of.ordinal && hold.domain === of.domain,
    );
  }

  returnHold(hold: Hold): void {
    this.holds = this.holds.filter((other) => other !== hold);
  }

  /** `held`, `reserve` and `supply` of the entry in the map. */
  value(): { readonly held: number; readonly reserve: number; readonly supply: number } {
    const held = this.holds
      .filter(({ executed }) => executed === undefined)
      .map(({ amount }) => BigInt(amount));
    const supply = [...this.domains.values()].map(({ lastSupply }) => BigInt(lastSupply));
    return { held: clamp(sum(held)), reserve: this.balance?.amount ?? 0, supply: clamp(sum(supply)) };
  }

  /**
   * What may still be held, or nothing where it is unknown (`readings.md` §4). `stated` is what the step
   * that asks states itself.
   */
  headroom({ domains, maxAgeMs, now, stated }: HeadroomAsked): bigint | undefined {
    const replaced = stated.balance !== undefined && stated.balance.as_of >= (this.date ?? 0);
    const date = replaced ? stated.balance?.as_of : this.date;
    const balance = replaced ? stated.balance?.amount : this.balance?.amount;
    if (date === undefined || balance === undefined) return undefined;
    let room = BigInt(balance);
    for (const { amount, booked } of [...this.credits.values(), ...(stated.credit ? [stated.credit] : [])]) {
      if (booked > date) room += BigInt(amount);
    }
    for (const { amount, burned, booked } of this.redemptions) {
      if (burned <= date && booked > date) room -= BigInt(amount);
    }
    const supply = this.#supplyAt(date, { domains, maxAgeMs, now });
    if (supply === undefined) return undefined;
    room -= supply;
    for (const { amount, executed } of this.holds) {
      if (executed === undefined || executed > date) room -= BigInt(amount);
    }
    return room === BigInt.asIntN(64, room) ? room : undefined;
  }

  /** Supply of every domain at a date, each by its newest reading that covers it and is fresh. */
  #supplyAt(date: number, { domains, maxAgeMs, now }: Omit<HeadroomAsked, "stated">): bigint | undefined {
    const read = [...this.domains].filter(([, { kept }]) => kept.length > 0).map(([name]) => name);
    let supply = 0n;
    for (const domain of new Set([...domains, ...read, ...this.holds.map((hold) => hold.domain)])) {
      const kept = this.domains.get(domain)?.kept ?? [];
      const reading = kept.findLast((item) => covers(item, date) && isFresh(item, maxAgeMs, now));
      if (reading === undefined) return undefined;
      supply += BigInt(reading.supply);
    }
    return supply;
  }
}

/** What headroom is asked for. */
export interface HeadroomAsked {
  readonly domains: readonly string[];
  readonly maxAgeMs: number;
  readonly now: number;
  readonly stated: {
    readonly balance?: { readonly amount: number; readonly as_of: number };
    readonly credit?: Booked;
  };
}

export interface Hold {
  readonly case: string;
  /** Leaf of the step that took it. */
  readonly step: string;
  /** The decision that it is for. */
  readonly ordinal: number;
  readonly domain: string;
  readonly amount: number;
  executed?: number;
}

export interface Redemption {
  /** Leaf of the step that states the payout. */
  readonly step: string;
  readonly amount: number;
  readonly burned: number;
  readonly booked: number;
}

export interface DomainReadings {
  /** At most sixteen, the newest last. */
  kept: readonly KeptReading[];
  lastSupply: number;
  /** When each party's last reading was issued. */
  readonly issued: Map<string, number>;
}

export interface KeptReading {
  readonly blockTime: number;
  readonly nextBlockTime: number;
  readonly supply: number;
  /** The oldest word of its quorum. */
  readonly read: number;
}

function covers({ blockTime, nextBlockTime }: KeptReading, date: number): boolean {
  return blockTime <= date && date < nextBlockTime;
}

function isFresh({ read }: KeptReading, maxAgeMs: number, now: number): boolean {
  return now - read <= maxAgeMs;
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

function clamp(amount: bigint): number {
  const max = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(amount > max ? max : amount < -max ? -max : amount);
}
