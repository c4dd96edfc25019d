use super::*;
use alloy_primitives::B256;
use proptest::prelude::*;

const PRICE: Price = Price { base: 100, tip: 10 };

fn seen(newest: u64, nonce: u64) -> Seen {
    Seen { newest, finalized: 5, nonce, nonce_final: Some(0), price: PRICE, landed: None }
}

fn landed(number: u64) -> Landed {
    let (transaction, block) = (B256::ZERO, (number, B256::ZERO));
    Landed { transaction, block, gas: 1, created: None, logs: Vec::new(), succeeded: true }
}

const WAITING: Waiting = Waiting { nonce: 3, fees: Fees { most: 210, tip: 10 }, since: 10 };

#[test]
fn the_first_offer_bears_a_doubled_base_fee_and_never_passes_the_cap() {
    assert_eq!(Fees::first(PRICE, 1_000), Some(Fees { most: 210, tip: 10 }));
    assert_eq!(Fees::first(PRICE, 150), Some(Fees { most: 150, tip: 10 }));
    assert_eq!(Fees::first(PRICE, 100), Some(Fees { most: 100, tip: 10 }));
    assert_eq!(Fees::first(PRICE, 99), None, "the chain asks for more than the operator gives");
    assert_eq!(Fees::first(Price { base: 0, tip: 10 }, 5), Some(Fees { most: 5, tip: 5 }));
}

#[test]
fn a_stuck_transaction_is_raised_once_it_is_next_in_line_and_the_cap_allows() {
    let rule = (3, 1_000);
    let raised = Step::Raise(Fees { most: 237, tip: 12 });
    assert_eq!(step(&WAITING, &seen(12, 3), rule), Step::HandOver, "two blocks without it");
    assert_eq!(step(&WAITING, &seen(13, 3), rule), raised);
    assert_eq!(step(&WAITING, &seen(13, 2), rule), Step::HandOver, "one before it is stuck");
    assert_eq!(step(&WAITING, &seen(13, 3), (3, 230)), Step::HandOver, "a tenth more is above the cap");
    assert_eq!(step(&WAITING, &seen(13, 3), (3, 231)), Step::Raise(Fees { most: 231, tip: 12 }));
}

#[test]
fn a_transaction_in_a_block_is_mined_and_in_a_final_one_final() {
    let at = |number| Seen { landed: Some(landed(number)), ..seen(20, 4) };
    assert_eq!(step(&WAITING, &at(6), (3, 1_000)), Step::Mined(landed(6)));
    assert_eq!(step(&WAITING, &at(5), (3, 1_000)), Step::Final(landed(5)));
}

#[test]
fn a_nonce_is_lost_only_in_a_final_block() {
    assert_eq!(step(&WAITING, &seen(20, 4), (3, 1_000)), Step::HandOver, "a re-org may bring it back");
    let lost = Seen { nonce_final: Some(4), ..seen(20, 4) };
    assert_eq!(step(&WAITING, &lost, (3, 1_000)), Step::Overtaken);
    let unknown = Seen { nonce_final: None, ..seen(20, 4) };
    assert_eq!(step(&WAITING, &unknown, (3, 1_000)), Step::HandOver);
}

proptest! {
    #[test]
    fn every_raise_is_one_that_nodes_take_and_none_passes_the_cap(
        base in 0u128..1_000, tip in 0u128..1_000, cap in 0u128..10_000, rounds in 1usize..40,
    ) {
        let price = Price { base, tip };
        let Some(mut fees) = Fees::first(price, cap) else { return Ok(()) };
        for _ in 0..rounds {
            let Some(raised) = fees.raised(price, cap) else { break };
            prop_assert!(raised.most * 10 >= fees.most * 11 && raised.tip * 10 >= fees.tip * 11);
            prop_assert!(raised.most > fees.most && raised.tip > fees.tip);
            prop_assert!(raised.most <= cap && raised.tip <= raised.most);
            fees = raised;
        }
    }
}
