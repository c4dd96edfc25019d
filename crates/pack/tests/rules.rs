//! A case is verified under the rules under which it was opened, and under no others.
#![expect(clippy::disallowed_methods, reason = "a test of files reads them")]

#[path = "world/answers.rs"]
mod answers;
#[path = "world/crossing.rs"]
mod crossing;
#[path = "world/reforge.rs"]
mod reforge;
#[path = "world/small.rs"]
#[expect(dead_code, reason = "the vectors of `vectors/pack` are made of it as well")]
mod small;
#[path = "world/world.rs"]
mod world;

use crossing::{Crossing, crossing, later, of_enactment, pretended, without_enactment};
use lockstep_kernel::{Body, Rules};
use lockstep_pack::{Options, Pack, PackedCommand, Trust, verify};
use lockstep_types::sha256;
use serde_json::Value;
use std::collections::BTreeMap;
use world::told;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/rules");

fn kinds(pack: &[u8], trust: &Trust) -> Vec<(&'static str, Option<String>)> {
    let report = verify(pack, Some(trust));
    assert_eq!(told(&report), "verified");
    report.facts.unwrap().steps.into_iter().map(|step| (step.kind, step.refusal)).collect()
}

#[test]
fn one_refusal_is_an_attempt_under_rules_1_and_ends_the_case_under_rules_2() {
    let Crossing { world, before, after, .. } = crossing();
    let trust = world.trust();
    let suspended = ("attempted", Some("suspended".to_owned()));
    assert_eq!(kinds(&world.pack(before), &trust), [("opened", None), suspended]);
    assert_eq!(kinds(&world.pack(after), &trust), [("opened", None), ("refused", None)]);
    let under = |case| verify(&world.pack(case), Some(&trust)).facts.unwrap().outcome.unwrap().rules;
    assert_eq!((under(before), under(after)), (Rules::One, Rules::Two));
    assert!(world.replays());
}

/// Whoever knows rules 1 only can verify it for ever.
#[test]
fn a_pack_of_a_case_under_rules_1_holds_nothing_of_later_rules() {
    let Crossing { world, before, after, .. } = crossing();
    let says = |case| String::from_utf8(world.pack(case)).unwrap().contains("rules\":2");
    assert_eq!((says(before), says(after)), (false, true));
}

/// The certificate, the proofs and the trust file all hold: only what was sealed for the case gives it away.
#[test]
fn a_pack_that_leaves_the_enactment_out_is_not_verified_even_if_a_quorum_signs_it_anew() {
    let Crossing { world, released, after, .. } = crossing();
    for (case, rule) in [(released, "failed: incomplete"), (after, "failed: differs")] {
        let cut = without_enactment(&world.pack(case));
        assert_eq!(told(&verify(&cut, Some(&world.trust()))), rule);
        let (forged, trust) = reforge::reforge(&world, &cut).unwrap();
        assert_eq!(told(&verify(&forged, Some(&trust))), rule);
        let hidden = withheld(&cut);
        let said = told(&verify(&hidden, Some(&world.trust())));
        assert_eq!(said, "failed: incomplete", "with every word of the case withheld");
    }
}

/// The words of the case are not shown, and its records taken as they stand.
fn withheld(pack: &[u8]) -> Vec<u8> {
    let mut pack = Pack::from_slice(pack).unwrap();
    for group in &mut pack.excerpt {
        let of_case = matches!(group.records[0].record_body(), Some(Body::Opened(_) | Body::Attested(_)));
        if of_case {
            group.command = PackedCommand::Withheld;
        }
    }
    pack.seen.clear();
    pack.to_vec().unwrap()
}

/// As the sealed entry names rules 2, so must the history: a case of rules 1 is not to be told under others.
#[test]
fn a_case_under_rules_1_cannot_be_told_under_rules_2() {
    let Crossing { world, before, after, .. } = crossing();
    let trust = world.trust();
    let (mut pack, other) =
        (Pack::from_slice(&world.pack(before)).unwrap(), Pack::from_slice(&world.pack(after)).unwrap());
    let later = |group: &&lockstep_pack::PackedGroup| {
        !pack.excerpt.iter().any(|own| own.records[0].index == group.records[0].index)
            && !matches!(group.records[0].record_body(), Some(Body::Opened(_) | Body::Attested(_)))
    };
    let enactment: Vec<_> = other.excerpt.iter().filter(later).cloned().collect();
    assert!(enactment.len() > 3, "proposed, consented, enacted");
    pack.excerpt.extend(enactment.clone());
    pack.excerpt.sort_by_key(|group| group.records[0].index);
    // In its place in the log it came too late for this case, and changes nothing.
    let facts = verify(&pack.to_vec().unwrap(), Some(&trust)).facts.unwrap().outcome.unwrap();
    assert_eq!((facts.phase.as_str(), facts.rules), ("open", Rules::One));
    // Before the opening it never stood.
    let opened =
        |group: &lockstep_pack::PackedGroup| matches!(group.records[0].record_body(), Some(Body::Opened(_)));
    pack.excerpt.retain(|group| !enactment.contains(group));
    let at = pack.excerpt.iter().position(opened).unwrap();
    pack.excerpt.splice(at..at, enactment);
    assert_eq!(told(&verify(&pack.to_vec().unwrap(), Some(&trust))), "failed: order");
}

#[test]
fn rules_that_nobody_consented_to_are_no_rules() {
    let (world, case) = pretended();
    assert_eq!(told(&verify(&world.pack(case), Some(&world.trust()))), "failed: no_decision");
}

#[test]
fn a_verifier_that_does_not_know_the_rules_in_force_says_so_and_nothing_else() {
    let (world, case) = later();
    let pack = world.pack_with(case, &Options { evidence: true, ..Options::default() });
    let report = verify(&pack, Some(&world.trust()));
    assert_eq!(told(&report), "cannot_tell: rules");
    let lines = report.to_lines().join("\n");
    assert!(lines.contains("rules 3"), "{lines}");
    assert!(report.facts.unwrap().steps.is_empty());
}

#[test]
fn a_report_of_a_governance_case_names_who_proposed_and_who_agreed() {
    let crossing = crossing();
    let report = verify(&of_enactment(&crossing), Some(&crossing.world.trust()));
    assert_eq!(told(&report), "verified");
    let steps = report.facts.unwrap().steps;
    let told: Vec<_> = steps.iter().map(|step| (step.kind, step.party)).collect();
    let consented = crossing.world.cosigners.iter().take(3).map(|party| ("consented", Some(party.lei)));
    let mut expected = vec![("proposed", Some(crossing.world.admin.lei))];
    expected.extend(consented);
    expected.extend([("resolved", None), ("enacted", None)]);
    assert_eq!(told, expected);
}

fn kept(name: &str) -> Vec<u8> {
    std::fs::read(format!("{FOLDER}/{name}")).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_kept_files_are_what_the_code_makes_and_get_the_answers_given_with_them() {
    let made: BTreeMap<String, Vec<u8>> = crossing::files();
    for (name, bytes) in &made {
        let (kept, made) = (hex::encode(sha256(&kept(name))), hex::encode(sha256(bytes)));
        assert_eq!(kept, made, "{name} differs: run the example `vectors` and look at what changed");
    }
    let found = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(found.filter(|name| name != "README.md").count(), made.len(), "files that nothing makes");
    let index: Value = serde_json::from_slice(&kept("index.json")).unwrap();
    for case in index["cases"].as_array().unwrap() {
        let trust = Trust::from_slice(&kept(case["trust"].as_str().unwrap())).unwrap();
        let report = verify(&kept(case["file"].as_str().unwrap()), Some(&trust));
        assert_eq!(answers::answer(&report), case["answer"], "{case}");
    }
}
