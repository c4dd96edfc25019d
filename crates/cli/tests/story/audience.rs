//! Who sees what (docs/how-to/who-sees-what.md): packs for audiences, and a case that is erased by order.

use super::serve::{Served, ledger};
use super::town::Town;

/// The code that `verify` ends with, and the report.
fn verified(town: &Town, pack: &str) -> (i32, serde_json::Value) {
    let ran = town.run(&["verify", pack, "--trust", "trust.json"]);
    (ran.code, ran.json())
}

#[test]
fn each_audience_gets_what_the_policy_grants_and_is_told_what_is_withheld() {
    let town = Town::with_ledger();
    let case = town.decided_case();
    town.certify();
    town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
    let mut found = Vec::new();
    for audience in ["public", "counterparty", "auditor", "supervisor"] {
        let file = format!("{audience}.json");
        let made = town.ok(&[
            "pack",
            "export",
            "acme",
            &case,
            "--audience",
            audience,
            "--evidence",
            "-o",
            file.as_str(),
        ]);
        assert_eq!(made["audience"], audience);
        let (code, report) = verified(&town, &file);
        let fit = report["facts"]["audiences"].as_array().unwrap();
        assert!(fit.contains(&audience.into()), "{fit:?}");
        let steps = report["facts"]["steps"].as_array().unwrap();
        let payment = steps.iter().find(|step| step["step"] == "payment").unwrap();
        let named = std::fs::read_to_string(town.path(&file)).unwrap().contains("Jane Doe");
        let withheld = payment.get("claims_withheld").map_or(0, |claims| claims.as_array().unwrap().len());
        let documents = payment.get("documents_not_shown").is_none();
        found.push(format!("{audience} {code} name:{named} withheld:{withheld} statement:{documents}"));
    }
    assert_eq!(
        found,
        [
            "public 2 name:false withheld:6 statement:false",
            "counterparty 2 name:true withheld:0 statement:false",
            "auditor 2 name:false withheld:1 statement:false",
            "supervisor 0 name:true withheld:0 statement:true",
        ]
    );
    let args =
        ["pack", "export", "acme", &case, "--audience", "auditor", "--withhold", "screen", "-o", "less.json"];
    town.ok(&args);
    let (code, less) = verified(&town, "less.json");
    assert_eq!((code, &less["missing"][0]["code"]), (2, &"withheld".into()));
    let nobody = town.run(&["pack", "export", "acme", &case, "--audience", "press", "-o", "press.json"]);
    assert!(nobody.code == 2 && nobody.err.contains("`supervisor`"), "{}", nobody.err);
    assert!(!town.path("press.json").exists());
}

#[test]
fn erasing_one_case_changes_no_byte_of_the_pack_of_another() {
    let town = Town::with_ledger();
    let (kept, gone) = (town.decided_case(), town.open_case());
    assert_eq!(town.attest(&gone, "request", "issuer", &[]).code, 0);
    assert_eq!(town.payment(&gone, "2").code, 0);
    town.ok(&["attest", "acme", &gone, "screen", "--as", "screening", "--refuse", "a name on a list"]);
    town.private("order.txt", "erase it");
    town.ok(&["govern", "erase", "acme", &gone, "--order", "order.txt", "--as", "admin"]);
    town.certify();
    town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
    let pack = |case: &str, file: &str| {
        town.ok(&["pack", "export", "acme", case, "--audience", "supervisor", "--evidence", "-o", file]);
        std::fs::read(town.path(file)).unwrap()
    };
    let before = pack(&kept, "before.json");
    let erased = town.ok(&["erase", "acme", &gone]);
    assert_eq!((&erased["documents"], &erased["kept"]), (&1.into(), &serde_json::json!([])));
    assert!(pack(&kept, "after.json") == before, "the pack of another case has changed");
    assert_eq!(verified(&town, "after.json").0, 0);
    pack(&gone, "gone.json");
    let (code, report) = verified(&town, "gone.json");
    assert_eq!((code, &report["missing"][0]["code"]), (2, &"erased".into()));
    assert_eq!(report["facts"]["outcome"]["phase"], "refused");

    // A co-signer erases in its own copy, by a certificate from the ledger's folder, and goes on signing.
    let alone = town.run(&["erase", "cosigner1.ledger", &gone]);
    assert_eq!((alone.code, alone.fault().as_str()), (1, "not-certified"));
    let erased = town.ok(&["erase", "cosigner1.ledger", &gone, "--certified-in", "acme"]);
    assert_eq!(erased["commands"], 4);
    town.open_case();
    town.certify();
    let own = town.run(&["fsck", "cosigner1.ledger", "--key", "cosigner1"]);
    assert_eq!(own.code, 0, "{}\n{}", own.out, own.err);
}

/// Two co-signers have lost their copies, and what was erased meanwhile they cannot decide again.
#[test]
fn a_co_signer_begins_anew_after_an_erasure_when_it_is_told_to_and_only_then() {
    let town = Town::with_ledger();
    let case = town.open_case();
    town.ok(&["attest", "acme", &case, "request", "--as", "issuer", "--refuse", "not now"]);
    town.private("order.txt", "erase it");
    town.ok(&["govern", "erase", "acme", &case, "--order", "order.txt", "--as", "admin"]);
    town.certify();
    town.ok(&["erase", "acme", &case]);
    for lost in ["cosigner2.ledger", "cosigner3.ledger"] {
        std::fs::remove_dir_all(town.path(lost)).unwrap();
    }

    let stopped = town.run(&["cosign", "acme", "--key", "cosigner2"]);
    assert_eq!((stopped.code, stopped.fault().as_str()), (1, "records-erased"), "{}", stopped.err);
    assert!(stopped.err.contains("--with-erased"), "{}", stopped.err);
    town.open_case();
    town.cosign(1);
    let anew = town.run(&["cosign", "acme", "--key", "cosigner2", "--with-erased"]);
    assert_eq!((anew.code, anew.json()["signed"].as_u64()), (0, Some(2)), "{}", anew.err);

    let (served, id) = (Served::folder(&town), ledger(&town));
    let follow = |more: &[&str]| {
        let args = ["cosign", "--follow", &served.url, "--ledger", &id, "--key", "cosigner3", "--once"];
        town.run(&[&args, more].concat())
    };
    let stopped = follow(&[]);
    assert_eq!((stopped.code, stopped.fault().as_str()), (1, "records-erased"), "{}", stopped.err);
    let anew = follow(&["--with-erased"]);
    assert_eq!((anew.code, anew.json()["signed"].as_u64()), (0, Some(1)), "{}\n{}", anew.out, anew.err);
    served.process.end();
    let own = town.run(&["fsck", "cosigner3.ledger", "--key", "cosigner3"]);
    assert_eq!(own.code, 0, "{}\n{}", own.out, own.err);
}
