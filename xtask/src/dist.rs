//! A release: one archive, one image, what they are made of, and their checksums.
//!
//! ```text
//! lockstep-V-TARGET.tar.gz   programs, documents, units      lockstep-V.cdx.json   CycloneDX
//! lockstep-V-image.tar       OCI image layout                SHA256SUMS[.sig]      over the three
//! ```
//!
//! The same programs give the same bytes: entries are sorted, and carry the time of the commit.

mod archive;
mod image;
mod notices;
mod sbom;

use crate::outside::UNITS;
use crate::run::{succeeds, title};
use crate::workspace::cargo;
use anyhow::{Context, Result, bail};
use archive::Entry;
use clap::Args;
use sbom::Linked;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is built for.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// The C library is linked in (docs/decisions/2026-11-26-static-programs.md).
const STATIC: &str = "-Ctarget-feature=+crt-static";
/// Programs that need no file of the system they run on.
const PROGRAMS: [&str; 2] = ["lockstep", "lockstep-sign-http"];
/// It loads the library of an HSM's vendor when it runs, which a static program cannot do.
const DYNAMIC: &str = "lockstep-sign-pkcs11";
/// Packages of the programs.
const PACKAGES: [&str; 2] = ["lockstep-cli", "lockstep-signers"];
/// Files and folders that go along.
const ALONG: [&str; 8] = [
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "deploy/",
    "docs/",
    "policies/",
];
/// Scripts, which are executable.
const SCRIPTS: [&str; 2] = ["deploy/compose-prepare", "deploy/cosigner-start"];

/// How a release is made.
#[derive(Debug, Args)]
pub struct Dist {
    /// Where it is written
    #[arg(long, value_name = "DIR", default_value = "target/dist")]
    out: PathBuf,
    /// Profile to build with
    #[arg(long, default_value = "release")]
    profile: String,
    /// Build nothing: the programs lie here
    #[arg(long, value_name = "DIR", conflicts_with = "profile")]
    programs: Option<PathBuf>,
    /// Sign the checksums with this key of SSH, by `ssh-keygen -Y sign -n lockstep-release`
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
}

/// What stands in a release besides its programs.
pub struct Release {
    /// Version of the program.
    pub version: String,
    /// Time of the commit, in seconds since 1970.
    pub time: u64,
}

/// A program, ready to be packed.
pub struct Program {
    name: &'static str,
    bytes: Vec<u8>,
}

/// Builds, packs and adds up.
pub fn run(root: &Path, args: &Dist) -> Result<bool> {
    let programs = match &args.programs {
        Some(folder) => read(|_| folder.clone())?,
        None => build(root, &args.profile)?,
    };
    let linked = Linked::read(root, &PACKAGES, TARGET)?;
    let release = Release { version: linked.version()?, time: time(root) };
    let out = root.join(&args.out);
    let files = files(root, &release, (&programs, &linked))?;
    fs::create_dir_all(&out).with_context(|| format!("make folder `{}`", out.display()))?;
    for (name, bytes) in &files {
        fs::write(out.join(name), bytes).with_context(|| format!("write `{name}`"))?;
    }
    fs::write(out.join("SHA256SUMS"), sums(&files)).context("write `SHA256SUMS`")?;
    for (name, bytes) in &files {
        println!("{} {} bytes", out.join(name).display(), bytes.len());
    }
    match &args.sign {
        Some(key) => sign(&out, key),
        None => Ok(true),
    }
}

/// The files of a release, by name.
fn files(
    root: &Path,
    release: &Release,
    (programs, linked): (&[Program], &Linked),
) -> Result<Vec<(String, Vec<u8>)>> {
    let version = &release.version;
    let notices = notices::text(linked)?;
    let bill = sbom::json(linked, release)?;
    let folder = format!("lockstep-{version}-{TARGET}");
    let entries = contents(root, programs, &[("THIRD-PARTY", &notices), ("sbom.cdx.json", &bill)])?;
    let entries =
        entries.into_iter().map(|entry| Entry { path: format!("{folder}/{}", entry.path), ..entry });
    let tar = archive::tar(entries.collect(), release.time)?;
    let image = image::layout(programs, &notices, release)?;
    Ok(vec![
        (format!("{folder}.tar.gz"), archive::gzip(&tar)?),
        (format!("lockstep-{version}-image.tar"), image),
        (format!("lockstep-{version}.cdx.json"), bill),
    ])
}

/// What the archive holds, below its folder.
fn contents(root: &Path, programs: &[Program], made: &[(&str, &[u8])]) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = programs
        .iter()
        .map(|program| Entry::program(format!("bin/{}", program.name), program.bytes.clone()))
        .collect();
    entries.extend(made.iter().map(|(name, bytes)| Entry::file((*name).to_owned(), bytes.to_vec())));
    for file in crate::files::read(root)? {
        if ALONG
            .iter()
            .any(|along| file.path == *along || along.ends_with('/') && file.path.starts_with(along))
        {
            let script = SCRIPTS.contains(&file.path.as_str());
            let bytes = file.text.into_bytes();
            entries.push(if script {
                Entry::program(file.path, bytes)
            } else {
                Entry::file(file.path, bytes)
            });
        }
    }
    let missing = UNITS.iter().find(|unit| !entries.iter().any(|e| e.path == format!("deploy/{unit}")));
    missing.map_or(Ok(entries), |unit| bail!("`deploy/{unit}` is missing"))
}

fn build(root: &Path, profile: &str) -> Result<Vec<Program>> {
    let packages = PACKAGES.iter().flat_map(|package| ["--package", package]);
    let common = |command: &mut Command| {
        command.args(["build", "--locked", "--profile", profile]).args(packages.clone());
    };
    title("static programs");
    let mut command = cargo(root);
    common(&mut command);
    // A target that is named keeps the flag away from build scripts and macros, which are loaded.
    command.args(["--target", TARGET]).env("CARGO_ENCODED_RUSTFLAGS", STATIC);
    command.args(PROGRAMS.iter().flat_map(|name| ["--bin", name]));
    let built = succeeds(&mut command)?;
    title("the program that loads libraries");
    let mut command = cargo(root);
    common(&mut command);
    command.args(["--target", TARGET, "--bin", DYNAMIC, "--target-dir", "target/dynamic"]);
    if !built || !succeeds(&mut command)? {
        bail!("the programs do not build");
    }
    let folder = if profile == "dev" { "debug" } else { profile };
    let target = root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    read(|name| {
        let base = if name == DYNAMIC { root.join("target/dynamic") } else { target.clone() };
        base.join(TARGET).join(folder)
    })
}

fn read(folder: impl Fn(&str) -> PathBuf) -> Result<Vec<Program>> {
    let program = |name: &'static str| -> Result<Program> {
        let path = folder(name).join(name);
        let bytes = fs::read(&path).with_context(|| format!("read program `{}`", path.display()))?;
        if name != DYNAMIC && asks_for_a_loader(&bytes)? {
            bail!("`{}` is not static: it asks for a loader", path.display());
        }
        Ok(Program { name, bytes })
    };
    PROGRAMS.into_iter().chain([DYNAMIC]).map(program).collect()
}

/// Whether an ELF file of 64 bits has a segment `PT_INTERP`.
fn asks_for_a_loader(bytes: &[u8]) -> Result<bool> {
    let number = |at: usize, width: usize| -> Result<usize> {
        let field = at.checked_add(width).and_then(|end| bytes.get(at..end));
        let field = field.context("an ELF file ends in its headers")?;
        Ok(field.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    };
    if !bytes.starts_with(b"\x7fELF\x02\x01") {
        bail!("no ELF file of 64 bits");
    }
    let (first, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
    let kinds = (0..count).map(|n| number(first.saturating_add(n * size), 4));
    Ok(kinds.collect::<Result<Vec<_>>>()?.contains(&3))
}

/// The time of the commit, or what `SOURCE_DATE_EPOCH` says; 0 without a git.
fn time(root: &Path) -> u64 {
    let named = std::env::var("SOURCE_DATE_EPOCH").ok();
    let git = || {
        let output = Command::new("git").current_dir(root).args(["log", "-1", "--format=%ct"]).output();
        String::from_utf8(output.ok()?.stdout).ok()
    };
    named.or_else(git).and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As `sha256sum` writes and checks it.
fn sums(files: &[(String, Vec<u8>)]) -> String {
    files.iter().map(|(name, bytes)| format!("{}  {name}\n", sha256(bytes))).collect()
}

fn sign(out: &Path, key: &Path) -> Result<bool> {
    let key = fs::canonicalize(key).with_context(|| format!("find key `{}`", key.display()))?;
    // It asks before it replaces one.
    let _ = fs::remove_file(out.join("SHA256SUMS.sig"));
    let mut command = Command::new("ssh-keygen");
    command.current_dir(out).args(["-Y", "sign", "-n", "lockstep-release", "-f"]).arg(key).arg("SHA256SUMS");
    succeeds(&mut command)
}

#[cfg(test)]
mod tests;
