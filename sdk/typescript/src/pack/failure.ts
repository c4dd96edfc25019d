import { Failure, Refusal } from "../refusal.js";

/** Fails a check of a pack; an expression, so that it can stand behind `??`. */
export function fail(rule: string, text: string, record?: number): never {
  throw new Failure(rule, text, record);
}

/** Runs a check whose refusal fails the pack by `rule`, at a record if one is named. */
export function checked<T>(rule: string, record: number | undefined, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return fail(rule, `${error.code}: ${error.message}`, record);
  }
}
