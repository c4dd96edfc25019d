//! The text files of the repository, without what `.gitignore` names. No git is needed.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// A text file: path from the root with `/`, and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Path from the root of the repository, with `/`.
    pub path: String,
    /// The content, which is UTF-8.
    pub text: String,
}

impl SourceFile {
    /// The name without folders.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Tests: `tests.rs`, or anything in a folder `tests`.
    pub fn is_test(&self) -> bool {
        self.name() == "tests.rs" || self.path.split('/').rev().skip(1).any(|folder| folder == "tests")
    }
}

/// The lines of a `.gitignore` that this repository uses: `/path` from the root, or the name of a folder or
/// file.
struct Ignored {
    paths: Vec<String>,
    names: Vec<String>,
}

impl Ignored {
    fn parse(text: &str) -> Self {
        let lines = text.lines().map(|line| line.trim().trim_end_matches('/')).filter(|line| {
            let comment = line.starts_with('#');
            !line.is_empty() && !comment
        });
        let (paths, names): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with('/'));
        Self {
            paths: paths.into_iter().map(|path| path.trim_start_matches('/').to_owned()).collect(),
            names: names.into_iter().map(str::to_owned).chain([".git".to_owned()]).collect(),
        }
    }

    fn covers(&self, path: &str, name: &str) -> bool {
        self.paths.iter().any(|ignored| ignored == path) || self.names.iter().any(|ignored| ignored == name)
    }
}

/// All text files below `root`, sorted by path. Files that are not UTF-8 are left out.
pub fn read(root: &Path) -> Result<Vec<SourceFile>> {
    let ignore = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
    let mut found = Vec::new();
    walk(root, "", &Ignored::parse(&ignore), &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn walk(root: &Path, folder: &str, ignored: &Ignored, found: &mut Vec<SourceFile>) -> Result<()> {
    let here = root.join(folder);
    for entry in fs::read_dir(&here).with_context(|| format!("read folder `{}`", here.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if ignored.covers(&path, &name) {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(root, &path, ignored, found)?;
        } else if kind.is_file() {
            let bytes = fs::read(entry.path()).with_context(|| format!("read `{path}`"))?;
            found.extend(String::from_utf8(bytes).ok().map(|text| SourceFile { path, text }));
        }
    }
    Ok(())
}
