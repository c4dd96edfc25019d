//! Verifier keys: `<name>+<key id>+<base64 of type and public key>`.

use crate::encoding::{base64_decode, base64_encode};
use core::fmt;
use core::str::FromStr;
use lockstep_crypto::{KeyError, PublicKey, Suite};
use lockstep_types::sha256_parts;

/// Longest name of a key, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// What a key's signatures cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKeyKind {
    /// Ed25519 over the text.
    Ed25519,
    /// Ed25519 over a time and the text: a witness.
    CosignatureV1,
}

/// An Ed25519 key with the name under which it signs notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    kind: NoteKeyKind,
    public: PublicKey,
}

/// Why a text or a key is no verifier key, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteKeyError {
    /// Not three parts with a `+` between them.
    #[error("`{found}` is no verifier key: expected `name+id+key`")]
    Form {
        /// The text found, cut to 80 characters.
        found: String,
    },
    /// Empty, too long, or with spaces, `+` or control characters.
    #[error("`{found}` is no name of a key: expected 1 to {NAME_BYTES_MAX} bytes without spaces and `+`")]
    Name {
        /// The name found, cut to 80 characters.
        found: String,
    },
    /// Neither 1 nor 4.
    #[error("a key of type {found}: expected 1 (Ed25519) or 4 (cosignature/v1)")]
    Kind {
        /// The type found.
        found: u8,
    },
    /// A key of another suite than `ed25519`.
    #[error("a key of suite `{found}`: notes are signed with `ed25519`")]
    Suite {
        /// The suite found.
        found: Suite,
    },
    /// No Ed25519 key.
    #[error("the key is no Ed25519 public key")]
    Key(#[source] KeyError),
    /// The id is not the one of name, type and key.
    #[error("key id `{found}`: expected `{expected}`")]
    Id {
        /// The id of name, type and key.
        expected: String,
        /// The id found, cut to 20 characters.
        found: String,
    },
}

/// True for a name that a signature line can hold.
pub fn is_name(name: &str) -> bool {
    let allowed = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.chars().all(allowed)
}

impl NoteKeyKind {
    /// The byte that stands for the kind.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::CosignatureV1 => 4,
        }
    }
}

impl NoteKey {
    /// A key with a name.
    ///
    /// # Errors
    /// [`NoteKeyError::Name`], [`NoteKeyError::Suite`].
    pub fn new(name: &str, kind: NoteKeyKind, public: PublicKey) -> Result<Self, NoteKeyError> {
        if !is_name(name) {
            return Err(NoteKeyError::Name { found: name.chars().take(80).collect() });
        }
        if public.suite() != Suite::Ed25519 {
            return Err(NoteKeyError::Suite { found: public.suite() });
        }
        Ok(Self { name: name.to_owned(), kind, public })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its signatures cover.
    #[must_use]
    pub const fn kind(&self) -> NoteKeyKind {
        self.kind
    }

    /// The key.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The first four bytes of SHA-256 of name, newline, type and key.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash = sha256_parts(&[self.name.as_bytes(), b"\n", &[self.kind.byte()], self.public.bytes()]);
        hash.first_chunk().copied().unwrap_or_default()
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.kind.byte()], self.public.bytes()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id()), base64_encode(&key))
    }
}

impl FromStr for NoteKey {
    type Err = NoteKeyError;
    fn from_str(text: &str) -> Result<Self, NoteKeyError> {
        let refused = || NoteKeyError::Form { found: text.chars().take(80).collect() };
        // Base64 may hold a `+` itself: the first two separate.
        let (name, rest) = text.split_once('+').ok_or_else(refused)?;
        let (id, key) = rest.split_once('+').ok_or_else(refused)?;
        let bytes = base64_decode(key).ok_or_else(refused)?;
        let (kind, key) = bytes.split_first().ok_or_else(refused)?;
        let kind = match kind {
            1 => NoteKeyKind::Ed25519,
            4 => NoteKeyKind::CosignatureV1,
            found => return Err(NoteKeyError::Kind { found: *found }),
        };
        let public = PublicKey::new(Suite::Ed25519, key).map_err(NoteKeyError::Key)?;
        let key = Self::new(name, kind, public)?;
        let expected = hex::encode(key.id());
        if id != expected {
            return Err(NoteKeyError::Id { expected, found: id.chars().take(20).collect() });
        }
        Ok(key)
    }
}
