//! Where in a file something stands.

use core::fmt;

/// A line (from 1) and a byte (from 0) of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line feeds before the place, and one.
    pub line: u64,
    /// Bytes before the place.
    pub byte: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} (byte {})", self.line, self.byte)
    }
}
