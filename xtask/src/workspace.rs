//! The workspace as Cargo sees it.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Crates of this layer and below are pure (CONTRIBUTING.md).
pub const PURE_LAYER_MAX: u8 = 4;

/// What `cargo metadata` says, as far as it is read here.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    /// All packages; with dependencies from outside only when they were asked for.
    pub packages: Vec<Package>,
    /// Ids of the packages that are ours.
    pub workspace_members: Vec<String>,
}

/// One package.
#[derive(Debug, Clone, Deserialize)]
pub struct Package {
    /// Opaque id.
    pub id: String,
    /// Name on the registry, or in the workspace.
    pub name: String,
    /// Version.
    pub version: String,
    /// Path of its manifest.
    pub manifest_path: PathBuf,
    /// One line on what it is.
    pub description: Option<String>,
    /// SPDX expression.
    pub license: Option<String>,
    /// `[package.metadata]`.
    #[serde(default)]
    pub metadata: serde_json::Value,
    /// Dependencies as the manifest declares them.
    pub dependencies: Vec<Dependency>,
}

/// One declared dependency.
#[derive(Debug, Clone, Deserialize)]
pub struct Dependency {
    /// Name of the package.
    pub name: String,
    /// `dev`, `build`, or nothing for a normal one.
    pub kind: Option<String>,
}

/// Where a crate stands in the order of dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// `layer = 3`.
    Number(u8),
    /// `layer = "tool"`: used by people, by no crate.
    Tool,
}

impl Package {
    /// The layer its manifest states.
    pub fn layer(&self) -> Option<Layer> {
        let stated = self.metadata.get("lockstep")?.get("layer")?;
        match (stated.as_u64(), stated.as_str()) {
            (Some(number), _) => u8::try_from(number).ok().map(Layer::Number),
            (_, Some("tool")) => Some(Layer::Tool),
            _ => None,
        }
    }

    /// Pure crates know no clock, no randomness and no I/O.
    pub fn is_pure(&self) -> bool {
        matches!(self.layer(), Some(Layer::Number(number)) if number <= PURE_LAYER_MAX)
    }

    /// Manifest relative to `root`, with `/`.
    pub fn manifest(&self, root: &Path) -> String {
        let path = self.manifest_path.strip_prefix(root).unwrap_or(&self.manifest_path);
        path.to_string_lossy().replace('\\', "/")
    }
}

impl Metadata {
    /// Our own packages, by name.
    pub fn members(&self) -> Vec<&Package> {
        let ours = |package: &&Package| self.workspace_members.contains(&package.id);
        let mut members: Vec<&Package> = self.packages.iter().filter(ours).collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        members
    }
}

/// The nearest folder above the current one that holds `xtask/Cargo.toml`.
pub fn root() -> Result<PathBuf> {
    let here = std::env::current_dir().context("find the current folder")?;
    let found = here.ancestors().find(|folder| folder.join("xtask/Cargo.toml").is_file());
    found.map(Path::to_path_buf).with_context(|| format!("no `xtask` above `{}`", here.display()))
}

/// The program `cargo` that started this one.
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Our packages only: needs no network and no resolved dependencies.
pub fn members_metadata(root: &Path) -> Result<Metadata> {
    metadata(root, &["--no-deps"])
}

/// Our packages and everything they are built from.
pub fn full_metadata(root: &Path) -> Result<Metadata> {
    metadata(root, &[])
}

fn metadata(root: &Path, more: &[&str]) -> Result<Metadata> {
    let output = cargo(root)
        .args(["metadata", "--format-version", "1"])
        .args(more)
        .output()
        .context("run `cargo metadata`")?;
    if !output.status.success() {
        bail!("`cargo metadata`: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("read the answer of `cargo metadata`")
}
