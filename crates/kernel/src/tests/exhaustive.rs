//! All short histories of the case machine.

use super::model::{ALPHABET, Watched};

/// Every continuation of `watched` by up to `depth` acts. An act that leaves no record leaves nothing to
/// continue from that was not there before.
fn explore(watched: &Watched, depth: usize, visited: &mut usize) {
    for act in ALPHABET {
        let mut next = watched.clone();
        *visited += 1;
        if next.act(act) && depth > 1 {
            explore(&next, depth - 1, visited);
        }
    }
}

fn from(prefix: &[&str], depth: usize, sealing: bool) -> usize {
    let mut watched = Watched::new(sealing);
    for act in prefix {
        assert!(watched.act(act), "{act}");
    }
    let mut visited = 0;
    explore(&watched, depth, &mut visited);
    visited
}

const OPEN: [&str; 2] = [ALPHABET[0], ALPHABET[1]];
const NEARLY: [&str; 5] = [ALPHABET[0], ALPHABET[1], ALPHABET[2], ALPHABET[5], ALPHABET[13]];
const DECIDED: [&str; 6] = [ALPHABET[0], ALPHABET[1], ALPHABET[2], ALPHABET[5], ALPHABET[13], ALPHABET[8]];

#[test]
fn histories_from_the_start() {
    assert!(from(&[], 4, false) > 500);
}

#[test]
fn histories_of_two_open_cases() {
    assert!(from(&OPEN, 3, false) > 500);
}

#[test]
fn histories_around_the_decision() {
    assert!(from(&NEARLY, 3, false) > 500);
}

#[test]
fn histories_after_the_decision_with_what_has_ended_in_the_map() {
    assert!(from(&DECIDED, 3, true) > 500);
}
