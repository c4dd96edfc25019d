//! What co-signers and a recovery set declare to contracts, signed and brought together by the program.

use crate::chain::{Deployed, send};
use crate::town::{ACME, FAIR, NORTHBANK, OTHERBANK, Town};
use lockstep_chain::contracts::Anchor;
use lockstep_chain::{Domain, Embedded, deploy};
use lockstep_ledger::Signers;
use serde_json::Value;

const RECOVERY: [&str; 3] = ["rescue1", "rescue2", "rescue3"];

fn address(town: &Town, key: &str) -> String {
    town.ok(&["key", "address", &format!("{key}.pub")])["address"].as_str().unwrap().to_owned()
}

/// Signs with each key and gives the files.
pub fn signed(town: &Town, keys: &[&str], what: &[&str]) -> Vec<String> {
    let sign = |key: &&str| {
        let args = [&["chain", "sign", what[0], "acme", "--key", key], &what[1..]].concat();
        let ran = town.run(&args);
        assert_eq!(ran.code, 0, "{args:?}\n{}\n{}", ran.out, ran.err);
        let name = format!("{}-{key}.json", what[0]);
        std::fs::write(town.path(&name), ran.out).unwrap();
        name
    };
    keys.iter().map(sign).collect()
}

pub fn collect(town: &Town, files: &[String], further: &[&str]) -> Value {
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let printed = town.ok(&[&["chain", "collect", "acme"], &files[..], further].concat());
    printed["transactions"][0].clone()
}

fn round(chain: &Embedded, anchor: lockstep_chain::Account) -> u64 {
    let answer = chain.call(anchor, &lockstep_chain::encode(&Anchor::recoveryRoundCall {})).unwrap();
    lockstep_chain::decode::<Anchor::recoveryRoundCall>(&answer).unwrap()
}

#[test]
fn a_recovery_is_started_by_the_recovery_set_and_refused_by_three_cosigners() {
    let town = Town::with_ledger();
    RECOVERY.iter().for_each(|key| town.key("eip712", key));
    (1..=3).for_each(|number| drop(town.cosign(number)));
    town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
    let rescue: Vec<String> = RECOVERY.iter().map(|key| address(&town, key)).collect();
    let set = Signers::new(rescue.iter().map(|text| text.parse().unwrap()).collect(), 3).unwrap();
    let Deployed { mut chain, following, from } = Deployed::nothing(&town);
    let anchor = deploy::anchor_with_recovery(&mut chain, from, following.borrow(), &set).unwrap();
    let at = anchor.to_string();

    let place = ["--chain", "31337", "--anchor", &at];
    let next = ["--cosigner", &rescue[2], "--cosigner", &rescue[0], "--threshold", "2"];
    let files = signed(&town, &RECOVERY, &[&["recovery"], &place[..], &next[..]].concat());
    let by = |count: usize| -> Vec<&str> {
        let set = rescue.iter().flat_map(|address| ["--recovery-set", address.as_str()]);
        set.chain(["--recovery-threshold", "3"]).chain(files.iter().take(count).map(String::as_str)).collect()
    };
    let few = town.run(&[&["chain", "collect", "acme"], &by(2)[..]].concat());
    assert_eq!((few.code, few.fault().as_str()), (1, "cosignature"), "{}", few.err);
    let started = town.ok(&[&["chain", "collect", "acme"], &by(3)[..]].concat());
    assert_eq!(send(&mut chain, &started["transactions"][0]), Ok(()));
    assert_eq!(send(&mut chain, &started["transactions"][0]), Err("RecoveryRunning".to_owned()));

    let veto = [&["recovery-veto"], &place[..]].concat();
    let foreign =
        town.run(&[&["chain", "sign", "recovery-veto", "acme", "--key", "rescue1"], &place[..]].concat());
    assert_eq!((foreign.code, foreign.fault().as_str()), (1, "cosignature"), "{}", foreign.err);
    let files = signed(&town, &["cosigner3", "cosigner1", "cosigner2"], &veto);
    let refused = collect(&town, &files, &[]);
    assert_eq!(send(&mut chain, &refused), Ok(()));
    assert_eq!(round(&chain, anchor), 1);
    // Signatures count for one round.
    assert_eq!(send(&mut chain, &started["transactions"][0]), Err("BadSignature".to_owned()));
}

#[test]
fn a_succession_is_signed_at_the_head_that_was_certified_on_the_successor() {
    let town = Town::with_ledger();
    (1..=3).for_each(|number| drop(town.cosign(number)));
    town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
    let Deployed { mut chain, following, from } = Deployed::nothing(&town);
    let anchor = deploy::anchor(&mut chain, from, following.borrow()).unwrap();

    let cosigners = [ACME, NORTHBANK, FAIR, OTHERBANK];
    let named: Vec<String> =
        cosigners.iter().zip(1..).map(|(lei, n)| format!("{lei}:c{n}=cosigner{n}.pub")).collect();
    let mut init = vec!["init", "acme-2", "--name", "acme-2", "--admin", "ACMEUSDISSUER0000046=admin.pub"];
    named.iter().for_each(|cosigner| init.extend(["--cosigner", cosigner]));
    let successor = town.ok(&init)["ledger"].clone();
    let sign = |n: u8, own: &str, memory: &str| {
        let key = format!("cosigner{n}");
        let args = ["chain", "sign", "succession", "acme", "--key", &key, "--successor", own, "--memory"];
        town.run(&[&args[..], &[memory]].concat())
    };
    let mut files = Vec::new();
    for n in 1..=3u8 {
        let (key, own, memory) = (format!("cosigner{n}"), format!("own{n}"), format!("second{n}.memory"));
        town.ok(&["key", "memory", &memory]);
        let early = sign(n, "acme-2", &memory);
        assert_eq!((early.code, early.fault().as_str()), (1, "signing-refused"), "{}", early.err);
        town.ok(&["cosign", "acme-2", "--key", &key, "--own", &own, "--memory", &memory]);
        // What the key has signed on the ledger that ended is no head of the one that goes on.
        let other = sign(n, &own, &format!("{key}.memory"));
        assert_ne!(other.code, 0, "{}", other.out);
        let ran = sign(n, &own, &memory);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let name = format!("succession{n}.json");
        std::fs::write(town.path(&name), ran.out).unwrap();
        files.push(name);
    }
    let names: Vec<&str> = files.iter().map(String::as_str).collect();
    let nowhere = town.run(&[&["chain", "collect", "acme"], &names[..]].concat());
    assert_eq!((nowhere.code, nowhere.fault().as_str()), (2, "anchor"), "{}", nowhere.err);
    let transaction = collect(&town, &files, &["--anchor", &anchor.to_string()]);
    assert_eq!(send(&mut chain, &transaction), Ok(()));
    let answer = chain.call(anchor, &lockstep_chain::encode(&Anchor::ledgerCall {})).unwrap();
    let ledger = lockstep_chain::decode::<Anchor::ledgerCall>(&answer).unwrap();
    assert_eq!(Value::from(hex::encode(ledger)), successor);
}

#[test]
fn a_key_behind_a_program_signs_a_veto() {
    let town = Town::with_ledger();
    let program = crate::signer::script(&town, "hsm", "eip712");
    let own = town.ok(&["key", "address", &program])["address"].clone();
    let what = ["--chain", "1", "--gate", own.as_str().unwrap(), "--change"];
    let change = format!("0x{}", "ab".repeat(32));
    let args = [&["chain", "sign", "veto", "acme", "--key", &program], &what[..], &[&change]].concat();
    // Its key is of no co-signer of this ledger.
    assert_eq!(town.run(&args).fault(), "cosignature");
    let named = format!("{FAIR}:hsm={program}");
    town.ok(&[
        "init",
        "other",
        "--name",
        "other",
        "--admin",
        "ACMEUSDISSUER0000046=admin.pub",
        "--cosigner",
        &named,
    ]);
    let args = [&["chain", "sign", "veto", "other", "--key", &program], &what[..], &[&change]].concat();
    let declared = town.ok(&args);
    assert_eq!(declared["address"], own);
    assert_eq!(declared["declaration"]["veto"]["change"], "ab".repeat(32));
    std::fs::write(town.path("veto.json"), declared.to_string()).unwrap();
    let printed = town.ok(&["chain", "collect", "other", "veto.json"]);
    assert_eq!(printed["transactions"][0]["to"], own);
    // A signature for one ledger is of no use for another, and a changed word is none.
    assert_eq!(town.run(&["chain", "collect", "acme", "veto.json"]).fault(), "other-ledger");
    let changed = declared.to_string().replace(r#""chain":1,"#, r#""chain":2,"#);
    std::fs::write(town.path("changed.json"), changed).unwrap();
    assert_eq!(town.run(&["chain", "collect", "other", "changed.json"]).fault(), "cosignature");
}
