//! Finality drives holds: what a ledger does when its chain is late, goes back, stands still, or is not seen.
//! Real contracts on the embedded chain, a real appender, an observer between them.

use lockstep_chain::{Domain, DomainError};
use lockstep_node::Answer;
use lockstep_sim::chains::{AMOUNT, Attested, Decided, Town, first};
use lockstep_types::{CaseId, Time};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
/// Cents: half as much again as one case asks for.
const BALANCE: i64 = AMOUNT + AMOUNT / 2;

/// The chain is read as of a time, once a block after it is final.
fn read_at(town: &mut Town, at: Time) {
    let chain = &mut town.places[0].chain;
    chain.set_clock(at.saturating_add_ms(MINUTE_MS).seconds_round_down());
    chain.mine(3, 0);
    first(observed(town, at).unwrap()).unwrap();
}

fn observed(town: &mut Town, at: Time) -> Result<Answer, DomainError> {
    town.observe(0, at).unwrap()
}

/// The present, as far as it is final.
fn observe_now(town: &mut Town) {
    town.blocks(0).unwrap();
    let at = town.stage.now.saturating_sub_ms(20_000);
    first(observed(town, at).unwrap()).unwrap();
}

/// A case that lacks nothing but the approval.
fn prepared(town: &mut Town, as_of: Time) -> CaseId {
    town.prepare(0, Attested { booked_at: as_of, balance: (BALANCE, as_of) }).unwrap()
}

/// A case from its opening to its outcome, and the size at which that is anchored.
fn issue() -> (Town, Decided, u64) {
    let mut town = Town::found(1).unwrap();
    let as_of = town.stage.now.saturating_sub_ms(30 * MINUTE_MS);
    read_at(&mut town, as_of);
    let case = prepared(&mut town, as_of);
    let decided = town.approve(0, case).unwrap().unwrap();
    assert_eq!(town.counted().unwrap(), (AMOUNT, 0));
    let certificate = town.certify().unwrap().clone();
    town.to_present(0).unwrap();
    town.anchor(0, &certificate).unwrap().unwrap();
    (town, decided, certificate.size)
}

fn counted(town: &Town) -> (i64, i64) {
    town.counted().unwrap()
}

#[test]
fn a_mint_in_the_last_block_before_its_time_counts_though_it_is_final_only_later() {
    let (mut town, decided, size) = issue();
    town.places[0].chain.set_clock(decided.not_after.seconds_round_down());
    town.execute(&decided, size).unwrap().unwrap();
    let block = town.places[0].chain.latest().unwrap();
    assert_eq!(block.time().unwrap(), decided.not_after, "in the very last second");

    // By the ledger's clock its time is long over, and the block may still be replaced.
    town.stage.now = decided.not_after.saturating_add_ms(10 * MINUTE_MS);
    let pending = observed(&mut town, decided.not_after);
    assert!(matches!(pending, Err(DomainError::NotFinal { .. })), "{pending:?}");
    assert_eq!(counted(&town), (AMOUNT, 0), "ledger time alone returns nothing");

    town.blocks(0).unwrap();
    first(observed(&mut town, decided.not_after).unwrap()).unwrap();
    assert_eq!(counted(&town), (0, AMOUNT), "the hold became supply, and is counted once");
    assert_eq!(town.tokens(0).unwrap(), AMOUNT);
}

#[test]
fn a_mint_that_a_chain_takes_back_returns_its_hold_once_a_later_block_is_final() {
    let (mut town, decided, size) = issue();
    town.execute(&decided, size).unwrap().unwrap();
    town.places[0].chain.take_back(1).unwrap();
    assert_eq!(town.tokens(0).unwrap(), 0);

    // A final block before its time shows nothing: it could still be brought.
    town.wait(MINUTE_MS);
    observe_now(&mut town);
    assert_eq!(counted(&town), (AMOUNT, 0));

    town.stage.now = decided.not_after.saturating_add_ms(MINUTE_MS);
    observe_now(&mut town);
    assert_eq!(counted(&town), (0, 0), "it never will be executed");
    assert_eq!(town.execute(&decided, size).unwrap(), Err("Expired".to_owned()), "which the Gate sees to");
}

#[test]
fn a_mint_brought_again_after_the_chain_took_it_back_is_one_mint() {
    let (mut town, decided, size) = issue();
    town.execute(&decided, size).unwrap().unwrap();
    town.places[0].chain.take_back(1).unwrap();
    town.execute(&decided, size).unwrap().unwrap();
    assert_eq!(town.execute(&decided, size).unwrap(), Err("AlreadyExecuted".to_owned()));
    town.wait(MINUTE_MS);
    observe_now(&mut town);
    assert_eq!((counted(&town), town.tokens(0).unwrap()), ((0, AMOUNT), AMOUNT));
}

#[test]
fn while_a_chain_stands_still_nothing_returns() {
    let (mut town, decided, _) = issue();
    town.blocks(0).unwrap();
    let last = town.places[0].chain.finalized().unwrap().time().unwrap();
    town.stage.now = decided.not_after.saturating_add_ms(24 * HOUR_MS);
    let now = town.stage.now;
    let unseen = observed(&mut town, now);
    assert!(matches!(unseen, Err(DomainError::NotFinal { .. })), "{unseen:?}");
    // What was final before it stopped can be read, and shows no block after its time.
    first(observed(&mut town, last.saturating_sub_ms(1_000)).unwrap()).unwrap();
    assert_eq!(counted(&town), (AMOUNT, 0));
    observe_now(&mut town);
    assert_eq!(counted(&town), (0, 0));
}

#[test]
fn while_nobody_sees_the_chain_nothing_new_is_approved() {
    let (mut town, decided, size) = issue();
    town.execute(&decided, size).unwrap().unwrap();
    // An hour without an observer: what it read last is too old to count on.
    town.wait(HOUR_MS);
    let as_of = town.stage.now.saturating_sub_ms(5 * MINUTE_MS);
    let case = prepared(&mut town, as_of);
    assert_eq!(town.approve(0, case).unwrap().err().as_deref(), Some("headroom_unknown"));

    // It is back, and sees the mint: the reserve is spent.
    read_at(&mut town, as_of);
    assert_eq!(counted(&town), (0, AMOUNT));
    assert_eq!(town.approve(0, case).unwrap().err().as_deref(), Some("headroom_short"));
}
