//! Signed notes, their keys and their text: what is read has exactly these bytes, and nothing but the text
//! that was signed counts.

use lockstep_ledger::log::LogHead;
use lockstep_ledger::note::{Note, NoteKey};

const HEAD: &str = include_str!("../seeds/note/head.txt");
const KEYS: [&str; 2] =
    [include_str!("../seeds/note/log-key.txt"), include_str!("../seeds/note/witness-key.txt")];

/// Panics when `data` breaks a property of a decoder.
pub fn run(data: &[u8]) {
    let keys = KEYS.map(|key| key.parse::<NoteKey>().expect("the seed is a key"));
    if let Ok(note) = Note::parse(data) {
        assert_eq!(note.to_string().as_bytes(), data);
        if note.verify(&keys).is_ok() {
            assert_eq!(note.text(), HEAD, "another text counts as signed");
        }
    }
    let Ok(text) = core::str::from_utf8(data) else { return };
    if let Ok(head) = text.parse::<LogHead>() {
        assert_eq!(head.to_string(), text);
    }
    if let Ok(key) = text.parse::<NoteKey>() {
        assert_eq!(key.to_string(), text);
    }
}
