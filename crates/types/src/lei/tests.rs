use super::*;
use proptest::prelude::*;

/// Bloomberg Finance L.P., Deutsche Börse AG, Apple Inc., Goldman Sachs Group.
const ISSUED: [&str; 4] =
    ["5493001KJTIIGC8Y1R12", "529900T8BM49AURSDO55", "HWUPKR0MPOU8FGXBT394", "784F5XWPLTWKTBV3E584"];

#[test]
fn issued_identifiers_hold() {
    for text in ISSUED {
        let lei: Lei = text.parse().unwrap();
        assert_eq!(lei.as_str(), text);
        assert_eq!(Lei::with_check_digits(&text[..18]).unwrap(), lei);
    }
}

#[test]
fn a_wrong_digit_or_two_swapped_ones_are_noticed() {
    for text in
        ["5493001KJTIIGC8Y1R13", "5493001KJTIIGC8Y1R21", "5493001KJTIICG8Y1R12", "5493001KJTIIGC8YR112"]
    {
        assert_eq!(
            text.parse::<Lei>().unwrap_err().to_string(),
            format!("the check digits of LEI `{text}` do not hold (ISO 17442)")
        );
    }
}

#[test]
fn another_form_is_refused_before_the_check_digits() {
    let bad =
        ["", "5493001KJTIIGC8Y1R1", "5493001KJTIIGC8Y1R122", "5493001kjtiigc8y1r12", "5493001KJTIIGC8Y1R1A"];
    for text in bad {
        assert!(matches!(text.parse::<Lei>(), Err(LeiError::Form { .. })), "{text}");
    }
    assert!(matches!("é".repeat(10).parse::<Lei>(), Err(LeiError::Form { .. })));
    for stem in ["", "5493001KJTIIGC8Y1", "5493001kjtiigc8y1r", "5493001KJTIIGC8Y1é"] {
        assert!(matches!(Lei::with_check_digits(stem), Err(LeiError::Form { .. })), "{stem}");
    }
}

#[test]
fn check_digits_that_mod_97_10_never_gives_are_refused_though_the_remainder_is_1() {
    let mut seen = 0;
    for n in 0..2_000u32 {
        let stem = format!("5493001KJTIIGC{n:04}");
        let proper = Lei::with_check_digits(&stem).unwrap();
        let twin = match &proper.as_str()[18..] {
            "97" => "00",
            "98" => "01",
            "02" => "99",
            _ => continue,
        };
        let text = format!("{stem}{twin}");
        assert_eq!(remainder_97(text.as_bytes()), Some(1));
        assert_eq!(text.parse::<Lei>(), Err(LeiError::CheckDigits { found: text.clone() }));
        seen += 1;
    }
    assert!(seen > 10, "only {seen} stems of that kind");
}

proptest! {
    #[test]
    fn every_stem_has_one_identifier(stem in "[0-9A-Z]{18}") {
        let lei = Lei::with_check_digits(&stem).unwrap();
        prop_assert_eq!(lei.to_string().parse::<Lei>().unwrap(), lei);
        let holding = (0..100).filter(|n| format!("{stem}{n:02}").parse::<Lei>().is_ok()).count();
        prop_assert_eq!(holding, 1);
    }

    #[test]
    fn a_letter_for_a_letter_or_a_digit_for_a_digit_is_noticed(
        stem in "[0-9A-Z]{18}",
        at in 0usize..20,
        letter in "[A-Z]",
        digit in "[0-9]",
    ) {
        let text = Lei::with_check_digits(&stem).unwrap().to_string();
        let mut changed = text.clone();
        let to = if text.as_bytes()[at].is_ascii_digit() { digit } else { letter };
        changed.replace_range(at..=at, &to);
        prop_assert_eq!(changed.parse::<Lei>().is_ok(), changed == text);
    }
}
