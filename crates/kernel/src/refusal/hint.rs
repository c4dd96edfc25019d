//! What a refusal asks of its reader: the kind, and what to do (`docs/errors.md`).

use super::RefusalCode;
use core::fmt;

/// What sort of answer a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request is malformed: the same bytes will never be accepted.
    Invalid,
    /// A rule says no.
    Refused,
    /// Something else has happened before.
    Conflict,
    /// The same may be accepted later, or once something is there.
    Retry,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "invalid",
            Self::Refused => "refused",
            Self::Conflict => "conflict",
            Self::Retry => "retry",
        })
    }
}

impl RefusalCode {
    /// What sort of answer this is.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::GenesisForm | Self::OtherLedger | Self::EnvelopeLife | Self::StepUnknown | Self::Prev => {
                Kind::Invalid
            }
            Self::ClaimCount | Self::ClaimForm | Self::EvidenceCount | Self::Deadline | Self::Withheld => {
                Kind::Invalid
            }
            Self::ReadingForm | Self::CredentialForm | Self::ActionForm | Self::OutcomeForm => Kind::Invalid,
            Self::GenesisPlace | Self::CaseClosed | Self::OpenedBefore | Self::StepTaken => Kind::Conflict,
            Self::TakenBack | Self::SingleUse | Self::AgreedBefore | Self::NothingToWithdraw => {
                Kind::Conflict
            }
            Self::IssuedInFuture | Self::Suspended | Self::Order | Self::Stale => Kind::Retry,
            Self::HeadroomUnknown | Self::HeadroomShort => Kind::Retry,
            Self::EnvelopeExpired | Self::KeyOwner | Self::PolicyUnknown | Self::CaseUnknown => Kind::Refused,
            Self::NotEntitled | Self::CredentialRevoked | Self::CredentialNotValid | Self::CaseLate => {
                Kind::Refused
            }
            Self::Persons | Self::NotDistinct | Self::StepLate | Self::Guard | Self::GuardError => {
                Kind::Refused
            }
            Self::ReadingUnknown | Self::NotIssuer | Self::CredentialUnknown | Self::NotGovernor => {
                Kind::Refused
            }
        }
    }

    /// What to do about it, as one sentence.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::GenesisPlace => "use the ledger that is there, or begin another in an empty folder",
            Self::GenesisForm => "mend what the text names and begin again",
            Self::OtherLedger => "sign for the ledger that this is",
            Self::IssuedInFuture => "set the signer's clock, or wait and hand the envelope in again",
            Self::EnvelopeExpired => "sign anew",
            Self::EnvelopeLife => "sign with an expiry at most seven days after the time of signing",
            Self::KeyOwner => "sign with a key of the party that the envelope names",
            Self::PolicyUnknown => "name the digest of a policy in force",
            Self::CaseUnknown => "look the case's id up: it is the leaf hash of its opening",
            Self::StepUnknown => "take a step that the case's policy has",
            Self::NotEntitled => "have a credential issuer attest the credential for this key",
            Self::CredentialRevoked => "sign with a key of another credential, or have a new one attested",
            Self::CredentialNotValid => "have a credential attested that is valid now",
            Self::CaseClosed => "open another case",
            Self::CaseLate => "open another case with a later deadline",
            Self::Suspended => "withdraw the suspect step with a standing credential and take it again",
            Self::OpenedBefore => "go on with the case that is named, or sign another opening",
            Self::Persons => "have as many persons as the role asks for sign the same envelope",
            Self::StepTaken => "withdraw the step first if it was a mistake",
            Self::TakenBack => "sign the step anew",
            Self::NotDistinct => "have another institution take the step",
            Self::Order => "wait for the step that is named",
            Self::Prev => "name the standing records of the steps before, in the policy's order",
            Self::StepLate => "open another case",
            Self::Deadline => "choose a deadline in the range that is named",
            Self::ClaimCount => "make one claim for each that the policy declares, in its order",
            Self::ClaimForm => "write the claim in the one text form of its type",
            Self::EvidenceCount => "name one document for each that the policy declares, in its order",
            Self::Stale => "state it anew, then take the steps that build on it again",
            Self::Guard => "read the guards that are named: what was stated does not meet them",
            Self::GuardError => {
                "state values within which the guard can be evaluated, and that every list is adopted"
            }
            Self::SingleUse => "name another act: this one carries the case that is named",
            Self::HeadroomUnknown => "have the balance attested and every domain read anew",
            Self::HeadroomShort => {
                "wait for money or for holds that return, then have balance and supply attested"
            }
            Self::OutcomeForm => "open a case whose parameters the token can express",
            Self::NothingToWithdraw => "name the record of a step of your own that still stands",
            Self::ReadingUnknown => "read a domain that a policy of the programme asks for",
            Self::ReadingForm => "read a finalized block and sign anew",
            Self::NotIssuer => "have a named issuer of this kind sign",
            Self::CredentialForm => "mend what the text names and sign anew",
            Self::CredentialUnknown => "name a credential by the digest of its attestation",
            Self::NotGovernor => "sign with the key by which the ledger knows the administrator or co-signer",
            Self::ActionForm => "mend what the text names and propose again",
            Self::AgreedBefore => "nothing: this party's word counts already",
            Self::Withheld => "hand the opening of the claim in with the envelope",
        }
    }
}
