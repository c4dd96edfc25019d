use super::*;
use proptest::prelude::*;

/// `kind` reads each text, and writes the same text again.
#[track_caller]
fn check(kind: &str, texts: &[&str]) {
    let kind: ClaimKind = kind.parse().unwrap();
    for text in texts {
        let value = kind.parse(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(value.to_string(), *text);
        assert_eq!(value.kind(), kind);
    }
}

/// `kind` reads none of the texts.
#[track_caller]
fn refuse(kind: &str, texts: &[&str]) {
    let kind: ClaimKind = kind.parse().unwrap();
    for text in texts {
        assert!(kind.parse(text).is_err(), "`{text}` was read as `{kind}`");
    }
}

#[test]
fn every_type_has_one_canonical_text() {
    check("bool", &["true", "false"]);
    refuse("bool", &["True", "1", "yes", "", "true "]);
    check("int", &["0", "-1", "9007199254740991", "-9007199254740991"]);
    refuse("int", &["00", "-0", "+1", "1.0", "1e3", "9007199254740992", "", " 1", "９"]);
    check("money:USD", &["0.00", "1000000.00", "-0.01", "90071992547409.91"]);
    refuse(
        "money:USD",
        &["1", "1.0", "1.000", "01.00", "-0.00", "1,000.00", "1.00 USD", ".50", "90071992547409.92"],
    );
    check("money:JPY", &["0", "7"]);
    refuse("money:JPY", &["7.0", "7."]);
    check("time", &["2026-11-21T06:10:15.000Z", "1970-01-01T00:00:00.000Z"]);
    refuse(
        "time",
        &["2026-11-21T06:10:15Z", "2026-11-21", "2026-11-21T06:10:15.000+00:00", "1969-12-31T23:59:59.999Z"],
    );
    check("text", &["a", "naïve", " two  words ", "\u{301}"]);
    refuse("text", &["", "a\nb", "\u{0}", "\u{85}"]);
    check("bic", &["INGBNL2A", "INGBNL2AXXX"]);
    refuse("bic", &["INGBNL2", "ingbnl2a", "INGBNL2AXX", "INGBNL2Ä"]);
    check("country", &["NO", "KP"]);
    refuse("country", &["no", "NOR", "N", "N1"]);
    check("digest", &["ab".repeat(32).as_str()]);
    refuse("digest", &["AB".repeat(32).as_str(), "ab", ""]);
    check("account", &["0x5FbDB2315678afecb367f032d93F642f64180aa3"]);
    refuse(
        "account",
        &["0x5fbdb2315678afecb367f032d93f642f64180aa3", "5FbDB2315678afecb367f032d93F642f64180aa3"],
    );
    check("lei", &["5493001KJTIIGC8Y1R12"]);
    refuse("lei", &["5493001KJTIIGC8Y1R13", "5493001kjtiigc8y1r12"]);
    check("name", &["bank-statement"]);
    refuse("name", &["Bank", "1bank", ""]);
}

#[test]
fn a_value_has_at_most_512_bytes() {
    check("text", &["x".repeat(512).as_str()]);
    let error = ClaimKind::Text.parse(&"x".repeat(513)).unwrap_err();
    assert_eq!(error, ClaimError::TooLong { found: 513 });
    assert_eq!(error.to_string(), "513 bytes, at most 512 are accepted");
}

#[test]
fn types_are_written_as_they_are_read() {
    let kinds = "bool int money:USD time text bic country digest account lei name";
    for text in kinds.split(' ') {
        assert_eq!(text.parse::<ClaimKind>().unwrap().to_string(), text);
    }
    for text in ["", "money", "money:", "money:XAU", "Bool", "string"] {
        assert!(text.parse::<ClaimKind>().is_err(), "{text}");
    }
}

#[test]
fn guards_compare_minor_units_and_milliseconds() {
    let number = |kind: &str, text: &str| kind.parse::<ClaimKind>().unwrap().parse(text).unwrap().number();
    assert_eq!(number("money:USD", "1000000.00"), Some(100_000_000));
    assert_eq!(number("time", "1970-01-01T00:00:01.500Z"), Some(1_500));
    assert_eq!(number("int", "-7"), Some(-7));
    assert_eq!(number("text", "7"), None);
}

proptest! {
    #[test]
    fn whatever_is_read_is_written_the_same(text in "\\PC{0,40}|[0-9.\\-]{0,12}") {
        for kind in "bool int money:USD money:JPY time text bic country digest account lei name".split(' ') {
            if let Ok(value) = kind.parse::<ClaimKind>().unwrap().parse(&text) {
                prop_assert_eq!(value.to_string(), text.as_str());
            }
        }
    }
}
