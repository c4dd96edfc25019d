//! Refusals as people and programs read them.

use crate::{Kernel, Refusal, RefusalCode};
use lockstep_ledger::{Entry, Ledger, Scribe, Seed};
use lockstep_types::Time;

#[test]
fn every_code_has_one_text_form_and_comes_back_from_it() {
    let mut seen = std::collections::BTreeSet::new();
    for code in RefusalCode::ALL {
        let text = code.as_text();
        assert!(!text.is_empty() && seen.insert(text.clone()));
        assert_eq!(serde_json::from_str::<RefusalCode>(&format!("\"{text}\"")).unwrap(), *code);
    }
}

#[test]
fn texts_begin_small_and_end_without_a_stop() {
    let examples = [
        Refusal::GenesisPlace {},
        Refusal::EnvelopeLife {},
        Refusal::HeadroomShort { headroom: -5, asked: 7 },
        Refusal::Withheld { what: "context.claim.hits".to_owned() },
        // Only a policy that its own checks would refuse could come to it: see `outcome`.
        Refusal::OutcomeForm { outcome: "mint".parse().unwrap(), what: "no exact form".to_owned() },
    ];
    for refusal in examples {
        let text = refusal.to_string();
        assert!(!text.ends_with('.') && !text.starts_with(char::is_uppercase), "{text}");
    }
    assert_eq!(RefusalCode::OutcomeForm.as_text(), "outcome_form");
}

#[test]
fn a_body_that_this_version_does_not_know_stops_the_ledger() {
    let mut scribe = Scribe::new(Time::default(), Seed::new([0; 32]));
    scribe.push(Entry::record(b"{\"unheard_of\":{}}".to_vec()));
    scribe.push(Entry::outcome(vec![1, 2, 3]));
    for record in scribe.finish() {
        let mut ledger = Ledger::new(Kernel::default(), ());
        assert!(ledger.apply(&record).is_err());
    }
}
