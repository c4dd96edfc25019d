//! What a server takes at most, whoever sends it.

use lockstep_types::limits::COMMAND_BYTES_MAX;

/// Longest body of one request to the ledger, without documents.
pub const REQUEST_BYTES_MAX: usize = COMMAND_BYTES_MAX;
/// Longest document handed in with an attestation.
pub const DOCUMENT_BYTES_MAX: usize = 16 * 1_048_576;
/// Documents handed in with one attestation.
pub const DOCUMENTS_MAX: usize = 16;
/// Longest body of any question: a request with its documents, in its multipart form.
pub const BODY_BYTES_MAX: usize = 24 * 1_048_576;
/// Requests in one batch.
pub const BATCH_REQUESTS_MAX: usize = 64;
/// Longest body of a batch.
pub const BATCH_BYTES_MAX: usize = 4 * 1_048_576;
/// Longest body of a co-signer's signature.
pub const COSIGNED_BYTES_MAX: usize = 4_096;
/// Items on one page.
pub const PAGE_ITEMS_MAX: usize = 500;
/// Items on one page when nobody says how many.
pub const PAGE_ITEMS: usize = 100;
/// Parts of one case that are withheld from a pack by name.
pub const WITHHELD_MAX: usize = 256;
/// Records in one answer to a co-signer; the last command's records are never cut.
pub const FEED_RECORDS: usize = 1_024;
/// How far the time of a signed request may lie from the server's clock, in seconds.
pub const SIGNED_AGE_S_MAX: u64 = 60;
/// How long a token counts, in milliseconds: 10 minutes.
pub const TOKEN_MS: u64 = 600_000;
/// How long a token of a person counts, in milliseconds: 15 minutes.
pub const PERSON_TOKEN_MS: u64 = 900_000;
/// How long a sign-in may take, from its challenge to its token, in milliseconds: 10 minutes.
pub const SIGN_IN_MS: u64 = 600_000;
/// Longest body that a sign-in ends with.
pub const SIGN_IN_BYTES_MAX: usize = 20_480;
/// How long the answer to a request with an idempotency key is kept, in milliseconds: a day.
pub const IDEMPOTENCY_MS: u64 = 86_400_000;
/// Idempotency keys of one party that are kept; the oldest makes room.
pub const IDEMPOTENCY_KEYS_MAX: usize = 1_000;
