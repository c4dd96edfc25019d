//! A policy: two files that have been parsed, checked and made ready to evaluate.

use crate::check;
use crate::finding::{Finding, GUARDS_FILE, LAYOUT_FILE};
use crate::guard::{self, GuardInput, GuardText, GuardVerdict, Guards};
use crate::layout;
use crate::model::Layout;
use lockstep_types::{Digest, PolicyDigest, canonical, sha256};
use serde::Serialize;

/// A policy that has passed every static check.
#[derive(Debug, Clone)]
pub struct Policy {
    layout: Layout,
    guards: Guards,
    digest: PolicyDigest,
}

/// What a policy's digest is taken over (`specs/policy.md` §7).
#[derive(Serialize)]
struct Manifest<'a> {
    files: [(&'a str, Digest); 2],
    format: &'a str,
    guards: &'a str,
}

impl Policy {
    /// Reads and checks the two files of a policy, `policy.toml` and `guards.cedar`.
    ///
    /// # Errors
    /// All findings that could be made, sorted by place. A file that cannot be read as TOML or Cedar, or
    /// names an unknown version, hides what later checks would find.
    pub fn from_files(layout: &[u8], guards: &[u8]) -> Result<Self, Vec<Finding>> {
        let read = layout::read(layout)?;
        let mut findings = check::check(&read, layout::text(LAYOUT_FILE, layout)?);
        let compiled =
            layout::text(GUARDS_FILE, guards).and_then(|source| guard::compile(&read.layout, source));
        match (compiled.map(Guards::new), digest(layout, guards)) {
            (Ok(Some(guards)), Some(digest)) if findings.is_empty() => {
                Ok(Self { layout: read.layout, guards, digest })
            }
            (compiled, _) => {
                findings.extend(compiled.err().into_iter().flatten());
                findings.sort();
                findings.dedup();
                Err(findings)
            }
        }
    }

    /// The digest that a policy of these files has.
    #[must_use]
    pub fn digest_of(layout: &[u8], guards: &[u8]) -> Option<PolicyDigest> {
        digest(layout, guards)
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

    /// Evaluates the guards of the step that `input` names: deny by default, any forbid wins, any error
    /// refuses.
    #[must_use]
    pub fn guard(&self, input: &GuardInput<'_>) -> GuardVerdict {
        self.guards.evaluate(input)
    }

    /// True when a guard of `step` reads a claim of the step `earlier`.
    #[must_use]
    pub fn reads(&self, step: &str, earlier: &str) -> bool {
        self.guards.read(step, earlier)
    }

    /// The permits and the forbids that decide over a step, each sorted by id.
    #[must_use]
    pub fn guard_texts(&self, step: &str) -> (&[GuardText], &[GuardText]) {
        self.guards.texts(step)
    }
}

impl Layout {
    /// Reads `policy.toml` alone: what it says, not whether its parts fit together.
    ///
    /// # Errors
    /// What keeps the file from being read.
    pub fn from_file(bytes: &[u8]) -> Result<Self, Vec<Finding>> {
        Ok(layout::read(bytes)?.layout)
    }
}

fn digest(layout: &[u8], guards: &[u8]) -> Option<PolicyDigest> {
    let files = [(GUARDS_FILE, Digest(sha256(guards))), (LAYOUT_FILE, Digest(sha256(layout)))];
    let manifest = Manifest { files, format: layout::FORMAT, guards: layout::GUARDS };
    Some(PolicyDigest(sha256(&canonical::to_vec(&manifest).ok()?)))
}

#[cfg(test)]
pub(crate) mod tests;
