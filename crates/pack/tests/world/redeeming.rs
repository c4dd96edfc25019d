//! Redemptions of the coin, as far as each of them gets.

use crate::world::*;
use lockstep_kernel::Action;
use lockstep_kernel::governance::Files;
use lockstep_types::*;

/// The policy of redemption.
pub const REDEEM_LAYOUT: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-redeem/policy.toml"));
const REDEEM_GUARDS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-redeem/guards.cedar"));
/// Who redeems.
pub const HOLDER: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/// The coin of which tokens can be redeemed, and an open redemption of a thousand.
pub fn opened() -> (World, CaseId) {
    opened_by(REDEEM_LAYOUT)
}

/// As [`opened`], under another layout.
pub fn opened_by(layout: &str) -> (World, CaseId) {
    let mut world = stablecoin();
    let files = Files { guards: REDEEM_GUARDS.to_owned(), layout: layout.to_owned() };
    let adoption = world.propose(Action::Adopt(files));
    world.consent(adoption);
    let policy = world.ledger.machine().programme("acme-usd").unwrap().policies[&name("stablecoin.redeem")].0;
    let case = world.open("issuer", policy, &[("amount", "1000.00"), ("holder", HOLDER)]);
    world.certify();
    (world, case)
}

/// An observer shows a deposit.
pub fn deposit(world: &mut World, case: CaseId, (amount, transaction): (&str, u8)) {
    let (transaction, hash) = (Digest([transaction; 32]).to_string(), Digest([9; 32]).to_string());
    let claims = [
        ("depositor", HOLDER),
        ("amount", amount),
        ("chain", "eip155:31337"),
        ("transaction", &transaction),
        ("log", "0"),
        ("block", "17"),
        ("block_hash", &hash),
    ];
    world.attest(case, "observer", "deposit", &claims);
}

/// A redemption that compliance has approved.
pub fn approved() -> (World, CaseId) {
    approved_of(opened())
}

/// A redemption that compliance approves.
pub fn approved_of((mut world, case): (World, CaseId)) -> (World, CaseId) {
    deposit(&mut world, case, ("1000.00", 1));
    world.certify();
    screen(&mut world, case);
    world.attest(case, "compliance", "approve", &[]);
    world.certify();
    (world, case)
}

/// The bank says that it has paid.
pub fn payout(world: &mut World, case: CaseId) {
    let booked = world.now.to_string();
    let claims = [
        ("amount", "1000.00"),
        ("servicer", "NORTHNO1"),
        ("account", "NO9386011117947"),
        ("servicer_ref", "out 1"),
        ("entry_ref", "1"),
        ("creditor", "Jane Doe"),
        ("booked", "true"),
        ("booked_at", &booked),
    ];
    world.attest(case, "custodian", "payout", &claims);
    world.certify();
}

/// A chain shows the last decision of the case as executed.
pub fn execute(world: &mut World, case: CaseId) {
    world.wait(1_000);
    let ordinal = world.ledger.machine().case(&case).unwrap().ordinal - 1;
    let time = world.now.saturating_sub_ms(900);
    world.read(time, "0", vec![lockstep_attest::Consumed { case, ordinal, time }]);
    world.certify();
}
