//! Drafts and mappings: one that is read is written as the same bytes, and what a changed mapping proposes
//! from a message holds when it is checked against that message.

use lockstep_sources::draft::{Draft, Mapping, propose};
use lockstep_sources::{ItemQuery, Limits};
use lockstep_types::CaseId;

const MESSAGE: &[u8] = include_bytes!("../seeds/message/camt054.xml");
const JSON: &str = include_str!("../seeds/draft/mapping-json.toml");
const ORDER: &[u8] = include_bytes!("../seeds/draft/order.json");

/// Panics when `data` breaks a property of drafts.
pub fn run(data: &[u8]) {
    let limits = Limits::default();
    if let Ok(draft) = Draft::from_slice(data) {
        let written = draft.to_vec().expect("what was read can be written");
        assert_eq!(written.strip_suffix(b"\n"), Some(data.strip_suffix(b"\n").unwrap_or(data)));
        let _ = draft.check(MESSAGE, &limits);
    }
    let query = ItemQuery::default();
    let request = "request".parse().expect("a name");
    let json = Mapping::from_toml(JSON).expect("a mapping");
    if let Ok(draft) = propose(data, (&json, &query), (CaseId([1; 32]), &request), &limits) {
        draft.check(data, &limits).expect("what was proposed is proposed again");
    }
    let Ok(text) = core::str::from_utf8(data) else { return };
    let Ok(mapping) = Mapping::from_toml(text) else { return };
    if let Ok(draft) = propose(ORDER, (&mapping, &query), (CaseId([1; 32]), &request), &limits) {
        draft.check(ORDER, &limits).expect("what was proposed is proposed again");
    }
    let query = ItemQuery { reference: Some("R1"), account: None };
    for step in ["payout", "payment"].map(|step| step.parse().expect("a name")) {
        if let Ok(draft) = propose(MESSAGE, (&mapping, &query), (CaseId([1; 32]), &step), &limits) {
            draft.check(MESSAGE, &limits).expect("what was proposed is proposed again");
        }
    }
}
