//! The licence of everything that is linked, and a line about each direct dependency in
//! `docs/dependencies.md`.

mod spdx;

use crate::finding::Finding;
use crate::workspace::{Metadata, Package, full_metadata};
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const DEPENDENCIES: &str = "docs/dependencies.md";

/// Everything that is found in the build of the workspace at `root`.
pub fn run(root: &Path) -> Result<Vec<Finding>> {
    let metadata = full_metadata(root)?;
    let page = fs::read_to_string(root.join(DEPENDENCIES)).unwrap_or_default();
    let manifest = fs::read_to_string(root.join("Cargo.toml")).context("read `Cargo.toml`")?;
    let manifest: toml::Table = toml::from_str(&manifest).context("read `Cargo.toml`")?;
    let offered = manifest.get("workspace").and_then(|w| w.get("dependencies")).and_then(|d| d.as_table());
    let offered = offered.into_iter().flat_map(|table| table.keys().cloned()).collect();
    let mut found = refused(&metadata);
    found.extend(undocumented(&metadata, &page, &offered));
    Ok(found)
}

/// Packages whose licence gives us no choice that we accept.
fn refused(metadata: &Metadata) -> Vec<Finding> {
    let check = |package: &Package| {
        let licence = package.license.as_deref().unwrap_or("none stated");
        let name = format!("{} {}", package.name, package.version);
        match spdx::is_accepted(licence) {
            true => None,
            false => Some(Finding {
                item: package.name.clone(),
                ..Finding::of_file("Cargo.lock", "licence", format!("`{name}` is under `{licence}`"))
            }),
        }
    };
    metadata.packages.iter().filter_map(check).collect()
}

/// Direct dependencies without a row `| name |`, and rows without a dependency.
fn undocumented(metadata: &Metadata, page: &str, offered: &BTreeSet<String>) -> Vec<Finding> {
    let members = metadata.members();
    let ours: BTreeSet<&str> = members.iter().map(|package| package.name.as_str()).collect();
    let declared = members.iter().flat_map(|package| &package.dependencies);
    let direct: BTreeSet<&str> =
        declared.map(|dependency| dependency.name.as_str()).filter(|name| !ours.contains(name)).collect();
    let rows: BTreeSet<&str> = page.lines().filter_map(row_name).collect();
    let missing =
        direct.difference(&rows).map(|name| (name, "has no row `| … |`: say who keeps it and why it"));
    let stale = rows.iter().filter(|name| !direct.contains(*name) && !offered.contains(**name));
    missing
        .chain(stale.map(|name| (name, "is no dependency: take its row out")))
        .map(|(name, text)| Finding {
            item: (*name).to_owned(),
            ..Finding::of_file(DEPENDENCIES, "dependency", format!("`{name}` {text}"))
        })
        .collect()
}

/// The name in the first cell of a row whose first cell is code: ``| `serde` | … |``.
fn row_name(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix("| `")?.split_once("` |")?;
    Some(name)
}

#[cfg(test)]
mod tests;
