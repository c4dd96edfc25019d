//! Every `lockstep …` in a document or a file for operators is a command that exists: they are held against
//! `docs/cli.md`, which the program itself has printed.

mod line;
mod reference;

use crate::files::{self, SourceFile};
use crate::finding::Finding;
use anyhow::Result;
use reference::Reference;
use std::path::Path;

/// What the program says of its command line.
const REFERENCE: &str = "docs/cli.md";

/// Files and folders in which commands are looked at.
const PLACES: [&str; 4] = ["README.md", "docs/how-to/", "docs/operations.md", "deploy/"];

/// Everything that is found in the documents below `root`.
pub fn run(root: &Path) -> Result<Vec<Finding>> {
    let files = files::read(root)?;
    let text = files.iter().find(|file| file.path == REFERENCE).map_or("", |file| file.text.as_str());
    let reference = Reference::parse(text);
    if reference.is_empty() {
        return Ok(vec![Finding::of_file(REFERENCE, "command", "it lists no command".to_owned())]);
    }
    let looked_at = files.iter().filter(|file| PLACES.iter().any(|place| file.path.starts_with(place)));
    Ok(looked_at.flat_map(|file| check(&reference, file)).collect())
}

/// The commands of one file that do not exist, or not with these options.
fn check(reference: &Reference, file: &SourceFile) -> Vec<Finding> {
    let refused = line::commands(file).into_iter().filter_map(|command| {
        let text = reference.refuses(&command)?;
        Some(Finding {
            path: file.path.clone(),
            line: command.line,
            rule: "command",
            item: String::new(),
            text: format!("`lockstep {}`: {text}", command.words.join(" ")),
        })
    });
    refused.collect()
}

#[cfg(test)]
mod tests;
