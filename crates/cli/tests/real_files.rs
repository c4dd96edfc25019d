//! Files that banks and the US Treasury have published, through the demonstration: what each must come to.

use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");

fn data(file: &str) -> Option<String> {
    let path = PathBuf::from(DATA).join(file);
    if path.exists() {
        return Some(path.to_string_lossy().into_owned());
    }
    eprintln!("skipped: ../shared/data is absent");
    None
}

/// Exit code, and the object on stdout or the error on stderr.
fn play(args: &[&str]) -> (i32, Value) {
    let dir = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockstep"));
    command.args(["demo", "stablecoin", "--json", "--out"]).arg(dir.path()).args(args);
    let output = command.output().unwrap();
    let code = output.status.code().unwrap();
    let bytes = if code == 0 { output.stdout } else { output.stderr };
    (code, serde_json::from_slice(&bytes).expect("one JSON object"))
}

fn statement(file: &str, payment: &str, more: &[&str]) -> Option<(i32, Value)> {
    let path = data(file)?;
    let args = [&["--statement", &path, "--payment", payment, "--name", "A Customer"], more].concat();
    Some(play(&args))
}

const ABN: &str = "iso20022/camt.053.001.02-abn-amro.xml";
const ING: &str = "iso20022/camt.053.001.02-ing.xml";
const GOLDMAN: &str = "iso20022/camt.053.001.02-goldman-sachs-us.xml";

/// The cause of a refusal, with its exit code.
fn refused(found: Option<(i32, Value)>, cause: &str) {
    let Some((code, told)) = found else { return };
    assert_eq!(code, 1, "{told}");
    let causes = told["error"]["causes"].as_array().unwrap();
    assert!(causes.iter().any(|text| text.as_str().unwrap().contains(cause)), "{told}");
}

/// The amount that a verified case was opened with, and that everything else failed as it must.
fn issued(found: Option<(i32, Value)>, amount: &str) {
    let Some((code, told)) = found else { return };
    assert_eq!(code, 0, "{told}");
    assert_eq!(
        (told["report"]["verdict"].as_str(), told["as_expected"].as_bool()),
        (Some("verified"), Some(true))
    );
    assert_eq!(told["report"]["facts"]["steps"][0]["claims"]["amount"], amount);
    assert!(told["remarks"][0].as_str().unwrap().starts_with("SIMULATED CLOCK"), "{}", told["remarks"]);
}

#[test]
fn goldman_sachs_is_refused_since_its_closing_balance_is_a_debit() {
    refused(statement(GOLDMAN, "52198301", &[]), "is a debit");
}

#[test]
fn abn_amro_issues_for_a_booked_credit_with_the_amount_of_the_file() {
    issued(statement(ABN, "3922000TRP7K6HAZ0BI", &[]), "1.00");
}

#[test]
fn ing_issues_for_a_booked_credit_with_the_amount_of_the_file() {
    issued(statement(ING, "59999208N9", &["--currency", "EUR", "--amount", "350.00"]), "350.00");
}

#[test]
fn a_reference_of_ing_that_names_two_credits_is_refused_unless_the_entry_reference_decides() {
    refused(statement(ING, "98888208N8", &[]), "names 2 booked credits");
    issued(statement(ING, "98888208N8", &["--entry", "011111333306999888111100008"]), "125.00");
}

#[test]
fn a_reference_of_abn_amro_that_names_two_credits_can_never_be_decided() {
    refused(statement(ABN, "3095D4322561460S0PS", &[]), "names 2 booked credits");
    refused(
        statement(ABN, "3095D4322561460S0PS", &["--entry", "1"]),
        "expected a booked credit with the entry reference",
    );
}

#[test]
fn an_amount_or_a_currency_other_than_the_file_s_is_refused() {
    let Some((code, told)) = statement(ING, "59999208N9", &["--amount", "350.01"]) else { return };
    assert_eq!((code, told["error"]["code"].as_str()), (1, Some("amount")), "{told}");
    refused(statement(ING, "59999208N9", &["--currency", "USD"]), "expected `USD`");
}

/// The lists, and who is screened against them.
fn screened(who: &[&str]) -> Option<(i32, Value)> {
    let (sdn, alt) = (data("ofac/sdn.csv")?, data("ofac/alt.csv")?);
    let addresses = data("ofac/sanctioned_addresses_ETH.txt")?;
    let lists = ["--sanctions", &sdn, "--aliases", &alt, "--address-list", &addresses];
    Some(play(&[&lists, who].concat()))
}

#[test]
fn the_published_lists_screen_a_customer_that_is_not_on_them() {
    let Some((code, told)) = screened(&["--name", "Example Treasury & Sons Ltd"]) else { return };
    assert_eq!(code, 0, "{told}");
    let screen = told["deeds"]
        .as_array()
        .unwrap()
        .iter()
        .find(|deed| deed["step"].as_str().unwrap().starts_with("screen"));
    assert!(screen.unwrap()["said"].to_string().contains("[\"hits\",\"0\"]"));
}

#[test]
fn a_sanctioned_address_and_a_sanctioned_name_are_refused() {
    let Some(list) = data("ofac/sanctioned_addresses_ETH.txt") else { return };
    let list = std::fs::read_to_string(list).unwrap();
    let address = list.lines().find(|line| line.starts_with("0x")).unwrap();
    refused(screened(&["--beneficiary", address]), "screened-clear-against-our-list");
    refused(screened(&["--name", "AEROCARIBBEAN AIRLINES"]), "screened-clear-against-our-list");
}
