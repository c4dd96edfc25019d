//! The packs of `vectors/years`: evidence that outlives keys, and second histories that nobody believes.
#![expect(clippy::disallowed_methods, reason = "a test of files reads them")]

#[path = "world/answers.rs"]
#[expect(dead_code, reason = "the vectors of `vectors/rules` are made of it as well")]
mod answers;
#[path = "world/small.rs"]
#[expect(dead_code, reason = "the vectors of `vectors/pack` are made of it as well")]
mod small;
#[path = "world/world.rs"]
mod world;
#[path = "world/years.rs"]
mod years;

use lockstep_pack::{Reliance, Verdict, verify};
use lockstep_types::sha256;
use world::told;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/years");

/// Fixtures for ever: evidence like this has been handed out. Code that gives another answer breaks what
/// others hold: mend the code. Packs made by later code may differ; these stay, and new ones get other names.
const PINNED: [(&str, &str); 14] = [
    ("first.json", "5d34abf8b3fe731d61441e82b2928755859c497fbc207fd9a21919334ad52724"),
    ("first_exported_late.json", "30257bef5e8bd6fe2387f5ef3e4767bdf160f4c9313e88bc2736e07fe421555b"),
    ("first_proven.json", "3e7bec1e8773f3550f6621783ad70a06dfa32be56a0711887580e2344a5dea4d"),
    ("index.json", "0f3c9dfb5d7dea4e6561e6c09734b74c3e1e43def0aed500c7ee21d63d2f41f6"),
    ("one_key.json", "dc9debb84ba3466839f93313ab5785a816a1d25ebab2b39d92b1366d59644e84"),
    ("one_key_and_copies.json", "9ebd7ab037e556c43eed4f5ba9c2e942c1e058c8cd01d5f4412fd27a18cc0924"),
    ("quorum.json", "27c47f0a26a63b6270d0286ea944c3aa349a0eba49b2859b065ae9373a9a297d"),
    ("quorum_rotates_on.json", "ccb5e90403b744d499d10bff46bc5a0d83e8377242984f0cb890bafb55ec120c"),
    ("quorum_with_proof.json", "ae56b611e37e0e8d8eaded1ca8c8f270b850caa9a641d570248fe8853ac83fbc"),
    ("quorum_without_handover.json", "8a8e6e147dbf44b2b6b6d0a99e06e88991d7cd9263bccfc8bc1c36b9ba9e98f4"),
    ("second.json", "99fcb89e8c5b8efb77edb650e23ff1935a00a95df397b07e42ccb70b31a3859d"),
    ("third.json", "8e9891954beb963be10f806ab2410358ad05e6971f2c7918c9fa8e84af7a4688"),
    ("trust_early.json", "3beacdfced5fbdf2f78604d9c152d7b78a30ed4544d69b500d8a4e6704ee32d1"),
    ("trust_late.json", "84930f2f63ecd5d3658c4777a4256bb9e136063b013c442611f9f31fa2b1a821"),
];

/// A pack, and the answer under the trust file of the first epoch, of the last one, and without any.
const ANSWERS: [(&str, [&str; 3]); 11] = [
    ("first", ["verified", "cannot_tell: consistency", "cannot_tell: trust"]),
    ("first_proven", ["verified", "verified", "cannot_tell: trust"]),
    ("first_exported_late", ["verified", "verified", "cannot_tell: trust"]),
    ("second", ["verified", "cannot_tell: consistency", "cannot_tell: trust"]),
    ("third", ["verified", "verified", "cannot_tell: trust"]),
    ("one_key", ["failed: certificate"; 3]),
    ("one_key_and_copies", ["failed: certificate"; 3]),
    ("quorum", ["failed: handover"; 3]),
    ("quorum_without_handover", ["cannot_tell: handover", "cannot_tell: consistency", "cannot_tell: trust"]),
    ("quorum_with_proof", ["failed: consistency"; 3]),
    ("quorum_rotates_on", ["failed: handover", "failed: committee", "failed: handover"]),
];

#[test]
fn a_second_history_is_caught_or_cannot_be_told_and_is_never_verified() {
    let years = years::years();
    let named: Vec<_> = years.honest.iter().chain(&years.forged).collect();
    assert_eq!(named.len(), ANSWERS.len());
    for (named, (name, expected)) in named.iter().zip(ANSWERS) {
        let said = |trust: Option<&str>| told(&verify(&named.pack, trust.map(|name| &years.trust[name])));
        let found = [said(Some("early")), said(Some("late")), said(None)];
        assert_eq!((named.name, found.each_ref().map(String::as_str)), (name, expected));
    }
    for forged in &years.forged {
        for trust in [None, Some("early"), Some("late")] {
            let report = verify(&forged.pack, trust.map(|name| &years.trust[name]));
            assert_ne!(report.verdict, Verdict::Verified, "{} under {trust:?}", forged.name);
        }
    }
}

fn kept(name: &str) -> Vec<u8> {
    std::fs::read(format!("{FOLDER}/{name}")).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_kept_files_get_the_answers_that_were_given_with_them() {
    let asked = years::ask(kept);
    assert_eq!(asked.len(), 3 * ANSWERS.len());
    for years::Asked { case, report } in &asked {
        assert_eq!(answers::answer(report), case["answer"], "{case}");
        let forged = case["forged"].as_bool().unwrap();
        assert!(!forged || report.verdict != Verdict::Verified, "{case}");
    }
    // Reports may come to say more; then the example writes them anew.
    assert!(years::reports(&asked) == kept("reports.json"), "other reports: run the example `years`");
}

#[test]
fn these_are_fixtures_for_ever() {
    for (name, pinned) in PINNED {
        assert_eq!(hex::encode(sha256(&kept(name))), pinned, "{name} is a fixture for ever, and was changed");
    }
    let found = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().file_name());
    let found = found.filter(|name| name != "README.md" && name != "reports.json").count();
    assert_eq!(found, PINNED.len(), "every file is pinned");
    let made = years::files();
    assert!(made.keys().eq(PINNED.iter().map(|(name, _)| name)), "the example makes files of these names");
}

/// No file can tell this: whoever still pins an epoch believes as many of its keys as certify. The report
/// says so, and a newer trust file ends it.
#[test]
fn a_whole_quorum_that_has_left_deceives_only_who_still_pins_it_and_the_report_says_what_was_not_compared() {
    let years = years::years();
    let mut second = small::ledger_of("YEARS");
    years::decide(&mut second);
    assert_eq!(second.head(), years.trust["early"].head(), "the same history up to the pinned head");
    let case = years::decide(&mut second);
    let pack = second.pack(case);
    let report = verify(&pack, Some(&years.trust["early"]));
    assert_eq!(told(&report), "verified");
    assert!(
        report.rests_on.iter().any(|on| on.code() == "not_compared"),
        "{:?}",
        report.rests_on.iter().map(Reliance::code).collect::<Vec<_>>()
    );
    assert_eq!(told(&verify(&pack, Some(&years.trust["late"]))), "cannot_tell: consistency");
    assert_eq!(told(&verify(&pack, None)), "cannot_tell: trust");
}
