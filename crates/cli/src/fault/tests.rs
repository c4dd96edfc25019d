//! Tests of codes and kinds at the edge.

use super::*;
use anyhow::Context;

#[test]
fn code_kind_and_hint_are_found_below_the_context() {
    let told = told(Kind::Conflict, "old-copy", "older").hint("put the newest back");
    let error = Err::<(), _>(told).context("nothing was signed").unwrap_err();
    let fault = Fault::of(&error);
    assert_eq!((fault.code.as_str(), fault.kind, fault.exit_code()), ("old-copy", Kind::Conflict, 2));
    assert_eq!((fault.text.as_str(), fault.causes), ("nothing was signed", vec!["older".to_owned()]));
    assert_eq!(fault.hint.as_deref(), Some("put the newest back"));
}

#[test]
fn a_refusal_is_a_no_and_keeps_its_code() {
    let error = anyhow::Error::new(Refusal::EnvelopeLife {});
    let fault = Fault::of(&error);
    assert_eq!((fault.code.as_str(), fault.kind, fault.exit_code()), ("envelope_life", Kind::Invalid, 1));
    assert!(fault.hint.is_some_and(|hint| hint.contains("seven days")));
}
