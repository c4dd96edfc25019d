//! A programme moves to another Gate: by a governance case, on a real node, with a redemption under way.

use crate::chain;
use crate::key::Key;
use crate::observe::{GATE, Scene, statuses};
use crate::submit::{ANYBODY, DEPLOYER, LIMITS};
use crate::town::{POLICY, REDEEM, Town};
use lockstep_chain::contracts::Token;
use lockstep_chain::submit::SignHash;
use lockstep_chain::submit::journal::InMemory;
use lockstep_chain::{Account, Domain, Submitter, decode, encode};
use serde_json::{Value, json};

const HOME: &str = "acme-usd/home";
const OLD_ESCROW: &str = "0xa16E02E87b7454126E5E10d957A927A7F5B5d2be";

/// Copies a policy's folder, with another Gate and its Escrow in it.
fn moved(town: &Town, (policy, name): (&str, &str), gate: Account) {
    std::fs::create_dir_all(town.path(name)).unwrap();
    let escrow = gate.create(1).to_string();
    for file in ["policy.toml", "guards.cedar"] {
        let text = std::fs::read_to_string(format!("{policy}/{file}")).unwrap();
        let text = text.replace(GATE, &gate.to_string()).replace(OLD_ESCROW, &escrow);
        std::fs::write(town.path(name).join(file), text).unwrap();
    }
}

/// A governance case to which three institutions consent.
fn govern(town: &Town, args: &[&str]) -> Value {
    let proposed = town.ok(&[&["govern"], args, &["--as", "admin"]].concat());
    let case = proposed["case"].as_str().unwrap();
    for number in 1..=3 {
        town.ok(&["govern", "consent", "acme", case, "--as", &format!("cosigner{number}")]);
    }
    proposed
}

fn holds_roles(scene: &Scene, account: Account) -> [bool; 3] {
    let roles = [lockstep_chain::role("MINTER_ROLE"), lockstep_chain::role("ORDER_ROLE"), [0; 32].into()];
    roles.map(|role| {
        let answer = scene.rpc.call(scene.token, &encode(&Token::hasRoleCall { role, account })).unwrap();
        decode::<Token::hasRoleCall>(&answer).unwrap()
    })
}

/// The Gate lets itself be replaced: four loosenings, each after the chain's own notice.
fn let_it_be_replaced(scene: &Scene) {
    let token = scene.token.to_string();
    let permit = |function: &str| format!("permit {token} {function}(bytes32,address) replace-gate");
    let (grant, renounce) = (permit("grantRole"), permit("renounceRole"));
    let (line, accept) = ("set-line replace-gate 255 0 6 1d", "accept lockstep-governance/1 replace-gate");
    let calls = ["--call", line, "--call", accept, "--call", &grant, "--call", &renounce];
    let loosened = govern(&scene.town, &[&["gate", "acme", HOME], &calls[..]].concat());
    let sent = scene.carry_out(loosened["case"].as_str().unwrap());
    assert_eq!(statuses(&sent["outcomes"][0], "changes"), ["enacted"; 4], "{sent}");
}

#[test]
fn the_roles_move_in_one_transaction_and_the_old_gate_still_pays_what_lies_in_its_escrow() {
    let Some(scene) = Scene::new() else { return };
    let town = &scene.town;
    let old: Account = GATE.parse().unwrap();
    let issued = scene.issue("1");
    scene.observe();
    town.approve(&issued);
    scene.carry_out(&issued);
    let redeemed = scene.redemption();
    scene.deposit(&redeemed, 1_000);
    scene.observe();
    // Decided, and nobody brings it to the chain in time.
    let pending = scene.issue("2");
    scene.observe();
    town.approve(&pending);

    let_it_be_replaced(&scene);

    // Another Gate is there, and the policies that name it.
    let (anybody, deployer) = (Key::new(ANYBODY), Key::new(DEPLOYER));
    let anchor = anybody.account().create(0);
    let next = deployer.account().create(2);
    moved(town, (POLICY, "issue"), next);
    moved(town, (REDEEM, "redeem"), next);
    let mut journal = InMemory::default();
    let mut node = Submitter::open((&scene.rpc, &deployer), &mut journal, LIMITS).unwrap();
    assert_eq!(chain::gate(town, &mut node, (anchor, scene.token), ["issue", "redeem"]), next);
    let early = town.run(&["govern", "adopt", "acme", "issue", "--as", "admin"]);
    assert_eq!(early.fault(), "action_form", "{}", early.err);

    let to = next.to_string();
    let roles = ["--role", "MINTER_ROLE", "--role", "ORDER_ROLE"];
    let replaced = govern(town, &[&["replace-gate", "acme", HOME, "--to", &to], &roles[..]].concat());
    let waiting = replaced["waiting"].as_array().unwrap();
    assert_eq!(waiting.iter().map(|one| &one["case"]).collect::<Vec<_>>(), [&json!(pending)]);
    govern(town, &["adopt", "acme", "issue"]);
    govern(town, &["adopt", "acme", "redeem"]);
    assert_eq!((holds_roles(&scene, old), holds_roles(&scene, next)), ([true; 3], [false; 3]));
    scene.carry_out(replaced["case"].as_str().unwrap());
    assert_eq!((holds_roles(&scene, old), holds_roles(&scene, next)), ([false; 3], [true; 3]));

    // What was pending fails, and changes nothing; what lies in the old Escrow leaves it as decided.
    let late = scene.submit(&pending);
    assert_eq!(late.code, 1, "{}", late.err);
    assert!(late.err.contains("CallFailed"), "{}", late.err);
    scene.pay(&redeemed);
    scene.carry_out(&redeemed);
    let third = scene.issue("3");
    let seen = scene.observe();
    assert_eq!(statuses(&seen, "deposits"), ["known"], "{seen}");
    assert_eq!(seen["readings"][1]["supply"], "999000000000", "burned through the old Gate: {seen}");
    assert_eq!(scene.phase(&redeemed), "settled");
    assert_eq!(
        scene.phase(&pending),
        "decided",
        "until a block after its time shows that it was not executed"
    );

    // The coin goes on at the other Gate.
    town.approve(&third);
    let sent = scene.carry_out(&third);
    assert_eq!(sent["outcomes"][0]["gate"], to, "{sent}");
    let seen = scene.observe();
    assert_eq!(scene.phase(&third), "settled", "{seen}");
    let checked = town.run(&["fsck", "acme", "--key", "cosigner1"]);
    assert_eq!(checked.code, 0, "{}", checked.out);
}
