use super::*;
use crate::fault::Fault;
use lockstep_attest::{Statement, Withdrawal};
use lockstep_crypto::SecretKey;
use lockstep_crypto::suite::Suite;
use lockstep_types::{CaseId, LeafHash, LedgerId};

fn withdrawal(issued: Time, expires: Time) -> Draft {
    let statement = Statement::Withdrawal(Withdrawal {
        case: CaseId([2; 32]),
        expires,
        issued,
        leaf: LeafHash([3; 32]),
        ledger: LedgerId([1; 32]),
        party: "ACMEUSDISSUER0000046".parse().unwrap(),
        reason: "a mistake".to_owned(),
        seen: None,
    });
    Draft { statement, openings: Vec::new() }
}

#[test]
fn a_signature_that_comes_when_its_envelope_is_void_is_handed_in_nowhere() {
    let secret = SecretKey::from_bytes(Suite::Ed25519, &[7; 32]).unwrap();
    let lei = "ACMEUSDISSUER0000046".parse().unwrap();
    let party = Party { lei, holders: vec![Holder::File(Box::new(secret)).into()], waits_ms: 0 };
    let now = os::now().unwrap();
    let before = |ms: u64| now.saturating_sub_ms(ms);
    assert!(party.sign(withdrawal(before(60_000), now.saturating_add_ms(60_000))).is_ok());
    let late = party.sign(withdrawal(before(60_000), before(1_000))).unwrap_err();
    let fault = Fault::of(&late);
    assert_eq!((fault.code.as_str(), fault.exit_code()), ("signature-late", 2));
    assert!(fault.text.ends_with("nothing was handed in"), "{}", fault.text);
}

#[test]
fn an_envelope_counts_in_its_last_millisecond_as_the_ledger_has_it() {
    let now = os::now().unwrap();
    assert!(in_time(now, now).is_ok());
    assert!(in_time(now, now.saturating_add_ms(1)).is_err());
}
