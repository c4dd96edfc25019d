//! The text of a checkpoint: exactly three lines. <https://c2sp.org/tlog-checkpoint>

use crate::encoding::{base64_decode, base64_encode};
use core::fmt;
use core::str::FromStr;
use lockstep_types::limits::LEDGER_SIZE_MAX;
use lockstep_types::{Name, RootHash};

/// Longest origin that is read, in bytes.
const ORIGIN_BYTES_MAX: usize = 256;

/// Head of a log as C2SP clients read it: the text of a signed note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogHead {
    origin: String,
    size: u64,
    root: RootHash,
}

/// Why a text is no head of a log, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Not three lines, each ended by a newline.
    #[error("a checkpoint has exactly three lines: origin, size and root")]
    Lines,
    /// Empty, too long, or with characters that a note may not have.
    #[error("`{found}` is no origin: expected 1 to {ORIGIN_BYTES_MAX} bytes without control characters")]
    Origin {
        /// The origin found, cut to 80 characters.
        found: String,
    },
    /// Not the one decimal text of a size.
    #[error("`{found}` is no size: expected 0 to {LEDGER_SIZE_MAX} in decimal, without leading zeros")]
    Size {
        /// The text found, cut to 40 characters.
        found: String,
    },
    /// Not 32 bytes of base64.
    #[error("`{found}` is no root: expected 32 bytes in standard base64")]
    Root {
        /// The text found, cut to 80 characters.
        found: String,
    },
}

/// The origin of a ledger's log: its name and the nonce of its genesis.
#[must_use]
pub fn origin(name: &Name, nonce: &[u8; 32]) -> String {
    format!("{name}/{}", hex::encode(nonce))
}

/// True for the origin of a ledger's log: a name, and the nonce of its genesis (specs/log.md §3).
#[must_use]
pub fn is_ledger_origin(origin: &str) -> bool {
    let digit = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
    origin.rsplit_once('/').is_some_and(|(name, nonce)| {
        name.parse::<Name>().is_ok() && nonce.len() == 64 && nonce.bytes().all(digit)
    })
}

impl LogHead {
    /// Reads the text of anybody's checkpoint: lines after the third, which C2SP lets a log add, are passed
    /// over. A ledger's log adds none.
    ///
    /// # Errors
    /// [`HeadError`], in the order of the checks.
    pub fn from_checkpoint(text: &str) -> Result<Self, HeadError> {
        let mut lines = text.split_inclusive('\n');
        let head: String = lines.by_ref().take(3).collect();
        let head: Self = head.parse()?;
        let mut more = lines.peekable();
        let added = more.peek().is_some();
        if (added && is_ledger_origin(head.origin()))
            || more.any(|line| line == "\n" || !line.ends_with('\n'))
        {
            return Err(HeadError::Lines);
        }
        Ok(head)
    }

    /// A head of the log with this origin.
    ///
    /// # Errors
    /// [`HeadError::Origin`], [`HeadError::Size`].
    pub fn new(origin: &str, size: u64, root: RootHash) -> Result<Self, HeadError> {
        if origin.is_empty() || origin.len() > ORIGIN_BYTES_MAX || origin.chars().any(char::is_control) {
            return Err(HeadError::Origin { found: origin.chars().take(80).collect() });
        }
        if size > LEDGER_SIZE_MAX {
            return Err(HeadError::Size { found: size.to_string() });
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Names the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Leaves in the log.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Root of the log.
    #[must_use]
    pub const fn root(&self) -> RootHash {
        self.root
    }
}

impl fmt::Display for LogHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, base64_encode(self.root.as_bytes()))
    }
}

impl FromStr for LogHead {
    type Err = HeadError;
    fn from_str(text: &str) -> Result<Self, HeadError> {
        let lines: Vec<&str> = text.split('\n').take(5).collect();
        let [origin, size, root, ""] = lines.as_slice() else { return Err(HeadError::Lines) };
        let number = size.parse::<u64>().ok().filter(|number| number.to_string() == *size);
        let number = number.ok_or_else(|| HeadError::Size { found: size.chars().take(40).collect() })?;
        let bytes = base64_decode(root).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let root = bytes.ok_or_else(|| HeadError::Root { found: root.chars().take(80).collect() })?;
        Self::new(origin, number, RootHash(root))
    }
}
