/** What a reader takes at most. Each stands in the specification named beside it. */

/** `attestation.md` §1: bytes of an envelope. */
export const ENVELOPE_BYTES_MAX = 65_536;
/** `attestation.md` §1: signatures of an envelope. */
export const SIGNATURES_MAX = 16;
/** `attestation.md` §2. */
export const CLAIMS_MAX = 32;
/** `attestation.md` §2. */
export const EVIDENCE_MAX = 16;
/** `attestation.md` §2. */
export const PREV_MAX = 32;
/** `attestation.md` §2: bytes of a reason. */
export const REASON_BYTES_MAX = 512;
/** `attestation.md` §2. */
export const CREDENTIAL_KEYS_MAX = 16;
/** `attestation.md` §2. */
export const CONSUMED_MAX = 256;
/** `attestation.md` §3: bytes of a claim's value. */
export const VALUE_BYTES_MAX = 512;

/** `record.md` §1: bytes of a body. */
export const BODY_BYTES_MAX = 262_144;
/** `record.md` §1: the last millisecond of the year 9999. */
export const TIME_MAX = 253_402_300_799_999;
/** `record.md` §3: records of one command. */
export const RECORDS_A_COMMAND_MAX = 256;
/** `record.md` §4: bytes of a command. */
export const COMMAND_BYTES_MAX = 1_048_576;

/** `log.md` §1: leaves of a log. */
export const LOG_SIZE_MAX = 2 ** 40;
/** `log.md` §4. */
export const NOTE_BYTES_MAX = 65_536;
/** `log.md` §4. */
export const NOTE_SIGNATURES_MAX = 64;

/** `certificate.md` §2. */
export const MEMBERS_MAX = 32;
/** `certificate.md` §3. */
export const CERTIFICATE_BYTES_MAX = 16_384;
/** `receipt.md`. */
export const RECEIPT_BYTES_MAX = 32_768;
/** `chain.md` §4. */
export const DECLARATION_BYTES_MAX = 8_192;
/** `trust.md` §1. */
export const TRUST_BYTES_MAX = 65_536;

/** `pack.md` §1. */
export const PACK_BYTES_MAX = 64 * 1024 * 1024;
/** `record.md` §6: lists and objects open at once. */
export const DEPTH_MAX = 16;
/** `pack.md` §6. */
export const PACK_RECORDS_MAX = 65_536;
/** `pack.md` §6. */
export const PACK_ENTRIES_MAX = 8_192;
/** `pack.md` §6. */
export const PACK_SEEN_MAX = 4_096;
/** `pack.md` §6. */
export const PACK_HANDOVERS_MAX = 1_024;
/** `pack.md` §6. */
export const PACK_DOCUMENTS_MAX = 1_024;
/** `pack.md` §6: hashes of a path in the log. */
export const LOG_PATH_MAX = 64;
/** `state-map.md`: siblings of a proof. */
export const MAP_PATH_MAX = 256;
