use super::super::{Draft, DraftError, Mapping, propose};
use crate::iso::Limits;
use crate::message::ItemQuery;
use lockstep_types::{CaseId, Name};

const MAPPING: &str = include_str!("../../../samples/mapping-json.toml");
const ORDER: &str = include_str!("../../../samples/order.json");

fn made_with(mapping: &str, message: &str, reference: Option<&str>) -> Result<Draft, String> {
    let told = |error: DraftError| {
        let source = core::error::Error::source(&error).map(|source| format!(": {source}"));
        format!("{error}{}", source.unwrap_or_default())
    };
    let mapping = Mapping::from_toml(mapping).map_err(|error| error.to_string())?;
    let query = ItemQuery { reference, account: None };
    let step: Name = "request".parse().unwrap();
    let of = (CaseId([7; 32]), &step);
    propose(message.as_bytes(), (&mapping, &query), of, &Limits::default()).map_err(told)
}

fn made(message: &str) -> Result<Draft, String> {
    made_with(MAPPING, message, None)
}

#[track_caller]
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "`{from}` stands there");
    text.replacen(from, to, 1)
}

#[test]
fn an_order_fills_a_step_and_the_draft_follows_from_it() {
    let draft = made(ORDER).unwrap();
    let claims: Vec<_> = draft.claims.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected = [
        ("amount", "1000000.00"),
        ("approved", "true"),
        ("approved_at", "2026-11-21T14:30:12.000Z"),
        ("cost_centre", "-"),
        ("line", "10"),
        ("source", "planning"),
    ];
    assert_eq!(claims, expected);
    assert_eq!(draft.origin.act, "json [\"PO-4711\",\"10\"]");
    let bytes = draft.to_vec().unwrap();
    Draft::from_slice(&bytes).unwrap().check(ORDER.as_bytes(), &Limits::default()).unwrap();
    let more = changed(ORDER, "1000000.00", "9000000.00");
    let found = draft.check(more.as_bytes(), &Limits::default()).unwrap_err();
    assert!(matches!(found, DraftError::Changed { .. }), "{found}");
    let mut other = draft.clone();
    other.claims.insert("amount".to_owned(), "9000000.00".to_owned());
    let found = other.check(ORDER.as_bytes(), &Limits::default()).unwrap_err();
    assert!(matches!(found, DraftError::Differs { .. }), "{found}");
}

#[test]
fn two_messages_about_one_act_have_one_id_and_acts_never_run_together() {
    let again = changed(ORDER, "\"jane\"", "\"john\"");
    assert_eq!(made(ORDER).unwrap().id(), made(&again).unwrap().id());
    let other = changed(ORDER, "PO-4711", "PO-4711\\\",\\\"10");
    assert_ne!(made(ORDER).unwrap().id(), made(&other).unwrap().id());
    assert_ne!(
        made(ORDER).unwrap().id(),
        made(&changed(ORDER, "\"line\": 10", "\"line\": 11")).unwrap().id()
    );
}

#[test]
fn what_is_asked_for_by_name_is_about_that() {
    assert!(made_with(MAPPING, ORDER, Some("PO-4711")).is_ok());
    let found = made_with(MAPPING, ORDER, Some("PO-1")).unwrap_err();
    assert!(found.contains("not about `PO-1`"), "{found}");
}

#[test]
fn messages_that_can_be_read_in_two_ways_propose_nothing() {
    let refused = |from: &str, to: &str, expected: &str| {
        let found = made(&changed(ORDER, from, to)).unwrap_err();
        assert!(found.contains(expected), "expected `{expected}`, found `{found}`");
    };
    refused("\"line\": 10", "\"line\": 10, \"line\": 11", "stands twice");
    refused("\"line\": 10", "\"line\": 10.5", "no JSON that is read");
    refused("\"line\": 10", "\"line\": 18446744073709551615", "too large");
    refused("\"line\": 10", "\"line\": [10]", "a list at `/data/line`");
    refused("\"line\": 10", "\"line\": null", "nothing at `/data/line`");
    refused("\"1000000.00\"", "100000000", "an amount that is no text");
    refused("\"1000000.00\"", "\"1000000.001\"", "3 decimals");
    refused("\"1000000.00\"", "\"1e6\"", "not an amount");
    refused("\"1000000.00\"", "\"-5.00\"", "not an amount");
    refused("\"USD\"", "\"EUR\"", "expected `USD`");
    refused("2026-11-21T14:30:12Z", "2026-11-21", "is no time");
    refused("order.released", "order.cancelled", "the mapping requires `order.released`");
    refused("\"approved\": true", "\"approved\": false", "the mapping requires `true`");
    refused("{", "", "no JSON that is read");
    let found = made(&format!("{ORDER}{}", " ".repeat(super::JSON_BYTES_MAX))).unwrap_err();
    assert!(found.contains("at most 1048576"), "{found}");
    let deep = "[".repeat(100_000);
    assert!(made(&deep).unwrap_err().contains("no JSON that is read"));
    let long = changed(ORDER, "PO-4711", &"P".repeat(5_000));
    assert!(made(&long).unwrap_err().contains("too long a text"));
}

#[test]
fn a_mapping_of_json_says_what_kind_of_message_and_which_act() {
    let refused = |from: &str, to: &str, expected: &str| {
        let found = made_with(&changed(MAPPING, from, to), ORDER, None).unwrap_err();
        assert!(found.contains(expected), "expected `{expected}`, found `{found}`");
    };
    refused("act     = [\"/data/order\", \"/data/line\"]", "", "expected `act`");
    refused("\"/type\"  ", "\"type\"", "pointers of the form");
    refused("field = \"/data/amount\"", "field = \"data\"", "a pointer of the form");
    refused("field = \"/data/amount\"", "field = \"/data~2\"", "a pointer of the form");
    refused(", currency = \"/data/currency\"", "", "`currency`, a pointer");
    refused("\"money:USD\"", "\"euros\"", "expected `as`");
    let bank = include_str!("../../../samples/mapping.toml");
    let bank = changed(bank, "evidence", "act = [\"/x\"]\nevidence");
    assert!(made_with(&bank, ORDER, None).unwrap_err().contains("for JSON only"));
}

#[test]
fn pointers_lead_where_rfc_6901_says() {
    let text = br#"{"a/b": "slash", "m~n": "tilde", "~1": "both", "list": ["first", {"x": 2}], "": "empty"}"#;
    let message = super::JsonMessage::from_slice(text).unwrap();
    let at = |pointer: &str| message.text(pointer).ok();
    let found = ["/a~1b", "/m~0n", "/~01", "/list/0", "/list/1/x", "/"].map(at);
    let expected = ["slash", "tilde", "both", "first", "2", "empty"].map(|text| Some(text.to_owned()));
    assert_eq!(found, expected);
    assert_eq!(["", "list", "/list/00", "/list/+1", "/list/2", "/list/-", "/x"].map(at), [const { None }; 7]);
}
