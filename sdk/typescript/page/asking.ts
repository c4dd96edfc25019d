import { answer, type Answer, type Asked } from "./answer.js";

/** Asks for one answer at a time, beside the page. */

interface ScriptPolicy {
  createScriptURL(url: string): unknown;
}
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): ScriptPolicy;
}

/** Names the one policy that the page's security policy admits; it makes the worker, and nothing else. */
const POLICY = "lockstep-worker";
/** So that what the page shows meanwhile is painted before it stands still. */
const PAINT_MS = 50;

export class Asking {
  readonly #start: () => Worker;
  #worker: Worker | undefined;
  #turn = 0;

  /** `script` is what the worker runs. */
  constructor(script: string) {
    const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    const trusted = trustedTypes?.createPolicy(POLICY, { createScriptURL: () => url }).createScriptURL(url);
    this.#start = () => new Worker((trusted ?? url) as string);
  }

  /** Asks; what was asked before is given up. `answered` is not called once this was stopped. */
  ask(asked: Asked, answered: (answer: Answer) => void): void {
    this.stop();
    const turn = this.#turn;
    const onlyNow = (act: () => void) => {
      if (turn === this.#turn) act();
    };
    // A browser that makes no worker of a local file: the page stands still meanwhile.
    const here = () => setTimeout(() => onlyNow(() => answered(answer(asked))), PAINT_MS);
    let worker: Worker;
    try {
      worker = this.#start();
    } catch {
      here();
      return;
    }
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => onlyNow(() => answered(data)));
    // Whatever is wrong with a pack is an answer: an error means that the worker did not start.
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      onlyNow(here);
    });
    worker.postMessage(asked);
  }

  stop(): void {
    this.#turn += 1;
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}
