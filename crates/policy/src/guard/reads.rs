//! Which of the values of a process the guards of one step read.

use super::compile::Checked;
use super::subset::Path;
use std::collections::BTreeSet;

/// The paths that guards mention. A path mentions all that lies beneath it.
pub(super) struct Reads<'a> {
    /// Nothing stands for every path.
    mentions: Option<BTreeSet<&'a Path>>,
}

impl<'a> Reads<'a> {
    /// What these guards read.
    pub(super) fn of(guards: &[&'a Checked]) -> Self {
        Self { mentions: Some(guards.iter().flat_map(|one| &one.seen.mentions).collect()) }
    }

    /// All there is.
    pub(super) const fn everything() -> Self {
        Self { mentions: None }
    }

    /// True when `path`, something beneath it, or something that it lies beneath, is read.
    pub(super) fn touch(&self, path: &[&str]) -> bool {
        let leads = |mention: &&Path| path.iter().zip(mention.iter()).all(|(a, b)| a == b);
        self.mentions.as_ref().is_none_or(|mentions| mentions.iter().any(leads))
    }
}
