use super::archive::{self, Entry};
use super::sbom::{self, Linked};
use super::{DYNAMIC, PACKAGES, PROGRAMS, Program, Release, TARGET, asks_for_a_loader, files, sha256, sums};
use crate::workspace;
use flate2::read::GzDecoder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Command, Stdio};

const RELEASE_TIME: u64 = 1_795_727_062;

/// A release with programs of a few bytes.
fn made() -> BTreeMap<String, Vec<u8>> {
    let root = workspace::root().unwrap();
    let linked = Linked::read(&root, &PACKAGES, TARGET).unwrap();
    let release = Release { version: "0.1.0".to_owned(), time: RELEASE_TIME };
    let names = PROGRAMS.into_iter().chain([DYNAMIC]);
    let programs: Vec<Program> =
        names.map(|name| Program { name, bytes: name.as_bytes().to_vec() }).collect();
    files(&root, &release, (&programs, &linked)).unwrap().into_iter().collect()
}

/// The files in a tar with their mode, owner and time; folders end with `/`.
fn unpacked(tar: &[u8]) -> BTreeMap<String, (Vec<u8>, u32, u64, u64)> {
    let mut archive = tar::Archive::new(tar);
    let mut found = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let header = entry.header();
        let about = (header.mode().unwrap(), header.uid().unwrap(), header.mtime().unwrap());
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        assert!(found.insert(path, (bytes, about.0, about.1, about.2)).is_none(), "a path stands once");
    }
    found
}

fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

#[test]
fn the_same_programs_give_the_same_bytes() {
    assert_eq!(sums(&made().into_iter().collect::<Vec<_>>()), sums(&made().into_iter().collect::<Vec<_>>()));
}

#[test]
fn the_archive_holds_programs_documents_and_units() {
    let files = made();
    let all = unpacked(&unzipped(&files["lockstep-0.1.0-x86_64-unknown-linux-gnu.tar.gz"]));
    let at = |path: &str| &all[&format!("lockstep-0.1.0-x86_64-unknown-linux-gnu/{path}")];
    assert_eq!(at("bin/lockstep"), &(b"lockstep".to_vec(), 0o755, 0, RELEASE_TIME));
    assert_eq!(at("bin/lockstep-sign-pkcs11").1, 0o755);
    assert_eq!(at("deploy/cosigner-start").1, 0o755);
    assert_eq!(at("docs/operations.md").1, 0o644);
    assert_eq!(at("sbom.cdx.json").0, files["lockstep-0.1.0.cdx.json"]);
    let notices = String::from_utf8(at("THIRD-PARTY").0.clone()).unwrap();
    assert!(notices.contains("\nsecp256k1 ") && notices.contains("Permission is hereby granted"));
    assert!(!notices.contains("\nlockstep-cli "), "what is ours is not from others");
}

/// Every descriptor names a blob that is there, with its size and digest, down to the layer's own files.
#[test]
fn every_digest_of_the_image_is_that_of_its_blob() {
    let layout = unpacked(&made()["lockstep-0.1.0-image.tar"]);
    let json = |bytes: &[u8]| -> Value { serde_json::from_slice(bytes).unwrap() };
    let blob = |descriptor: &Value| -> Vec<u8> {
        let digest = descriptor["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
        let bytes = layout[&format!("blobs/sha256/{digest}")].0.clone();
        assert_eq!(
            (sha256(&bytes), bytes.len()),
            (digest.to_owned(), descriptor["size"].as_u64().unwrap() as usize)
        );
        bytes
    };
    assert_eq!(json(&layout["oci-layout"].0)["imageLayoutVersion"], "1.0.0");
    let manifest = json(&blob(&json(&layout["index.json"].0)["manifests"][0]));
    let config = json(&blob(&manifest["config"]));
    let layer = unzipped(&blob(&manifest["layers"][0]));
    assert_eq!(config["rootfs"]["diff_ids"][0], format!("sha256:{}", sha256(&layer)));
    assert_eq!(config["config"]["Entrypoint"][0], "/usr/bin/lockstep");
    assert_eq!(config["config"]["User"], "65532:65532");
    let inside = unpacked(&layer);
    assert_eq!(inside["usr/bin/lockstep"].1, 0o755);
    assert_eq!((inside["var/lib/lockstep/"].1, inside["var/lib/lockstep/"].2), (0o700, 65_532));
    assert!(!inside.contains_key("usr/bin/lockstep-sign-pkcs11"), "a static image cannot run it");
    let blobs = layout.keys().filter(|path| path.starts_with("blobs/sha256/") && !path.ends_with('/'));
    assert_eq!(blobs.count(), 3, "no blob that nobody names");
}

#[test]
fn skopeo_reads_the_image() {
    let quiet = Command::new("skopeo").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !quiet.is_ok_and(|status| status.success()) {
        println!("skipped: skopeo is absent: install Debian's package skopeo");
        return;
    }
    let path = std::env::temp_dir().join(format!("lockstep-image-{}.tar", std::process::id()));
    std::fs::write(&path, &made()["lockstep-0.1.0-image.tar"]).unwrap();
    let output = Command::new("skopeo")
        .arg("inspect")
        .arg(format!("oci-archive:{}", path.display()))
        .output()
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((said["Architecture"].as_str(), said["Os"].as_str()), (Some("amd64"), Some("linux")));
}

#[test]
fn the_bill_names_what_is_linked_and_nothing_else() {
    let bill: Value = serde_json::from_slice(&made()["lockstep-0.1.0.cdx.json"]).unwrap();
    assert_eq!((bill["bomFormat"].as_str(), bill["specVersion"].as_str()), (Some("CycloneDX"), Some("1.5")));
    let components = bill["components"].as_array().unwrap();
    let named = |name: &str| components.iter().find(|component| component["name"] == name);
    let hash = named("secp256k1").unwrap()["hashes"][0]["content"].as_str().unwrap();
    assert_eq!(hash.len(), 64);
    assert!(named("lockstep-kernel").unwrap().get("purl").is_none(), "it is on no registry");
    assert!(named("cryptoki").is_some(), "a signer is linked with it");
    assert!(named("expect-test").is_none() && named("syn").is_some(), "tests are not linked, macros are");
    let references: Vec<&str> = components.iter().filter_map(|one| one["bom-ref"].as_str()).collect();
    for dependency in bill["dependencies"].as_array().unwrap() {
        for on in dependency["dependsOn"].as_array().unwrap() {
            assert!(references.contains(&on.as_str().unwrap()), "{on} is listed");
        }
    }
}

#[test]
fn a_program_that_asks_for_a_loader_is_told_from_a_static_one() {
    let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert!(asks_for_a_loader(&own).unwrap());
    // The same file with another kind in place of PT_INTERP.
    let mut other = own.clone();
    let (first, count) = (64, usize::from(own[56]));
    for n in 0..count {
        if other[first + n * 56] == 3 {
            other[first + n * 56] = 0;
        }
    }
    assert!(!asks_for_a_loader(&other).unwrap());
    assert!(asks_for_a_loader(b"#!/bin/sh\n").is_err());
    assert!(asks_for_a_loader(&own[..100]).is_err());
}

#[test]
fn times_are_written_as_rfc_3339() {
    let table = [
        (0, "1970-01-01T00:00:00Z"),
        (951_827_696, "2000-02-29T12:34:56Z"),
        (1_795_727_062, "2026-11-26T21:04:22Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
    ];
    for (time, expected) in table {
        assert_eq!(sbom::written(time), expected);
    }
}

#[test]
fn what_is_said_of_a_folder_counts_for_more_than_that_it_is_needed() {
    let entries = vec![Entry::file("a/b".to_owned(), vec![1]), Entry::folder("a/", 0o700, 7)];
    let all = unpacked(&archive::tar(entries, 5).unwrap());
    assert_eq!(all["a/"], (Vec::new(), 0o700, 7, 5));
}
