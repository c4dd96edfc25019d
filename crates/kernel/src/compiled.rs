//! The policy compiled last. An adoption is checked when it is proposed and often carried out by the very
//! next record; compiling takes longer than all else about it.

use crate::governance::Files;
use lockstep_policy::{Finding, Policy};
use std::sync::{Arc, Mutex, PoisonError};

/// A memory of one policy. It changes how long an answer takes, never what it is: files of the same digest
/// compile to the same policy.
#[derive(Debug, Clone, Default)]
pub(crate) struct Compiled(Arc<Mutex<Option<Arc<Policy>>>>);

impl Compiled {
    /// The policy of these files.
    ///
    /// # Errors
    /// All findings about them.
    pub(crate) fn policy(&self, files: &Files) -> Result<Arc<Policy>, Vec<Finding>> {
        let (layout, guards) = (files.layout.as_bytes(), files.guards.as_bytes());
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last.as_ref().filter(|policy| Policy::digest_of(layout, guards) == Some(policy.digest()));
        if let Some(policy) = known {
            return Ok(Arc::clone(policy));
        }
        let policy = Arc::new(Policy::from_files(layout, guards)?);
        *last = Some(Arc::clone(&policy));
        Ok(policy)
    }
}
