//! Key files: the public key in clear, the secret encrypted with a passphrase (docs/how-to/signers.md).

use crate::fault::{Kind, invalid, told};
use crate::os;
use age::secrecy::SecretString;
use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockstep_crypto::SecretKey;
use lockstep_crypto::suite::{PublicKey, Suite};
use lockstep_types::canonical;
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

/// The format that this program reads and writes.
pub const KEY_FORMAT: &str = "lockstep-key/1";
/// scrypt's cost as the logarithm of N: 2^16 takes 64 MiB and about a tenth of a second.
pub const COST_DEFAULT: u8 = 16;
/// The least cost: enough only for passphrases of random bytes.
pub const COST_MIN: u8 = 10;
/// The most: 1 GiB of memory.
pub const COST_MAX: u8 = 20;

/// A key file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// scrypt's cost, as the logarithm of N.
    pub cost: u8,
    /// [`KEY_FORMAT`].
    pub format: String,
    /// The public key.
    pub public: PublicKey,
    /// The 32 secret bytes as an age file (age-encryption.org/v1, scrypt), base64.
    secret: String,
}

impl KeyFile {
    /// Reads a key file; the secret stays locked.
    pub fn from_slice(bytes: &[u8]) -> Result<Self> {
        let file: Self = serde_json::from_slice(bytes).map_err(|error| {
            invalid("key-file", "not a key file: expected JSON of format `lockstep-key/1`").source(error)
        })?;
        if file.format != KEY_FORMAT {
            let found: String = file.format.chars().take(40).collect();
            return Err(invalid(
                "key-file",
                format!("the key file's format is `{found}`, expected `{KEY_FORMAT}`"),
            )
            .into());
        }
        Ok(file)
    }

    /// Reads a key file that only its owner can read.
    pub fn read(path: &Path) -> Result<Self> {
        Self::from_slice(&os::read_private(path)?).with_context(|| format!("`{}` is refused", path.display()))
    }

    /// Encrypts a secret.
    pub fn lock(suite: Suite, secret: &[u8; 32], passphrase: SecretString, cost: u8) -> Result<Self> {
        let public = SecretKey::from_bytes(suite, secret)?.public().clone();
        let mut recipient = age::scrypt::Recipient::new(passphrase);
        recipient.set_work_factor(cost);
        let locked = age::encrypt(&recipient, secret).context("the secret cannot be encrypted")?;
        Ok(Self { cost, format: KEY_FORMAT.to_owned(), public, secret: STANDARD.encode(locked) })
    }

    /// Decrypts the secret and checks that it is that of the public key.
    pub fn unlock(&self, passphrase: SecretString) -> Result<SecretKey> {
        let locked = STANDARD
            .decode(&self.secret)
            .map_err(|error| invalid("key-file", "the secret of the key file is not base64").source(error))?;
        let mut identity = age::scrypt::Identity::new(passphrase);
        identity.set_max_work_factor(COST_MAX);
        let opened = age::decrypt(&identity, &locked).map(Zeroizing::new).map_err(|error| {
            told(Kind::Refused, "passphrase", "the passphrase does not open the key file").source(error)
        })?;
        let bytes: Zeroizing<[u8; 32]> = match opened.as_slice().try_into() {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(_) => return Err(invalid("key-file", "the secret of the key file is not 32 bytes").into()),
        };
        let secret = SecretKey::from_bytes(self.public.suite(), &bytes)?;
        if *secret.public() != self.public {
            return Err(invalid("key-file", "the key file's secret is not that of its public key").into());
        }
        Ok(secret)
    }

    /// Writes the file with mode 0600, and the public key beside it as `FILE.pub`.
    pub fn write(&self, path: &Path) -> Result<()> {
        os::write_private(path, &canonical::to_vec(self)?)?;
        os::write_atomic(&os::with_suffix(path, ".pub"), &canonical::to_vec(&self.public)?)
    }
}

/// Draws a new secret of `suite`.
pub fn draw(suite: Suite) -> Result<Zeroizing<[u8; 32]>> {
    // A draw that is no scalar of the curve has odds below 2^-32.
    for _ in 0..8 {
        let bytes = Zeroizing::new(os::random32()?);
        if SecretKey::from_bytes(suite, &bytes).is_ok() {
            return Ok(bytes);
        }
    }
    Err(told(Kind::Internal, "randomness", "the operating system's randomness gives no key").into())
}

#[cfg(test)]
mod tests;
