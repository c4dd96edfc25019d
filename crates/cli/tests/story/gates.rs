//! A ledger changes what its programme's Gate lets outcomes do, and a co-signer has a word at the Gate.

use crate::chain::{Standing, programme, send};
use crate::declare::{collect, signed};
use crate::town::Town;
use lockstep_chain::contracts::Gate;
use lockstep_chain::{Account, Domain, Embedded};
use serde_json::Value;

const NOTICE_S: u64 = 3_600;
const HOME: &str = "acme-usd/home";

/// A ledger, and a chain that has followed it so far.
struct Scene {
    town: Town,
    chain: Embedded,
    anchor: String,
    gate: Account,
    anchored: String,
}

impl Scene {
    fn new() -> Self {
        let town = Town::with_ledger();
        (1..=3).for_each(|number| drop(town.cosign(number)));
        town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
        let Standing { chain, anchor, gate, .. } = programme(&town, NOTICE_S);
        Self { town, chain, anchor: anchor.to_string(), gate, anchored: "0".to_owned() }
    }

    /// Proposes calls; three institutions consent if it is asked for. The governance case.
    fn govern(&self, calls: &[&str], consent: bool) -> String {
        let calls: Vec<&str> = calls.iter().flat_map(|call| ["--call", call]).collect();
        let args = [&["govern", "gate", "acme", HOME, "--as", "admin"], &calls[..]].concat();
        let proposed = self.town.ok(&args);
        assert_eq!(proposed["enacted"], !consent, "{proposed}");
        let case = proposed["case"].as_str().unwrap().to_owned();
        for number in (1..=3).filter(|_| consent) {
            self.town.ok(&["govern", "consent", "acme", &case, "--as", &format!("cosigner{number}")]);
        }
        case
    }

    /// Certifies, and gives what is to be sent; the first of it anchors.
    fn print(&mut self, case: &str) -> Vec<Value> {
        (1..=3).for_each(|number| drop(self.town.cosign(number)));
        let at = ["--anchor", &self.anchor, "--anchored", &self.anchored];
        let printed = self.town.ok(&[&["outcome", "print-tx", "acme", case], &at[..]].concat());
        self.anchored = printed["size"].to_string();
        printed["transactions"].as_array().unwrap().clone()
    }

    fn send(&mut self, transaction: &Value) -> Result<(), String> {
        send(&mut self.chain, transaction)
    }

    fn line(&self, name: &str) -> Gate::linesReturn {
        let call = Gate::linesCall { line: lockstep_chain::role(name) };
        let answer = self.chain.call(self.gate, &lockstep_chain::encode(&call)).unwrap();
        lockstep_chain::decode::<Gate::linesCall>(&answer).unwrap()
    }

    fn cap(&self) -> u64 {
        self.line("mint").cap.to()
    }

    /// 1: accepted.
    fn stands(&self, policy: [u8; 32]) -> u8 {
        let call = Gate::standingCall { policy: policy.into(), line: lockstep_chain::role("mint") };
        let answer = self.chain.call(self.gate, &lockstep_chain::encode(&call)).unwrap();
        lockstep_chain::decode::<Gate::standingCall>(&answer).unwrap()
    }
}

#[test]
fn a_line_is_tightened_at_once_and_a_policy_accepted_after_the_notice() {
    let mut scene = Scene::new();
    assert_eq!(scene.cap(), 50_000_000);
    let case = scene.govern(&["tighten mint 1000 1d"], false);
    let shown = scene.town.ok(&["outcome", "show", "acme", &case]);
    assert_eq!(
        (&shown["outcomes"][0]["kind"], &shown["outcomes"][0]["certified"]),
        (&1.into(), &false.into())
    );
    assert_eq!(shown["outcomes"][0]["changes"], serde_json::json!([]));
    let [submit, execute] = scene.print(&case).try_into().unwrap();
    assert_eq!(scene.send(&submit), Ok(()));
    assert_eq!(scene.send(&execute), Ok(()));
    assert_eq!(scene.cap(), 1_000);
    assert_eq!(scene.send(&execute), Err("AlreadyExecuted".to_owned()));

    let policy = "ab".repeat(32);
    let case = scene.govern(&[&format!("accept {policy} mint")], true);
    let shown = scene.town.ok(&["outcome", "show", "acme", &case]);
    assert_eq!(shown["outcomes"][0]["changes"].as_array().unwrap().len(), 1);
    let [submit, execute, enact] = scene.print(&case).try_into().unwrap();
    assert_eq!(scene.send(&submit), Ok(()));
    assert_eq!(scene.send(&enact), Err("NoChange".to_owned()), "the order matters");
    assert_eq!(scene.send(&execute), Ok(()));
    assert_eq!(scene.send(&enact), Err("NotBefore".to_owned()), "the Gate has a notice of its own");
    assert_eq!(scene.stands([0xab; 32]), 0);
    scene.chain.mine(1, NOTICE_S);
    assert_eq!(scene.send(&enact), Ok(()));
    assert_eq!(scene.stands([0xab; 32]), 1);
    let checked = scene.town.run(&["fsck", "acme", "--key", "cosigner1"]);
    assert_eq!(checked.code, 0, "{}", checked.out);
}

#[test]
fn what_the_gate_itself_refuses_changes_nothing() {
    let mut scene = Scene::new();
    // The administrators alone may say so, but it would loosen: the Gate looks again.
    let case = scene.govern(&["tighten mint 50000001 1d"], false);
    let [submit, execute] = scene.print(&case).try_into().unwrap();
    assert_eq!(scene.send(&submit), Ok(()));
    assert_eq!(scene.send(&execute), Err("Loosens".to_owned()));
    assert_eq!(scene.cap(), 50_000_000);
    let town = &scene.town;
    for wrong in ["tighten mint", "dance", "tighten mint 1 1500ms", "forbid 0x12 mint(address)", "drop xyz"] {
        let refused = town.run(&["govern", "gate", "acme", HOME, "--as", "admin", "--call", wrong]);
        assert_eq!((refused.code, refused.fault().as_str()), (2, "gate-call"), "{wrong}: {}", refused.err);
    }
    let moon = ["govern", "gate", "acme", "acme-usd/moon", "--as", "admin", "--call", "tighten mint 1 1d"];
    assert_eq!(town.run(&moon).fault(), "action_form");
}

#[test]
fn a_cosigner_vetoes_a_loosening_and_two_others_override_it() {
    let mut scene = Scene::new();
    let case = scene.govern(&["set-line mint 1 6 90000000 1d"], true);
    let shown = scene.town.ok(&["outcome", "show", "acme", &case]);
    let change = shown["outcomes"][0]["changes"][0]["change"].as_str().unwrap().to_owned();
    let [submit, execute, enact] = scene.print(&case).try_into().unwrap();
    assert_eq!(scene.send(&submit), Ok(()));
    assert_eq!(scene.send(&execute), Ok(()));

    let gate = scene.gate.to_string();
    let on = |kind| [kind, "--chain", "31337", "--gate", &gate, "--change", &change];
    let files = signed(&scene.town, &["cosigner4"], &on("veto"));
    let veto = collect(&scene.town, &files, &[]);
    assert_eq!(scene.send(&veto), Ok(()));
    scene.chain.mine(1, NOTICE_S);
    assert_eq!(scene.send(&enact), Err("IsVetoed".to_owned()));
    assert_eq!(scene.cap(), 50_000_000);

    let vetoer = scene.town.ok(&["key", "address", "cosigner4.pub"])["address"].as_str().unwrap().to_owned();
    let with_vetoer = signed(&scene.town, &["cosigner4", "cosigner1"], &on("override"));
    let names: Vec<&str> = with_vetoer.iter().map(String::as_str).collect();
    let refused = scene.town.run(&[&["chain", "collect", "acme", "--vetoer", &vetoer], &names[..]].concat());
    assert_eq!((refused.code, refused.fault().as_str()), (1, "cosignature"), "{}", refused.err);
    let files = signed(&scene.town, &["cosigner2", "cosigner1"], &on("override"));
    let overriding = collect(&scene.town, &files, &["--vetoer", &vetoer]);
    assert_eq!(scene.send(&overriding), Ok(()));
    assert_eq!(scene.send(&enact), Err("NotBefore".to_owned()), "a second notice runs");
    scene.chain.mine(1, NOTICE_S);
    assert_eq!(scene.send(&enact), Ok(()));
    assert_eq!(scene.cap(), 90_000_000);
}
