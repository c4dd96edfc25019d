//! The policy that was checked last. An adoption is checked when it is proposed and often carried out by the
//! very next record; compiling takes longer than all else about it.

use crate::governance::Files;
use lockstep_policy::{Finding, Policy};
use std::sync::{Arc, OnceLock};

/// Room for one policy, from its check to its adoption. It changes how long an answer takes, never what it
/// is: files of one digest compile to one policy.
#[derive(Debug, Clone, Default)]
pub(crate) struct Compiled(OnceLock<Arc<Policy>>);

impl Compiled {
    /// Compiles the files, and keeps the policy if there is room.
    ///
    /// # Errors
    /// All findings about them.
    pub(crate) fn check(&self, files: &Files) -> Result<(), Vec<Finding>> {
        let policy = Policy::from_files(files.layout.as_bytes(), files.guards.as_bytes())?;
        // Another one that waits for its adoption stays.
        drop(self.0.set(Arc::new(policy)));
        Ok(())
    }

    /// The policy of these files, and room for another.
    ///
    /// # Errors
    /// All findings about them.
    pub(crate) fn take(&mut self, files: &Files) -> Result<Arc<Policy>, Vec<Finding>> {
        let (layout, guards) = (files.layout.as_bytes(), files.guards.as_bytes());
        match self.0.take() {
            Some(policy) if Policy::digest_of(layout, guards) == Some(policy.digest()) => Ok(policy),
            _ => Ok(Arc::new(Policy::from_files(layout, guards)?)),
        }
    }
}
