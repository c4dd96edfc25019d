//! Why no pack is built.

use lockstep_policy::Audience;
use lockstep_types::CaseId;
use lockstep_types::canonical::CanonicalError;
use lockstep_types::limits::PACK_BYTES_MAX;

/// The store below could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ledger cannot be read: {what}")]
pub struct Unreadable {
    /// Why.
    pub what: String,
}

/// Why no pack is built, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The store failed.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// No head is certified.
    #[error("nothing of this ledger is certified yet")]
    NothingCertified,
    /// No record of that case.
    #[error("case `{case}` does not exist on this ledger")]
    CaseUnknown {
        /// The case asked for.
        case: CaseId,
    },
    /// Administration has no pack of its own: it is in every pack that rests on it.
    #[error("case `{case}` is a governance case: it stands in the packs of the cases that rest on it")]
    Governance {
        /// The case asked for.
        case: CaseId,
    },
    /// The case goes on beyond the certified log.
    #[error("record {record} of case `{case}` is not certified yet: the certified log holds {size} records")]
    NotCertified {
        /// The case asked for.
        case: CaseId,
        /// Its first record beyond.
        record: u64,
        /// Size of the certified log.
        size: u64,
    },
    /// The ledger's own data do not fit together.
    #[error("the ledger contradicts itself: {what}")]
    Contradiction {
        /// What was expected and found.
        what: String,
    },
    /// By the policy of the case there is no such reader, so nothing says what it may see.
    #[error(
        "the policy of the case names no audience `{audience}`: it names {}",
        if named.is_empty() { "none" } else { named.as_str() }
    )]
    NotAnAudience {
        /// Who was asked for.
        audience: Audience,
        /// Those that it names.
        named: String,
    },
    /// Nothing of that name is there to be withheld.
    #[error("there is no `{what}` in this case to withhold")]
    NothingToWithhold {
        /// The name given.
        what: String,
    },
    /// Not JSON of the form expected.
    #[error("a part of the ledger is refused")]
    Canonical(#[from] CanonicalError),
    /// Longer than a pack may be.
    #[error("a pack of {found} bytes: at most {PACK_BYTES_MAX} are read")]
    TooLong {
        /// Bytes.
        found: usize,
    },
}
