use super::*;
use crate::log::LogHead;
use lockstep_crypto::{PublicKey, Suite};
use lockstep_types::RootHash;
use proptest::prelude::*;

/// The note and key of the tests of golang.org/x/mod/sumdb/note, which fixed the format.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE\
    6RyyBwJnAM=\n";

fn secret(n: u8) -> SecretKey {
    SecretKey::from_bytes(Suite::Ed25519, &[n; 32]).unwrap()
}

fn key(name: &str, kind: NoteKeyKind, n: u8) -> NoteKey {
    NoteKey::new(name, kind, secret(n).public().clone()).unwrap()
}

fn log() -> NoteKey {
    key("acme/00", NoteKeyKind::Ed25519, 1)
}

fn witness() -> NoteKey {
    key("witness.example.com/w1", NoteKeyKind::CosignatureV1, 2)
}

fn at(seconds: u64) -> Time {
    Time::from_ms(seconds * 1_000).unwrap()
}

/// A checkpoint signed by the log and cosigned by a witness.
fn note() -> Note {
    let head = LogHead::new("acme/00", 7, RootHash([3; 32])).unwrap();
    let mut note = Note::new(&head.to_string()).unwrap();
    note.sign(&log(), &secret(1), Time::default()).unwrap();
    note.sign(&witness(), &secret(2), at(1_679_315_147)).unwrap();
    note
}

#[test]
fn the_note_of_the_go_implementation_verifies() {
    let key: NoteKey = GO_KEY.parse().unwrap();
    assert_eq!(key.to_string(), GO_KEY);
    let note = Note::parse(GO_NOTE.as_bytes()).unwrap();
    assert_eq!(note.to_string(), GO_NOTE);
    let signed = note.verify(&[key]).unwrap();
    assert_eq!(signed, [Signed { name: "PeterNeumann".into(), at: None }]);
}

#[test]
fn keys_of_the_go_implementations_are_read() {
    for text in [
        "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
        "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    ] {
        assert_eq!(text.parse::<NoteKey>().unwrap().to_string(), text);
    }
}

/// The example of c2sp.org/tlog-cosignature; its keys are not published, so its form alone is read.
#[test]
fn the_example_of_a_cosignature_is_read() {
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv\
        2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
        — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b\
        2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    let note = Note::parse(text.as_bytes()).unwrap();
    assert_eq!(note.to_string(), text);
    assert_eq!(note.text().parse::<LogHead>().unwrap().size(), 20_852_163);
    let names: Vec<_> = note.signatures().iter().map(NoteSignature::name).collect();
    assert_eq!(names, ["example.com/behind-the-sofa", "witness.example.com/w1"]);
    assert_eq!(note.verify(&[log(), witness()]), Err(NoteError::NoKnownSignature));
}

#[test]
fn a_checkpoint_is_signed_by_the_log_and_cosigned_with_a_time() {
    let text = note().to_string();
    let note = Note::parse(text.as_bytes()).unwrap();
    assert_eq!(note, self::note());
    let by_log = Signed { name: "acme/00".into(), at: None };
    let by_witness = Signed { name: "witness.example.com/w1".into(), at: Some(at(1_679_315_147)) };
    assert_eq!(note.verify(&[log(), witness()]).unwrap(), [by_log.clone(), by_witness.clone()]);
    // Lines by keys that are not known are passed over.
    assert_eq!(note.verify(&[log()]).unwrap(), [by_log]);
    assert_eq!(note.verify(&[witness()]).unwrap(), [by_witness]);
    assert_eq!(note.verify(&[]), Err(NoteError::NoKnownSignature));
}

#[test]
fn the_cosigned_message_is_that_of_c2sp() {
    // RFC 8032 signatures are deterministic: signing the message by hand gives the same line.
    let mut note = Note::new("acme/00\n7\nroot\n").unwrap();
    note.sign(&witness(), &secret(2), Time::from_ms(1_679_315_147_999).unwrap()).unwrap();
    let message = b"cosignature/v1\ntime 1679315147\nacme/00\n7\nroot\n";
    let by_hand = secret(2).sign(Message::Bytes(message)).unwrap();
    let expected = [&1_679_315_147u64.to_be_bytes()[..], &by_hand].concat();
    assert_eq!(note.signatures()[0].signature, expected);
}

#[test]
fn a_line_by_a_known_key_that_does_not_hold_refuses_the_note() {
    let text = note().to_string().replace("\n7\n", "\n8\n");
    let forged = Note::parse(text.as_bytes()).unwrap();
    let bad = |name: &str| Err(NoteError::BadSignature { name: name.into() });
    assert_eq!(forged.verify(&[log()]), bad("acme/00"));
    assert_eq!(forged.verify(&[witness()]), bad("witness.example.com/w1"));

    // The time of a cosignature is signed too.
    let mut later = note();
    later.signatures[1].signature[7] ^= 1;
    assert_eq!(later.verify(&[log(), witness()]), bad("witness.example.com/w1"));
    let mut short = note();
    short.signatures[1].signature.truncate(7);
    assert_eq!(short.verify(&[witness()]), bad("witness.example.com/w1"));

    // One good line does not make up for a bad one by the same key.
    let mut both = note();
    let mut bad_line = both.signatures[0].clone();
    bad_line.signature[0] ^= 1;
    both.push(bad_line);
    assert_eq!(both.verify(&[log()]), bad("acme/00"));
}

#[test]
fn a_time_beyond_the_year_9999_does_not_count() {
    let mut note = Note::new("text\n").unwrap();
    let stamp = u64::MAX.to_be_bytes();
    let signature = secret(2).sign(Message::Bytes(cosigned(u64::MAX, "text\n").as_bytes())).unwrap();
    note.push(NoteSignature {
        name: witness().name().to_owned(),
        key_id: witness().id(),
        signature: [&stamp[..], &signature].concat(),
    });
    assert!(matches!(note.verify(&[witness()]), Err(NoteError::BadSignature { .. })));
}

#[test]
fn a_name_counts_once() {
    let mut note = note();
    note.sign(&witness(), &secret(2), at(1_679_315_150)).unwrap();
    note.push(note.signatures()[0].clone());
    assert_eq!(note.verify(&[log(), witness()]).unwrap().len(), 2);
}

#[test]
fn only_the_key_that_is_named_signs() {
    let mut note = note();
    assert!(note.sign(&log(), &secret(2), Time::default()).is_err());
    assert_eq!(note.signatures().len(), 2);
}

#[test]
fn bytes_that_are_no_note_are_refused_in_the_order_of_the_checks() {
    let line = note().signatures()[0].to_string();
    let many = format!("text\n\n{}", format!("{line}\n").repeat(65));
    let long = format!("{}\n\n{line}\n", "x".repeat(NOTE_BYTES_MAX));
    let cases = [
        (long, NoteError::TooLong { found: NOTE_BYTES_MAX + 3 + line.len() }),
        (format!("te\txt\n\n{line}\n"), NoteError::Characters),
        (format!("text\r\n\r\n{line}\r\n"), NoteError::Characters),
        (String::new(), NoteError::Form),
        ("text\n".into(), NoteError::Form),
        (format!("text\n{line}\n"), NoteError::Form),
        (format!("text\n\n{line}"), NoteError::Form),
        ("text\n\n".into(), NoteError::Form),
        (many, NoteError::TooManySignatures { found: 65 }),
        (format!("text\n\n{line}\nmore\n"), NoteError::Line { line: 2 }),
        (format!("text\n\n{}\n", line.replace('\u{2014}', "-")), NoteError::Line { line: 1 }),
        (format!("text\n\n{}\n", line.replace("acme/00", "ac+me")), NoteError::Line { line: 1 }),
        (format!("text\n\n{}\n", line.replace("acme/00", "ac\u{a0}me")), NoteError::Line { line: 1 }),
        (format!("text\n\n{}\n", line.replace("acme/00", "")), NoteError::Line { line: 1 }),
        (format!("text\n\n{line} \n"), NoteError::Line { line: 1 }),
        (format!("text\n\n{}\n", line.trim_end_matches('=')), NoteError::Line { line: 1 }),
        ("text\n\n— a AAAA\n".into(), NoteError::Line { line: 1 }),
        ("text\n\n— a AAAAAA==\n".into(), NoteError::Line { line: 1 }),
    ];
    for (text, expected) in cases {
        assert_eq!(Note::parse(text.as_bytes()), Err(expected), "{text:?}");
    }
    assert_eq!(Note::parse(b"\xff\n\n"), Err(NoteError::Characters));
    assert_eq!(Note::new("text"), Err(NoteError::Form));
    assert_eq!(Note::new("te\0xt\n"), Err(NoteError::Characters));
}

#[test]
fn a_text_may_hold_empty_lines_and_16_signatures_are_read() {
    let mut note = Note::new("a\n\nb\n").unwrap();
    for n in 1..=16 {
        let name = format!("key-{n}");
        note.sign(&key(&name, NoteKeyKind::Ed25519, n), &secret(n), Time::default()).unwrap();
    }
    let read = Note::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(read, note);
    assert_eq!(read.text(), "a\n\nb\n");
    assert!(read.verify(&[key("key-16", NoteKeyKind::Ed25519, 16)]).is_ok());
}

#[test]
fn keys_that_are_none_are_refused_in_the_order_of_the_checks() {
    let refused = |text: &str| text.parse::<NoteKey>().unwrap_err();
    for text in ["", "a", "a+b", "a+00000000+!", "a+00000000+"] {
        assert!(matches!(refused(text), NoteKeyError::Form { .. }), "{text}");
    }
    let text = log().to_string();
    let (_, key) = text.rsplit_once('+').unwrap();
    let of_kind = |kind: u8| {
        let bytes = [&[kind], secret(1).public().bytes()].concat();
        format!("acme/00+00000000+{}", base64_encode(&bytes))
    };
    assert_eq!(refused(&of_kind(2)), NoteKeyError::Kind { found: 2 });
    assert_eq!(refused(&of_kind(6)), NoteKeyError::Kind { found: 6 });
    assert!(matches!(refused("a+00000000+AQ=="), NoteKeyError::Key(_)));
    assert!(matches!(refused(&format!("+00000000+{key}")), NoteKeyError::Name { .. }));
    assert!(matches!(refused(&format!("a b+00000000+{key}")), NoteKeyError::Name { .. }));
    let expected = hex::encode(log().id());
    assert_eq!(
        refused(&format!("acme/00+00000000+{key}")),
        NoteKeyError::Id { expected: expected.clone(), found: "00000000".into() }
    );
    let upper = text.replace(&expected, &expected.to_uppercase());
    assert!(upper == text || matches!(refused(&upper), NoteKeyError::Id { .. }));
    let es256 = SecretKey::from_bytes(Suite::Es256, &[1; 32]).unwrap().public().clone();
    let error = NoteKey::new("a", NoteKeyKind::Ed25519, es256).unwrap_err();
    assert_eq!(error, NoteKeyError::Suite { found: Suite::Es256 });
}

#[test]
fn a_witness_key_and_a_log_key_of_one_name_are_told_apart() {
    let public: PublicKey = secret(1).public().clone();
    let plain = NoteKey::new("a", NoteKeyKind::Ed25519, public.clone()).unwrap();
    let witness = NoteKey::new("a", NoteKeyKind::CosignatureV1, public).unwrap();
    assert_ne!(plain.id(), witness.id());
    let mut note = Note::new("text\n").unwrap();
    note.sign(&plain, &secret(1), Time::default()).unwrap();
    assert_eq!(note.verify(&[witness]), Err(NoteError::NoKnownSignature));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        text in "\\PC{0,80}",
    ) {
        let _ = Note::parse(&bytes);
        let _ = NoteSignature::parse(&text);
        if let Ok(key) = text.parse::<NoteKey>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn one_flipped_bit_never_counts(at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut bytes = note().to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1u8 << bit;
        if let Ok(read) = Note::parse(&bytes) {
            prop_assert_eq!(read.to_string().into_bytes(), bytes);
            // A changed name or id makes a line unknown; then the other key's line still stands over the same
            // text.
            if let Ok(signed) = read.verify(&[log(), witness()]) {
                prop_assert!(signed.len() < 2 && read.text() == note().text());
            }
        }
    }
}
