use super::*;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

/// What `value_from_slice` says about a text: the canonical bytes or the refusal.
fn check(text: &str, expected: &str) {
    let answer = match value_from_slice(text.as_bytes(), 4_096) {
        Ok(value) => String::from_utf8(to_vec(&value).unwrap()).unwrap(),
        Err(refusal) => refusal.to_string(),
    };
    assert_eq!(answer, expected, "{text}");
}

#[test]
fn canonical_texts_are_accepted_as_they_are() {
    for text in [
        "null",
        "true",
        "0",
        "-1",
        "9007199254740991",
        "-9007199254740991",
        r#""""#,
        "[]",
        "{}",
        r#"{"":0,"A":1,"_":[],"a":{},"aa":null,"b":[1,"2",{"c":false}]}"#,
        "\"/\u{7f}\u{e9}\u{20ac}\u{2028}\u{1f600}\"",
        r#""\b\t\n\f\r\"\\""#,
        r#""\u0000\u0001\u001f""#,
        r#""a:1.5,\"-0\":{""#,
    ] {
        check(text, text);
    }
}

#[test]
fn another_text_of_the_same_value_is_refused_where_it_differs() {
    for (text, at) in [
        (" 1", 0),
        ("1 ", 1),
        ("[1, 2]", 3),
        ("{\"a\" :1}", 4),
        ("[\n]", 1),
        (r#"{"b":1,"a":2}"#, 2),
        (r#"{"a":{"b":1,"a":2}}"#, 7),
        (r#"{"a":1,"a":2}"#, 5),
        (r#"{"a":1,"a":1}"#, 6),
        (r#""\/""#, 1),
        (r#""\u0041""#, 1),
        (r#""\u000a""#, 2),
        (r#""\u001F""#, 6),
        (r#""\u00e9""#, 1),
        (r#""\ud83d\ude00""#, 1),
        (r#"{"\u0061":1}"#, 2),
    ] {
        check(text, &format!("not canonical JSON (RFC 8785): first difference at byte {at}"));
    }
}

#[test]
fn numbers_are_integers_of_2_to_53_at_most() {
    for number in [
        "-0",
        "0.0",
        "1.0",
        "1.5",
        "1e3",
        "1E-2",
        "9007199254740992",
        "-9007199254740992",
        "9223372036854775808",
        "18446744073709551616",
        "123456789012345678901234567890",
    ] {
        let refusal = format!("the number `{number}` is not an integer of magnitude 2^53 - 1 at most");
        check(number, &refusal);
        check(&format!("[{{\"a\":[{number}]}}]"), &refusal);
    }
    // Beyond a double the decoder itself refuses.
    check("1e400", "not of the expected form");
}

#[test]
fn what_is_not_json_is_not_of_the_form() {
    for text in [
        "",
        "nul",
        "01",
        "+1",
        "1.",
        ".5",
        "-",
        "NaN",
        "Infinity",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "'a'",
        "\"\n\"",
        "\"a",
        "1 2",
        "[",
        "{\"a\"}",
        "// c",
        "\u{feff}1",
        r#""\ud83d""#,
        r#""\x41""#,
        r#""\u12""#,
    ] {
        check(text, "not of the expected form");
    }
    assert!(matches!(value_from_slice(b"\"\xff\"", 100), Err(CanonicalError::Form(_))));
}

#[test]
fn keys_are_ascii_and_strings_need_not_be() {
    check("{\"\u{e9}\":1}", "the object key `\u{e9}` is not ASCII");
    check("[{\"a\":\"\u{e9}\"}]", "[{\"a\":\"\u{e9}\"}]");
    check("{\"a\\\"\u{e9}\":1}", "the object key `a\\\"\u{e9}` is not ASCII");
}

#[test]
fn depth_is_limited_before_anything_recurses() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    check(&nested(JSON_DEPTH_MAX), &nested(JSON_DEPTH_MAX));
    check(&nested(JSON_DEPTH_MAX + 1), "JSON nested deeper than 16 levels");
    check(&"{\"a\":".repeat(JSON_DEPTH_MAX + 1), "JSON nested deeper than 16 levels");
    check(&"[".repeat(4_096), "JSON nested deeper than 16 levels");
    let in_string = format!("\"{}\\\"{}\"", "[".repeat(40), "{".repeat(40));
    check(&in_string, &in_string);
}

#[test]
fn length_is_checked_first() {
    let refused = value_from_slice(&vec![b'['; 4_097], 4_096).unwrap_err();
    assert_eq!(refused.to_string(), "4097 bytes of JSON, at most 4096 are read");
    assert!(value_from_slice(b"[]", 2).is_ok());
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sorted {
    a: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    b: Option<String>,
}

#[derive(Serialize)]
struct Unsorted {
    b: u64,
    a: u64,
}

#[test]
fn a_type_is_read_only_from_its_canonical_text() {
    let read = |text: &str| from_slice::<Sorted>(text.as_bytes(), 100);
    assert_eq!(read(r#"{"a":1}"#).unwrap(), Sorted { a: 1, b: None });
    assert_eq!(read(r#"{"a":1,"b":"x"}"#).unwrap(), Sorted { a: 1, b: Some("x".to_owned()) });
    for not_canonical in [r#"{"b":"x","a":1}"#, r#"{"a":1,"b":null}"#, r#"{"a": 1}"#] {
        assert!(matches!(read(not_canonical), Err(CanonicalError::NotCanonical { .. })), "{not_canonical}");
    }
    for form in [r#"{"a":1,"a":1}"#, r#"{"a":1,"c":1}"#, "{}", r#"{"a":-1}"#, r#"{"a":1.0}"#, r#"{"a":-0}"#] {
        assert!(matches!(read(form), Err(CanonicalError::Form(_))), "{form}");
    }
}

#[test]
fn a_type_that_holds_more_than_the_format_does_not_widen_it() {
    let read = |number: u64| from_slice::<Sorted>(format!("{{\"a\":{number}}}").as_bytes(), 100);
    assert_eq!(read(9_007_199_254_740_991).unwrap().a, 9_007_199_254_740_991);
    assert!(matches!(read(9_007_199_254_740_992), Err(CanonicalError::Number { .. })));
    assert!(matches!(from_slice::<f64>(b"1.5", 100), Err(CanonicalError::Number { .. })));
    type Map = std::collections::BTreeMap<String, u8>;
    assert!(matches!(from_slice::<Map>("{\"\u{e9}\":1}".as_bytes(), 100), Err(CanonicalError::Key { .. })));
}

#[test]
fn a_type_with_fields_out_of_order_is_found() {
    assert!(is_canonical(&Sorted { a: 1, b: Some(String::new()) }));
    assert!(!is_canonical(&Unsorted { b: 1, a: 2 }));
    assert!(!is_canonical(&1.5));
    assert!(!is_canonical(&u64::MAX));
}

/// Reads 1 and writes 10, or nothing at all where it reads another number.
struct Odd(u8);

impl Serialize for Odd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            1 => serializer.serialize_u8(10),
            _ => Err(serde::ser::Error::custom("not to be written")),
        }
    }
}

impl<'de> Deserialize<'de> for Odd {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u8::deserialize(deserializer).map(Self)
    }
}

#[test]
fn what_is_written_longer_or_cannot_be_written_is_refused() {
    assert!(matches!(from_slice::<Odd>(b"1", 9), Err(CanonicalError::NotCanonical { at: 1 })));
    assert!(matches!(from_slice::<Odd>(b"2", 9), Err(CanonicalError::Form(_))));
}

#[test]
fn this_build_keeps_keys_as_they_came_so_that_the_sorting_is_put_to_the_test() {
    let kept = serde_json::to_string(&json!({"b": 1, "a": 2})).unwrap();
    assert_eq!(kept, r#"{"b":1,"a":2}"#);
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-INTEGER_MAX..=INTEGER_MAX).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        let fields = prop::collection::vec(("[ -~]{0,6}", inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(Value::from),
            fields.prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_has_exactly_one_text(mut value in any_value()) {
        let as_built = serde_json::to_vec(&value).unwrap();
        value.sort_all_objects();
        let canonical = to_vec(&value).unwrap();
        prop_assert_eq!(&value_from_slice(&canonical, canonical.len()).unwrap(), &value);
        prop_assert_eq!(value_from_slice(&as_built, as_built.len()).is_ok(), as_built == canonical);
        let pretty = serde_json::to_vec_pretty(&value).unwrap();
        prop_assert_eq!(value_from_slice(&pretty, pretty.len()).is_ok(), pretty == canonical);
    }

    #[test]
    fn any_accepted_bytes_are_the_canonical_ones(bytes in "[\\[\\]{}\",:0-9a.e\\\\ -]{0,24}") {
        if let Ok(value) = value_from_slice(bytes.as_bytes(), 100) {
            prop_assert_eq!(to_vec(&value).unwrap(), bytes.into_bytes());
        }
    }
}
