//! Records: a public leaf of 41 bytes, and the salted body that it commits to (specs/record.md).

use crate::encoding::{Base64, HexArray};
use core::fmt;
use lockstep_crypto::tree;
use lockstep_types::limits::BODY_BYTES_MAX;
use lockstep_types::{LeafHash, Salt, Time, sha256_parts};
use serde::{Deserialize, Serialize};

/// Bytes of a leaf: tag, time, digest of the body.
pub const LEAF_BYTES: usize = 41;

/// What a leaf stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tag {
    /// A record whose body is canonical JSON.
    Record,
    /// An outcome whose body is ABI-encoded for a contract.
    Outcome,
}

/// The public part of a record: what the log holds and a chain may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leaf {
    /// What the leaf stands for.
    pub tag: Tag,
    /// Ledger time, by the appender's clock.
    pub time: Time,
    /// SHA-256 of salt and body.
    pub digest: [u8; 32],
}

/// A leaf with the salt and body that open it. A value of this type has been checked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RecordText", into = "RecordText")]
pub struct Record {
    leaf: Leaf,
    leaf_hash: LeafHash,
    salt: Salt,
    body: Vec<u8>,
}

/// Why bytes are no leaf or no record, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A leaf has exactly [`LEAF_BYTES`] bytes.
    #[error("a leaf of {found} bytes: expected {LEAF_BYTES}")]
    LeafLength {
        /// Bytes found.
        found: usize,
    },
    /// Neither a record nor an outcome.
    #[error("the tag of a leaf is `{found}`: expected 1 (record) or 2 (outcome)")]
    Tag {
        /// The tag found.
        found: u8,
    },
    /// After the year 9999.
    #[error("the time of a leaf lies after the year 9999: `{found}` ms")]
    Time {
        /// Milliseconds found.
        found: u64,
    },
    /// Shorter than leaf and salt.
    #[error("a record of {found} bytes: expected at least {min}")]
    TooShort {
        /// Bytes found.
        found: usize,
        /// Bytes of leaf and salt.
        min: usize,
    },
    /// Longer than [`BODY_BYTES_MAX`].
    #[error("a body of {found} bytes: at most {BODY_BYTES_MAX} are allowed")]
    BodyTooLong {
        /// Bytes found.
        found: usize,
    },
    /// Salt and body are not what the leaf commits to.
    #[error("salt and body do not open the leaf: expected digest `{expected}`, found `{found}`")]
    DoesNotOpen {
        /// Digest in the leaf.
        expected: String,
        /// Digest of salt and body.
        found: String,
    },
}

impl Tag {
    /// The byte that stands for the tag in a leaf.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Record => 1,
            Self::Outcome => 2,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Record),
            2 => Some(Self::Outcome),
            _ => None,
        }
    }
}

impl Leaf {
    /// The leaf that commits to `salt` and `body`.
    #[must_use]
    pub fn commit(tag: Tag, time: Time, salt: &Salt, body: &[u8]) -> Self {
        Self { tag, time, digest: body_digest(salt, body) }
    }

    /// The 41 bytes: tag, milliseconds big-endian, digest.
    #[must_use]
    pub fn encode(&self) -> [u8; LEAF_BYTES] {
        let mut bytes = [0u8; LEAF_BYTES];
        let parts = [self.tag.byte()].into_iter().chain(self.time.ms().to_be_bytes()).chain(self.digest);
        for (slot, byte) in bytes.iter_mut().zip(parts) {
            *slot = byte;
        }
        bytes
    }

    /// Reads the 41 bytes.
    ///
    /// # Errors
    /// [`RecordError`] for another length, an unknown tag or a time out of range.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let refused = || RecordError::LeafLength { found: bytes.len() };
        let bytes: &[u8; LEAF_BYTES] = bytes.try_into().map_err(|_| refused())?;
        let (tag, rest) = bytes.split_first().ok_or_else(refused)?;
        let (ms, digest) = rest.split_first_chunk::<8>().ok_or_else(refused)?;
        let digest: &[u8; 32] = digest.try_into().map_err(|_| refused())?;
        let tag = Tag::from_byte(*tag).ok_or(RecordError::Tag { found: *tag })?;
        let ms = u64::from_be_bytes(*ms);
        let time = Time::from_ms(ms).map_err(|_| RecordError::Time { found: ms })?;
        Ok(Self { tag, time, digest: *digest })
    }

    /// RFC 6962 leaf hash: the name of the record in the log.
    #[must_use]
    pub fn hash(&self) -> LeafHash {
        tree::leaf_hash(&self.encode())
    }
}

impl Record {
    /// Makes a record and its leaf.
    #[must_use]
    pub fn new(tag: Tag, time: Time, salt: Salt, body: Vec<u8>) -> Self {
        let leaf = Leaf::commit(tag, time, &salt, &body);
        Self { leaf, leaf_hash: leaf.hash(), salt, body }
    }

    /// Puts leaf, salt and body together, after checking that the latter two open the leaf.
    ///
    /// # Errors
    /// [`RecordError::BodyTooLong`], [`RecordError::DoesNotOpen`].
    pub fn open(leaf: Leaf, salt: Salt, body: Vec<u8>) -> Result<Self, RecordError> {
        if body.len() > BODY_BYTES_MAX {
            return Err(RecordError::BodyTooLong { found: body.len() });
        }
        let found = body_digest(&salt, &body);
        if found != leaf.digest {
            return Err(RecordError::DoesNotOpen {
                expected: hex::encode(leaf.digest),
                found: hex::encode(found),
            });
        }
        Ok(Self { leaf, leaf_hash: leaf.hash(), salt, body })
    }

    /// The public part.
    #[must_use]
    pub const fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    /// The name of the record in the log.
    #[must_use]
    pub const fn leaf_hash(&self) -> LeafHash {
        self.leaf_hash
    }

    /// What the record is.
    #[must_use]
    pub const fn tag(&self) -> Tag {
        self.leaf.tag
    }

    /// Ledger time.
    #[must_use]
    pub const fn time(&self) -> Time {
        self.leaf.time
    }

    /// What blinds the body.
    #[must_use]
    pub const fn salt(&self) -> &Salt {
        &self.salt
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Leaf, salt, body, one after the other: the form in which stores and co-signers keep a record.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.leaf.encode().as_slice(), self.salt.as_bytes(), &self.body].concat()
    }

    /// Reads [`Record::to_bytes`] and checks that the body opens the leaf.
    ///
    /// # Errors
    /// [`RecordError`], in the order of the checks.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordError> {
        let min = LEAF_BYTES.saturating_add(32);
        let refused = || RecordError::TooShort { found: bytes.len(), min };
        let (leaf, rest) = bytes.split_first_chunk::<LEAF_BYTES>().ok_or_else(refused)?;
        let (salt, body) = rest.split_first_chunk::<32>().ok_or_else(refused)?;
        Self::open(Leaf::decode(leaf)?, Salt(*salt), body.to_vec())
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever sees a salt can try bodies against the leaf.
        let Leaf { tag, time, .. } = self.leaf;
        write!(f, "Record({} {tag:?} of {time}, {} bytes)", self.leaf_hash, self.body.len())
    }
}

fn body_digest(salt: &Salt, body: &[u8]) -> [u8; 32] {
    sha256_parts(&[salt.as_bytes(), body])
}

/// The JSON form of a record.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordText {
    body: Base64,
    leaf: HexArray<LEAF_BYTES>,
    salt: Salt,
}

impl From<Record> for RecordText {
    fn from(record: Record) -> Self {
        Self { leaf: HexArray(record.leaf.encode()), salt: record.salt, body: Base64(record.body) }
    }
}

impl TryFrom<RecordText> for Record {
    type Error = RecordError;
    fn try_from(text: RecordText) -> Result<Self, RecordError> {
        Self::open(Leaf::decode(&text.leaf.0)?, text.salt, text.body.0)
    }
}

#[cfg(test)]
mod tests;
