//! What a server tells of itself: figures, and to whom.

use crate::serve::{Served, ledger};
use crate::town::Town;
use std::io::{Read, Write};
use std::net::TcpStream;

/// What `/metrics` tells this machine.
fn metrics(served: &Served) -> String {
    let at = served.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(at).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn figure(text: &str, name: &str) -> Option<i64> {
    let line = text.lines().find(|line| line.starts_with(&format!("{name}{{")))?;
    Some(line.rsplit(' ').next().unwrap().parse().unwrap())
}

#[test]
fn the_money_of_programmes_is_told_to_those_who_are_named() {
    let town = Town::with_ledger();
    let case = town.open_case();
    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
    let served = Served::folder(&town);
    let text = metrics(&served);
    assert_eq!(figure(&text, "lockstep_headroom_known"), Some(0), "no balance yet: {text}");
    assert_eq!(figure(&text, "lockstep_headroom_minor_units"), None);
    served.process.end();

    assert_eq!(town.payment(&case, "1").code, 0);
    town.evidence(&case);
    town.reading();
    town.approve(&case);
    let served = Served::folder(&town);
    let text = metrics(&served);
    // 5,000,000.00 in the bank, of which 2,000,000.00 are out, and this case may mint 1,000,000.00.
    let found = ["reserve", "supply", "held", "headroom"]
        .map(|name| figure(&text, &format!("lockstep_{name}_minor_units")).unwrap());
    assert_eq!(found, [500_000_000, 200_000_000, 100_000_000, 200_000_000], "{text}");
    assert_eq!(figure(&text, "lockstep_headroom_known"), Some(1));
    assert!(figure(&text, "lockstep_balance_age_seconds").is_some_and(|age| age >= 3_600), "{text}");
    for private in ["Jane Doe", "NO9386011117947", case.as_str()] {
        assert!(!text.contains(private), "{private}");
    }
    served.process.end();

    // With a file, nobody is told who is not named; administrators are.
    std::fs::write(town.path("lockstep.toml"), "listen = \"127.0.0.1:0\"\n[[ledger]]\ndir = \"acme\"\n")
        .unwrap();
    let served = Served::start(&town, &["serve", "--config", "lockstep.toml"]);
    let text = metrics(&served);
    assert!(text.contains("lockstep_ledger_records{") && !text.contains("headroom"), "{text}");
    let id = ledger(&town);
    town.ask(&["--server", &served.url, "--ledger", &id]);
    let told = town.ok(&["figures", "acme", "--as", "admin"])["figures"].as_str().unwrap().to_owned();
    assert_eq!(figure(&told, "lockstep_headroom_minor_units"), Some(200_000_000), "{told}");
    assert_eq!(town.run(&["figures", "acme", "--as", "auditor"]).fault(), "not-found");
    served.process.end();
}
