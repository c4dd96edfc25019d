//! The how-to pages, block by block, as a reader would paste them: a page that lies fails here.

use crate::node::Node;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// Where the pages have endpoints: a node of one's own, and two of others.
pub const ENDPOINTS: [&str; 3] = ["http://127.0.0.1:8545", "https://one.example", "https://two.example"];

/// The shell's blocks of a page, between two of its headings where these are named.
pub fn blocks(page: &str, between: Option<(&str, &str)>) -> String {
    let text = text(page);
    let part = match between {
        None => text.as_str(),
        Some((from, to)) => {
            let after = text.split_once(&format!("\n## {from}\n")).unwrap().1;
            after.split_once(&format!("\n## {to}\n")).unwrap().0
        }
    };
    of_shell(part)
}

/// What is run of a page, heading by heading.
pub fn sections(page: &str) -> Vec<(String, String)> {
    let text = text(page);
    let parts = text.split("\n## ").skip(1).map(|part| part.split_once('\n').unwrap());
    parts.map(|(heading, part)| (heading.to_owned(), of_shell(part))).collect()
}

fn text(page: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join("docs/how-to").join(page)).unwrap()
}

// The program is built, and a node runs, on a port of its own.
fn of_shell(part: &str) -> String {
    let absent = |line: &&str| !line.starts_with("cargo build") && !line.starts_with("anvil ");
    let blocks = part.split("\n```sh\n").skip(1).map(|block| block.split_once("\n```").unwrap().0);
    blocks.flat_map(str::lines).filter(absent).collect::<Vec<_>>().join("\n")
}

/// A folder that looks like the repository to whoever follows a page in it.
pub fn tree() -> TempDir {
    let dir = TempDir::new().unwrap();
    for folder in ["policies", "crates"] {
        std::os::unix::fs::symlink(Path::new(ROOT).join(folder), dir.path().join(folder)).unwrap();
    }
    let bin = dir.path().join("target/release");
    std::fs::create_dir_all(&bin).unwrap();
    let lockstep = Path::new(env!("CARGO_BIN_EXE_lockstep"));
    for program in ["lockstep", "lockstep-sign-pkcs11"] {
        std::os::unix::fs::symlink(lockstep.with_file_name(program), bin.join(program)).unwrap();
    }
    dir
}

/// Runs blocks in one shell, with these endpoints.
pub fn run(script: &str, urls: [&str; 3]) -> (bool, String) {
    let dir = tree();
    let placed =
        ENDPOINTS.iter().zip(urls).fold(script.to_owned(), |text, (url, real)| text.replace(url, real));
    let script = format!("set -euo pipefail\n{placed}\n");
    let mut command = Command::new("bash");
    let output = command.current_dir(dir.path()).args(["-c", &script]).output().unwrap();
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), shown(&output.stdout) + &shown(&output.stderr))
}

#[test]
fn a_token_goes_behind_a_gate_as_the_pages_say() {
    let Some(node) = Node::start_with(1, &["--block-time", "1"]) else { return };
    let (own, one, two) = (node.endpoint(), node.endpoint(), node.endpoint());
    let parts = [
        blocks("first-ledger.md", Some(("The program and the keys", "Who may do what, and the policy"))),
        blocks("put-your-token-behind-a-gate.md", None),
        blocks("add-a-chain.md", None),
    ];
    let (went, said) = run(&parts.join("\n"), [&own.url, &one.url, &two.url]);
    assert!(went, "{said}");
    for (line, times) in [
        (": created in block ", 1),
        (": stands there already, nothing was sent", 2),
        ("nobody else holds a role", 2),
        (": executed in block ", 1),
        (": was executed before, nothing was sent", 1),
        ("VERIFIED", 2),
        ("2 of 2 endpoints", 6),
    ] {
        let found = said.matches(line).count();
        assert!(found >= times, "`{line}` is said {found} times, expected {times}:\n{said}");
    }
}
