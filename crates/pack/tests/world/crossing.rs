//! A ledger that goes from rules 1 to rules 2 while a case is open, and what others make of its history. The
//! files of `vectors/rules`.

use crate::answers::{Named, named_files};
use crate::small::{ledger_of, open, release, world_credential};
use crate::world::World;
use lockstep_kernel::body::{Body, Enacted, Proposed};
use lockstep_kernel::governance::LaterRules;
use lockstep_kernel::{Action, Entity, Request};
use lockstep_ledger::Entry;
use lockstep_pack::pack::PackedEntry;
use lockstep_pack::{LedgerReader, MapAnswer, Pack, PackedGroup};
use lockstep_types::{AttestationDigest, CaseId, EnvelopeDigest, Time};
use std::collections::BTreeMap;

/// The ledger, and its cases.
pub struct Crossing {
    pub world: World,
    /// Opened under rules 1, and open when rules 2 came into force.
    pub before: CaseId,
    /// Opened under rules 2, and decided.
    pub released: CaseId,
    /// Opened under rules 2.
    pub after: CaseId,
    /// The governance case that brought them.
    pub enactment: CaseId,
}

pub fn rules(version: u32) -> Action {
    Action::SetRules(LaterRules { rules: version })
}

/// The desk's key turns out to have been stolen before any case was opened, and the risk office refuses.
fn refuse_under_a_stolen_key(world: &mut World, cases: &[CaseId]) {
    let desk = world_credential(world, "desk");
    world.revoke("REGULATOR", desk, Some(Time::from_ms(1).unwrap()));
    for case in cases {
        world.refuse(*case, "risk", "release");
    }
    world.certify();
}

/// The same refusal of the same party, in the same words, in two cases: under rules 1 it is an attempt of a
/// suspended case, under rules 2 it ends the case.
pub fn crossing() -> Crossing {
    let mut world = ledger_of("CROSSING");
    let before = open(&mut world);
    let enactment = world.propose(rules(2));
    world.consent(enactment);
    let released = open(&mut world);
    release(&mut world, released);
    let after = open(&mut world);
    world.certify();
    refuse_under_a_stolen_key(&mut world, &[before, after]);
    Crossing { world, before, released, after, enactment }
}

/// Rules 2 that nobody has consented to: the appender writes that they are in force.
pub fn pretended() -> (World, CaseId) {
    let mut world = ledger_of("PRETENDED");
    let case = world.propose(rules(2));
    let enacted = Enacted { action: rules(2).digest(), case, prev: lockstep_types::LeafHash(case.0) };
    let tick = Request::Tick.to_vec().unwrap();
    world.forge(Entry::record(Body::Enacted(enacted).to_vec().unwrap()), Some(tick));
    let case = open(&mut world);
    refuse_under_a_stolen_key(&mut world, &[case]);
    (world, case)
}

/// A ledger whose co-signers run a later program, which knows rules 3.
pub fn later() -> (World, CaseId) {
    let mut world = ledger_of("LATER");
    let proposed = Proposed {
        action: rules(3),
        attestation: AttestationDigest([3; 32]),
        deadline: world.now.saturating_add_ms(1_000),
        envelope: EnvelopeDigest([3; 32]),
        loosens: true,
        party: world.admin.lei,
    };
    let proposal = world.forge(Entry::record(Body::Proposed(proposed).to_vec().unwrap()), None);
    let (case, prev) = (CaseId(proposal.leaf_hash().0), proposal.leaf_hash());
    let enacted = Enacted { action: rules(3).digest(), case, prev };
    world.forge(Entry::record(Body::Enacted(enacted).to_vec().unwrap()), None);
    let case = open(&mut world);
    release(&mut world, case);
    world.certify();
    (world, case)
}

/// The pack without the governance case by which other rules came into force.
pub fn without_enactment(pack: &[u8]) -> Vec<u8> {
    let mut pack = Pack::from_slice(pack).unwrap();
    let is_proposal = |group: &PackedGroup| match group.records[0].record_body() {
        Some(Body::Proposed(body)) => matches!(body.action, Action::SetRules(_)),
        _ => false,
    };
    let proposal =
        pack.excerpt.iter().find(|group| is_proposal(group)).expect("the enactment is in the pack");
    let case = CaseId(proposal.records[0].open(proposal.time).unwrap().leaf_hash().0);
    let belongs = |group: &PackedGroup| {
        let linked = |body: &Body| body.link().is_some_and(|(of, _)| of == case);
        group.records.iter().any(|record| record.record_body().is_some_and(linked))
    };
    pack.excerpt.retain(|group| !is_proposal(group) && !belongs(group));
    pack.to_vec().unwrap()
}

/// A pack of the governance case itself, which no builder of ours makes: another one without its case.
pub fn of_enactment(Crossing { world, after, enactment, .. }: &Crossing) -> Vec<u8> {
    let mut pack = Pack::from_slice(&world.pack(*after)).unwrap();
    pack.case = *enactment;
    let of_case = |body: &Body| matches!(body, Body::Opened(_) | Body::Attested(_));
    pack.excerpt.retain(|group| !group.records[0].record_body().is_some_and(of_case));
    let about_trust =
        |entity: &Entity| matches!(entity, Entity::Committee | Entity::Credential(_) | Entity::Issuer(_));
    pack.map.retain(|entry| about_trust(&entry.entity));
    let entity = Entity::Case(*enactment);
    let MapAnswer { proof, value } = world.map_entry(&pack.seal.body.map, &entity.key()).unwrap();
    let value = value.map(|value| String::from_utf8(value).unwrap());
    pack.map.insert(0, PackedEntry { entity, proof, value });
    pack.seen.clear();
    pack.to_vec().unwrap()
}

/// Packs, each with the ledger whose trust file it is asked under.
pub fn files() -> BTreeMap<String, Vec<u8>> {
    let crossing = crossing();
    let of = |case| crossing.world.pack(case);
    let ((pretending, pretended), (ahead, later)) = (pretended(), later());
    let named = |name, pack| Named { name, pack };
    named_files(&[
        (
            "trust.json",
            crossing.world.trust(),
            vec![
                named("before", of(crossing.before)),
                named("released", of(crossing.released)),
                named("after", of(crossing.after)),
                named("enactment", of_enactment(&crossing)),
                named("released_without_enactment", without_enactment(&of(crossing.released))),
                named("after_without_enactment", without_enactment(&of(crossing.after))),
            ],
        ),
        ("trust_pretended.json", pretending.trust(), vec![named("pretended", pretending.pack(pretended))]),
        ("trust_later.json", ahead.trust(), vec![named("later", ahead.pack(later))]),
    ])
}
