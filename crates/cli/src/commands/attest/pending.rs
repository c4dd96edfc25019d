//! What a statement was made from, kept while its signature is pending: the same command then makes the same
//! bytes again, so that a signer that was asked for them is not asked for others.

use crate::fault::{Kind, invalid, told};
use crate::os;
use crate::party::in_time;
use anyhow::{Context, Result};
use lockstep_attest::Seen;
use lockstep_node::client::{Draft, Signing};
use lockstep_types::{Digest, Salt, Time, canonical, sha256};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The format that this program reads and writes.
const FORMAT: &str = "lockstep-pending/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    expires: Time,
    format: String,
    issued: Time,
    salts: Vec<Salt>,
    seen: Option<Seen>,
    /// SHA-256 of the statement.
    statement: Digest,
}

/// A file with a pending statement, or the place where one goes, or no file at all.
pub struct Pending {
    path: Option<PathBuf>,
    kept: Option<Kept>,
    signing: Option<Signing>,
    salts: Vec<Salt>,
}

impl Pending {
    /// Reads the file if there is one.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        let kept = match path {
            Some(path)
                if path.try_exists().with_context(|| format!("cannot look for `{}`", path.display()))? =>
            {
                Some(read(path)?)
            }
            _ => None,
        };
        Ok(Self { path: path.map(Path::to_owned), kept, signing: None, salts: Vec::new() })
    }

    /// When it was made, and what had been seen then; both as they are now for a statement that is new.
    pub fn signing(&mut self, now: Signing) -> Result<Signing> {
        let signing = match &self.kept {
            None => now,
            Some(kept) => {
                in_time(kept.expires, now.issued)?;
                Signing { issued: kept.issued, expires: kept.expires, seen: kept.seen, ..now }
            }
        };
        self.signing = Some(signing);
        Ok(signing)
    }

    /// The next salt: as it was, or new.
    pub fn salt(&mut self) -> [u8; 32] {
        let kept = self.kept.as_ref().and_then(|kept| kept.salts.get(self.salts.len()));
        let salt = kept.map_or_else(os::seed, |salt| *salt.as_bytes());
        self.salts.push(Salt(salt));
        salt
    }

    /// Keeps a statement that is new, before anybody is asked to sign it; one that is kept must be this one.
    pub fn settle(&self, draft: &Draft) -> Result<()> {
        let (Some(path), Some(signing)) = (&self.path, &self.signing) else { return Ok(()) };
        let statement = Digest(sha256(&draft.statement.to_vec()?));
        if let Some(kept) = &self.kept {
            if kept.statement == statement {
                return Ok(());
            }
            let text = format!("`{}` holds other words, or the case has moved on since", path.display());
            let hint = "take the file away to begin anew; a signature over the old words is of no use then";
            return Err(told(Kind::Conflict, "pending-other", text).hint(hint).into());
        }
        let kept = Kept {
            expires: signing.expires,
            format: FORMAT.to_owned(),
            issued: signing.issued,
            salts: self.salts.clone(),
            seen: signing.seen,
            statement,
        };
        os::write_private(path, &canonical::to_vec(&kept)?)
    }

    /// What is on record is pending no more.
    pub fn done(&self) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot take `{}` away", path.display()))
            }
            _ => Ok(()),
        }
    }
}

fn read(path: &Path) -> Result<Kept> {
    let bytes = os::read_private(path)?;
    let wrong = || {
        let text =
            format!("`{}` is no pending statement: expected JSON of format `{FORMAT}`", path.display());
        invalid("pending-file", text)
    };
    let kept: Kept = canonical::from_slice(&bytes, bytes.len()).map_err(|error| wrong().source(error))?;
    if kept.format == FORMAT { Ok(kept) } else { Err(wrong().into()) }
}
