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

export class Asking {
  readonly #start: () => Worker;
  #worker: Worker | undefined;

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
    let worker: Worker;
    try {
      worker = this.#start();
    } catch {
      // A browser that makes no workers of a local file: the page stands still meanwhile.
      setTimeout(() => answered(answer(asked)));
      return;
    }
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      this.stop();
      answered(data);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      if (this.#worker !== worker) return;
      this.stop();
      answered({ kind: "broken", text: event.message || "the worker did not start" });
    });
    worker.postMessage(asked);
  }

  stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}
