import type { Json } from "../canonical.js";
import { readAccepted, type AcceptedReceipt } from "../receipt.js";
import { integer, object, text, variant } from "../reading.js";
import { Refusal, refuse } from "../refusal.js";

/** Errors of a server (`http.md` §4), and whether the same again may succeed. */

/** Whether trying again, or asking for something else, can help. */
export type Kind =
  | "invalid"
  | "unauthorised"
  | "missing"
  | "refused"
  | "conflict"
  | "limit"
  | "retry"
  | "internal";

const KINDS: readonly string[] = [
  "invalid",
  "unauthorised",
  "missing",
  "refused",
  "conflict",
  "limit",
  "retry",
  "internal",
] satisfies readonly Kind[];

/** The server says no. `code` is stable: docs/errors.md, docs/cli-errors.md. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: string;
  readonly kind: Kind;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** The appender's receipt, when the refusal is on record. Checked, where this client handed it in. */
  readonly receipt: AcceptedReceipt | undefined;
  /** The HTTP status. */
  readonly status: number;

  constructor(problem: Problem) {
    super(problem.detail);
    this.code = problem.code;
    this.kind = problem.kind;
    this.hint = problem.hint;
    this.receipt = problem.receipt;
    this.status = problem.status;
  }
}

export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly hint?: string;
  readonly kind: Kind;
  readonly receipt?: AcceptedReceipt;
  readonly status: number;
}

/** Reads a problem (RFC 9457). */
export function readProblem(value: Json | undefined): Problem {
  const required = ["code", "detail", "kind", "status", "title", "type"];
  const read = object(value, required, ["hint", "receipt"]);
  const { hint, receipt } = read;
  return {
    code: text(read["code"]),
    detail: text(read["detail"]),
    ...(hint === undefined ? {} : { hint: text(hint) }),
    kind: readKind(read["kind"]),
    ...(receipt === undefined ? {} : { receipt: readReceipt(receipt) }),
    status: integer(read["status"], 400, 599),
  };
}

function readKind(value: Json | undefined): Kind {
  const kind = text(value);
  return KINDS.includes(kind) ? (kind as Kind) : refuse("form", `no kind \`${kind}\``);
}

/** Reads a receipt in an answer: servers give *accepted* ones. */
export function readReceipt(value: Json | undefined): AcceptedReceipt {
  const [kind, receipt] = variant(value);
  return kind === "accepted" ? readAccepted(receipt) : refuse("form", `a receipt of kind \`${kind}\``);
}

/** Whether the same again may succeed. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ProblemError) return error.kind === "retry";
  return error instanceof Refusal && error.code === "down";
}
