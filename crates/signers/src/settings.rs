//! Files that tell a signer its work: a TOML file, and beside it secrets that only their owner can read.

use crate::spki::{SpkiError, public_key};
use lockstep_crypto::suite::PublicKey;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Longest file.
const FILE_BYTES_MAX: u64 = 65_536;
/// Longest PIN or token.
pub const SECRET_BYTES_MAX: usize = 4_096;

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// Others can read it.
    #[error("`{}` has mode {mode:04o}, expected 0600: think of who may have read it", path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is too long.
    #[error("`{}` is longer than {FILE_BYTES_MAX} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// It is not the TOML that was expected.
    #[error("`{}` is refused", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Where, and what was expected.
        source: Box<toml::de::Error>,
    },
    /// Its first line is no secret.
    #[error("the first line of `{}` is not 1 to {SECRET_BYTES_MAX} printable bytes", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
    },
    /// It holds no public key.
    #[error("`{}` holds no public key", path.display())]
    PublicKey {
        /// The file.
        path: PathBuf,
        /// What was expected.
        source: SpkiError,
    },
}

/// Reads the settings in a TOML file.
///
/// # Errors
/// [`SettingsError::Read`], [`SettingsError::TooLong`], [`SettingsError::Form`].
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, SettingsError> {
    let bytes = read_open(open(path)?, path)?;
    toml::from_slice(&bytes)
        .map_err(|error| SettingsError::Form { path: path.to_owned(), source: Box::new(error) })
}

/// A file that settings name, from the folder that they stand in.
#[must_use]
pub fn beside(settings: &Path, named: &Path) -> PathBuf {
    settings.parent().unwrap_or_else(|| Path::new("")).join(named)
}

/// The first line of a file that only its owner can read.
///
/// # Errors
/// All of [`SettingsError`] but those of TOML and of public keys.
pub fn secret(path: &Path) -> Result<Zeroizing<String>, SettingsError> {
    let file = open(path)?;
    let read = |source| SettingsError::Read { path: path.to_owned(), source };
    let mode = file.metadata().map_err(read)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(SettingsError::Mode { path: path.to_owned(), mode });
    }
    let bytes = Zeroizing::new(read_open(file, path)?);
    let line = std::str::from_utf8(&bytes).ok().and_then(|text| text.lines().next()).unwrap_or_default();
    match secret_line(line) {
        true => Ok(Zeroizing::new(line.to_owned())),
        false => Err(SettingsError::Secret { path: path.to_owned() }),
    }
}

/// Whether a line can be a PIN or a token: it may stand in a header of HTTP.
#[must_use]
pub fn secret_line(line: &str) -> bool {
    (1..=SECRET_BYTES_MAX).contains(&line.len()) && line.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

/// The public key in a file.
///
/// # Errors
/// [`SettingsError::Read`], [`SettingsError::TooLong`], [`SettingsError::PublicKey`].
pub fn public_in(path: &Path) -> Result<PublicKey, SettingsError> {
    let bytes = read_open(open(path)?, path)?;
    public_key(&bytes).map_err(|source| SettingsError::PublicKey { path: path.to_owned(), source })
}

fn open(path: &Path) -> Result<File, SettingsError> {
    File::open(path).map_err(|source| SettingsError::Read { path: path.to_owned(), source })
}

fn read_open(file: File, path: &Path) -> Result<Vec<u8>, SettingsError> {
    let mut bytes = Vec::new();
    let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|source| SettingsError::Read { path: path.to_owned(), source })?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(SettingsError::TooLong { path: path.to_owned() });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
