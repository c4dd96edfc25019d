//! What the shipped policies want of one Gate, and what a setup may say about it.

use super::{Counted, GateSetup, LineSetup, Wanted, WantedError};
use crate::Policy;

const FOLDERS: [&str; 4] = ["stablecoin-issue", "stablecoin-redeem", "account-freeze", "account-thaw"];
const SETUP: &str = r#"
format = "lockstep-gate/1"
guardian = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
[line.mint]
counts = "param.amount"
cap    = 50_000_000
window = "1d"
[line.order]
counts = "calls"
cap    = 10
window = "12h"
"#;

fn shipped(change: impl Fn(&str, String) -> String) -> Vec<Policy> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies");
    let read = |folder: &str| {
        let file = |name: &str| std::fs::read_to_string(format!("{root}/{folder}/{name}")).unwrap();
        let layout = change(folder, file("policy.toml"));
        Policy::from_files(layout.as_bytes(), file("guards.cedar").as_bytes()).unwrap()
    };
    FOLDERS.into_iter().map(read).collect()
}

fn wanted_with(change: impl Fn(&str, String) -> String) -> Result<Wanted, WantedError> {
    let policies = shipped(change);
    Wanted::of(&policies.iter().collect::<Vec<_>>(), "home")
}

fn wanted() -> Wanted {
    wanted_with(|_, layout| layout).unwrap()
}

#[test]
fn lines_calls_and_policies_come_from_the_policies_and_caps_from_the_file() {
    let wanted = wanted();
    let names: Vec<&str> = wanted.lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(names, ["mint", "redeem", "order"]);
    assert_eq!(wanted.lines[2].signatures(), ["freeze(address,bytes32)", "thaw(address,bytes32)"]);
    assert_eq!(wanted.lines[2].policies.len(), 2);
    assert!(wanted.domain.escrow.is_some(), "one of the policies names it");
    let setup = GateSetup::from_file(&wanted, SETUP.as_bytes()).unwrap();
    assert!(setup.guardian.is_some());
    let [mint, redeem, order] = setup.lines.as_slice() else { panic!("{setup:?}") };
    assert_eq!((mint.counted, mint.exponent, mint.cap), (Counted::Word(1), 6, 50_000_000));
    assert_eq!((redeem.counted, redeem.cap, redeem.signatures.len()), (Counted::Calls, 0, 0));
    assert_eq!((order.counted, order.exponent, order.window_s), (Counted::Calls, 0, 43_200));
}

#[test]
fn policies_that_cannot_share_a_gate_are_told_apart() {
    let check = |change: &dyn Fn(&str, String) -> String, expected: &str| {
        let error = wanted_with(change).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    assert_eq!(Wanted::of(&[], "home"), Err(WantedError::Policies { found: 0 }));
    let of = |folder: &'static str, from: &'static str, to: &'static str| {
        move |found: &str, layout: String| if found == folder { layout.replace(from, to) } else { layout }
    };
    check(
        &of("account-thaw", "programme = \"acme-usd\"", "programme = \"other\""),
        "is of programme `other`",
    );
    let elsewhere = |found: &str, layout: String| match found {
        "account-thaw" => layout.replace("domain.home", "domain.away").replace("\"home\"", "\"away\""),
        _ => layout,
    };
    check(&elsewhere, "has no domain `home`");
    check(&of("account-thaw", "eip155:31337", "eip155:1"), "has chain `eip155:1`");
    let gate = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
    let token = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
    check(&of("account-freeze", gate, "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9"), "has gate `0xCf7E");
    check(&of("account-freeze", token, "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9"), "has token `0xCf7E");
    let one_call_two_lines = |found: &str, layout: String| match found {
        "account-thaw" => layout
            .replace("thaw(address,bytes32)", "freeze(address,bytes32)")
            .replace("\"order\"\ncall", "\"lift\"\ncall"),
        _ => layout,
    };
    check(&one_call_two_lines, "belongs to line `order` in one policy and to `lift`");
}

proptest::proptest! {
    #[test]
    fn whatever_bytes_a_setup_has_reading_it_ends(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400),
        at in 0_usize..240,
    ) {
        let wanted = wanted();
        let _ = GateSetup::from_file(&wanted, &bytes);
        let mut text = SETUP.as_bytes().to_vec();
        let end = at.saturating_add(bytes.len()).min(text.len());
        text.splice(at.min(end)..end, bytes);
        if let Ok(setup) = GateSetup::from_file(&wanted, &text) {
            let kept = |line: &LineSetup| line.cap < 1 << 56 && line.window_s > 0 && line.exponent <= 30;
            assert!(setup.lines.iter().all(kept));
        }
    }
}

#[test]
fn a_setup_that_says_too_much_too_little_or_something_else_is_refused_with_its_place() {
    let wanted = wanted();
    let check = |from: &str, to: &str, code: &str| {
        assert!(SETUP.contains(from), "{from}");
        let found = GateSetup::from_file(&wanted, SETUP.replace(from, to).as_bytes()).unwrap_err();
        assert!(found.iter().any(|finding| finding.code == code), "{to}: {code} is not in {found:#?}");
    };
    check("cap    = 10\n", "cap    = 10\nlimit = 3\n", "form");
    check("[line.order]", "[line.orders]", "unknown-line");
    check("[line.order]", "[line.orders]", "missing");
    check("cap    = 10\n", "cap    = 0\n", "number");
    check("cap    = 10\n", "cap    = -1\n", "number");
    check("cap    = 10\n", "cap    = 72057594037927936\n", "number");
    check("cap    = 10\n", "cap    = 10.5\n", "form");
    check("cap    = 10\n", "cap    = 10\nunit = 31\n", "number");
    check("\"12h\"", "\"0s\"", "duration");
    check("\"12h\"", "\"12 hours\"", "duration");
    check("param.amount", "param.beneficiary", "not-an-amount");
    check("param.amount", "param.nothing", "unknown-argument");
    check("lockstep-gate/1", "lockstep-gate/2", "unknown-format");
    check("0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "0x70", "address");
    check(
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "0x0000000000000000000000000000000000000000",
        "address",
    );
    check(
        "[line.order]",
        "[line.redeem]\ncounts = \"calls\"\ncap = 1\nwindow = \"1d\"\n[line.order]",
        "no-cap",
    );
    let line = GateSetup::from_file(&wanted, SETUP.replace("cap    = 10", "x = 1").as_bytes()).unwrap_err();
    assert_eq!((line[0].file, line[0].line), ("gate.toml", 10), "{line:?}");
}
