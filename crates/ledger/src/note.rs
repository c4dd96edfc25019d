//! Signed notes, as existing clients of logs and witnesses write and read them.
//! <https://c2sp.org/signed-note>
//!
//! A note by the log's key authorises nothing: it lets those clients and witnesses work (specs/log.md §4).

mod key;

pub use key::{NoteKey, NoteKeyError, NoteKeyKind};

use crate::encoding::{base64_decode, base64_encode};
use core::fmt;
use lockstep_crypto::{Message, SecretError, SecretKey, SignatureError, suite};
use lockstep_types::Time;

/// Longest note, in bytes.
pub const NOTE_BYTES_MAX: usize = 65_536;
/// Most signature lines of a note; the format asks for 16 at least.
pub const NOTE_SIGNATURES_MAX: usize = 64;

/// Every signature line begins so: an em dash (U+2014) and a space.
const LINE_PREFIX: &str = "\u{2014} ";

/// A text with signatures. Its text says nothing until [`Note::verify`] has said yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    key_id: [u8; 4],
    signature: Vec<u8>,
}

/// A key that has signed a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Name of the key.
    pub name: String,
    /// When a witness says it has seen the log; none for a plain signature. Full seconds.
    pub at: Option<Time>,
}

/// Why bytes are no note, or a note does not count, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than [`NOTE_BYTES_MAX`].
    #[error("a note of {found} bytes: at most {NOTE_BYTES_MAX} are read")]
    TooLong {
        /// Bytes found.
        found: usize,
    },
    /// Not UTF-8, or with control characters other than newlines.
    #[error("a note is UTF-8 without control characters other than newlines")]
    Characters,
    /// No text, empty line and signature lines.
    #[error("a note is a text, an empty line, and signature lines, each ended by a newline")]
    Form,
    /// More than [`NOTE_SIGNATURES_MAX`].
    #[error("{found} signature lines: at most {NOTE_SIGNATURES_MAX} are read")]
    TooManySignatures {
        /// Lines found.
        found: usize,
    },
    /// Not an em dash, a name, and base64 of a key id and a signature.
    #[error("signature line {line} is malformed")]
    Line {
        /// Number of the line, from 1.
        line: usize,
    },
    /// A line by a known key that does not hold.
    #[error("the signature of `{name}` on the note does not hold")]
    BadSignature {
        /// Name of the key.
        name: String,
    },
    /// No line by a known key.
    #[error("no key that is known has signed the note")]
    NoKnownSignature,
}

impl Note {
    /// A note without signatures.
    ///
    /// # Errors
    /// [`NoteError::Characters`], [`NoteError::Form`] when the text does not end in a newline.
    pub fn new(text: &str) -> Result<Self, NoteError> {
        check_characters(text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::Form);
        }
        Ok(Self { text: text.to_owned(), signatures: Vec::new() })
    }

    /// Reads a note; no signature is verified.
    ///
    /// # Errors
    /// [`NoteError`], in the order of the checks.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong { found: bytes.len() });
        }
        let note = core::str::from_utf8(bytes).map_err(|_| NoteError::Characters)?;
        check_characters(note)?;
        // The text may hold empty lines itself: the last one counts. Its own newline belongs to the text.
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteError::Form)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Form)?;
        let found = lines.split('\n').count();
        if found > NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures { found });
        }
        let signatures: Result<Vec<_>, _> = (1..)
            .zip(lines.split('\n'))
            .map(|(line, text)| NoteSignature::parse(text).ok_or(NoteError::Line { line }))
            .collect();
        Ok(Self { text: format!("{text}\n"), signatures: signatures? })
    }

    /// The text, which ends in a newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a line that somebody else has made.
    pub fn push(&mut self, signature: NoteSignature) {
        self.signatures.push(signature);
    }

    /// Signs the text with an Ed25519 key, as `key` says; `at` is the time of a cosignature.
    ///
    /// # Errors
    /// When the secret key is not the one that `key` verifies, or is of another suite.
    pub fn sign(&mut self, key: &NoteKey, secret: &SecretKey, at: Time) -> Result<(), SecretError> {
        if secret.public() != key.public() {
            return Err(SecretError::Library { suite: secret.public().suite() });
        }
        let (stamp, message) = match key.kind() {
            NoteKeyKind::Ed25519 => (Vec::new(), self.text.clone()),
            NoteKeyKind::CosignatureV1 => {
                let seconds = at.seconds_round_down();
                (seconds.to_be_bytes().to_vec(), cosigned(seconds, &self.text))
            }
        };
        let signature = secret.sign(Message::Bytes(message.as_bytes()))?;
        self.signatures.push(NoteSignature {
            name: key.name().to_owned(),
            key_id: key.id(),
            signature: [stamp, signature].concat(),
        });
        Ok(())
    }

    /// Verifies every line by one of `keys` and ignores the others.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] when a line by a known key does not hold, [`NoteError::NoKnownSignature`]
    /// when there is no such line.
    pub fn verify(&self, keys: &[NoteKey]) -> Result<Vec<Signed>, NoteError> {
        let mut signed: Vec<Signed> = Vec::new();
        for line in &self.signatures {
            let Some(key) = keys.iter().find(|key| key.name() == line.name && key.id() == line.key_id) else {
                continue;
            };
            let bad = || NoteError::BadSignature { name: line.name.clone() };
            let at = self.verify_line(line, key).ok_or_else(bad)?;
            // A name counts once a kind, by its first line.
            let counted = |before: &Signed| before.name == line.name && before.at.is_some() == at.is_some();
            if !signed.iter().any(counted) {
                signed.push(Signed { name: line.name.clone(), at });
            }
        }
        if signed.is_empty() {
            return Err(NoteError::NoKnownSignature);
        }
        Ok(signed)
    }

    fn verify_line(&self, line: &NoteSignature, key: &NoteKey) -> Option<Option<Time>> {
        match key.kind() {
            NoteKeyKind::Ed25519 => {
                holds(key, &self.text, &line.signature).ok()?;
                Some(None)
            }
            NoteKeyKind::CosignatureV1 => {
                let (stamp, signature) = line.signature.split_first_chunk::<8>()?;
                let seconds = u64::from_be_bytes(*stamp);
                holds(key, &cosigned(seconds, &self.text), signature).ok()?;
                Some(Some(Time::from_ms(seconds.checked_mul(1_000)?).ok()?))
            }
        }
    }
}

impl NoteSignature {
    /// Name of the key that is said to have signed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its id.
    #[must_use]
    pub const fn key_id(&self) -> [u8; 4] {
        self.key_id
    }

    /// Reads one line, without its newline.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(LINE_PREFIX)?.split_once(' ')?;
        let bytes = base64_decode(signature)?;
        let (key_id, signature) = bytes.split_first_chunk::<4>()?;
        if !key::is_name(name) || signature.is_empty() {
            return None;
        }
        Some(Self { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() })
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.key_id.as_slice(), &self.signature].concat();
        write!(f, "{LINE_PREFIX}{} {}", self.name, base64_encode(&bytes))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

/// The message of a `cosignature/v1` line. <https://c2sp.org/tlog-cosignature>
fn cosigned(seconds: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

fn holds(key: &NoteKey, message: &str, signature: &[u8]) -> Result<(), SignatureError> {
    suite::verify(key.public(), Message::Bytes(message.as_bytes()), signature)
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    if text.bytes().any(|b| b < 0x20 && b != b'\n') {
        return Err(NoteError::Characters);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
