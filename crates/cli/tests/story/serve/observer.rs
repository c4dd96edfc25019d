//! An observer at another institution: it reads the chain by its own endpoints, and the server knows it by
//! its key only.

use super::{Running, Served, certified, ledger};
use crate::observe::{Scene, statuses};
use serde_json::json;

#[test]
fn an_observer_elsewhere_shows_supply_outcomes_and_deposits_over_the_server() {
    let Some(scene) = Scene::new() else { return };
    let town = &scene.town;
    let served = Served::folder(town);
    let cosigners = served.cosigners(town);
    town.ask(&["--server", &served.url, "--ledger", &ledger(town)]);
    let issued = scene.issue("1");
    let seen = scene.observe();
    let [reading] = seen["readings"].as_array().unwrap().as_slice() else { panic!("{seen}") };
    assert_eq!((&reading["for"], &reading["status"]), (&"headroom".into(), &"on-record".into()), "{seen}");
    town.approve(&issued);

    // What waits at a Gate is told to whoever asks for another one in its place.
    let other = "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB".to_owned();
    let replace = ["govern", "replace-gate", "acme", "acme-usd/home", "--to", &other, "--as", "admin"];
    let asked = town.ok(&[&replace[..], &["--role", "MINTER_ROLE", "--role", "ORDER_ROLE"]].concat());
    assert_eq!(asked["waiting"][0]["case"], issued.as_str(), "{asked}");
    assert_eq!(asked["waiting"].as_array().unwrap().len(), 1, "{asked}");

    certified(town, &issued);
    let submit = ["outcome", "submit", "acme", &issued, "--as", "sender", "--reader", "issuer"];
    town.ok(&scene.with_rpc(&[&submit[..], &["--until", "mined"]].concat()));
    scene.mine(4);
    let case = scene.redemption();
    scene.deposit(&case, 999);
    let records = || town.ok(&["case", "show", "acme", &case, "--as", "issuer"])["records"].clone();
    let before = records();
    let seen = scene.observe();
    assert_eq!(seen["readings"][1]["records"], json!(["read", "settled"]), "{seen}");
    assert_eq!(statuses(&seen, "deposits"), ["waits"], "{seen}");
    assert_eq!(before, records(), "what would be refused is not handed in");
    scene.deposit(&case, 1_000);
    assert_eq!(statuses(&scene.observe(), "deposits"), ["waits", "on-record"]);
    assert_eq!(statuses(&scene.observe(), "deposits"), ["waits", "known"]);
    cosigners.into_iter().for_each(Running::end);
    served.process.end();
}
