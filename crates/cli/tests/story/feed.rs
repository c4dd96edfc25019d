//! Prices of two feeds on the chain that the program serves, and what they are worth.

use crate::key::Key;
use crate::serve::{Served as LedgerServed, ledger};
use crate::served::Served;
use crate::submit::{ANYBODY, LIMITS};
use crate::town::{POLICY, Town, copy};
use lockstep_chain::rpc::Rule;
use lockstep_chain::rpc::finality::Finality;
use lockstep_chain::submit::SignHash;
use lockstep_chain::submit::journal::InMemory;
use lockstep_chain::{Account, Domain, Rpc, Sends, Submitter, Transaction};

/// A contract that says `answer`, with 8 decimals, of second `updated`: `decimals()` gives 8 and any other
/// call a round's five words.
fn feed(answer: u64, updated: u64) -> Vec<u8> {
    let mut run = vec![0x60, 0x00, 0x35, 0x60, 0xe0, 0x1c, 0x63, 0x31, 0x3c, 0xe5, 0x67, 0x14, 0x60, 0, 0x57];
    for (at, word) in [7, answer, updated, updated, 7].into_iter().enumerate() {
        run.push(0x7f);
        run.extend([0; 24]);
        run.extend(word.to_be_bytes());
        run.extend([0x60, u8::try_from(32 * at).unwrap(), 0x52]);
    }
    run.extend([0x60, 0xa0, 0x60, 0x00, 0xf3]);
    run[13] = u8::try_from(run.len()).unwrap();
    run.extend([0x5b, 0x60, 0x08, 0x60, 0x00, 0x52, 0x60, 0x20, 0x60, 0x00, 0xf3]);
    let length = u8::try_from(run.len()).unwrap();
    [&[0x60, length, 0x80, 0x60, 0x0b, 0x60, 0x00, 0x39, 0x60, 0x00, 0xf3][..], &run].concat()
}

/// The policy of issuance with two more steps of the observer: one whose guard sees what a price is worth,
/// and one whose guard sees the price alone.
fn priced(town: &Town) {
    copy(POLICY.as_ref(), &town.path("priced"));
    let change = |name: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(town.path("priced").join(name)).unwrap();
        assert!(text.contains(from), "{name}: {from}");
        std::fs::write(town.path("priced").join(name), text.replacen(from, to, 1)).unwrap();
    };
    let claims = "price = 'int', decimals = 'int', worth = 'name', chain = 'text', feed = 'account', \
                  second = 'account', updated = 'time', block = 'int', round = 'text'";
    let steps = format!(
        "[step.price]\nby = 'observer'\ntitle = 'reads the price'\nclaim = {{ {claims} }}\n\n[step.plain]\n\
         by = 'observer'\ntitle = 'reads it again'\nclaim = {{ price = 'int' }}\n\n[step.approve]"
    );
    change("policy.toml", "[step.approve]", &steps);
    let after = "after = [\"payment\", \"audit\", \"screen\"";
    change("policy.toml", after, &format!("{after}, \"price\", \"plain\""));
    let guards = [
        "@id(\"the-price-is-fresh\")",
        "permit (principal in Role::\"observer\", action == Action::\"price\", resource)",
        "when { context.claim.worth == \"fresh\" && context.claim.decimals == 8 };",
        "@id(\"any-price\")",
        "permit (principal in Role::\"observer\", action == Action::\"plain\", resource);",
        "@id(\"compliance-may-approve\")",
    ]
    .join("\n");
    change("guards.cedar", "@id(\"compliance-may-approve\")", &guards);
}

/// Feeds on a chain that say these prices, so many seconds ago.
fn feeds<const N: usize>(served: &Served, prices: [(u64, u64); N]) -> [String; N] {
    let rule = Rule { quorum: Some(1), ..Rule::new(31_337, Finality::Depth(0)) };
    let rpc = Rpc::connect(&[&served.url], rule).unwrap();
    let (key, mut journal) = (Key::new(ANYBODY), InMemory::default());
    let mut chain = Submitter::open((&rpc, &key), &mut journal, LIMITS).unwrap();
    let now = rpc.latest().unwrap().timestamp;
    let feeds = prices.map(|(answer, age)| {
        let data = feed(answer, now - age).into();
        let receipt = chain.send(&Transaction { from: key.account(), to: None, data }).unwrap();
        receipt.created.unwrap().to_string()
    });
    served.call("evm_mine", serde_json::json!([]));
    feeds
}

#[test]
fn a_price_moves_a_case_on_only_while_it_is_fresh_in_a_folder_and_on_a_server() {
    let (town, served) = (Town::founded(&[]), Served::start(&[]));
    priced(&town);
    town.govern_by("priced");
    town.credentials();
    let [par, near, far, old] =
        feeds(&served, [(100_000_000, 0), (100_100_000, 0), (103_000_000, 0), (100_000_000, 7_200)]);
    let mut ledger_served = None;
    for on_server in [false, true] {
        if on_server {
            let begun = LedgerServed::folder(&town);
            town.ask(&["--server", &begun.url, "--ledger", &ledger(&town)]);
            ledger_served = Some(begun);
        }
        let case = town.open_case();
        let attest = |step: &str, feed: &str, more: &[&str]| {
            let of = ["feed", "attest", "acme", &case, step, feed, "--as", "observer", "--chain", "31337"];
            let at = ["--rpc", &served.url, "--rpc-quorum", "1", "--finality", "1"];
            town.run(&[&of[..], &at, more].concat())
        };
        let code = |ran: &crate::town::Ran| if ran.err.is_empty() { String::new() } else { ran.fault() };
        // A guard that sees what a price is worth refuses it, on record.
        for second in [&old, &far] {
            let refused = attest("price", &par, &["--second", second]);
            assert_eq!((refused.code, &refused.json()["refused"]), (1, &"guard".into()), "{}", refused.err);
        }
        // One that cannot see it is never asked.
        let stale = attest("plain", &old, &[]);
        assert_eq!((stale.code, code(&stale).as_str()), (1, "price-stale"), "{}", stale.out);
        let apart = attest("plain", &par, &["--second", &far]);
        assert_eq!((apart.code, code(&apart).as_str()), (1, "price-divergent"), "{}", apart.out);
        assert_eq!(attest("price", &par, &[]).fault(), "feed-claims", "it asks for a second feed");
        assert_eq!(attest("audit", &par, &[]).fault(), "feed-claims");
        let taken = attest("price", &par, &["--second", &near]);
        assert_eq!(taken.code, 0, "{}\n{}", taken.out, taken.err);
        assert_eq!(attest("plain", &old, &["--max-age", "1d"]).code, 0);
        let shown = town.ok(&[
            &["case", "show", "acme", &case][..],
            if on_server { &["--as", "observer"] } else { &[] },
        ]
        .concat());
        let records = shown["records"].as_array().unwrap();
        assert_eq!(records.len(), 5, "opened, two attempts, two steps: {shown}");
    }
    ledger_served.unwrap().process.end();
}

#[test]
fn a_price_is_fresh_stale_or_divergent_and_the_exit_code_says_which() {
    let (town, served) = (Town::new(), Served::start(&[]));
    let [par, near, far, old, none] =
        feeds(&served, [(100_000_000, 0), (100_100_000, 0), (103_000_000, 0), (100_000_000, 7_200), (0, 0)]);
    let read = |feed: &str, more: &[&str]| {
        let at = ["feed", "read", feed, "--chain", "31337", "--rpc", &served.url, "--rpc-quorum", "1"];
        town.run(&[&at[..], &["--finality", "1"], more].concat())
    };
    let one = read(&par, &[]);
    assert_eq!(
        (one.code, &one.json()["first"]["price"]),
        (0, &"1.00000000".into()),
        "{}\n{}",
        one.out,
        one.err
    );
    let both = read(&par, &["--second", &near]);
    assert_eq!((both.code, &both.json()["worth"]), (0, &"fresh".into()));
    let apart = read(&par, &["--second", &far]);
    assert_eq!(
        (apart.code, &apart.json()["worth"], &apart.json()["bps"]),
        (1, &"divergent".into(), &300.into())
    );
    assert_eq!(read(&par, &["--second", &far, "--max-divergence-bps", "300"]).code, 0);
    let stale = read(&par, &["--second", &old]);
    assert_eq!(
        (stale.code, &stale.json()["worth"], &stale.json()["feed"]),
        (1, &"stale".into(), &old.as_str().into())
    );
    assert_eq!(read(&old, &["--max-age", "1d"]).code, 0);
    for (feed, more) in [(&none, &[][..]), (&par, &["--second", &par]), (&Account::ZERO.to_string(), &[])] {
        let refused = read(feed, more);
        assert_eq!((refused.code, refused.fault().as_str()), (2, "feed"), "{}", refused.err);
    }
}
