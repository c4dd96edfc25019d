use super::*;
use crate::deploy;
use crate::domain::{Sends, Transaction};
use crate::embedded::Embedded;
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;

const ISSUER: Address = Address::repeat_byte(0x11);

/// A chain with a token; the issuer mints 5 in the block of second 2,000 and burns 2 in that of 3,000.
fn chain() -> (Embedded, Watch) {
    let mut chain = Embedded::new(1, 2, 1_000);
    let token = deploy::token(&mut chain, (ISSUER, ISSUER), ("Acme dollar", "ACME", 6)).unwrap();
    let mint = Token::mintCall { to: ISSUER, amount: U256::from(5) }.abi_encode();
    let burn = Token::burnCall { amount: U256::from(2) }.abi_encode();
    for (timestamp, data) in [(2_000, mint), (3_000, burn)] {
        chain.set_clock(timestamp);
        chain.send(&Transaction { from: ISSUER, to: Some(token), data: data.into() }).unwrap();
    }
    (chain, Watch { token, gate: Address::repeat_byte(0x77), since: 0 })
}

fn at(seconds: u64) -> Time {
    Time::from_ms(seconds * 1_000).unwrap()
}

#[test]
fn supply_is_that_of_the_last_block_at_or_before_the_time() {
    let (mut chain, watch) = chain();
    chain.mine(4, 12);
    for (seconds, supply) in [(1_999, 0), (2_000, 5), (2_999, 5), (3_000, 3), (3_020, 3)] {
        let seen = watch.as_of(&chain, at(seconds)).unwrap();
        assert_eq!(seen.supply, U256::from(supply), "at second {seconds}");
        assert!(seen.block.timestamp <= seconds && seconds < seen.next.timestamp);
        assert_eq!(seen.next.number, seen.block.number + 1);
    }
}

#[test]
fn nothing_is_read_from_blocks_that_may_be_replaced() {
    let (mut chain, watch) = chain();
    chain.mine(1, 12);
    let finalized = chain.finalized().unwrap().number;
    let refused = watch.as_of(&chain, at(3_000));
    assert_eq!(refused, Err(DomainError::NotFinal { number: finalized + 1, finalized }));
    chain.mine(2, 12);
    assert_eq!(watch.as_of(&chain, at(3_000)).unwrap().supply, U256::from(3));
}

#[test]
fn a_time_before_the_chain_is_refused() {
    let (mut chain, watch) = chain();
    chain.mine(4, 12);
    let Err(DomainError::Answer { what }) = watch.as_of(&chain, at(999)) else { panic!("it was read") };
    assert_eq!(what, "no block is as old as second 999");
}

/// An endpoint that says everything twice, or in the wrong order.
struct Lying(Embedded, fn(Vec<Log>) -> Vec<Log>);

impl Domain for Lying {
    fn chain_id(&self) -> u64 {
        self.0.chain_id()
    }
    fn latest(&self) -> Result<Block, DomainError> {
        self.0.latest()
    }
    fn finalized(&self) -> Result<Block, DomainError> {
        self.0.finalized()
    }
    fn block(&self, number: u64) -> Result<Block, DomainError> {
        self.0.block(number)
    }
    fn call_at(&self, block: &Block, to: Address, data: &[u8]) -> Result<Bytes, DomainError> {
        self.0.call_at(block, to, data)
    }
    fn logs(&self, address: Address, from: u64, to: u64) -> Result<Vec<Log>, DomainError> {
        self.0.logs(address, from, to).map(self.1)
    }
}

#[test]
fn a_log_counts_once_and_in_order() {
    let (mut chain, watch) = chain();
    chain.mine(4, 12);
    let honest = watch.as_of(&chain, at(3_000)).unwrap();
    let twice = Lying(chain, |logs| logs.iter().flat_map(|log| [log.clone(), log.clone()]).collect());
    assert_eq!(watch.as_of(&twice, at(3_000)).unwrap(), honest);
    let backwards = Lying(twice.0, |logs| logs.into_iter().rev().collect());
    assert!(matches!(watch.as_of(&backwards, at(3_000)), Err(DomainError::Answer { .. })));
    let minted = |log: &Log| log.topics.get(1) == Some(&B256::ZERO) && log.topics.len() == 3;
    assert!(backwards.0.logs(watch.token, 0, 5).unwrap().iter().any(minted));
    let burns_only = Lying(backwards.0, |logs| {
        let minted = |log: &Log| log.topics.get(1) == Some(&B256::ZERO) && log.topics.len() == 3;
        logs.into_iter().filter(|log| !minted(log)).collect()
    });
    let what = "more was burned than minted".to_owned();
    assert_eq!(watch.as_of(&burns_only, at(3_000)), Err(DomainError::Answer { what }));
    // A log of a block that was not asked for, or of another contract.
    let later = Lying(burns_only.0, |logs| {
        logs.into_iter().map(|log| Log { block: log.block + 100, ..log }).collect()
    });
    assert!(matches!(watch.as_of(&later, at(3_000)), Err(DomainError::Answer { .. })));
    let foreign = Lying(later.0, |logs| {
        logs.into_iter().map(|log| Log { address: Address::repeat_byte(1), ..log }).collect()
    });
    assert!(matches!(watch.as_of(&foreign, at(3_000)), Err(DomainError::Answer { .. })));
}

#[test]
fn a_reading_names_what_is_waited_for_and_no_more_than_it_can() {
    let (mut chain, watch) = chain();
    chain.mine(4, 12);
    let consumed = (0..600u32).map(|ordinal| Consumed { case: CaseId([1; 32]), ordinal, time: at(2_000) });
    let seen = watch.as_of(&chain, at(3_000)).unwrap();
    let seen = Observation { consumed: consumed.collect(), ..seen };
    let odd = seen.waited_for(|consumed| consumed.ordinal % 2 == 1);
    assert_eq!(odd.consumed.len(), CONSUMED_MAX);
    assert!(odd.consumed.iter().all(|consumed| consumed.ordinal % 2 == 1), "the first of those waited for");
}
