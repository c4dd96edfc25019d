//! What is remembered of contracts, and what is no memory.

use super::*;
use tempfile::TempDir;

const ACCOUNT: Account = Account::repeat_byte(1);

#[test]
fn what_was_noted_last_counts_and_outlives_the_process() {
    let dir = TempDir::new().unwrap();
    let open = |chain| Deployments::open(Some(dir.path()), chain, ACCOUNT).unwrap();
    let (first, second) = (Account::repeat_byte(2), Account::repeat_byte(3));
    let mut memory = open(1);
    assert_eq!(memory.find("deploy anchor of a 1"), None);
    memory.note("deploy anchor of a 1", first).unwrap();
    memory.note("deploy anchor of a 2", second).unwrap();
    assert_eq!(open(1).find("deploy anchor of a 1"), Some(first));
    assert_eq!(open(1).others("deploy anchor of a ", "deploy anchor of a 1"), [second]);
    assert_eq!(open(2).find("deploy anchor of a 1"), None, "another chain");
    // Two contracts never stand at one place: what was begun there before did not come about.
    memory.note("deploy gate of a 1", first).unwrap();
    assert_eq!(open(1).find("deploy anchor of a 1"), None);
}

#[test]
fn only_so_many_are_remembered() {
    let dir = TempDir::new().unwrap();
    let mut memory = Deployments::open(Some(dir.path()), 1, ACCOUNT).unwrap();
    for nonce in 0..=NOTED_MAX as u64 {
        memory.book.placed.push(Noted { label: nonce.to_string(), at: ACCOUNT.create(nonce) });
    }
    memory.note("last", ACCOUNT).unwrap();
    assert_eq!(memory.book.placed.len(), NOTED_MAX);
    assert_eq!((memory.find("0"), memory.find("last")), (None, Some(ACCOUNT)));
}

#[test]
fn a_memory_that_is_damaged_or_of_somebody_else_is_refused() {
    let dir = TempDir::new().unwrap();
    let mut memory = Deployments::open(Some(dir.path()), 1, ACCOUNT).unwrap();
    memory.note("deploy anchor of a 1", ACCOUNT).unwrap();
    let path = memory.path.clone();
    let good = std::fs::read_to_string(&path).unwrap();
    for bad in [
        "",
        "{}",
        &good.replace("\"placed\"", "\"laid\""),
        &good.replace(": 1,", ": 2,"),
        &good.replace("deployments/1", "deployments/2"),
    ] {
        std::fs::write(&path, bad).unwrap();
        assert!(Deployments::open(Some(dir.path()), 1, ACCOUNT).is_err(), "{bad}");
    }
}
