//! Limits on everything that comes from outside. A limit that two crates must agree on stands here, once.

/// Largest integer magnitude in any canonical JSON: 2^53 − 1 (RFC 8785 §3.2.2.3, RFC 7493 §2.2).
pub const INTEGER_MAX: i64 = 9_007_199_254_740_991;
/// Deepest nesting of arrays and objects in canonical JSON.
pub const JSON_DEPTH_MAX: usize = 16;
/// Longest envelope, in bytes of canonical JSON.
pub const ENVELOPE_BYTES_MAX: usize = 65_536;
/// Longest record body, in bytes.
pub const BODY_BYTES_MAX: usize = 262_144;
/// Longest command kept with a record, in bytes.
pub const COMMAND_BYTES_MAX: usize = 1_048_576;
/// Longest pack, in bytes.
pub const PACK_BYTES_MAX: usize = 64 * 1_048_576;
/// Most signatures on one envelope.
pub const SIGNATURES_MAX: usize = 16;
/// Most claims on one attestation.
pub const CLAIMS_MAX: usize = 32;
/// Most evidence slots on one attestation.
pub const EVIDENCE_MAX: usize = 16;
/// Most leaf hashes in `prev`.
pub const PREV_MAX: usize = 32;
/// Longest claim value, in bytes of UTF-8.
pub const CLAIM_VALUE_BYTES_MAX: usize = 512;
/// Longest name (step, role, claim, programme, list), in bytes of ASCII.
pub const NAME_BYTES_MAX: usize = 64;
/// Longest reason given for a refusal or a withdrawal, in bytes of UTF-8.
pub const REASON_BYTES_MAX: usize = 512;
/// Most co-signers of a ledger: a certificate names them by index in 32 bits.
pub const COSIGNERS_MAX: usize = 32;
/// Refused attempts recorded for one party in one case; later ones leave no record.
pub const REFUSALS_PER_PARTY_MAX: u32 = 8;
/// Most steps in one policy.
pub const STEPS_MAX: usize = 64;
/// Longest `policy.toml` or `guards.cedar`, in bytes.
pub const POLICY_FILE_BYTES_MAX: usize = 65_536;
/// Most records that the log can hold: 2^40.
pub const LEDGER_SIZE_MAX: u64 = 1 << 40;
