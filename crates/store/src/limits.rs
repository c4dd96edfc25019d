//! Limits of the store. What bodies and commands may weigh is agreed with other crates and stands in
//! `lockstep_types::limits`.

/// Most records in one batch.
pub const BATCH_RECORDS_MAX: usize = 8_192;
/// Most documents in one batch.
pub const BATCH_DOCUMENTS_MAX: usize = 8_192;
/// Most index rows in one batch.
pub const BATCH_INDEX_ROWS_MAX: usize = 65_536;
/// Most documents that the batches of one durable append carry together.
pub const APPEND_DOCUMENTS_MAX: usize = 16_384;
/// Most bytes that the batches of one durable append carry together.
pub const APPEND_BYTES_MAX: usize = 128 * 1_048_576;
/// Most batches in one durable append.
pub const APPEND_BATCHES_MAX: usize = 1_024;
/// Most records that the batches of one durable append carry together.
pub const APPEND_RECORDS_MAX: usize = 16_384;
/// Longest document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1_048_576;
/// Longest key of an index row, in bytes.
pub const INDEX_KEY_BYTES_MAX: usize = 1_024;
/// Longest value of an index row, in bytes.
pub const INDEX_VALUE_BYTES_MAX: usize = 65_536;
/// Longest certificate, in bytes.
pub const CERTIFICATE_BYTES_MAX: usize = 65_536;
/// Largest state in a snapshot, in bytes.
pub const SNAPSHOT_BYTES_MAX: usize = 512 * 1_048_576;
/// Longest map node or map value, in bytes.
pub const MAP_BYTES_MAX: usize = 1_048_576;
/// Most documents and commands that one order erases.
pub const ERASE_ITEMS_MAX: usize = 65_536;
/// Records that a stream holds in memory at a time.
pub const STREAM_RECORDS_MAX: usize = 512;
/// Bytes of records that a stream holds in memory at a time, one record excepted.
pub const STREAM_BYTES_MAX: usize = 1_048_576;
/// Batches that wait in front of a group commit before a submitter is held back.
pub const QUEUE_BATCHES_MAX: usize = 4_096;
/// Bytes that one group commit collects before it commits, one batch excepted.
pub const GROUP_BYTES_MAX: usize = 8 * 1_048_576;
