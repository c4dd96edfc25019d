//! Contracts put on a chain by the program, and a token's roles handed over: on the chain that the program
//! itself serves, and what stands in the way.

use crate::key::Key;
use crate::node::Node;
use crate::served::Served;
use crate::submit::{ANYBODY, LIMITS};
use crate::town::{POLICY, REDEEM, Ran, Town, copy};
use lockstep_chain::contracts::Token;
use lockstep_chain::rpc::Rule;
use lockstep_chain::rpc::finality::Finality;
use lockstep_chain::submit::SignHash;
use lockstep_chain::submit::journal::InMemory;
use lockstep_chain::{Account, Domain, Rpc, Submitter, Transaction, deploy, role, roles};
use serde_json::{Value, json};

const FORGOTTEN: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const STRANGER: &str = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";
const SETUP: &str = "format = \"lockstep-gate/1\"\n[line.mint]\ncounts = \"param.amount\"\ncap = 50_000_000\n\
                     window = \"1d\"\n";

/// A ledger, a chain on which nothing is charged, and the key of an account that puts contracts there.
struct Scene {
    town: Town,
    served: Served,
    rpc: Rpc,
    deployer: String,
}

impl Scene {
    fn new() -> Self {
        let town = Town::with_ledger();
        town.key("eip712", "deployer");
        let deployer = town.ok(&["key", "address", "deployer"])["address"].as_str().unwrap().to_owned();
        let served = Served::start(&[]);
        let rule = Rule { quorum: Some(1), ..Rule::new(31_337, Finality::Depth(0)) };
        let rpc = Rpc::connect(&[&served.url], rule).unwrap();
        std::fs::write(town.path("gate.toml"), SETUP).unwrap();
        Self { town, served, rpc, deployer }
    }

    /// Runs a command on the chain, as the deployer, until it is in a block.
    fn run(&self, args: &[&str]) -> Ran {
        self.run_as("deployer", args)
    }

    fn run_as(&self, key: &str, args: &[&str]) -> Ran {
        let at = ["--rpc", &self.served.url, "--rpc-quorum", "1", "--as", key];
        let until = if args.contains(&"predict") || args.contains(&"--until") {
            &[][..]
        } else {
            &["--until", "mined"]
        };
        self.town.run(&[&["chain"], args, &at, until].concat())
    }

    fn ok(&self, args: &[&str]) -> Value {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}\n{}\n{}", ran.out, ran.err);
        ran.json()
    }

    /// It is refused with this code, and the account sends nothing.
    fn refused(&self, args: &[&str], expected: (i32, &str)) -> String {
        let before = self.sent();
        let ran = self.run(args);
        assert_eq!((ran.code, ran.fault().as_str()), expected, "{args:?}\n{}", ran.err);
        assert!(ran.err.contains("\"hint\""), "{}", ran.err);
        assert_eq!(self.sent(), before, "nothing is sent");
        ran.err
    }

    /// Transactions of the deployer in blocks.
    fn sent(&self) -> Value {
        self.served.call("eth_getTransactionCount", json!([self.deployer, "latest"]))
    }

    fn predicted(&self) -> (String, String) {
        let told = self.ok(&["predict", "gate", "--chain", "31337"]);
        let text = |field: &str| told["contracts"][0][field].as_str().unwrap().to_owned();
        (text("address"), text("escrow"))
    }

    fn anchor(&self) -> String {
        let told = self.ok(&["deploy", "anchor", "acme", "--chain", "31337"]);
        told["address"].as_str().unwrap().to_owned()
    }

    fn policy(&self, of: (&str, &str), contracts: &[(&str, &str)]) {
        place_policy(&self.town, of, contracts);
    }

    /// A token whose every role is held by an account that everybody has, which also made a minter that is
    /// forgotten easily; the deployer is admin as well.
    fn token_of_several(&self) -> String {
        let (key, mut journal) = (Key::new(ANYBODY), InMemory::default());
        let mut chain = Submitter::open((&self.rpc, &key), &mut journal, LIMITS).unwrap();
        let from = key.account();
        let token = deploy::token(&mut chain, (from, from), ("Acme dollar", "ACME", 6)).unwrap();
        let grants = [(roles::ADMIN, &*self.deployer), (role("MINTER_ROLE"), FORGOTTEN)];
        for (role, to) in grants {
            let data = roles::Change::Grant(role).call((from, to.parse().unwrap()));
            lockstep_chain::Sends::send(&mut chain, &Transaction { from, to: Some(token), data }).unwrap();
        }
        token.to_string()
    }

    /// Token, Anchor and Gate; the policy, not adopted, is in `policy`.
    fn behind_a_gate(&self) -> (String, String) {
        let (token, anchor) = (self.token_of_several(), self.anchor());
        let gate = self.predicted().0;
        self.policy((POLICY, "policy"), &[("gate", &gate), ("token", &token)]);
        self.ok(&[
            "deploy",
            "gate",
            "acme",
            "--policy",
            "policy",
            "--anchor",
            &anchor,
            "--setup",
            "gate.toml",
        ]);
        (token, gate)
    }

    /// The account that everybody has mints for the deployer.
    fn mint(&self, token: &str, units: u64) {
        let (key, mut journal) = (Key::new(ANYBODY), InMemory::default());
        let mut chain = Submitter::open((&self.rpc, &key), &mut journal, LIMITS).unwrap();
        let (to, amount) = (self.deployer.parse().unwrap(), lockstep_chain::units(units));
        let data = lockstep_chain::encode(&Token::mintCall { to, amount }).into();
        let call = Transaction { from: key.account(), to: Some(token.parse().unwrap()), data };
        lockstep_chain::Sends::send(&mut chain, &call).unwrap();
    }

    fn holds(&self, token: &str, (wanted, account): (&str, &str)) -> bool {
        let held = (role(wanted), account.parse().unwrap());
        roles::has_role(&self.rpc, &self.rpc.latest().unwrap(), token.parse().unwrap(), held).unwrap()
    }
}

/// A copy of a shipped policy that names these contracts, in a folder.
fn place_policy(town: &Town, (from, folder): (&str, &str), contracts: &[(&str, &str)]) {
    copy(from.as_ref(), &town.path(folder));
    let path = town.path(folder).join("policy.toml");
    let placed = |line: &str| {
        let key = line.split_once('=').map(|(key, _)| key.trim());
        let found = contracts.iter().find(|(name, _)| Some(*name) == key);
        found.map_or_else(|| format!("{line}\n"), |(name, at)| format!("{name} = \"{at}\"\n"))
    };
    let text: String = std::fs::read_to_string(&path).unwrap().lines().map(placed).collect();
    std::fs::write(path, text).unwrap();
}

#[test]
fn contracts_are_put_on_a_chain_once_however_often_and_are_held_against_what_was_meant() {
    let scene = Scene::new();
    let token =
        ["deploy", "token", "--chain", "31337", "--name", "Acme", "--symbol", "ACME", "--decimals", "6"];
    let recovery = ["--recovery", FORGOTTEN, "--recovery", STRANGER, "--recovery-threshold", "2"];
    let anchor =
        [&["deploy", "anchor", "acme", "--chain", "31337", "--notice", "1h"][..], &recovery].concat();
    // In a block, not in a final one: the journal has it, and the same again goes on with it.
    let waits = scene.run(&[&anchor[..], &["--until", "final", "--patience", "0s"]].concat());
    assert_eq!((waits.code, waits.fault().as_str()), (2, "not-yet"), "{}", waits.err);
    let made = scene.ok(&anchor);
    assert_eq!((&made["status"], &made["differences"]), (&json!("deployed"), &json!([])));
    assert_eq!((&made["compared"]["notice_s"], &made["compared"]["threshold"]), (&json!(3_600), &json!(3)));
    (0..3).for_each(|_| drop(scene.served.call("evm_mine", json!([]))));
    let coin = scene.ok(&token)["address"].as_str().unwrap().to_owned();
    (0..3).for_each(|_| drop(scene.served.call("evm_mine", json!([]))));
    let again = scene.ok(&anchor);
    assert_eq!((&again["status"], &again["address"]), (&json!("already-deployed"), &made["address"]));
    // The journal lets go of it once it is final; until then the answer tells its transaction.
    assert_eq!(scene.ok(&token)["status"], "deployed");
    assert_eq!(scene.ok(&token)["status"], "already-deployed");
    assert_eq!(scene.sent(), "0x2");

    let (gate, escrow) = scene.predicted();
    scene.policy((POLICY, "issue"), &[("gate", &gate), ("token", &coin)]);
    scene.policy((REDEEM, "redeem"), &[("gate", &gate), ("token", &coin), ("escrow", &escrow)]);
    let at = made["address"].as_str().unwrap();
    let both = ["--policy", "issue", "--policy", "redeem", "--anchor", at, "--setup", "gate.toml"];
    let args = [&["deploy", "gate", "acme"][..], &both].concat();
    let made = scene.ok(&args);
    assert_eq!((&made["address"], &made["compared"]["escrow"]), (&json!(gate), &json!(escrow)));
    assert_eq!(made["status"], "deployed");
    std::fs::remove_dir_all(scene.town.path("state").join("deployments")).unwrap();
    (0..3).for_each(|_| drop(scene.served.call("evm_mine", json!([]))));
    assert_eq!(scene.ok(&args)["address"], json!(gate));
    std::fs::remove_dir_all(scene.town.path("state").join("deployments")).unwrap();
    assert_eq!(scene.ok(&args)["status"], "already-deployed", "it stands where the policy says");
    assert_eq!(scene.sent(), "0x3");
    std::fs::write(scene.town.path("gate.toml"), SETUP.replace("50_000_000", "49_999_999")).unwrap();
    let small = scene.run(&args);
    assert!(
        small.err.contains("the greatest `param.amount` of `stablecoin.issue` is more than line `mint`"),
        "{}",
        small.err
    );
    // Another cap is meant: the code is the same, and what stands there is not.
    std::fs::write(scene.town.path("gate.toml"), SETUP.replace("50_000_000", "7")).unwrap();
    let differs = scene.run(&args);
    assert_eq!((differs.code, scene.sent()), (1, json!("0x3")), "{}", differs.err);
    assert!(differs.out.contains("cap of line `mint`: expected `7`, found `50000000`"), "{}", differs.out);

    let print = scene.town.ok(&["chain", "deploy", "anchor", "acme", "--chain", "1", "--print-tx"]);
    assert!(print["transactions"][0]["to"].is_null(), "{print}");
    assert!(print["transactions"][0]["data"].as_str().unwrap().len() > 20_000);
}

#[test]
fn a_holder_puts_tokens_into_the_escrow_of_a_policy_once_and_nowhere_else() {
    let scene = Scene::new();
    let (token, anchor) = (scene.token_of_several(), scene.anchor());
    let (gate, escrow) = scene.predicted();
    let placed = [("gate", &*gate), ("token", &token), ("escrow", &escrow)];
    scene.policy((POLICY, "issue"), &placed);
    scene.policy((REDEEM, "redeem"), &placed);
    let case = "ab".repeat(32);
    let wanted = ["deposit", &case, "--policy", "redeem", "--amount", "12.5"];
    scene.refused(&wanted, (1, "escrow-unfit"));
    let both = ["--policy", "issue", "--policy", "redeem", "--anchor", &anchor, "--setup", "gate.toml"];
    scene.ok(&[&["deploy", "gate", "acme"][..], &both].concat());
    scene.refused(&wanted, (1, "balance"));
    scene.refused(&["deposit", &case, "--policy", "issue", "--amount", "1"], (2, "no-escrow"));
    for wrong in ["0", "1.0000001", "-1", "much"] {
        let amount = format!("--amount={wrong}");
        scene.refused(&["deposit", &case, "--policy", "redeem", &amount], (2, "amount"));
    }
    // An Escrow of another Gate than the policy's.
    scene.policy((REDEEM, "other"), &[("gate", &anchor), ("token", &token), ("escrow", &escrow)]);
    scene.refused(&["deposit", &case, "--policy", "other", "--amount", "1"], (1, "escrow-unfit"));
    scene.policy((REDEEM, "none"), &[("gate", &gate), ("token", &token), ("escrow", &anchor)]);
    scene.refused(&["deposit", &case, "--policy", "none", "--amount", "1"], (1, "escrow-unfit"));

    scene.mint(&token, 20_000_000);
    let made = scene.ok(&wanted);
    assert_eq!((&made["status"], &made["amount"]), (&json!("deposited"), &json!("12500000")), "{made}");
    let sent = scene.sent();
    assert_eq!(scene.ok(&wanted)["status"], "deposited", "the journal has it until it is final");
    (0..3).for_each(|_| drop(scene.served.call("evm_mine", json!([]))));
    scene.ok(&wanted);
    assert_eq!(scene.ok(&wanted)["status"], "already-deposited");
    assert_eq!(scene.sent(), sent, "once");
    let print = ["chain", "deposit", &case, "--policy", "redeem", "--amount", "12.5", "--print-tx"];
    let printed = scene.town.ok(&print);
    assert_eq!(
        (&printed["transactions"][0]["to"], &printed["transactions"][1]["to"]),
        (&json!(token), &json!(escrow))
    );
}

#[test]
fn what_would_put_something_else_on_the_chain_is_refused_and_nothing_is_sent() {
    let scene = Scene::new();
    let anchor = ["deploy", "anchor", "acme", "--chain", "31337"];
    let and = |more: &[&'static str]| [&anchor[..], more].concat();
    let two = ["--recovery", FORGOTTEN, "--recovery", STRANGER, "--recovery-threshold"];
    for threshold in ["0", "1", "3"] {
        scene.refused(&[&anchor[..], &two, &[threshold]].concat(), (2, "recovery-set"));
    }
    scene.refused(
        &and(&["--recovery", FORGOTTEN, "--recovery", FORGOTTEN, "--recovery-threshold", "2"]),
        (2, "recovery-set"),
    );
    scene.refused(&and(&["--notice", "91d"]), (2, "notice"));
    scene.refused(&["deploy", "anchor", "acme", "--chain", "1"], (2, "other-chain"));
    scene.refused(
        &["deploy", "token", "--chain", "31337", "--name", "", "--symbol", "A", "--decimals", "6"],
        (2, "token-name"),
    );

    let at = scene.anchor();
    let (gate, _) = scene.predicted();
    scene.policy((POLICY, "policy"), &[("gate", &gate), ("token", FORGOTTEN)]);
    let with = |policy: &str, anchor: &str, more: &[&str]| {
        let args = ["deploy", "gate", "acme", "--policy", policy, "--anchor", anchor, "--setup", "gate.toml"];
        args.iter().chain(more).map(|arg| (*arg).to_owned()).collect::<Vec<_>>()
    };
    let refused = |args: Vec<String>, expected: (i32, &str)| {
        scene.refused(&args.iter().map(String::as_str).collect::<Vec<_>>(), expected)
    };
    // An Anchor of another ledger, something else, nothing.
    scene.town.ok(&[
        "init",
        "other",
        "--name",
        "other",
        "--admin",
        &format!("{}=admin.pub", crate::town::ACME),
        "--threshold",
        "1",
        "--cosigner",
        &format!("{}:c1=cosigner1.pub", crate::town::ACME),
    ]);
    let foreign = ["deploy", "anchor", "other", "--chain", "31337"];
    let foreign = scene.run_as("cosigner1", &foreign).json()["address"].as_str().unwrap().to_owned();
    let text = refused(with("policy", &foreign, &[]), (2, "other-anchor"));
    assert!(text.contains("follows ledger"), "{text}");
    let token = scene.token_of_several();
    refused(with("policy", &token, &[]), (2, "other-anchor"));
    refused(with("policy", STRANGER, &[]), (2, "other-anchor"));
    // Policies that name something else.
    refused(with("acme-usd/stablecoin.issue", &at, &[]), (2, "place"));
    refused(with("policy", &at, &["--domain", "moon"]), (2, "policies-differ"));
    refused(with("policy", &at, &["--policy", REDEEM]), (2, "policies-differ"));
    scene.policy((REDEEM, "redeem"), &[("gate", &gate), ("token", FORGOTTEN), ("escrow", STRANGER)]);
    refused(with("policy", &at, &["--policy", "redeem"]), (2, "place"));
    scene.policy((POLICY, "broken"), &[("gate", &gate), ("opened_by", "nobody")]);
    refused(with("broken", &at, &[]), (2, "policy-findings"));
    // A setup with a key too many, and one with a line too few.
    std::fs::write(scene.town.path("gate.toml"), format!("{SETUP}limit = 1\n")).unwrap();
    let text = refused(with("policy", &at, &[]), (2, "gate-setup"));
    assert!(text.contains("line 6") && text.contains("limit"), "{text}");
    std::fs::write(scene.town.path("gate.toml"), "format = \"lockstep-gate/1\"\n").unwrap();
    refused(with("policy", &at, &[]), (2, "gate-setup"));
}

#[test]
fn a_forgotten_minter_stops_the_handing_over_until_somebody_says_what_becomes_of_it() {
    let scene = Scene::new();
    let everybody: Account = Key::new(ANYBODY).account();
    let everybody = everybody.to_string();
    scene.policy((POLICY, "policy"), &[("gate", STRANGER), ("token", FORGOTTEN)]);
    let args = ["hand-over-token", "acme", "--policy", "policy"];
    let and =
        |more: &[&str]| -> Vec<String> { args.iter().chain(more).map(|arg| (*arg).to_owned()).collect() };
    let refused = |more: &[&str], expected: (i32, &str)| {
        let args = and(more);
        scene.refused(&args.iter().map(String::as_str).collect::<Vec<_>>(), expected)
    };
    refused(&[], (1, "gate-unfit"));

    let (token, gate) = scene.behind_a_gate();
    let text = refused(&[], (1, "other-holders"));
    assert!(text.contains(FORGOTTEN) && text.contains(&everybody), "{text}");
    refused(&["--revoke", &everybody], (1, "other-holders"));
    refused(&["--revoke-all", "--revoke", STRANGER], (2, "role-missing"));
    refused(&["--revoke-all", "--since", "9"], (2, "since"));
    refused(&["--revoke-all", "--role", "no role"], (2, "role"));
    scene.town.key("eip712", "sender");
    let poor = ["hand-over-token", "acme", "--policy", "policy", "--revoke-all"];
    let poor = scene.run_as("sender", &poor);
    assert_eq!((poor.code, poor.fault().as_str()), (1, "role-missing"), "{}", poor.err);
    assert!(poor.err.contains(&scene.deployer), "it says who is: {}", poor.err);

    let print = ["--rpc", &scene.served.url, "--rpc-quorum", "1", "--print-tx", "--holder", &scene.deployer];
    let print = [&["chain"], &args[..], &["--revoke-all"], &print].concat();
    // Three roles to the Gate, three from one and one from the other, one given up.
    assert_eq!(scene.town.ok(&print)["transactions"].as_array().unwrap().len(), 8);
    assert!(!scene.holds(&token, ("MINTER_ROLE", &gate)));

    let left = scene.run(&[&args[..], &["--revoke", &everybody, "--leave", FORGOTTEN]].concat());
    assert_eq!(left.code, 1, "somebody remains: {}\n{}", left.out, left.err);
    let told = left.json();
    assert_eq!(told["others"][0]["account"], FORGOTTEN, "{told}");
    assert_eq!(told["gate_holds"], json!(["DEFAULT_ADMIN_ROLE", "MINTER_ROLE", "ORDER_ROLE"]));
    for role in ["MINTER_ROLE", "ORDER_ROLE"] {
        assert!(scene.holds(&token, (role, &gate)) && !scene.holds(&token, (role, &everybody)), "{role}");
    }
    assert!(scene.holds(&token, ("MINTER_ROLE", FORGOTTEN)));
    let again = scene.run(&[&args[..], &["--leave", FORGOTTEN]].concat());
    assert_eq!((again.code, again.json()["sent"].as_u64()), (1, Some(0)), "{}", again.err);
    refused(&["--revoke", FORGOTTEN], (1, "role-missing"));
}

#[test]
fn every_other_holder_loses_its_roles_where_that_is_said_and_a_contract_without_roles_is_none() {
    let scene = Scene::new();
    let (token, gate) = scene.behind_a_gate();
    let done =
        scene.ok(&["hand-over-token", "acme", "--policy", "policy", "--revoke-all", "--role", "PAUSER_ROLE"]);
    assert_eq!((&done["others"], done["sent"].as_u64()), (&json!([]), Some(9)));
    assert!(scene.holds(&token, ("PAUSER_ROLE", &gate)) && !scene.holds(&token, ("MINTER_ROLE", FORGOTTEN)));
    assert_eq!(scene.ok(&["hand-over-token", "acme", "--policy", "policy"])["sent"], 0);

    // An Anchor is a contract, and no token.
    let anchor = scene.anchor();
    let gate = scene.predicted().0;
    scene.policy((POLICY, "other"), &[("gate", &gate), ("token", &anchor)]);
    scene.ok(&["deploy", "gate", "acme", "--policy", "other", "--anchor", &anchor, "--setup", "gate.toml"]);
    scene.refused(&["hand-over-token", "acme", "--policy", "other"], (1, "token-roles"));
    // A Gate that other policies use lets these outcomes not pass.
    let text = std::fs::read_to_string(scene.town.path("other").join("policy.toml")).unwrap();
    std::fs::write(scene.town.path("other").join("policy.toml"), text.replace("\"7d\"", "\"6d\"")).unwrap();
    scene.refused(&["hand-over-token", "acme", "--policy", "other"], (1, "gate-unfit"));
}

#[test]
fn a_gate_or_an_anchor_with_another_code_gets_no_roles_and_an_account_without_ether_is_told() {
    let Some(node) = Node::start(8) else { return };
    let town = Town::with_ledger();
    town.key("eip712", "deployer");
    let deployer = town.ok(&["key", "address", "deployer"])["address"].as_str().unwrap().to_owned();
    let (one, other) = (node.endpoint(), node.endpoint());
    let at = ["--rpc", &one.url, "--rpc", &other.url, "--as", "deployer"];
    let run = |args: &[&str]| {
        let until = if args.contains(&"predict") { &[][..] } else { &["--until", "mined"] };
        town.run(&[&["chain"], args, &at, until].concat())
    };
    let address = |args: &[&str]| {
        let ran = run(args);
        assert_eq!(ran.code, 0, "{args:?}\n{}\n{}", ran.out, ran.err);
        let told = ran.json();
        let told = if told["address"].is_null() { &told["contracts"][0] } else { &told };
        told["address"].as_str().unwrap().to_owned()
    };
    let anchor = ["deploy", "anchor", "acme", "--chain", "31337"];
    let poor = run(&anchor);
    assert_eq!((poor.code, poor.fault().as_str()), (2, "transaction-refused"), "{}", poor.err);
    node.ask("anvil_setBalance", json!([deployer, "0xde0b6b3a7640000"]));
    let anchor = address(&anchor);
    let token =
        ["deploy", "token", "--chain", "31337", "--name", "Acme", "--symbol", "ACME", "--decimals", "6"];
    let token = address(&token);
    let gate = address(&["predict", "gate", "--chain", "31337"]);
    place_policy(&town, (POLICY, "policy"), &[("gate", &gate), ("token", &token)]);
    std::fs::write(town.path("gate.toml"), SETUP).unwrap();
    let deploy =
        ["deploy", "gate", "acme", "--policy", "policy", "--anchor", &anchor, "--setup", "gate.toml"];
    assert_eq!(address(&deploy), gate);
    let sent = || node.number("eth_getTransactionCount", json!([deployer, "latest"]));
    for (contract, expected) in [(&gate, (1, "gate-unfit")), (&anchor, (2, "other-anchor"))] {
        // A byte that is never reached: it answers as before.
        let code = node.ask("eth_getCode", json!([contract, "latest"]));
        node.ask("anvil_setCode", json!([contract, format!("{}00", code.as_str().unwrap())]));
        let refused = run(&["hand-over-token", "acme", "--policy", "policy"]);
        assert_eq!((refused.code, refused.fault().as_str()), expected, "{}", refused.err);
        assert!(refused.err.contains("the code at"), "{}", refused.err);
        assert_eq!(sent(), 3);
        node.ask("anvil_setCode", json!([contract, code]));
    }
    let done = run(&["hand-over-token", "acme", "--policy", "policy"]);
    assert_eq!((done.code, sent()), (0, 9), "{}", done.err);
}

#[test]
fn a_chain_whose_machine_is_too_old_does_not_create_and_costs_nothing() {
    let Some(node) = Node::start_with(8, &["--hardfork", "london"]) else { return };
    let town = Town::with_ledger();
    town.key("eip712", "deployer");
    let address = town.ok(&["key", "address", "deployer"])["address"].clone();
    let (one, other) = (node.endpoint(), node.endpoint());
    let args = [
        "chain", "deploy", "anchor", "acme", "--chain", "31337", "--as", "deployer", "--rpc", &one.url,
        "--rpc", &other.url,
    ];
    node.ask("anvil_setBalance", json!([address, "0xde0b6b3a7640000"]));
    let refused = town.run(&args);
    assert_eq!((refused.code, refused.fault().as_str()), (1, "creation"), "{}", refused.err);
    assert!(refused.err.contains("Cancun"), "{}", refused.err);
    assert_eq!(node.number("eth_getTransactionCount", json!([address, "latest"])), 0);
    let alone = town.run(&args[..args.len() - 2]);
    assert_eq!((alone.code, alone.fault().as_str()), (2, "endpoints"), "{}", alone.err);
}
