use super::*;
use proptest::prelude::*;

#[test]
fn names_are_lower_case_ascii() {
    for text in ["a", "mint", "proof-of_reserve.2", &"a".repeat(NAME_BYTES_MAX)] {
        assert_eq!(text.parse::<Name>().unwrap().as_str(), text);
    }
    for text in ["", "1a", "-a", "A", "aB", "a b", "a/b", "é", "aé", "a\n", &"a".repeat(NAME_BYTES_MAX + 1)]
    {
        assert_eq!(text.parse::<Name>(), Err(NameError { found: text.to_owned() }));
    }
}

#[test]
fn a_refused_name_is_shown_cut() {
    let refused = "X".repeat(1_000).parse::<Name>().unwrap_err();
    assert_eq!(refused.found.len(), 80);
}

proptest! {
    #[test]
    fn what_is_read_is_written(text in "\\PC{0,70}") {
        if let Ok(name) = text.parse::<Name>() {
            prop_assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn every_well_formed_name_is_read(text in "[a-z][a-z0-9._-]{0,63}") {
        let json = format!("\"{text}\"");
        prop_assert_eq!(serde_json::from_str::<Name>(&json).unwrap().to_string(), text);
    }
}
