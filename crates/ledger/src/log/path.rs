//! Paths of tiles and bundles.

use super::TILE_WIDTH;
use core::fmt;
use core::str::FromStr;

/// Highest level a path may name.
const LEVEL_MAX: u8 = 63;
/// Longest path that is read: a level, eight elements of an index, a width.
const PATH_BYTES_MAX: usize = 80;

/// Hashes at a level, or the entries themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TileKind {
    /// Leaves, each after its length.
    Entries,
    /// Hashes of subtrees of height 8 × level.
    Hashes(u8),
}

/// Where a tile or bundle stands. A value of this type has been checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TilePath {
    kind: TileKind,
    index: u64,
    width: u16,
}

/// Why a text or numbers are no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Levels go from 0 to 63.
    #[error("tile level {found}: expected 0 to {LEVEL_MAX}")]
    Level {
        /// The level found.
        found: u8,
    },
    /// A tile holds at least one hash, and at most 256.
    #[error("tile width {found}: expected 1 to {TILE_WIDTH}")]
    Width {
        /// The width found.
        found: u16,
    },
    /// Not the one text of a path.
    #[error("`{found}` is no tile path: expected the form `tile/0/x001/067` or `tile/entries/000.p/5`")]
    Text {
        /// The text found, cut to 80 characters.
        found: String,
    },
}

impl TilePath {
    /// A tile of `width` hashes or entries; it is full at 256.
    ///
    /// # Errors
    /// [`PathError::Level`], [`PathError::Width`].
    pub const fn new(kind: TileKind, index: u64, width: u16) -> Result<Self, PathError> {
        match kind {
            TileKind::Hashes(found) if found > LEVEL_MAX => return Err(PathError::Level { found }),
            _ => {}
        }
        if width == 0 || width > TILE_WIDTH {
            return Err(PathError::Width { found: width });
        }
        Ok(Self { kind, index, width })
    }

    /// Hashes at a level, or entries.
    #[must_use]
    pub const fn kind(&self) -> TileKind {
        self.kind
    }

    /// Number of the tile within its level.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Hashes or entries in it.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// The full tile at the same place, which a reader may take instead.
    #[must_use]
    pub const fn full(&self) -> Self {
        Self { kind: self.kind, index: self.index, width: TILE_WIDTH }
    }
}

/// Three digits an element, every element but the last after an `x`: 1234067 is `x001/x234/067`.
fn write_index(f: &mut fmt::Formatter<'_>, index: u64) -> fmt::Result {
    let (rest, last) = (index / 1_000, index % 1_000);
    if rest > 0 {
        write_elements(f, rest)?;
    }
    write!(f, "{last:03}")
}

fn write_elements(f: &mut fmt::Formatter<'_>, index: u64) -> fmt::Result {
    let (rest, last) = (index / 1_000, index % 1_000);
    if rest > 0 {
        write_elements(f, rest)?;
    }
    write!(f, "x{last:03}/")
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Entries => f.write_str("tile/entries/")?,
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
        }
        write_index(f, self.index)?;
        if self.width == TILE_WIDTH { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// Reads the parts loosely; the caller compares with the one text.
fn parts(text: &str) -> Option<TilePath> {
    let (kind, rest) = text.strip_prefix("tile/")?.split_once('/')?;
    let kind = match kind {
        "entries" => TileKind::Entries,
        level => TileKind::Hashes(level.parse().ok()?),
    };
    let (index, width) = match rest.split_once(".p/") {
        Some((index, width)) => (index, width.parse().ok()?),
        None => (rest, TILE_WIDTH),
    };
    let digits: String = index.chars().filter(char::is_ascii_digit).collect();
    TilePath::new(kind, digits.parse().ok()?, width).ok()
}

impl FromStr for TilePath {
    type Err = PathError;
    fn from_str(text: &str) -> Result<Self, PathError> {
        let short = text.len() <= PATH_BYTES_MAX;
        let path = if short { parts(text) } else { None };
        path.filter(|path| path.to_string() == text)
            .ok_or_else(|| PathError::Text { found: text.chars().take(80).collect() })
    }
}
