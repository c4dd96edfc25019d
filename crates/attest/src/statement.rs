//! What an envelope says: in-toto Statement v1 with six closed predicates (specs/attestation.md).

mod wire;

use crate::typed;
use lockstep_crypto::suite::PublicKey;
use lockstep_types::canonical::CanonicalError;
use lockstep_types::limits::{CLAIMS_MAX, EVIDENCE_MAX, PREV_MAX, REASON_BYTES_MAX};
use lockstep_types::{
    AttestationDigest, CaseId, CertificateDigest, ClaimDigest, CredentialDigest, Digest, EvidenceDigest,
    LeafHash, LedgerId, Lei, Name, PolicyDigest, Salt, Time,
};
use serde::{Deserialize, Serialize};

/// A certified checkpoint that the signer had before it signed: the lower bound of *when*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Digest of the quorum certificate, signatures included.
    pub certificate: CertificateDigest,
    /// The size it certifies.
    pub size: u64,
}

/// Did the party take the step, or refuse to?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepVerdict {
    /// Taken.
    Done,
    /// Refused; the case ends.
    Refused,
}

/// A request to open a case under a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// Digests of the parameters, in the order the policy declares.
    pub claims: Vec<ClaimDigest>,
    /// When the case must have been decided.
    pub deadline: Time,
    /// After this time the envelope is void.
    pub expires: Time,
    /// When the signer says it signed.
    pub issued: Time,
    /// The ledger it is meant for.
    pub ledger: LedgerId,
    /// Makes two openings with equal parameters differ.
    pub nonce: Salt,
    /// Who opens.
    pub party: Lei,
    /// The policy, by digest.
    pub policy: PolicyDigest,
    /// Lower bound of the time of signing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
}

/// A party's word that it took or refused a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The case.
    pub case: CaseId,
    /// Claim digests in the order the policy declares, one slot each; empty when refused.
    pub claims: Vec<ClaimDigest>,
    /// Evidence digests in the order the policy declares, one slot each; empty when refused.
    pub evidence: Vec<EvidenceDigest>,
    /// After this time the envelope is void.
    pub expires: Time,
    /// When the signer says it signed.
    pub issued: Time,
    /// The ledger it is meant for.
    pub ledger: LedgerId,
    /// Who attests.
    pub party: Lei,
    /// Leaf hashes of the steps this one builds on, in the order the policy names them.
    pub prev: Vec<LeafHash>,
    /// Why the step was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Lower bound of the time of signing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// The step.
    pub step: Name,
    /// Done or refused.
    pub verdict: StepVerdict,
}

/// A party takes one of its own attestations back, before the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// The case.
    pub case: CaseId,
    /// After this time the envelope is void.
    pub expires: Time,
    /// When the signer says it signed.
    pub issued: Time,
    /// The record that is taken back.
    pub leaf: LeafHash,
    /// The ledger it is meant for.
    pub ledger: LedgerId,
    /// Who withdraws.
    pub party: Lei,
    /// Why.
    pub reason: String,
    /// Lower bound of the time of signing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
}

/// A key of a party, and the person who holds it where roles ask for several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialKey {
    /// The public key; registered for one suite.
    pub key: PublicKey,
    /// Opaque digest that tells persons apart; the issuer keeps who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Digest>,
}

/// A credential issuer's word that a party's keys hold a credential of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// After this time the envelope is void (not the credential).
    pub expires: Time,
    /// When the signer says it signed.
    pub issued: Time,
    /// The keys, in ascending order of key id.
    pub keys: Vec<CredentialKey>,
    /// What it lets the party be: a role asks for a kind.
    pub kind: Name,
    /// The ledger it is meant for.
    pub ledger: LedgerId,
    /// The credential issuer.
    pub party: Lei,
    /// Lower bound of the time of signing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// Who holds it.
    pub subject: Lei,
    /// Valid from, inclusive.
    pub valid_from: Time,
    /// Valid until, inclusive.
    pub valid_until: Time,
}

/// A credential issuer takes a credential back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// Which credential.
    pub credential: CredentialDigest,
    /// After this time the envelope is void.
    pub expires: Time,
    /// When the signer says it signed.
    pub issued: Time,
    /// The ledger it is meant for.
    pub ledger: LedgerId,
    /// The credential issuer.
    pub party: Lei,
    /// Why.
    pub reason: String,
    /// Lower bound of the time of signing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// Steps signed since then are suspect: open cases with such a step are suspended, packs flag it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspect_since: Option<Time>,
}

/// An outcome that a chain shows as executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consumed {
    /// The case.
    pub case: CaseId,
    /// The decision of that case.
    pub ordinal: u32,
    /// Time of the block that executed it.
    pub time: Time,
}

/// What an observer saw on one domain at the last finalized block at or before some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Block number.
    pub block: u64,
    /// Block hash.
    pub block_hash: Digest,
    /// Time of that block.
    pub block_time: Time,
    /// Every outcome of the programme that was pending on this ledger and is executed at or before that
    /// block, ascending.
    pub consumed: Vec<Consumed>,
    /// The domain, by the name the policy gives it.
    pub domain: Name,
    /// After this time the envelope is void.
    pub expires: Time,
    /// When the signer says it signed.
    pub issued: Time,
    /// The ledger it is meant for.
    pub ledger: LedgerId,
    /// Time of the next block, itself finalized: the reading speaks for every time from `block_time` up to
    /// it.
    pub next_block_time: Time,
    /// The observer.
    pub party: Lei,
    /// Until when the last pause lasts, or lasted, that the guardian of the domain's Gate has called at or
    /// before that block; none: it has called none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<Time>,
    /// The programme.
    pub programme: Name,
    /// Lower bound of the time of signing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// Token units in circulation, as a decimal.
    pub supply: String,
}

/// One of the six things that a party can sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// A step taken or refused.
    Attestation(Attestation),
    /// A case opened.
    Opening(Opening),
    /// An attestation taken back.
    Withdrawal(Withdrawal),
    /// A reading of a domain.
    Reading(Reading),
    /// A credential given.
    Credential(Credential),
    /// A credential taken back.
    Revocation(Revocation),
}

/// Why a payload is not a statement, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// Not JSON, or not canonical JSON of the predicate it names.
    #[error("the statement is refused")]
    Canonical(#[from] CanonicalError),
    /// A predicate type that this version does not know.
    #[error("the predicate type `{found}` is not known")]
    PredicateType {
        /// The type found.
        found: String,
    },
    /// `_type` is another.
    #[error("the statement type is `{found}`, expected `https://in-toto.io/Statement/v1`")]
    Type {
        /// The type found.
        found: String,
    },
    /// The subject is not the one that the predicate calls for.
    #[error("the subject does not match the predicate: expected `{expected}`")]
    Subject {
        /// Name and digest that were expected.
        expected: String,
    },
    /// More entries than a list may have, or a text that is too long.
    #[error("`{field}` is longer than {max}")]
    TooLong {
        /// The field.
        field: &'static str,
        /// Its limit.
        max: usize,
    },
    /// A list that must ascend does not.
    #[error("`{field}` is not in ascending order of distinct entries")]
    Order {
        /// The field.
        field: &'static str,
    },
    /// Void before it was signed, or valid for no time.
    #[error("`{later}` is not later than `{earlier}`")]
    Times {
        /// The field that should be earlier.
        earlier: &'static str,
        /// The field that should be later.
        later: &'static str,
    },
    /// A refusal without a reason, or a reason without a refusal.
    #[error("a refused step has a reason and neither claims nor evidence; a step done has no reason")]
    Reason,
    /// Not a decimal number of token units.
    #[error("`{found}` is not a number of token units: expected decimal digits, 2^128 - 1 at most")]
    Supply {
        /// The text found.
        found: String,
    },
}

impl Statement {
    /// Decodes a payload.
    ///
    /// # Errors
    /// [`StatementError`], in the order of its variants.
    pub fn from_slice(payload: &[u8]) -> Result<Self, StatementError> {
        let statement = wire::decode(payload)?;
        statement.check()?;
        Ok(statement)
    }

    /// The canonical JSON that is put into an envelope.
    ///
    /// # Errors
    /// [`StatementError`] when a limit or an order is broken: nothing is signed that would be refused.
    pub fn to_vec(&self) -> Result<Vec<u8>, StatementError> {
        self.check()?;
        Ok(wire::encode(self)?)
    }

    /// Who signs.
    #[must_use]
    pub fn party(&self) -> Lei {
        match self {
            Self::Attestation(s) => s.party,
            Self::Opening(s) => s.party,
            Self::Withdrawal(s) => s.party,
            Self::Reading(s) => s.party,
            Self::Credential(s) => s.party,
            Self::Revocation(s) => s.party,
        }
    }

    /// The ledger it is meant for.
    #[must_use]
    pub fn ledger(&self) -> LedgerId {
        match self {
            Self::Attestation(s) => s.ledger,
            Self::Opening(s) => s.ledger,
            Self::Withdrawal(s) => s.ledger,
            Self::Reading(s) => s.ledger,
            Self::Credential(s) => s.ledger,
            Self::Revocation(s) => s.ledger,
        }
    }

    /// When the signer says it signed, and when the envelope is void.
    #[must_use]
    pub fn issued_expires(&self) -> (Time, Time) {
        match self {
            Self::Attestation(s) => (s.issued, s.expires),
            Self::Opening(s) => (s.issued, s.expires),
            Self::Withdrawal(s) => (s.issued, s.expires),
            Self::Reading(s) => (s.issued, s.expires),
            Self::Credential(s) => (s.issued, s.expires),
            Self::Revocation(s) => (s.issued, s.expires),
        }
    }

    /// The certified checkpoint that the signer had before it signed.
    #[must_use]
    pub fn seen(&self) -> Option<Seen> {
        match self {
            Self::Attestation(s) => s.seen,
            Self::Opening(s) => s.seen,
            Self::Withdrawal(s) => s.seen,
            Self::Reading(s) => s.seen,
            Self::Credential(s) => s.seen,
            Self::Revocation(s) => s.seen,
        }
    }

    /// Digests of the claims that must be opened with it.
    #[must_use]
    pub fn claims(&self) -> &[ClaimDigest] {
        match self {
            Self::Attestation(s) => &s.claims,
            Self::Opening(s) => &s.claims,
            _ => &[],
        }
    }

    /// What an `eip712` key signs: the typed struct rebuilt from this statement, in the ledger's domain.
    #[must_use]
    pub fn typed_hash(&self, digest: &AttestationDigest) -> [u8; 32] {
        typed::signing_hash(self, digest)
    }

    fn check(&self) -> Result<(), StatementError> {
        let (issued, expires) = self.issued_expires();
        if expires <= issued {
            return Err(StatementError::Times { earlier: "issued", later: "expires" });
        }
        match self {
            Self::Attestation(s) => check_attestation(s),
            Self::Opening(s) => at_most("claims", s.claims.len(), CLAIMS_MAX),
            Self::Withdrawal(s) => at_most("reason", s.reason.len(), REASON_BYTES_MAX),
            Self::Reading(s) => check_reading(s),
            Self::Credential(s) => check_credential(s),
            Self::Revocation(s) => at_most("reason", s.reason.len(), REASON_BYTES_MAX),
        }
    }
}

/// Most keys that one credential names.
pub const CREDENTIAL_KEYS_MAX: usize = 16;
/// Most consumed outcomes that one reading names.
pub const CONSUMED_MAX: usize = 256;

fn at_most(field: &'static str, found: usize, max: usize) -> Result<(), StatementError> {
    if found > max { Err(StatementError::TooLong { field, max }) } else { Ok(()) }
}

fn check_attestation(s: &Attestation) -> Result<(), StatementError> {
    at_most("claims", s.claims.len(), CLAIMS_MAX)?;
    at_most("evidence", s.evidence.len(), EVIDENCE_MAX)?;
    at_most("prev", s.prev.len(), PREV_MAX)?;
    at_most("reason", s.reason.as_ref().map_or(0, String::len), REASON_BYTES_MAX)?;
    let well_formed = match s.verdict {
        StepVerdict::Done => s.reason.is_none(),
        StepVerdict::Refused => s.reason.is_some() && s.claims.is_empty() && s.evidence.is_empty(),
    };
    if well_formed { Ok(()) } else { Err(StatementError::Reason) }
}

fn check_reading(s: &Reading) -> Result<(), StatementError> {
    at_most("consumed", s.consumed.len(), CONSUMED_MAX)?;
    if !s.consumed.is_sorted_by(|a, b| (a.case, a.ordinal) < (b.case, b.ordinal)) {
        return Err(StatementError::Order { field: "consumed" });
    }
    if s.next_block_time <= s.block_time {
        return Err(StatementError::Times { earlier: "block_time", later: "next_block_time" });
    }
    let canonical = s.supply.parse::<u128>().is_ok_and(|units| units.to_string() == s.supply);
    if canonical {
        Ok(())
    } else {
        Err(StatementError::Supply { found: s.supply.chars().take(40).collect() })
    }
}

fn check_credential(s: &Credential) -> Result<(), StatementError> {
    at_most("keys", s.keys.len(), CREDENTIAL_KEYS_MAX)?;
    if s.keys.is_empty() || !s.keys.is_sorted_by(|a, b| a.key.id() < b.key.id()) {
        return Err(StatementError::Order { field: "keys" });
    }
    if s.valid_until <= s.valid_from {
        return Err(StatementError::Times { earlier: "valid_from", later: "valid_until" });
    }
    Ok(())
}
