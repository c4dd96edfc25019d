//! A bank's message becomes a draft, and the draft an attestation.

use crate::town::{SAMPLES, Town, ago};

/// A statement of two days ago, with the entry that the case waits for.
pub fn statement(town: &Town) {
    let text = std::fs::read_to_string(format!("{SAMPLES}/statement.xml")).unwrap();
    let day = ago(2 * 86_400_000);
    std::fs::write(town.path("day.xml"), text.replace("2026-11-20", &day[..10])).unwrap();
    std::fs::copy(format!("{SAMPLES}/mapping.toml"), town.path("map.toml")).unwrap();
    std::fs::create_dir(town.path("drafts")).unwrap();
}

#[test]
fn a_message_waits_as_a_draft_until_the_party_signs_what_it_shows() {
    let town = Town::with_ledger();
    let case = town.open_case();
    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
    statement(&town);
    let make = |from: &str, reference: &str, out: &str| {
        town.run(&[
            "draft",
            "make",
            "acme",
            &case[..8],
            "payment",
            "--from",
            from,
            "--map",
            "map.toml",
            "--ref",
            reference,
            "-o",
            out,
        ])
    };
    let made = make("day.xml", "HB2611200000017", "drafts");
    assert_eq!(made.code, 0, "{}\n{}", made.out, made.err);
    let file = made.json()["file"].as_str().unwrap().to_owned();
    assert_eq!(made.json()["made"], true);
    let again = make("day.xml", "HB2611200000017", "drafts");
    assert_eq!((&again.json()["made"], &again.json()["file"]), (&false.into(), &file.as_str().into()));
    assert_eq!(std::fs::read_dir(town.path("drafts")).unwrap().count(), 2, "one draft and its message");

    // The same entry in another export: one act, one draft.
    let text = std::fs::read_to_string(town.path("day.xml")).unwrap();
    std::fs::write(town.path("again.xml"), text.replace("HARB-20261120-0001", "HARB-20261120-0002")).unwrap();
    let other = make("again.xml", "HB2611200000017", "drafts");
    assert_eq!((other.code, other.fault().as_str()), (2, "draft-exists"));
    let debit = make("day.xml", "HB2611200000019", "drafts");
    assert!(debit.code == 2 && debit.err.contains("the mapping requires `credit`"), "{}", debit.err);

    let shown = town.ok(&["draft", "show", &file]);
    assert_eq!(shown["draft"]["claims"]["amount"], "1000000.00", "{shown}");
    std::fs::remove_file(town.path("day.xml")).unwrap();
    let draft = std::fs::read_to_string(town.path(&file)).unwrap();
    let sign = |file: &str| town.run(&["attest", "acme", "--draft", file, "--as", "custodian"]);
    std::fs::write(town.path("more.json"), draft.replace("\"1000000.00\"", "\"2000000.00\"")).unwrap();
    std::fs::copy(town.path(&format!("{file}.origin")), town.path("more.json.origin")).unwrap();
    let more = sign("more.json");
    assert_eq!((more.code, more.fault().as_str()), (1, "draft-origin"), "{}", more.err);
    std::fs::copy(town.path(&file), town.path("swapped.json")).unwrap();
    std::fs::copy(town.path("again.xml"), town.path("swapped.json.origin")).unwrap();
    let swapped = sign("swapped.json");
    assert_eq!((swapped.code, swapped.fault().as_str()), (1, "draft-origin"), "{}", swapped.err);

    let signed = sign(&file);
    assert_eq!(signed.code, 0, "{}\n{}", signed.out, signed.err);
    let case_shown = town.ok(&["case", "show", "acme", &case]);
    assert!(case_shown.to_string().contains("payment"), "{case_shown}");
    let twice = sign(&file);
    assert_eq!(twice.code, 1, "{}\n{}", twice.out, twice.err);
    let both = town.run(&["attest", "acme", &case, "payment", "--draft", &file, "--as", "custodian"]);
    assert!(both.code != 0 && both.err.contains("cannot be used with"), "{}", both.err);
}

#[test]
fn a_draft_fills_its_step_or_is_not_made() {
    let town = Town::with_ledger();
    let case = town.open_case();
    statement(&town);
    let map = std::fs::read_to_string(town.path("map.toml")).unwrap();
    let make = |map: &str| {
        std::fs::write(town.path("map.toml"), map).unwrap();
        let ran = town.run(&[
            "draft",
            "make",
            "acme",
            &case,
            "payment",
            "--from",
            "day.xml",
            "--map",
            "map.toml",
            "--ref",
            "HB2611200000017",
            "-o",
            "d.json",
        ]);
        (ran.code, if ran.code == 0 { String::new() } else { ran.fault() }, ran.err)
    };
    let (code, fault, text) = make(&map.replace("debtor       = \"debtor\"\n", ""));
    assert!((code, fault.as_str()) == (2, "draft-fit") && text.contains("`debtor`"), "{text}");
    let (code, fault, _) =
        make(&map.replace("debtor       = \"debtor\"\n", "debtor = \"debtor\"\nuetr = \"uetr\"\n"));
    assert_eq!((code, fault.as_str()), (2, "draft-fit"));
    let (code, _, text) = make(&map.replace("{ value = \"true\" }", "{ value = \"yes\" }"));
    assert!(code == 2 && text.contains("`true` or `false`"), "{text}");
    let (code, fault, _) = make(&map.replace("evidence = \"bank-statement\"\n", ""));
    assert_eq!((code, fault.as_str()), (2, "draft-fit"));
    let (code, fault, _) = make("x");
    assert_eq!((code, fault.as_str()), (2, "mapping"));
    assert!(!town.path("d.json").exists() && !town.path("d.json.origin").exists(), "nothing was kept");
    assert_eq!(make(&map).0, 0);
}
