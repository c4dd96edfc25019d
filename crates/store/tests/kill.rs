//! Real processes, killed at random moments. `cargo run -p lockstep-store --example kill -- DIR 200` does
//! more.

#[path = "../examples/kill/harness.rs"]
mod harness;

use std::path::Path;
use std::process::Command;

const DIR: &str = "LOCKSTEP_STORE_KILL_DIR";
const SEED: &str = "LOCKSTEP_STORE_KILL_SEED";

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_there_twice_after_twenty_kills() {
    let dir = tempfile::tempdir().unwrap();
    let report = harness::run(&dir.path().join("store"), 20, 7, |dir, seed| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child", "--nocapture"]).env(DIR, dir).env(SEED, seed.to_string());
        command
    });
    assert!(report.acknowledged > 100, "the children were killed before they did anything");
    assert!(report.found >= report.acknowledged);
}

/// The process that is killed; nothing to do when run as a test of its own.
#[test]
fn child() {
    if let (Ok(dir), Ok(seed)) = (std::env::var(DIR), std::env::var(SEED)) {
        harness::child(Path::new(&dir), seed.parse().unwrap());
    }
}
