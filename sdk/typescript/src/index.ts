/**
 * The second reader of Lockstep's evidence: written from the specifications alone, for Node and browsers.
 * `verifyPack` answers for a whole pack; the rest reads and checks the parts that it is made of.
 */
import { startRerun } from "./machine/index.js";
import type { Report } from "./pack/report.js";
import { verifyWith } from "./pack/verify.js";
import type { Trust } from "./trust.js";

/**
 * Verifies an evidence pack (`pack.md` §4). Without a trust file the verdict is never `verified`. Never
 * throws about the bytes of the file: what is wrong with them is the answer.
 */
export function verifyPack(file: Uint8Array, trust?: Trust): Report {
  return verifyWith(startRerun, file, trust);
}

export { Failure, Refusal } from "./refusal.js";
export { parseTrust, writeTrust, type Trust } from "./trust.js";
export { writeReport, type Item, type Report, type Verdict } from "./pack/report.js";
export { describe } from "./pack/text.js";
export type { Bound, CaseOutcome, Facts, Shown, Step } from "./pack/facts.js";
export { parseCanonical, writeCanonical, type Json, type JsonLimits, type JsonObject } from "./canonical.js";
export {
  checkSignature,
  normaliseSignature,
  publicKey,
  readAddress,
  readKey,
  writeAddress,
  writeKey,
  type Message,
  type PublicKey,
  type Suite,
} from "./suites.js";
export { domainSeparator, hashStruct, signingHash, typeHash } from "./eip712.js";
export { claimDigest, evidenceDigest, type Claim, type Opening } from "./attestation/claim.js";
export {
  checkEnvelope,
  preAuthentication,
  readEnvelope,
  readSubmission,
  type Envelope,
  type EnvelopeSignature,
  type Submission,
} from "./attestation/envelope.js";
export type {
  AttestationStatement,
  Consumed,
  CredentialKey,
  CredentialStatement,
  OpeningStatement,
  ReadingStatement,
  RevocationStatement,
  Seen,
  Statement,
  WithdrawalStatement,
} from "./attestation/statement.js";
export { typedHash, typedStatement, type TypedStatement } from "./attestation/typed.js";
export {
  leafBytes,
  leafHash,
  leafOf,
  readLeaf,
  readRecord,
  readRecordJson,
  readSeal,
  saltOf,
  type Leaf,
  type LedgerRecord,
  type Seal,
  type Tag,
} from "./record.js";
export { Frontier, hashLeaf, hashNode, isConsistent, isIncluded, type Head } from "./log/tree.js";
export { checkLog, filesAt, type Known, type ListFiles, type LogCheck, type ReadFile } from "./log/check.js";
export {
  checkNote,
  originOf,
  readHead,
  readNote,
  readVerifierKey,
  writeHead,
  writeVerifierKey,
  type LogHead,
  type Note,
  type Signed,
  type VerifierKey,
} from "./log/note.js";
export { readBundle, readTilePath, writeTilePath, type TilePath } from "./log/tiles.js";
export { checkProof, entryKey, readProof, valueHash, type MapLeaf, type MapProof } from "./state-map.js";
export {
  checkCertificate,
  checkHandover,
  checkpointHash,
  committeeOf,
  readCertificate,
  readCommittee,
  readHandover,
  type Certificate,
  type Checkpoint,
  type Committee,
  type Handover,
  type Member,
} from "./certificate.js";
export { checkRequest, readRequest, type LastSigned, type SigningRequest } from "./signer.js";
export { readOutcome, writeOutcome, type Call, type Outcome, type OutcomeKind } from "./outcome.js";
export {
  checkAccepted,
  checkCertified,
  parseReceipt,
  type AcceptedReceipt,
  type CertifiedReceipt,
  type Receipt,
} from "./receipt.js";
export {
  changeName,
  checkDeclaration,
  checkSignedDeclaration,
  declarationHash,
  parseSignedDeclaration,
  readDeclaration,
  readPackedSignatures,
  type Declaration,
  type SignedDeclaration,
  type Signers,
} from "./declaration.js";
