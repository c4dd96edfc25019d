//! The licences and notices of everything that is linked, in one text: most of them ask to be handed on.

use super::sbom::{Linked, LinkedPackage};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// How files that say it are called.
const NAMES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"];

/// Every package with its licence, then every text once, under the packages that bring it.
pub fn text(linked: &Linked) -> Result<Vec<u8>> {
    let mut text = "What the programs are made of besides code of their own.\n\n".to_owned();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in linked.others() {
        let name = format!("{} {}", package.name, package.version);
        writeln!(text, "{name}: {}", package.licence())?;
        for found in said(package)? {
            texts.entry(found).or_default().push(name.clone());
        }
    }
    text.push_str(
        "\nThe C library: GNU C Library, LGPL-2.1-or-later. The programs can be linked with another \
                   one: their source is open, and `cargo xtask dist` links them.\n",
    );
    for (found, names) in texts {
        write!(text, "\n{}\n{}\n\n{found}\n", "-".repeat(78), names.join(", "))?;
    }
    Ok(text.into_bytes())
}

/// The texts in a package's folder.
fn said(package: &LinkedPackage) -> Result<Vec<String>> {
    let folder = package.manifest_path.parent().context("a manifest lies in a folder")?;
    let entries = fs::read_dir(folder).with_context(|| format!("read folder `{}`", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && NAMES.iter().any(|begin| name.starts_with(begin)) {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: &PathBuf| -> Result<String> {
        let bytes = fs::read(path).with_context(|| format!("read `{}`", path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).trim().replace("\r\n", "\n"))
    };
    paths.iter().map(read).collect()
}
