//! Codes of what goes wrong between this program and a chain.

use super::{Kind, Known};
use lockstep_chain::DomainError;
use lockstep_chain::submit::SubmitError;

pub(super) fn known(error: &(dyn std::error::Error + 'static)) -> Option<Known> {
    if let Some(error) = error.downcast_ref::<DomainError>() {
        return Some(of_domain(error));
    }
    let (code, kind, hint) = match error.downcast_ref::<SubmitError>()? {
        SubmitError::Domain(error) => return Some(of_domain(error)),
        SubmitError::FeeCap { .. } => {
            ("fee-cap", Kind::Retry, Some("wait, or allow more with `--max-fee-gwei`"))
        }
        SubmitError::Gas { .. } => ("gas", Kind::Invalid, None),
        SubmitError::Journal { .. } => (
            "journal",
            Kind::Conflict,
            Some("keep it: what it names may still land; look at the account's transactions first"),
        ),
        SubmitError::Full { .. } | SubmitError::NotYet { .. } => {
            ("not-yet", Kind::Retry, Some("the same command goes on with it, and sends nothing twice"))
        }
        SubmitError::Signer { .. } => ("signer", Kind::Internal, None),
        SubmitError::Refused { .. } => (
            "transaction-refused",
            Kind::Retry,
            Some("when it is about funds, send some to the account; the same command goes on with it"),
        ),
        SubmitError::Overtaken { .. } => {
            ("nonce-taken", Kind::Conflict, Some("give the account to this program alone"))
        }
    };
    Some((code.to_owned(), kind, hint.map(str::to_owned)))
}

fn of_domain(error: &DomainError) -> Known {
    let (code, kind, hint) = match error {
        DomainError::Reverted { .. } | DomainError::Halted { .. } => ("contract", Kind::Refused, None),
        DomainError::Endpoints { .. } => ("endpoints", Kind::Invalid, None),
        DomainError::OtherChain { .. } => {
            ("other-chain", Kind::Invalid, Some("name endpoints of the chain that is meant, or that chain"))
        }
        DomainError::NoQuorum { .. } => {
            ("no-quorum", Kind::Retry, Some("try again later, or name more endpoints"))
        }
        DomainError::Disagreement { .. } => (
            "endpoints-disagree",
            Kind::Conflict,
            Some("ask again; if it stays, find out who is wrong, or name more endpoints"),
        ),
        DomainError::FinalBlockReplaced { .. } => (
            "final-block-replaced",
            Kind::Conflict,
            Some(
                "nothing is sent: a person has to find out what the chain did, or whose endpoints these are",
            ),
        ),
        DomainError::UnknownBlock { .. } | DomainError::NotFinal { .. } | DomainError::Moved { .. } => {
            ("block", Kind::Retry, None)
        }
        DomainError::Answer { .. }
        | DomainError::NotKept { .. }
        | DomainError::NoKey { .. }
        | DomainError::NotSent { .. } => ("chain-answer", Kind::Internal, None),
    };
    (code.to_owned(), kind, hint.map(str::to_owned))
}
