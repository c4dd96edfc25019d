/**
 * A client of a Lockstep server: asks, signs by callback, hands in, and checks what comes back. For Node and
 * browsers; it sends by `fetch`, and keeps nothing.
 */
export { connect, Client, type Answered, type ConnectOptions, type PackAsked, type Said } from "./client.js";
export type { Fetch, HttpOptions } from "./http.js";
export { isPassing, ProblemError, type Kind } from "./problem.js";
export { Refusal } from "../refusal.js";
export type { Sign, Signer, ToSign } from "./signer.js";
export type { TypedData, TypedField } from "./typed-data.js";
export { signedOf, type Draft, type Signed } from "./draft.js";
export type { OpeningWords, ReadingWords, RefusalWords, StepWords } from "./words.js";
export type { Genesis } from "./genesis.js";
export { signRequest, type Once, type Parts, type SignedHeaders } from "./request.js";
export type { Certificate, Committee } from "../certificate.js";
export type { AcceptedReceipt } from "../receipt.js";
export type {
  Case,
  CaseRow,
  ChangeRow,
  Certified,
  DomainRow,
  Entered,
  KeyRow,
  LedgerRow,
  LedgerState,
  NextStep,
  Page,
  PendingRow,
  PolicyRow,
  RecordRow,
  StepRow,
  Token,
  Trial,
  Values,
  WaitingEvent,
  WaitingRow,
  Waits,
} from "./answers.js";
