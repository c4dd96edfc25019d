//! `lockstep log check`, and `lockstep-log check` of the package in TypeScript, which must say the same.

use crate::made::{ANY, LEDGER, Log, anything, key, leaves, other_key};
use crate::served::{Manner, serve};
use crate::town::{Ran, Town, ran};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

fn check(place: &str, more: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockstep"));
    ran(&command.args(["--json", "log", "check", place]).args(more).output().unwrap())
}

/// Exit code and answer of ours.
fn ours(log: &Log, keys: &[String]) -> (i32, Value) {
    let keys: Vec<&str> = keys.iter().flat_map(|key| ["--vkey", key]).collect();
    let ran = check(log.path().to_str().unwrap(), &keys);
    (ran.code, ran.json())
}

/// The command of the package in TypeScript, where it has been built.
fn package() -> Option<PathBuf> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/typescript/dist/src/node/log.js");
    if built.exists() {
        return Some(built);
    }
    println!("skipped: sdk/typescript/dist is absent: run `npm ci && npm run build` in sdk/typescript");
    None
}

fn theirs(program: &Path, log: &Log, keys: &[String]) -> (i32, Value) {
    let mut command = Command::new("node");
    command.arg(program).arg("check").arg(log.path()).arg("--json");
    let ran = ran(&command.args(keys.iter().flat_map(|key| ["--vkey", key])).output().unwrap());
    (ran.code, ran.json())
}

/// Logs with what must be said of each, and the key that is asked for.
fn logs() -> Vec<(&'static str, Log, &'static str)> {
    let ledger = || Log::new(LEDGER, leaves(600));
    let with = |change: &dyn Fn(&Log)| {
        let log = ledger();
        change(&log);
        log
    };
    let earlier =
        |log: &Log| (1..9).for_each(|n| log.put(&format!("checkpoints/{n}"), &log.checkpoint(n * 64)));
    let cut = |log: &Log, path: &str, bytes: usize| std::fs::read(log.file(path)).unwrap()[..bytes].to_vec();
    vec![
        ("a ledger's log", ledger(), "holds"),
        ("an empty log", Log::new(LEDGER, Vec::new()), "holds"),
        ("full tiles only", Log::new(LEDGER, leaves(512)), "holds"),
        ("anybody's log", Log::new(ANY, anything(300)), "holds"),
        ("earlier checkpoints", with(&earlier), "holds"),
        ("an older tile", with(&|log| log.put("tile/0/001.p/1", &cut(log, "tile/0/001", 32))), "holds"),
    ]
    .into_iter()
    .chain(broken(&with, &cut))
    .collect()
}

type With<'a> = dyn Fn(&dyn Fn(&Log)) -> Log + 'a;
type Cut<'a> = dyn Fn(&Log, &str, usize) -> Vec<u8> + 'a;

fn broken(with: &With<'_>, cut: &Cut<'_>) -> Vec<(&'static str, Log, &'static str)> {
    let turned = |path: &str, at: usize| with(&|log| log.turn(path, at));
    let put = |path: &str, bytes: &dyn Fn(&Log) -> Vec<u8>| with(&|log| log.put(path, &bytes(log)));
    let without = |path: &str| with(&|log| log.remove(path));
    let shrunk = with(&|log| {
        log.put("checkpoints/600", &log.checkpoint(600));
        log.put("checkpoint", &log.checkpoint(512));
    });
    let foreign = Log::new(ANY, anything(3)).checkpoint(3);
    let another = |log: &Log| log.checkpoint_of_another();
    vec![
        ("a bit of a full tile", turned("tile/0/001", 77), "tile"),
        ("a bit of a partial tile", turned("tile/0/002.p/88", 77), "tile"),
        ("a bit of a tile above", turned("tile/1/000.p/2", 5), "tile"),
        ("an older tile", put("tile/0/001.p/1", &|_| vec![7; 32]), "tile"),
        ("an older bundle", put("tile/entries/001.p/1", &|log| cut(log, "tile/entries/000", 43)), "tile"),
        ("a bit of a bundle", turned("tile/entries/001", 42), "tile"),
        ("a bit of a length", turned("tile/entries/002.p/88", 1), "cut_off"),
        ("a bundle cut off", put("tile/entries/000", &|log| cut(log, "tile/entries/000", 900)), "cut_off"),
        ("no partial tile", without("tile/0/002.p/88"), "missing"),
        ("no partial bundle", without("tile/entries/002.p/88"), "missing"),
        ("no checkpoint", without("checkpoint"), "missing"),
        ("another key", put("checkpoint", &another), "no_known_signature"),
        ("another root", put("checkpoint", &|log| log.lying_checkpoint(600)), "root"),
        (
            "a bit of the signature",
            with(&|log| log.turn("checkpoint", log.checkpoint(600).len() - 20)),
            "bad_signature",
        ),
        ("rolled back", shrunk, "rollback"),
        ("another history", put("checkpoints/a", &|log| log.lying_checkpoint(300)), "inconsistent"),
        ("an earlier one by another key", put("checkpoints/a", &another), "no_known_signature"),
        ("of another log", put("checkpoints/a", &|_| foreign.clone()), "origin"),
        ("times that decrease", Log::new(LEDGER, leaves(9).into_iter().rev().collect()), "time"),
        ("no leaves", Log::new(LEDGER, anything(9)), "leaf"),
    ]
}

fn keys() -> Vec<String> {
    vec![key(LEDGER).to_string(), key(ANY).to_string()]
}

#[test]
fn whatever_is_wrong_with_a_log_is_found_and_named() {
    for (what, log, expected) in logs() {
        let (code, said) = ours(&log, &keys());
        assert_eq!(
            (code, &said["answer"]),
            (i32::from(expected != "holds"), &Value::from(expected)),
            "{what}: {said}"
        );
    }
}

#[test]
fn the_package_in_typescript_says_the_same_of_the_same_folders() {
    let Some(package) = package() else { return };
    for (what, log, expected) in logs() {
        let (ours, theirs) = (ours(&log, &keys()), theirs(&package, &log, &keys()));
        assert_eq!(
            (ours.0, &ours.1["answer"]),
            (theirs.0, &theirs.1["answer"]),
            "{what}: {} {}",
            ours.1,
            theirs.1
        );
        if expected == "holds" {
            for field in ["origin", "size", "root", "files", "checkpoints", "lastTime", "signed"] {
                assert_eq!(ours.1[field], theirs.1[field], "{what}: {field}");
            }
        }
    }
}

#[test]
fn a_ledgers_folder_holds_under_the_key_that_it_prints() {
    let town = Town::with_ledger();
    town.decided_case();
    let told = town.ok(&["log", "vkey", "acme"]);
    let vkey = told["vkey"].as_str().unwrap();
    let checked = town.run(&["log", "check", "acme", "--vkey", vkey]);
    assert_eq!(checked.code, 0, "{}\n{}", checked.out, checked.err);
    let answer = checked.json();
    assert_eq!(answer["origin"], told["origin"]);
    assert!(answer["size"].as_u64() > Some(10) && answer["lastTime"].is_u64(), "{answer}");
    let wrong = town.run(&[
        "log",
        "check",
        "acme",
        "--vkey",
        &other_key(told["origin"].as_str().unwrap()).to_string(),
    ]);
    assert_eq!((wrong.code, &wrong.json()["answer"]), (1, &"no_known_signature".into()));
}

#[test]
fn what_was_remembered_is_held_against_the_log_and_replaced_only_when_all_holds() {
    let (short, long) = (Log::new(ANY, anything(300)), Log::new(ANY, anything(600)));
    let vkey = key(ANY).to_string();
    let memory = short.file("seen");
    let run = |log: &Log| {
        let memory = memory.to_str().unwrap();
        check(log.path().to_str().unwrap(), &["--vkey", &vkey, "--remember", memory])
    };
    let kept = || std::fs::read(&memory).unwrap();
    assert_eq!(run(&short).json()["checkpoints"], 1);
    assert_eq!(kept(), short.checkpoint(300));
    assert_eq!(run(&long).json()["checkpoints"], 2);
    assert_eq!(kept(), long.checkpoint(600));
    let back = run(&short);
    assert_eq!((back.code, &back.json()["answer"]), (1, &"rollback".into()));
    assert_eq!(kept(), long.checkpoint(600), "what does not hold is not remembered");
    let earlier = long.file("earlier");
    std::fs::write(&earlier, long.lying_checkpoint(300)).unwrap();
    let other =
        check(long.path().to_str().unwrap(), &["--vkey", &vkey, "--earlier", earlier.to_str().unwrap()]);
    assert_eq!((other.code, &other.json()["answer"]), (1, &"inconsistent".into()));
}

#[test]
fn a_log_at_an_address_is_checked_as_in_a_folder() {
    let log = Log::new(ANY, anything(600));
    let vkey = key(ANY).to_string();
    let run = |manner: Manner| check(&serve(log.path(), manner), &["--vkey", &vkey]);
    for manner in [Manner::Plain, Manner::Gzip] {
        let held = run(manner);
        assert_eq!(held.code, 0, "{}\n{}", held.out, held.err);
        assert_eq!(held.json()["size"], 600);
    }
    let endless = run(Manner::Endless);
    assert_eq!((endless.code, &endless.json()["answer"]), (1, &"tile".into()), "more bytes than a tile has");
    log.turn("tile/entries/000", 9);
    assert_eq!(run(Manner::Plain).json()["answer"], "tile");
    log.remove("tile/0/002.p/88");
    log.turn("tile/entries/000", 9);
    assert_eq!(run(Manner::Plain).json()["answer"], "missing");
}

#[test]
fn an_address_that_does_not_answer_well_says_nothing_about_the_log() {
    let log = Log::new(ANY, anything(3));
    let vkey = key(ANY).to_string();
    for (manner, expected) in [
        (Manner::Status(503), "503"),
        (Manner::Status(403), "403"),
        (Manner::Status(301), "elsewhere"),
        (Manner::Odd, "`odd`"),
    ] {
        let ran = check(&serve(log.path(), manner), &["--vkey", &vkey]);
        assert_eq!((ran.code, ran.fault().as_str()), (2, "log-unread"), "{}\n{}", ran.out, ran.err);
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
    let nobody = check("http://127.0.0.1:1/", &["--vkey", &vkey]);
    assert_eq!((nobody.code, nobody.fault().as_str()), (2, "log-unread"));
    let late = check(log.path().to_str().unwrap(), &["--vkey", &vkey, "--within", "0ms"]);
    assert_eq!((late.code, late.fault().as_str()), (2, "log-unread"));
    for place in ["/nowhere", "ftp://logs.example", "https://logs.example/?a"] {
        let ran = check(place, &["--vkey", &vkey]);
        assert_eq!((ran.code, ran.fault().as_str()), (2, "log-place"), "{place}");
    }
}
