import { writeBody, type Body } from "../body.js";

/** A record that a command leaves. */
export interface Draft {
  readonly tag: 1 | 2;
  readonly body: Uint8Array;
  readonly leaf: string;
}

/** Gives the leaf hash of the i-th record of the command, which later records of it may name. */
export type LeafOf = (tag: 1 | 2, body: Uint8Array, index: number) => string;

/** The records of one command, in order. */
export class Writer {
  readonly #leafOf: LeafOf;
  readonly #drafts: Draft[] = [];

  constructor(leafOf: LeafOf) {
    this.#leafOf = leafOf;
  }

  get drafts(): readonly Draft[] {
    return this.#drafts;
  }

  /** Writes a record of tag 1 and gives its leaf hash. */
  record(body: Body): string {
    return this.#write(1, writeBody(body));
  }

  /** Writes an outcome and gives its leaf hash. */
  outcome(body: Uint8Array): string {
    return this.#write(2, body);
  }

  #write(tag: 1 | 2, body: Uint8Array): string {
    const leaf = this.#leafOf(tag, body, this.#drafts.length);
    this.#drafts.push({ tag, body, leaf });
    return leaf;
  }
}
