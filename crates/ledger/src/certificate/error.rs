//! Why a certificate or a handover does not count.

use lockstep_types::limits::LEDGER_SIZE_MAX;
use lockstep_types::{CommitteeDigest, LedgerId, RootHash};

/// Why a certificate does not count, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Another scheme than 1.
    #[error("certificate scheme `{found}`: expected 1")]
    Scheme {
        /// The scheme found.
        found: u8,
    },
    /// Of another ledger.
    #[error("a certificate of ledger `{found}`: expected `{expected}`")]
    WrongLedger {
        /// The ledger asked about.
        expected: LedgerId,
        /// The ledger found.
        found: LedgerId,
    },
    /// Of another epoch than the committee's.
    #[error("a certificate of epoch {found}: expected {expected}")]
    WrongEpoch {
        /// Epoch of the committee.
        expected: u64,
        /// The epoch found.
        found: u64,
    },
    /// Names other members.
    #[error("the certificate names committee `{found}`: expected `{expected}`")]
    WrongCommittee {
        /// Digest of the committee.
        expected: CommitteeDigest,
        /// The digest found.
        found: CommitteeDigest,
    },
    /// Names another threshold than the committee's.
    #[error("the certificate names a threshold of {found}: expected {expected}")]
    WrongThreshold {
        /// Threshold of the committee.
        expected: u8,
        /// The threshold found.
        found: u8,
    },
    /// No log of this size can be certified: empty, or beyond the largest.
    #[error("a certificate of size {found}: expected 1 to {LEDGER_SIZE_MAX}")]
    Size {
        /// The size found.
        found: u64,
    },
    /// One member signs twice.
    #[error("co-signer {member} stands twice in the certificate")]
    Doubled {
        /// The member.
        member: u8,
    },
    /// Signatures are not in the order of the members.
    #[error("the signature of co-signer {member} stands after a later one: expected ascending members")]
    Unsorted {
        /// The member that comes too late.
        member: u8,
    },
    /// No such member.
    #[error("co-signer {member} of a committee of {members}")]
    MemberOutOfRange {
        /// The member named.
        member: u8,
        /// Members of the committee.
        members: usize,
    },
    /// The higher of the two values of s.
    #[error("the signature of co-signer {member} has a high s: expected the lower one")]
    HighS {
        /// The member.
        member: u8,
    },
    /// Not a signature of this member over this checkpoint.
    #[error("the signature of co-signer {member} does not hold")]
    BadSignature {
        /// The member.
        member: u8,
    },
    /// Fewer than the threshold.
    #[error("{found} co-signers have signed: expected {threshold} at least")]
    TooFew {
        /// Signatures found.
        found: usize,
        /// The threshold.
        threshold: u8,
    },
}

/// Why two certificates are no handover, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandoverError {
    /// The committees do not follow one another.
    #[error("a handover to epoch {found}: expected {expected}")]
    Epoch {
        /// The epoch after the old committee's.
        expected: u64,
        /// Epoch of the new committee.
        found: u64,
    },
    /// The two certificates are about different sizes.
    #[error("the new committee signs size {found}: expected {expected} like the old one")]
    Size {
        /// Size signed by the old committee.
        expected: u64,
        /// Size signed by the new committee.
        found: u64,
    },
    /// The two certificates show different roots for one size.
    #[error("the new committee signs root `{found}`: expected `{expected}` like the old one")]
    Root {
        /// Root signed by the old committee.
        expected: RootHash,
        /// Root signed by the new committee.
        found: RootHash,
    },
    /// The old committee's certificate does not count.
    #[error("the old committee's certificate does not count")]
    Old(#[source] CertificateError),
    /// The new committee's certificate does not count.
    #[error("the new committee's certificate does not count")]
    New(#[source] CertificateError),
}
