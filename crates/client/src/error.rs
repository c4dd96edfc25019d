//! Why a question was not answered.

use crate::{HttpError, RotationError, SignInError};
use lockstep_api::signing::SigningError;
use lockstep_api::{Kind, Problem};
use lockstep_ledger::CertificateError;
use lockstep_ledger::receipt::AcceptedError;
use lockstep_types::canonical::CanonicalError;
use lockstep_types::{CaseId, LedgerId};

/// Why a question was not answered, or the answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server cannot be reached, or does not speak this interface.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The server says no.
    #[error(transparent)]
    Problem(Box<Problem>),
    /// The request cannot be signed.
    #[error("the request cannot be signed")]
    Signing(#[from] SigningError),
    /// The person is not signed in.
    #[error("nobody is signed in")]
    SignIn(#[from] SignInError),
    /// Something that always has a JSON form has none.
    #[error("the request cannot be written")]
    Write(#[from] CanonicalError),
    /// The server hosts several ledgers, or none.
    #[error("the server hosts {found} ledgers: name one by its id")]
    WhichLedger {
        /// How many.
        found: usize,
    },
    /// What the server gives as the first record is not that of the ledger.
    #[error("the server does not have ledger `{expected}`: its first record is another one")]
    OtherLedger {
        /// The ledger asked for.
        expected: LedgerId,
    },
    /// The answer has no receipt for what was handed in.
    #[error("the server answered without a receipt for what was handed in: whether it counts is not known")]
    NoReceipt,
    /// Not one answer a request: whether the others count is not known.
    #[error("the server answered {found} of {expected} requests: hand the same in again")]
    OtherCount {
        /// Requests.
        expected: usize,
        /// Answers.
        found: usize,
    },
    /// The receipt does not hold.
    #[error("the server's receipt does not hold")]
    Receipt(#[source] AcceptedError),
    /// What the server gives as a case's first record is another one's.
    #[error("what the server tells of case `{case}` is of another one")]
    OtherCase {
        /// The case.
        case: CaseId,
    },
    /// The certificate does not hold.
    #[error("the server's certificate does not hold")]
    Certificate(#[source] CertificateError),
    /// Whom the server names as co-signers is not shown.
    #[error("the server does not show who the co-signers are")]
    Rotation(#[from] RotationError),
}

impl From<Problem> for ClientError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl ClientError {
    /// True when the same again may succeed.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Http(error) => error.is_passing(),
            Self::Problem(problem) => problem.kind == Kind::Retry,
            _ => false,
        }
    }
}
