//! Why a ledger does not decide, seal, apply, replay or come back from a snapshot.

use crate::machine::{CorruptBody, CorruptCommand};
use crate::scribe::RECORDS_PER_COMMAND_MAX;
use lockstep_crypto::MapError;
use lockstep_types::canonical::CanonicalError;
use lockstep_types::limits::{BODY_BYTES_MAX, COMMAND_BYTES_MAX, LEDGER_SIZE_MAX};
use lockstep_types::{RootHash, Time};

/// Why a command makes no records, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    /// Ledger time never decreases.
    #[error("the time `{now}` lies before the last record's: expected `{last}` or later")]
    TimeDecreases {
        /// Time of the last record.
        last: Time,
        /// The time given.
        now: Time,
    },
    /// More records than one command may make.
    #[error("a command that makes {found} records: at most {RECORDS_PER_COMMAND_MAX} are allowed")]
    TooManyRecords {
        /// Records made.
        found: usize,
    },
    /// The log is full.
    #[error("the ledger holds {LEDGER_SIZE_MAX} records, the most there may be")]
    LedgerFull,
    /// A body that no reader would accept.
    #[error("a body of {found} bytes: at most {BODY_BYTES_MAX} are allowed")]
    BodyTooLong {
        /// Bytes of the body.
        found: usize,
    },
}

/// Why no seal is made, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Ledger time never decreases.
    #[error("the time `{now}` lies before the last record's: expected `{last}` or later")]
    TimeDecreases {
        /// Time of the last record.
        last: Time,
        /// The time given.
        now: Time,
    },
    /// The last record is a seal made a moment ago, or there is none.
    #[error("no record has been applied since the last seal, which is not 10 s old")]
    NothingUnsealed,
    /// The store below holds another map.
    #[error("the stored state map is not this ledger's")]
    Map(#[from] MapError),
    /// The body could not be written.
    #[error("the seal could not be written")]
    Write(#[from] CanonicalError),
}

/// Why a record does not follow from the ledger, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Ledger time never decreases.
    #[error("a record of `{found}` after one of `{last}`: ledger time never decreases")]
    TimeDecreases {
        /// Time of the last record.
        last: Time,
        /// Time of this one.
        found: Time,
    },
    /// The log is full.
    #[error("the ledger holds {LEDGER_SIZE_MAX} records, the most there may be")]
    LedgerFull,
    /// Begins like a seal and is none.
    #[error("the record begins like a seal and is none")]
    MalformedSeal(#[source] CanonicalError),
    /// Names another seal before it.
    #[error("the seal follows `{found}`: expected `{expected}`")]
    SealPrev {
        /// The last seal of this ledger.
        expected: String,
        /// The seal named.
        found: String,
    },
    /// The store below holds another map.
    #[error("the stored state map is not this ledger's")]
    Map(#[from] MapError),
    /// Carries another root of the state map.
    #[error("the seal carries map root `{found}`: expected `{expected}`")]
    SealMap {
        /// The root that this ledger finds.
        expected: RootHash,
        /// The root in the seal.
        found: RootHash,
    },
    /// The machine cannot read the body.
    #[error(transparent)]
    CorruptBody(#[from] CorruptBody),
}

/// The first difference between what was recorded and what follows from the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {index} differs in its {part}: expected `{expected}`, found `{found}`")]
pub struct Difference {
    /// Index of the record in the log.
    pub index: u64,
    /// The first part that differs: count, tag, time, salt or body.
    pub part: &'static str,
    /// What follows from the input.
    pub expected: String,
    /// What was recorded.
    pub found: String,
}

/// Why records are not what their input leads to, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError<R> {
    /// Longer than any command.
    #[error("a command of {found} bytes: at most {COMMAND_BYTES_MAX} are allowed")]
    CommandTooLong {
        /// Bytes found.
        found: usize,
    },
    /// No command of this machine.
    #[error(transparent)]
    CorruptCommand(#[from] CorruptCommand),
    /// The command cannot have been decided at that time, or not so.
    #[error("records stand where none can be made")]
    Decide(#[source] DecideError),
    /// The command, decided here, is refused and leaves no record.
    #[error("records stand where the command is refused: {0}")]
    Refused(R),
    /// A seal stands where none can be made.
    #[error("a seal stands where none can be made")]
    Seal(#[source] SealError),
    /// Other records follow.
    #[error(transparent)]
    Differs(#[from] Difference),
    /// The records are right, and yet cannot be applied.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

/// Why no snapshot is taken.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Between seals a snapshot would lose which entries of the map have changed.
    #[error("records since `{since}` are not sealed: a snapshot is taken right after a seal")]
    Unsealed {
        /// Time of the first unsealed record.
        since: Time,
    },
    /// The snapshot could not be written.
    #[error("the snapshot could not be written")]
    Write(#[from] CanonicalError),
}

/// Why bytes are no snapshot, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Not canonical JSON of a snapshot.
    #[error("the bytes are no snapshot of a ledger")]
    Form(#[from] CanonicalError),
    /// The parts do not agree with one another.
    #[error("the snapshot contradicts itself: {what}")]
    Contradiction {
        /// Which parts.
        what: &'static str,
    },
}
