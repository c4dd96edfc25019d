//! The versions of the rules, and everything in which they differ (specs/case.md §12).
//!
//! A ledger begins under the version that genesis names, until a governance case brings a later one into
//! force. A case stays under the version that was in force when it was opened.
//!
//! INVARIANT: nothing else in the kernel compares versions; what depends on one asks a question by name here.

use lockstep_attest::StepVerdict;
use serde::{Deserialize, Serialize};

/// A version of the rules that this program carries out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub enum Rules {
    /// The first.
    #[default]
    One,
    /// A suspended case can be ended.
    Two,
}

/// A version that is carried out by other programs only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "rules {version} are not known to this program, which carries out rules 1 to {}",
    Rules::NEWEST.version()
)]
pub struct UnknownRules {
    /// As it was named.
    pub version: u32,
}

impl Rules {
    /// The last one; a ledger that begins today begins with it.
    pub const NEWEST: Self = Self::Two;

    /// As genesis and governance name it.
    #[must_use]
    pub const fn version(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    /// The rules of a version.
    ///
    /// # Errors
    /// [`UnknownRules`].
    pub const fn of(version: u32) -> Result<Self, UnknownRules> {
        match version {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            _ => Err(UnknownRules { version }),
        }
    }

    /// True for the version that is meant wherever none is named: entries of the map were written before
    /// there was another.
    #[must_use]
    pub fn is_first(&self) -> bool {
        *self == Self::default()
    }

    /// Says why a version cannot take the place of this one.
    pub(crate) fn check_next(self, version: u32) -> Result<(), String> {
        match Self::of(version) {
            Err(unknown) => Err(unknown.to_string()),
            Ok(next) if next > self => Ok(()),
            Ok(_) => Err(format!(
                "rules {} are in force: expected a later version, found {version}",
                self.version()
            )),
        }
    }

    /// Whether a word on a step is refused because the case is suspended.
    ///
    /// Rules 2 let a party refuse its step all the same: that ends the case, gives back what it holds, and
    /// rests on nothing that the suspect key has said.
    pub(crate) const fn suspension_refuses(self, verdict: StepVerdict) -> bool {
        match (self, verdict) {
            (Self::One, _) | (Self::Two, StepVerdict::Done) => true,
            (Self::Two, StepVerdict::Refused) => false,
        }
    }
}

impl From<Rules> for u32 {
    fn from(rules: Rules) -> Self {
        rules.version()
    }
}

impl TryFrom<u32> for Rules {
    type Error = UnknownRules;

    fn try_from(version: u32) -> Result<Self, UnknownRules> {
        Self::of(version)
    }
}
