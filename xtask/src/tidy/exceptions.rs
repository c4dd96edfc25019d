//! The list of what is excused.

use crate::finding::Finding;
use anyhow::{Context, Result};
use serde::Deserialize;

/// Where the list stands.
pub const PATH: &str = "xtask/tidy-exceptions.toml";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    exception: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    rule: String,
    path: String,
    /// Empty: every finding of the rule in the file.
    #[serde(default)]
    item: String,
    reason: String,
}

impl Exception {
    fn covers(&self, finding: &Finding) -> bool {
        let same_item = self.item.is_empty() || self.item == finding.item;
        self.rule == finding.rule && self.path == finding.path && same_item
    }
}

/// The findings that no exception covers, and one for every exception without a reason or without a use.
pub fn excuse(found: Vec<Finding>, list: &str) -> Result<Vec<Finding>> {
    let list: List = toml::from_str(list).with_context(|| format!("read `{PATH}`"))?;
    let about = |exception: &Exception, text: &str| Finding {
        item: exception.item.clone(),
        ..Finding::of_file(PATH, "exception", format!("`{}` in `{}` {text}", exception.rule, exception.path))
    };
    let mut left = Vec::new();
    for exception in &list.exception {
        if exception.reason.trim().is_empty() {
            left.push(about(exception, "has no reason"));
        }
        if !found.iter().any(|finding| exception.covers(finding)) {
            left.push(about(exception, "excuses nothing: take it out"));
        }
    }
    let covered = |finding: &Finding| list.exception.iter().any(|exception| exception.covers(finding));
    left.extend(found.into_iter().filter(|finding| !covered(finding)));
    Ok(left)
}
