//! The packs of `vectors/pack` are what the code makes, byte for byte, and get the answers of `index.json`.
#![expect(clippy::disallowed_methods, reason = "a test of files reads them")]

#[path = "world/index.rs"]
mod index;
#[path = "world/small.rs"]
mod small;
#[path = "world/world.rs"]
mod world;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/pack");

#[test]
fn the_vectors_are_what_the_code_makes_and_says() {
    let made = index::files();
    for (name, bytes) in &made {
        let kept =
            std::fs::read(format!("{FOLDER}/{name}")).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(kept == *bytes, "{name} differs: run the example `vectors` and look at what changed");
    }
    let kept = std::fs::read_dir(FOLDER).unwrap().count();
    assert_eq!(kept, made.len(), "files in {FOLDER} that nothing makes");
}

/// Formats are frozen: whoever changes a byte of what vectors accept gives the format a new version first.
#[test]
fn every_vector_is_the_one_that_was_frozen() {
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors");
    let frozen = std::fs::read_to_string(format!("{vectors}/SHA256SUMS")).unwrap();
    for line in frozen.lines() {
        let (hash, name) = line.split_once("  ").unwrap();
        let bytes =
            std::fs::read(format!("{vectors}/{name}")).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = lockstep_types::Digest(lockstep_types::sha256(&bytes)).to_string();
        assert_eq!(found, hash, "{name} is not what was frozen");
    }
    let folders = [vectors.to_owned(), format!("{vectors}/pack"), format!("{vectors}/rules")];
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let files =
        entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "json"));
    assert_eq!(files.count(), frozen.lines().count(), "a file that is not in SHA256SUMS");
}

/// The text without white space: pages break lines where the code does not.
fn packed(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn the_pages_show_what_the_code_makes() {
    let specs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs");
    let read =
        |path: String| std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let (trust, pack) = (read(format!("{FOLDER}/trust.json")), read(format!("{FOLDER}/decided.json")));
    assert!(packed(&read(format!("{specs}/trust.md"))).contains(&packed(&trust)));
    let trust = lockstep_pack::Trust::from_slice(trust.as_bytes()).unwrap();
    let report = lockstep_pack::verify(pack.as_bytes(), Some(&trust)).to_lines().join("\n");
    let page = packed(&read(format!("{specs}/pack.md")));
    assert!(page.contains(&packed(&report)), "the page shows another report than\n{report}");
    let withheld = read(format!("{FOLDER}/claim_withheld.json"));
    let report = lockstep_pack::verify(withheld.as_bytes(), Some(&trust)).to_json().unwrap();
    let report = String::from_utf8(report).unwrap();
    let page = packed(&read(format!("{specs}/report.md")));
    assert!(page.contains(&packed(&report)), "the page shows another report than\n{report}");
}
