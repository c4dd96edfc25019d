//! Tests of what people write.

use super::*;

fn check(kind: &str, written: &str, canonical_text: &str) {
    let kind: ClaimKind = kind.parse().unwrap();
    assert_eq!(canonical(kind, written, &LedgerId([0xab; 32])).unwrap(), canonical_text, "{written}");
}

#[test]
fn one_canonical_text_of_what_people_write() {
    check("money:USD", "1000000", "1000000.00");
    check("money:USD", "1000000.5", "1000000.50");
    check("money:USD", "1000000.00", "1000000.00");
    check("money:JPY", "1000", "1000");
    check("time", "2026-11-21T06:10:15Z", "2026-11-21T06:10:15.000Z");
    check("time", "2026-11-21", "2026-11-21T00:00:00.000Z");
    check(
        "account",
        "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    );
    check("bic", "bukbgb22", "BUKBGB22");
    check("country", "no", "NO");
    check("bool", "True", "true");
    check("digest", "ledger", &"ab".repeat(32));
}

#[test]
fn nothing_is_guessed() {
    let refused =
        |kind: &str, text: &str| canonical(kind.parse().unwrap(), text, &LedgerId([0; 32])).unwrap_err();
    for (kind, text) in
        [("money:USD", "1,000"), ("money:USD", "1.234"), ("money:USD", "1."), ("int", "1.0"), ("bool", "yes")]
    {
        let error = refused(kind, text).to_string();
        assert!(error.contains("expected"), "{kind} {text}: {error}");
    }
}

#[test]
fn durations_are_a_number_and_a_unit() {
    assert_eq!(duration_ms("36h").unwrap(), 129_600_000);
    assert_eq!(duration_ms("0s").unwrap(), 0);
    assert_eq!(duration_ms("5ms").unwrap(), 5);
    assert!(duration_ms("5").is_err());
    assert!(duration_ms("-5s").is_err());
}
