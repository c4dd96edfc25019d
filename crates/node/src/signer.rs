//! The one place where a co-signer's key signs: the signing rule, a memory of its own, and whatever holds the
//! key.

use crate::port::SignerMemory;
use lockstep_attest::sign::Sign;
use lockstep_crypto::suite::{Message, SignatureError, Suite, normalise, verify};
use lockstep_ledger::signer::{SignedHead, SigningRefusal, SigningRequest, SigningRule, check_declaration};
use lockstep_ledger::{CheckpointSignature, Declaration, Declared};
use lockstep_types::{Address, LedgerId, Time};

/// Signs checkpoints of one ledger with one key.
pub struct CheckpointSigner<K, M> {
    key: K,
    memory: M,
    ledger: LedgerId,
}

/// Why a checkpoint is not signed, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// Checkpoints are signed with secp256k1 keys.
    #[error("the key is `{found}`, expected `eip712`")]
    Suite {
        /// Suite of the key.
        found: Suite,
    },
    /// The signing rule says no.
    #[error("the signer refuses")]
    Refused(#[from] SigningRefusal),
    /// The memory cannot be advanced.
    #[error("the signer's memory cannot be advanced")]
    Memory(#[from] lockstep_store::SignerError),
    /// The key's holder failed.
    #[error("the key cannot sign: {what}")]
    Key {
        /// What it said.
        what: String,
    },
    /// What the key's holder returned is no signature of the key.
    #[error("the key returned a signature that does not verify")]
    Signature(#[from] SignatureError),
}

impl<K: Sign, M: SignerMemory> CheckpointSigner<K, M>
where
    K::Error: core::fmt::Display,
{
    /// A signer for one ledger.
    ///
    /// # Errors
    /// [`SignerError::Suite`].
    pub fn new(key: K, memory: M, ledger: LedgerId) -> Result<Self, SignerError> {
        match key.public().suite() {
            Suite::Eip712 => Ok(Self { key, memory, ledger }),
            found => Err(SignerError::Suite { found }),
        }
    }

    /// The address it signs with.
    pub fn address(&self) -> Address {
        self.key.public().address().unwrap_or_default()
    }

    /// What it signed last.
    pub fn last(&self) -> Option<SignedHead> {
        self.memory.last().map(|(size, root)| SignedHead { ledger: self.ledger, root, size })
    }

    /// Signs, if the rule allows it and after the memory holds what is being signed.
    ///
    /// # Errors
    /// [`SignerError`]; then no signature exists.
    pub fn sign(&mut self, request: &SigningRequest, now: Time) -> Result<CheckpointSignature, SignerError> {
        let rule = self.last().map_or_else(|| SigningRule::new(self.ledger), SigningRule::resume);
        let head = rule.check(request, now)?;
        self.memory.advance(head.size, head.root)?;
        sign_hash(&self.key, &request.checkpoint.signing_hash())
    }
}

/// Signs a declaration to a contract; `successor` is what the key's signer has signed last on the ledger that
/// a succession names.
///
/// # Errors
/// [`SignerError`]; then no signature exists.
pub fn declare<K: Sign>(
    key: &K,
    declaration: Declaration,
    successor: Option<SignedHead>,
) -> Result<Declared, SignerError>
where
    K::Error: core::fmt::Display,
{
    let address = key.public().address().ok_or(SignerError::Suite { found: key.public().suite() })?;
    check_declaration(&declaration, successor)?;
    let signature = sign_hash(key, &declaration.signing_hash())?;
    Ok(Declared { address, declaration, signature })
}

fn sign_hash<K: Sign>(key: &K, hash: &[u8; 32]) -> Result<CheckpointSignature, SignerError>
where
    K::Error: core::fmt::Display,
{
    let raw = key.sign(Message::Hash(hash));
    let raw = raw.map_err(|error| SignerError::Key { what: error.to_string() })?;
    let signature = normalise(Suite::Eip712, &raw)?;
    verify(key.public(), Message::Hash(hash), &signature)?;
    let bytes: [u8; 65] = signature.try_into().map_err(|bytes: Vec<u8>| SignerError::Key {
        what: format!("it returned {} bytes, expected 65", bytes.len()),
    })?;
    Ok(CheckpointSignature::new(bytes))
}
