//! The client's side: put a statement into an envelope and collect signatures.

use crate::claim::Claim;
use crate::envelope::{Envelope, Signature};
use crate::statement::{Statement, StatementError};
use crate::submission::Submission;
use lockstep_crypto::suite::{Message, PublicKey, SignatureError, Suite, normalise, verify};
use lockstep_crypto::{SecretError, SecretKey};
use lockstep_types::{AttestationDigest, sha256};

/// Whatever holds a key: a file, an HSM, a KMS, a custody system.
pub trait Sign {
    /// Why it could not sign.
    type Error;
    /// The public key it signs for.
    fn public(&self) -> &PublicKey;
    /// A signature over the message, low-s or not.
    ///
    /// # Errors
    /// The signer's own.
    fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, Self::Error>;
}

impl Sign for SecretKey {
    type Error = SecretError;
    fn public(&self) -> &PublicKey {
        self.public()
    }
    fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, SecretError> {
        self.sign(message)
    }
}

impl<S: Sign + ?Sized> Sign for std::sync::Arc<S> {
    type Error = S::Error;
    fn public(&self) -> &PublicKey {
        (**self).public()
    }
    fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, S::Error> {
        (**self).sign(message)
    }
}

/// Why a statement could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError<E> {
    /// The statement breaks a rule of its own.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The signer refused or failed.
    #[error("the signer failed")]
    Signer(#[source] E),
    /// What the signer returned does not verify under its own key.
    #[error("the signer returned a signature that does not verify")]
    Signature(#[source] SignatureError),
}

/// Signs `statement` with every signer and joins the openings of its claims.
///
/// Signatures are normalised to low-s (HSMs and passkeys emit both) and checked before anything leaves.
///
/// # Errors
/// [`SignError`]; nothing is handed out half-signed.
pub fn sign<S: Sign>(
    statement: &Statement,
    openings: Vec<Claim>,
    signers: &[&S],
) -> Result<Submission, SignError<S::Error>> {
    let mut envelope = Envelope::new(statement.to_vec()?);
    let pae = envelope.pae();
    let typed = statement.typed_hash(&AttestationDigest(sha256(&pae)));
    for signer in signers {
        let key = signer.public();
        let message = || match key.suite() {
            Suite::Eip712 => Message::Hash(&typed),
            _ => Message::Bytes(&pae),
        };
        let raw = signer.sign(message()).map_err(SignError::Signer)?;
        let sig = normalise(key.suite(), &raw).map_err(SignError::Signature)?;
        verify(key, message(), &sig).map_err(SignError::Signature)?;
        envelope.add(Signature { keyid: key.id(), sig });
    }
    Ok(Submission { envelope, openings: openings.into_iter().map(Some).collect() })
}
