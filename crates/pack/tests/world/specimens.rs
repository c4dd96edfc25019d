//! A pack of each kind, each on a ledger of its own.

use crate::crossing::{Crossing, crossing, later, of_enactment, pretended, without_enactment};
use crate::redeeming::{approved, deposit, execute, opened, payout};
use crate::world::*;
use lockstep_crypto::Suite;
use lockstep_kernel::governance::Files;
use lockstep_kernel::{Action, Request};
use lockstep_pack::{Options, Topic, Trust};
use lockstep_types::*;

/// A pack, what its reader trusts, and the ledger that it is of.
pub struct Specimen {
    /// What it shows.
    pub name: &'static str,
    pub pack: Vec<u8>,
    pub trust: Option<Trust>,
    pub world: World,
}

const DAY_MS: u64 = 86_400_000;

fn certified(name: &'static str, (mut world, case): (World, CaseId)) -> Specimen {
    world.certify();
    with(name, (world, case), &Options { evidence: true, ..Options::default() })
}

fn with(name: &'static str, (world, case): (World, CaseId), options: &Options) -> Specimen {
    Specimen { name, pack: world.pack_with(case, options), trust: Some(world.trust()), world }
}

fn issuance() -> (World, CaseId) {
    let mut world = stablecoin();
    let case = decided(&mut world);
    (world, case)
}

fn withheld(name: &'static str, what: &str) -> Specimen {
    with(name, issuance(), &Options { withhold: vec![what.to_owned()], ..Options::default() })
}

fn untrusted() -> Specimen {
    Specimen { trust: None, ..certified("untrusted", issuance()) }
}

fn open_case() -> (World, CaseId) {
    let mut world = stablecoin();
    let case = prepare(&mut world, "1");
    (world, case)
}

fn refused() -> (World, CaseId) {
    let mut world = stablecoin();
    let case = prepare(&mut world, "1");
    world.refuse(case, "compliance", "approve");
    (world, case)
}

fn expired() -> (World, CaseId) {
    let mut world = stablecoin();
    let case = open(&mut world);
    world.attest(case, "issuer", "request", &[]);
    world.wait(8 * DAY_MS);
    world.ask(Request::Tick).unwrap();
    (world, case)
}

fn withdrawn() -> (World, CaseId) {
    let (mut world, case) = open_case();
    let leaf = world.ledger.machine().case(&case).unwrap().steps[&name("screen")].leaf;
    world.withdraw(case, "screening", leaf);
    screen(&mut world, case);
    world.attest(case, "compliance", "approve", &[]);
    (world, case)
}

fn attempted() -> (World, CaseId) {
    let (mut world, _) = issuance();
    let case = open(&mut world);
    world.attest(case, "auditor", "audit", &[("agrees", "true"), ("balance", "1.00"), ("haircut_bps", "1")]);
    world.attest(case, "issuer", "request", &[]);
    pay(&mut world, case, "2026112000017");
    (world, case)
}

fn erased() -> (World, CaseId) {
    let (mut world, case) = expired();
    world.certify();
    world.erase(case, DocumentDigest([5; 32]));
    for index in world.index[&Topic::Case(case)].clone() {
        world.made[index as usize].1 = None;
    }
    (world, case)
}

fn settled() -> (World, CaseId) {
    let (mut world, case) = issuance();
    execute(&mut world, case);
    (world, case)
}

fn lapsed() -> (World, CaseId) {
    let (mut world, case) = issuance();
    world.wait(3_600_000);
    let time = world.now.saturating_sub_ms(900);
    world.read(time, "2000000000000", Vec::new());
    (world, case)
}

fn suspect() -> (World, CaseId) {
    let mut world = stablecoin();
    let credential = world.credential("REGULATOR", "auditor", "registered-auditor");
    let case = decided(&mut world);
    let since = world.now.saturating_sub_ms(60_000);
    world.revoke("REGULATOR", credential, Some(since));
    (world, case)
}

/// Trusted since before the rotation.
fn rotated() -> Specimen {
    let mut world = stablecoin();
    world.certify();
    let early = world.trust();
    world.rotate((0..4).map(|at| Party::new(&format!("NEXT{at}"), &[Suite::Eip712])).collect());
    let case = decided(&mut world);
    Specimen { trust: Some(early), ..certified("rotated", (world, case)) }
}

fn at_another_gate() -> (World, CaseId) {
    const GATE: &str = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
    const NEXT: &str = "0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9";
    let mut world = stablecoin();
    world.replace_gate(NEXT.parse().unwrap());
    let files = Files { guards: GUARDS.to_owned(), layout: LAYOUT.replace(GATE, NEXT) };
    let adoption = world.propose(Action::Adopt(files));
    world.consent(adoption);
    let case = decided(&mut world);
    (world, case)
}

fn redeemed() -> (World, CaseId) {
    let (mut world, case) = approved();
    payout(&mut world, case);
    execute(&mut world, case);
    (world, case)
}

fn refunded() -> (World, CaseId) {
    let (mut world, case) = approved();
    world.refuse(case, "custodian", "payout");
    (world, case)
}

fn returned_late() -> (World, CaseId) {
    let (mut world, case) = opened();
    world.wait(8 * DAY_MS);
    world.ask(Request::Tick).unwrap();
    deposit(&mut world, case, ("999.00", 1));
    (world, case)
}

/// Of the ledger that goes from rules 1 to rules 2: the case that was open, and one opened after.
fn crossed(which: fn(&Crossing) -> CaseId) -> (World, CaseId) {
    let crossing = crossing();
    let case = which(&crossing);
    (crossing.world, case)
}

fn enactment_left_out() -> Specimen {
    let specimen = certified("enactment left out", crossed(|crossing| crossing.released));
    Specimen { pack: without_enactment(&specimen.pack), ..specimen }
}

fn governance() -> Specimen {
    let crossing = crossing();
    Specimen {
        name: "governance",
        pack: of_enactment(&crossing),
        trust: Some(crossing.world.trust()),
        world: crossing.world,
    }
}

/// All of them.
pub fn of_every_kind() -> Vec<Specimen> {
    vec![
        certified("decided", issuance()),
        withheld("step withheld", "screen"),
        withheld("claim withheld", "payment.debtor"),
        untrusted(),
        certified("open", open_case()),
        certified("refused", refused()),
        certified("expired", expired()),
        certified("withdrawn", withdrawn()),
        certified("attempted", attempted()),
        certified("erased", erased()),
        certified("settled", settled()),
        certified("lapsed", lapsed()),
        certified("suspect", suspect()),
        rotated(),
        certified("another gate", at_another_gate()),
        certified("redeemed", redeemed()),
        certified("refunded", refunded()),
        certified("returned late", returned_late()),
        certified("rules 1 at their end", crossed(|crossing| crossing.before)),
        certified("rules 2, decided", crossed(|crossing| crossing.released)),
        certified("rules 2, refused", crossed(|crossing| crossing.after)),
        enactment_left_out(),
        certified("rules pretended", pretended()),
        certified("rules of later programs", later()),
        governance(),
    ]
}
