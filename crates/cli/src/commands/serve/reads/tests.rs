use super::*;
use lockstep_types::{Digest, Lei};

fn reads(dir: &tempfile::TempDir) -> Reads {
    let path = dir.path().join("reads.jsonl");
    let file = Mutex::new(os::append_private(&path).unwrap());
    Reads { path, file }
}

#[test]
fn what_was_noted_is_read_page_by_page() {
    let dir = tempfile::tempdir().unwrap();
    let reads = reads(&dir);
    assert_eq!(reads.rows(0, 10).unwrap(), (Vec::new(), None));
    let party = Lei::with_check_digits("529900000000000019").unwrap();
    for number in 0..5u8 {
        let person = (number > 0).then_some(Digest([number; 32]));
        reads.note(Reader { party, person }, CaseId([number; 32]), "case").unwrap();
    }
    let (mut from, mut seen) = (0, Vec::new());
    loop {
        let (rows, next) = reads.rows(from, 2).unwrap();
        seen.extend(rows);
        match next {
            Some(next) => from = next,
            None => break,
        }
    }
    let cases: Vec<CaseId> = seen.iter().map(|row| row.case).collect();
    assert_eq!(cases, [0, 1, 2, 3, 4].map(|number| CaseId([number; 32])));
    assert_eq!((seen[0].person, seen[4].person), (None, Some(Digest([4; 32]))));
    // A place within a line, and one after the end, give no wrong row.
    assert_eq!(reads.rows(1, 1).unwrap().0, seen[1..2]);
    assert_eq!(reads.rows(u64::MAX, 9).unwrap(), (Vec::new(), None));
}
