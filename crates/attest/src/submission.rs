//! What a party hands in: an envelope with the openings of its claims. Checking it needs keys, never state.

use crate::claim::Claim;
use crate::envelope::{Envelope, EnvelopeError};
use crate::statement::{Statement, StatementError};
use lockstep_crypto::suite::{Check, Message, PublicKey, SignatureError, Suite, verify_batch};
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::limits::{CLAIM_VALUE_BYTES_MAX, COMMAND_BYTES_MAX, ENVELOPE_BYTES_MAX};
use lockstep_types::{AttestationDigest, EnvelopeDigest, KeyId};
use serde::{Deserialize, Serialize};

/// An envelope and the openings of the claims it commits to; `null` where an opening is withheld or erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// The signed envelope.
    pub envelope: Envelope,
    /// One slot a claim digest, in the same order.
    pub openings: Vec<Option<Claim>>,
}

/// A submission whose form, openings and digests hold. Its signatures have not been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// What was handed in.
    pub submission: Submission,
    /// What the payload says.
    pub statement: Statement,
    /// Identity of the attestation.
    pub digest: AttestationDigest,
    /// Digest of the envelope with its signatures.
    pub envelope_digest: EnvelopeDigest,
    pae: Vec<u8>,
    typed: Option<[u8; 32]>,
}

/// A submission every signature of which verifies under a key that the caller looked up.
///
/// INVARIANT: only [`check_signatures`] makes one, so holding it is proof that the check took place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    decoded: Decoded,
    signers: Vec<KeyId>,
}

/// Why a submission is refused before any rule of a policy is asked, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum SubmissionError {
    /// Not canonical JSON of a submission.
    #[error("the submission is refused")]
    Canonical(#[from] CanonicalError),
    /// The envelope breaks a rule of its own.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The payload is not one of our statements.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// Another number of openings than of claims.
    #[error("{found} openings for {expected} claims")]
    OpeningCount {
        /// Openings found.
        found: usize,
        /// Claims that need one.
        expected: usize,
    },
    /// A value longer than the limit.
    #[error("the value of claim {at} is longer than {CLAIM_VALUE_BYTES_MAX} bytes")]
    ValueTooLong {
        /// Slot, from 0.
        at: usize,
    },
    /// An opening that does not give the digest that was signed.
    #[error("the opening of claim {at} (`{name}`) does not match the digest that was signed")]
    Opening {
        /// Slot, from 0.
        at: usize,
        /// The name in the opening.
        name: String,
    },
    /// A key that nobody has registered.
    #[error("key `{keyid}` is not registered on this ledger")]
    UnknownKey {
        /// The key.
        keyid: KeyId,
    },
    /// A signature that does not hold.
    #[error("the signature of key `{keyid}` does not hold")]
    Signature {
        /// The key.
        keyid: KeyId,
        /// Which rule of the suite it breaks.
        #[source]
        source: SignatureError,
    },
}

impl Submission {
    /// Decodes canonical JSON.
    ///
    /// # Errors
    /// [`SubmissionError::Canonical`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, SubmissionError> {
        Ok(canonical::from_slice(bytes, COMMAND_BYTES_MAX)?)
    }

    /// Checks form, statement and openings.
    ///
    /// # Errors
    /// [`SubmissionError`] up to [`SubmissionError::Opening`], in that order.
    pub fn decode(self) -> Result<Decoded, SubmissionError> {
        let json = self.envelope.to_vec()?;
        if json.len() > ENVELOPE_BYTES_MAX {
            // The envelope is read on its own later, under this limit.
            return Err(CanonicalError::TooLong { found: json.len(), max: ENVELOPE_BYTES_MAX }.into());
        }
        self.envelope.check()?;
        let statement = Statement::from_slice(&self.envelope.payload)?;
        check_openings(&statement, &self.openings)?;
        let pae = self.envelope.pae();
        let digest = AttestationDigest(lockstep_types::sha256(&pae));
        let envelope_digest = EnvelopeDigest(lockstep_types::sha256(&json));
        Ok(Decoded { submission: self, statement, digest, envelope_digest, pae, typed: None })
    }
}

fn check_openings(statement: &Statement, openings: &[Option<Claim>]) -> Result<(), SubmissionError> {
    let digests = statement.claims();
    if openings.len() != digests.len() {
        return Err(SubmissionError::OpeningCount { found: openings.len(), expected: digests.len() });
    }
    for (at, (opening, digest)) in openings.iter().zip(digests).enumerate() {
        let Some(claim) = opening else { continue };
        if claim.value.len() > CLAIM_VALUE_BYTES_MAX {
            return Err(SubmissionError::ValueTooLong { at });
        }
        if claim.digest() != *digest {
            return Err(SubmissionError::Opening { at, name: claim.name.chars().take(80).collect() });
        }
    }
    Ok(())
}

impl Decoded {
    /// The signature checks that `keys` (one a signature, in order) call for.
    fn checks<'a>(&'a mut self, keys: &'a [PublicKey]) -> Vec<Check<'a>> {
        if self.typed.is_none() && keys.iter().any(|key| key.suite() == Suite::Eip712) {
            self.typed = Some(self.statement.typed_hash(&self.digest));
        }
        let typed = self.typed.as_ref();
        let message = |suite: Suite| match (suite, typed) {
            (Suite::Eip712, Some(hash)) => Message::Hash(hash),
            _ => Message::Bytes(&self.pae),
        };
        let signatures = &self.submission.envelope.signatures;
        let check = |(key, s): (&'a PublicKey, &'a crate::Signature)| Check {
            key,
            message: message(key.suite()),
            signature: &s.sig,
        };
        keys.iter().zip(signatures).map(check).collect()
    }
}

impl Signed {
    /// What was handed in.
    #[must_use]
    pub const fn submission(&self) -> &Submission {
        &self.decoded.submission
    }
    /// What the payload says.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        &self.decoded.statement
    }
    /// Identity of the attestation.
    #[must_use]
    pub const fn digest(&self) -> AttestationDigest {
        self.decoded.digest
    }
    /// Digest of the envelope with its signatures.
    #[must_use]
    pub const fn envelope_digest(&self) -> EnvelopeDigest {
        self.decoded.envelope_digest
    }
    /// The keys whose signatures verified, ascending.
    #[must_use]
    pub fn signers(&self) -> &[KeyId] {
        &self.signers
    }
}

/// Verifies every signature of every submission in one batch; `key_of` finds the registered key.
///
/// A submission is answered the same whatever else is in the batch.
///
/// # Errors
/// Per submission: [`SubmissionError::UnknownKey`], or [`SubmissionError::Signature`] for its first bad one.
pub fn check_signatures(
    submissions: Vec<Decoded>,
    key_of: &dyn Fn(&KeyId) -> Option<PublicKey>,
) -> Vec<Result<Signed, SubmissionError>> {
    let mut with_keys: Vec<(Decoded, Result<Vec<PublicKey>, SubmissionError>)> = submissions
        .into_iter()
        .map(|decoded| {
            let keys = look_up(&decoded, key_of);
            (decoded, keys)
        })
        .collect();
    let checks: Vec<Check<'_>> = with_keys
        .iter_mut()
        .flat_map(|(decoded, keys)| keys.as_ref().map_or_else(|_| Vec::new(), |keys| decoded.checks(keys)))
        .collect();
    let mut answers = verify_batch(&checks).into_iter();
    drop(checks);
    let answer = |(decoded, keys): (Decoded, Result<Vec<PublicKey>, SubmissionError>)| {
        keys?;
        let signers: Vec<KeyId> = decoded.submission.envelope.signatures.iter().map(|s| s.keyid).collect();
        let mine: Vec<_> = answers.by_ref().take(signers.len()).collect();
        for (keyid, answer) in signers.iter().zip(mine) {
            answer.map_err(|source| SubmissionError::Signature { keyid: *keyid, source })?;
        }
        Ok(Signed { decoded, signers })
    };
    with_keys.into_iter().map(answer).collect()
}

fn look_up(
    decoded: &Decoded,
    key_of: &dyn Fn(&KeyId) -> Option<PublicKey>,
) -> Result<Vec<PublicKey>, SubmissionError> {
    let find = |s: &crate::Signature| key_of(&s.keyid).ok_or(SubmissionError::UnknownKey { keyid: s.keyid });
    decoded.submission.envelope.signatures.iter().map(find).collect()
}
