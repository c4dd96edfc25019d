//! An OCI image layout with one layer: the static programs, and a folder that is theirs. There is no shell
//! and no certificate authority in it; `--roots` names those that count.

use super::archive::{self, Entry};
use super::{PROGRAMS, Program, Release, sbom, sha256};
use anyhow::Result;
use serde_json::{Value, json};

/// Who the programs run as.
const USER: u64 = 65_532;
/// Where they start, and may write.
const HOME: &str = "var/lib/lockstep/";

/// The layout as one tar: `oci-layout`, `index.json`, and blobs by their digests.
pub fn layout(programs: &[Program], notices: &[u8], release: &Release) -> Result<Vec<u8>> {
    let tar = archive::tar(files(programs, notices), release.time)?;
    let layer = archive::gzip(&tar)?;
    let config = serde_json::to_vec(&config(&sha256(&tar), release))?;
    let manifest = serde_json::to_vec(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", &layer)],
    }))?;
    let mut named = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
    named["platform"] = json!({ "architecture": "amd64", "os": "linux" });
    named["annotations"] = json!({
        "org.opencontainers.image.ref.name": release.version,
        "io.containerd.image.name": format!("docker.io/library/lockstep:{}", release.version),
    });
    let index = serde_json::to_vec(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [named],
    }))?;
    let blobs = [layer, config, manifest];
    let blobs = blobs.into_iter().map(|bytes| Entry::file(format!("blobs/sha256/{}", sha256(&bytes)), bytes));
    let version = br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec();
    let own = [Entry::file("index.json".to_owned(), index), Entry::file("oci-layout".to_owned(), version)];
    archive::tar(blobs.chain(own).collect(), release.time)
}

/// The layer's files.
fn files(programs: &[Program], notices: &[u8]) -> Vec<Entry> {
    let inside = programs.iter().filter(|program| PROGRAMS.contains(&program.name));
    let programs =
        inside.map(|program| Entry::program(format!("usr/bin/{}", program.name), program.bytes.clone()));
    let notices = Entry::file("usr/share/doc/lockstep/THIRD-PARTY".to_owned(), notices.to_vec());
    programs.chain([notices, Entry::folder(HOME, 0o700, USER)]).collect()
}

fn config(layer: &str, release: &Release) -> Value {
    let created = sbom::written(release.time);
    json!({
        "architecture": "amd64",
        "os": "linux",
        "created": created,
        "config": {
            "Entrypoint": ["/usr/bin/lockstep"],
            "User": format!("{USER}:{USER}"),
            "WorkingDir": format!("/{}", HOME.trim_end_matches('/')),
            "Labels": {
                "org.opencontainers.image.licenses": "MIT OR Apache-2.0",
                "org.opencontainers.image.title": "lockstep",
                "org.opencontainers.image.version": release.version,
            },
        },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{layer}")] },
        "history": [{ "created": created, "created_by": "cargo xtask dist" }],
    })
}

fn descriptor(kind: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": kind, "digest": format!("sha256:{}", sha256(bytes)), "size": bytes.len() })
}
