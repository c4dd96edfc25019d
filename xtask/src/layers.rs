//! Dependencies point strictly down, and pure crates stay pure.

use crate::finding::Finding;
use crate::workspace::{Layer, Metadata, PURE_LAYER_MAX, Package, members_metadata};
use anyhow::Result;
use std::path::Path;

/// Crates from outside that bring a clock, randomness, threads, I/O, logging or a binary's errors.
const IMPURE: [&str; 33] = [
    "anyhow",
    "async-trait",
    "axum",
    "chrono",
    "clap",
    "console",
    "crossbeam",
    "env_logger",
    "fjall",
    "futures",
    "getrandom",
    "hyper",
    "indicatif",
    "log",
    "mio",
    "parking_lot",
    "rand",
    "rayon",
    "redb",
    "reqwest",
    "rusqlite",
    "rustix",
    "smol",
    "socket2",
    "sqlx",
    "sysinfo",
    "tempfile",
    "time",
    "tokio",
    "tracing",
    "tracing-subscriber",
    "ureq",
    "walkdir",
];

/// Everything that is found in the workspace at `root`.
pub fn run(root: &Path) -> Result<Vec<Finding>> {
    Ok(findings(&members_metadata(root)?, root))
}

fn findings(metadata: &Metadata, root: &Path) -> Vec<Finding> {
    let members = metadata.members();
    let mut found = Vec::new();
    for package in &members {
        match package.layer() {
            None => {
                let wanted = "expected `[package.metadata.lockstep] layer = 0 to 8` or `\"tool\"`".to_owned();
                found.push(Finding::of_file(&package.manifest(root), "layer", wanted));
            }
            Some(layer) => found.extend(check_package(package, layer, &members, root)),
        }
    }
    found
}

fn check_package(package: &Package, layer: Layer, members: &[&Package], root: &Path) -> Vec<Finding> {
    let manifest = package.manifest(root);
    let mut found = Vec::new();
    for dependency in &package.dependencies {
        let member = members.iter().find(|member| member.name == dependency.name);
        let is_dev = dependency.kind.as_deref() == Some("dev");
        let text = match member.and_then(|member| member.layer()) {
            Some(below) => broken_edge(layer, below, is_dev),
            None if member.is_none() && package.is_pure() && !is_dev => impure(&dependency.name),
            None => None,
        };
        found.extend(text.map(|text| Finding {
            item: dependency.name.clone(),
            ..Finding::of_file(&manifest, "layer", format!("`{}`: {text}", dependency.name))
        }));
    }
    found
}

/// Normal and build dependencies point strictly down; those of tests may also stay on their layer.
fn broken_edge(from: Layer, to: Layer, is_dev: bool) -> Option<String> {
    let (Layer::Number(above), Layer::Number(below)) = (from, to) else {
        return (to == Layer::Tool).then(|| "no crate depends on a tool".to_owned());
    };
    match (is_dev, below.cmp(&above)) {
        (_, std::cmp::Ordering::Less) | (true, std::cmp::Ordering::Equal) => None,
        (true, _) => Some(format!("tests of layer {above} use layers up to {above}, found layer {below}")),
        (false, _) => Some(format!("layer {above} depends only on layers below it, found layer {below}")),
    }
}

fn impure(name: &str) -> Option<String> {
    IMPURE
        .contains(&name)
        .then(|| format!("layers 0 to {PURE_LAYER_MAX} are pure: this crate does not belong there"))
}

#[cfg(test)]
mod tests;
