//! What a check has found, one line each.

use anyhow::Result;
use std::fmt;

/// One place that breaks one rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Path from the root of the repository, with `/`.
    pub path: String,
    /// Line, from 1; 0 when the whole file is meant.
    pub line: usize,
    /// The rule, as `tidy-exceptions.toml` names it.
    pub rule: &'static str,
    /// The function, type, word or dependency that broke it; empty when the place says it.
    pub item: String,
    /// What was expected and what was found.
    pub text: String,
}

impl Finding {
    /// A finding about a file as a whole.
    pub fn of_file(path: &str, rule: &'static str, text: String) -> Self {
        Self { path: path.to_owned(), line: 0, rule, item: String::new(), text }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}: {}", self.path, self.rule, self.text),
            line => write!(f, "{}:{line}: {}: {}", self.path, self.rule, self.text),
        }
    }
}

/// Prints findings to stdout and their number to stderr; true when there is none.
pub fn report(check: &str, findings: &[Finding]) -> Result<bool> {
    for finding in findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => eprintln!("{check}: fine"),
        1 => eprintln!("{check}: 1 finding"),
        n => eprintln!("{check}: {n} findings"),
    }
    Ok(findings.is_empty())
}
