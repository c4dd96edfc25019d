//! What the programs are linked from, as CycloneDX 1.5 writes it.

use super::{Release, sha256};
use crate::workspace::cargo;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What `cargo metadata` says, as far as it is read here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<LinkedPackage>,
    resolve: Resolve,
}

/// One package.
#[derive(Debug, Clone, Deserialize)]
pub struct LinkedPackage {
    id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    license: Option<String>,
    source: Option<String>,
    repository: Option<String>,
    /// Where its manifest lies.
    pub manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

/// Cargo.lock, for the digests of what was fetched.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// Everything that is linked into some packages of ours, by id.
pub struct Linked {
    packages: BTreeMap<String, LinkedPackage>,
    edges: BTreeMap<String, BTreeSet<String>>,
    checksums: BTreeMap<(String, String), String>,
    roots: Vec<String>,
}

impl LinkedPackage {
    /// SPDX expression; old manifests write `/` for OR.
    pub fn licence(&self) -> String {
        self.license.as_deref().unwrap_or("none stated").replace('/', " OR ")
    }

    fn purl(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }
}

impl Linked {
    /// What these packages are linked from on a target: dependencies of tests and build scripts are not.
    pub fn read(root: &Path, names: &[&str], target: &str) -> Result<Self> {
        let mut command = cargo(root);
        command.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", target]);
        let output = command.output().context("run `cargo metadata`")?;
        if !output.status.success() {
            bail!("`cargo metadata`: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let metadata: Metadata =
            serde_json::from_slice(&output.stdout).context("read the answer of `cargo metadata`")?;
        let lock = std::fs::read_to_string(root.join("Cargo.lock")).context("read `Cargo.lock`")?;
        let lock: Lock = toml::from_str(&lock).context("read `Cargo.lock`")?;
        let ours = |package: &&LinkedPackage| names.contains(&package.name.as_str());
        let roots = metadata.packages.iter().filter(ours).map(|package| package.id.clone()).collect();
        let locked =
            lock.package.into_iter().filter_map(|one| Some(((one.name, one.version), one.checksum?)));
        let mut linked =
            Self { packages: BTreeMap::new(), edges: BTreeMap::new(), checksums: locked.collect(), roots };
        linked.follow(metadata);
        Ok(linked)
    }

    fn follow(&mut self, metadata: Metadata) {
        let nodes: BTreeMap<String, Vec<Edge>> =
            metadata.resolve.nodes.into_iter().map(|node| (node.id, node.deps)).collect();
        let mut open = self.roots.clone();
        while let Some(id) = open.pop() {
            if self.edges.contains_key(&id) {
                continue;
            }
            let edges = nodes.get(&id).into_iter().flatten();
            let normal = edges.filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()));
            let next: BTreeSet<String> = normal.map(|edge| edge.pkg.clone()).collect();
            open.extend(next.iter().cloned());
            self.edges.insert(id, next);
        }
        let known = metadata.packages.into_iter().filter(|package| self.edges.contains_key(&package.id));
        self.packages = known.map(|package| (package.id.clone(), package)).collect();
    }

    /// The version that the programs have.
    pub fn version(&self) -> Result<String> {
        let first = self.roots.first().and_then(|id| self.packages.get(id));
        first.map(|package| package.version.clone()).context("the package of the program is not there")
    }

    /// Packages that are not ours.
    pub fn others(&self) -> impl Iterator<Item = &LinkedPackage> {
        self.packages.values().filter(|package| package.source.is_some())
    }

    fn component(&self, package: &LinkedPackage) -> Value {
        let mut component = json!({
            "type": "library",
            "bom-ref": package.purl(),
            "name": package.name,
            "version": package.version,
            "licenses": [{ "expression": package.licence() }],
        });
        if package.source.is_some() {
            component["purl"] = package.purl().into();
        }
        let key = (package.name.clone(), package.version.clone());
        if let Some(checksum) = self.checksums.get(&key) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        if let Some(repository) = &package.repository {
            component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
        }
        component
    }
}

/// The bill of materials. Its serial number is drawn from its content, so that one build has one.
pub fn json(linked: &Linked, release: &Release) -> Result<Vec<u8>> {
    let purl = |id: &String| linked.packages.get(id).map(LinkedPackage::purl);
    let components: Vec<Value> = linked.packages.values().map(|package| linked.component(package)).collect();
    let mut dependencies: Vec<Value> = Vec::new();
    for (id, edges) in &linked.edges {
        let on: Vec<String> = edges.iter().filter_map(purl).collect();
        dependencies.push(json!({ "ref": purl(id), "dependsOn": on }));
    }
    let main = format!("lockstep@{}", release.version);
    let roots: Vec<String> = linked.roots.iter().filter_map(purl).collect();
    dependencies.push(json!({ "ref": main, "dependsOn": roots }));
    let serial = uuid(&sha256(&serde_json::to_vec(&(&components, &dependencies, &main))?));
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": format!("urn:uuid:{serial}"),
        "version": 1,
        "metadata": {
            "timestamp": written(release.time),
            "tools": { "components": [{ "type": "application", "name": "cargo xtask dist" }] },
            "component": {
                "type": "application", "bom-ref": main, "name": "lockstep", "version": release.version,
                "licenses": [{ "expression": "MIT OR Apache-2.0" }],
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    Ok(format!("{bill:#}\n").into_bytes())
}

/// A UUID of version 8 (RFC 9562 §5.8) from a digest.
fn uuid(digest: &str) -> String {
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// Seconds since 1970 as RFC 3339 writes them.
pub fn written(time: u64) -> String {
    let (days, second) = (time / 86_400, time % 86_400);
    // Years begin on 1 March here, so that the day of a leap year is the last.
    let from_era = days + 719_468;
    let (era, day) = (from_era / 146_097, from_era % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, over) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year + 400 * era + over;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
