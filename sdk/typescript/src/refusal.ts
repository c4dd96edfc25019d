/**
 * The one error that this package throws about what it was given to read. `code` is stable and is the
 * word of the specification where the specification has one; the message is for people and may change.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(
    readonly code: string,
    message: string = code,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A check of a pack that fails: the word of `pack.md` §4, and the index of the record where there is one. */
export class Failure extends Refusal {
  constructor(
    rule: string,
    message: string,
    readonly record?: number,
  ) {
    super(rule, message);
  }
}

/** Throws a {@link Refusal}; an expression, so that it can stand behind `??`. */
export function refuse(code: string, message?: string): never {
  throw new Refusal(code, message);
}

/** Runs `read` and gives the code of the refusal, or `holds` when there is none. */
export function answerOf(read: () => void): string {
  try {
    read();
    return "holds";
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

/** Runs `read` and turns any refusal of it into one of `code`, keeping the cause. */
export function refusedAs<T>(code: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal(code, error.message, { cause: error });
    throw error;
  }
}
