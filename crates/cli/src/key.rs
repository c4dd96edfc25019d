//! Keys that sign for a party: a file, or a program that asks an HSM, a KMS or a custody system.

pub mod exec;
pub mod file;
pub mod passphrase;
pub mod sender;

use crate::fault::invalid;
use crate::os;
use anyhow::{Context, Result};
use exec::{ExecError, ExecSigner};
use file::KeyFile;
use lockstep_attest::sign::Sign;
use lockstep_crypto::suite::{Message, PublicKey, Suite};
use lockstep_crypto::{SecretError, SecretKey};
use lockstep_types::Address;
use std::path::{Path, PathBuf};

/// What a key is named by on the command line: a key file, or `exec:PROGRAM[,PUBLIC-KEY-FILE]`.
#[derive(Debug, Clone)]
pub enum KeyRef {
    /// An encrypted key file.
    File(PathBuf),
    /// A program, and the file with its public key if it is not to be asked.
    Exec(PathBuf, Option<PathBuf>),
}

impl std::str::FromStr for KeyRef {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.strip_prefix("exec:") {
            None => Self::File(PathBuf::from(text)),
            Some(rest) => match rest.split_once(',') {
                None => Self::Exec(PathBuf::from(rest), None),
                Some((program, public)) => Self::Exec(PathBuf::from(program), Some(PathBuf::from(public))),
            },
        })
    }
}

/// A key that can sign.
pub enum Holder {
    /// Unlocked from a file; wiped when dropped.
    File(Box<SecretKey>),
    /// Behind a program.
    Exec(Box<ExecSigner>),
}

impl Holder {
    /// Whether something else has to answer before it signs.
    pub const fn is_waited_for(&self) -> bool {
        matches!(self, Self::Exec(_))
    }
}

/// Why a key did not sign.
#[derive(Debug, thiserror::Error)]
pub enum HolderError {
    /// The key file's secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The program.
    #[error(transparent)]
    Exec(#[from] ExecError),
}

impl Sign for Holder {
    type Error = HolderError;
    fn public(&self) -> &PublicKey {
        match self {
            Self::File(secret) => secret.public(),
            Self::Exec(signer) => signer.public(),
        }
    }
    fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, HolderError> {
        match self {
            Self::File(secret) => Ok(secret.sign(message)?),
            Self::Exec(signer) => Ok(signer.sign(message)?),
        }
    }
}

/// The public key that a text names: an address, a public key file, a key file, or `exec:PROGRAM`.
pub fn public_of(text: &str) -> Result<PublicKey> {
    if let Ok(address) = Address::from_user_text(text) {
        return Ok(PublicKey::new(Suite::Eip712, &address.0)?);
    }
    match text.parse::<KeyRef>()? {
        KeyRef::Exec(program, public) => {
            Ok(ExecSigner::open(&program, public.as_deref(), exec::TIMEOUT)?.public().clone())
        }
        KeyRef::File(path) => public_in(&path),
    }
}

/// The public key in a public key file or in a key file. Neither needs a passphrase.
pub fn public_in(path: &Path) -> Result<PublicKey> {
    let bytes = os::read(path, os::SMALL_FILE_BYTES_MAX)?;
    if let Ok(key) = serde_json::from_slice::<PublicKey>(&bytes) {
        return Ok(key);
    }
    let file = KeyFile::from_slice(&bytes).with_context(|| format!("`{}` is refused", path.display()));
    Ok(file?.public)
}

/// The address of a key; only keys of suite `eip712` have one.
pub fn address_of(key: &PublicKey) -> Result<Address> {
    key.address().ok_or_else(|| {
        let text = format!(
            "the key is `{}`, expected `eip712`: co-signers sign as Ethereum accounts do",
            key.suite()
        );
        invalid("key-suite", text).hint("make one with `lockstep key new --suite eip712 --out FILE`").into()
    })
}
