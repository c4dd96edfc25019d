//! What is said of a chain, read off a real one by the program, and held against it.

use crate::key::Key;
use crate::node::{Endpoint, Mode, Node};
use crate::submit::{ANYBODY, LIMITS, place};
use crate::town::{LIST, REDEEM, Ran, Town, ago};
use lockstep_chain::contracts::{Escrow, Gate, Token};
use lockstep_chain::rpc::Rule;
use lockstep_chain::rpc::finality::Finality;
use lockstep_chain::submit::SignHash;
use lockstep_chain::submit::journal::InMemory;
use lockstep_chain::{Account, Domain, Rpc, Submitter, Transaction, encode, units};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

const HOLDER: &str = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
pub const GATE: &str = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

/// A ledger with both policies, and its contracts on a chain with a past.
pub struct Scene {
    node: Node,
    endpoints: [Endpoint; 2],
    pub rpc: Rpc,
    pub town: Town,
    pub token: Account,
}

impl Scene {
    /// Two hours ago the contracts were put there; since ten minutes ago the chain has been at work again.
    pub fn new() -> Option<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let node = Node::start_at(1, now - 7_200)?;
        let town = Town::with_ledger();
        let proposed = town.ok(&["govern", "adopt", "acme", REDEEM, "--as", "admin"]);
        let case = proposed["case"].as_str().unwrap();
        for number in 1..=3 {
            town.ok(&["govern", "consent", "acme", case, "--as", &format!("cosigner{number}")]);
        }
        town.certify();
        town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
        let endpoints = [node.endpoint(), node.endpoint()];
        let urls = [&endpoints[0].url, &endpoints[1].url];
        let rpc = Rpc::connect(&urls, Rule::new(31_337, Finality::Tag)).unwrap();
        let (_, token) = place(&town, &rpc);
        node.ask("evm_increaseTime", json!([6_600]));
        node.mine(4);
        town.key("eip712", "sender");
        let address = town.ok(&["key", "show", "sender"])["address"].clone();
        node.ask("anvil_setBalance", json!([address, "0xde0b6b3a7640000"]));
        Some(Self { node, endpoints, rpc, town, token })
    }

    pub fn with_rpc<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        let [one, other] = &self.endpoints;
        [args, &["--rpc", &one.url, "--rpc", &other.url]].concat()
    }

    /// So many blocks more.
    pub fn mine(&self, blocks: u64) {
        self.node.mine(blocks);
    }

    pub fn observe(&self) -> Value {
        self.town.ok(&self.with_rpc(&["observe", "acme", "--as", "observer"]))
    }

    /// What is unlocked is certified and executed, and becomes final. What the program answers.
    pub fn carry_out(&self, case: &str) -> Value {
        let answer = self.submit(case).json();
        self.node.mine(4);
        answer
    }

    /// What is unlocked is certified and sent.
    pub fn submit(&self, case: &str) -> Ran {
        self.town.certify();
        let submit = ["outcome", "submit", "acme", case, "--as", "sender", "--until", "mined"];
        self.town.run(&self.with_rpc(&submit))
    }

    /// The exit code, and what is said of the chain.
    fn verify(&self, case: &str) -> (i32, Value) {
        self.town.certify();
        self.town.ok(&["pack", "export", "acme", case, "-o", "case.json"]);
        self.town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
        let offline = self.town.ok(&["verify", "case.json", "--trust", "trust.json"]);
        assert!(offline["chain"].is_null(), "nobody was asked: {offline}");
        assert_eq!(offline["facts"]["on_chain_not_checked"]["outcomes"][0]["gate"], GATE);
        let ran = self.town.run(&self.with_rpc(&["verify", "case.json", "--trust", "trust.json"]));
        let report = ran.json();
        assert_eq!(report["verdict"], "verified", "the file is what it was: {report}");
        (ran.code, report["chain"].clone())
    }

    /// The holder puts so many tokens into escrow for a case.
    pub fn deposit(&self, case: &str, whole_tokens: u64) {
        let (holder, mut journal) = (Key::new(ANYBODY), InMemory::default());
        let mut chain = Submitter::open((&self.rpc, &holder), &mut journal, LIMITS).unwrap();
        let gate: Account = GATE.parse().unwrap();
        let (escrow, value) = (gate.create(1), units(whole_tokens * 1_000_000));
        let case = case.parse::<lockstep_types::CaseId>().unwrap();
        let deposit = Escrow::depositCall { caseId: case.0.into(), token: self.token, amount: value };
        for (to, data) in
            [(self.token, encode(&Token::approveCall { spender: escrow, value })), (escrow, encode(&deposit))]
        {
            let call = Transaction { from: holder.account(), to: Some(to), data: data.into() };
            lockstep_chain::Sends::send(&mut chain, &call).unwrap();
        }
        self.node.mine(4);
    }

    /// The guardian pauses the Gate for so many seconds.
    fn pause(&self, seconds: u64) {
        let (guardian, mut journal) = (Key::new(ANYBODY), InMemory::default());
        let mut chain = Submitter::open((&self.rpc, &guardian), &mut journal, LIMITS).unwrap();
        let until = lockstep_chain::seconds(self.rpc.latest().unwrap().timestamp + seconds);
        let call = encode(&Gate::pauseCall { until });
        let to = Some(GATE.parse().unwrap());
        let call = Transaction { from: guardian.account(), to, data: call.into() };
        lockstep_chain::Sends::send(&mut chain, &call).unwrap();
        self.node.mine(4);
    }

    /// An issuance against this entry of the statement, ready to be approved.
    pub fn issue(&self, entry: &str) -> String {
        let case = self.town.open_case();
        assert_eq!(self.town.attest(&case, "request", "issuer", &[]).code, 0);
        assert_eq!(self.town.payment(&case, entry).code, 0);
        self.town.evidence(&case);
        case
    }

    pub fn redemption(&self) -> String {
        let holder = format!("holder={HOLDER}");
        let open = ["case", "open", "acme", "stablecoin.redeem", "--as", "issuer"];
        let opened = self.town.ok(&[&open[..], &["--param", "amount=1000", "--param", &holder]].concat());
        opened["case"].as_str().unwrap().to_owned()
    }

    /// Screening, approval, and the bank's word that it has paid.
    pub fn pay(&self, case: &str) {
        let (list, booked) = (format!("list={LIST}"), format!("booked_at={}", ago(1_000)));
        let screened = ["provider=Clear Screening", "hits=0", &list];
        assert_eq!(self.town.attest(case, "screen", "screening", &screened).code, 0);
        self.town.ok(&["attest", "acme", case, "approve", "--as", "officer1", "--and", "officer2"]);
        let paid = [
            "amount=1000.00",
            "servicer=NORTHNO1",
            "account=NO9386011117947",
            "servicer_ref=OUT1",
            "entry_ref=1",
            "creditor=Jane Doe",
            "booked=true",
            &booked,
        ];
        let paid = self.town.attest(case, "payout", "custodian", &paid);
        assert_eq!(paid.code, 0, "{}\n{}", paid.out, paid.err);
    }

    pub fn phase(&self, case: &str) -> String {
        self.town.ok(&["case", "show", "acme", case])["phase"].as_str().unwrap().to_owned()
    }
}

pub fn statuses(seen: &Value, of: &str) -> Vec<String> {
    let all = seen[of].as_array().unwrap().iter();
    all.map(|one| one["status"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_observer_reads_supply_and_outcomes_and_the_pack_is_held_against_the_chain() {
    let Some(scene) = Scene::new() else { return };
    let town = &scene.town;
    let case = scene.issue("1");
    let unread = town.run(&["attest", "acme", &case, "approve", "--as", "officer1", "--and", "officer2"]);
    assert_eq!((unread.code, &unread.json()["refused"]), (1, &"headroom_unknown".into()));
    let seen = scene.observe();
    assert_eq!((&seen["chain"], &seen["domain"]), (&"eip155:31337".into(), &"home".into()));
    let [reading] = seen["readings"].as_array().unwrap().as_slice() else { panic!("{seen}") };
    assert_eq!((&reading["for"], &reading["supply"]), (&"headroom".into(), &"0".into()), "{seen}");
    town.approve(&case);
    scene.carry_out(&case);

    // No record says yet what became of it.
    let (code, chain) = scene.verify(&case);
    assert_eq!((code, &chain["verdict"]), (0, &"agrees".into()), "{chain}");
    let seen = scene.observe();
    assert_eq!(statuses(&seen, "readings"), ["on-record", "on-record"], "{seen}");
    assert_eq!((&seen["readings"][0]["supply"], &seen["readings"][0]["consumed"]), (&"0".into(), &0.into()));
    let settlement = &seen["readings"][1];
    assert_eq!(settlement["supply"], "1000000000000", "{seen}");
    assert_eq!(settlement["records"], json!(["read", "settled"]), "{seen}");
    assert_eq!(scene.phase(&case), "settled");
    let (code, chain) = scene.verify(&case);
    assert_eq!((code, &chain["verdict"]), (0, &"agrees".into()), "{chain}");
    let text = chain["items"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("executed in block ") && text.contains(", as is said; Anchor "), "{text}");

    // The guardian pauses the Gate: nothing is waited for, and it is on record once.
    scene.pause(86_400);
    let seen = scene.observe();
    let [_, pause] = seen["readings"].as_array().unwrap().as_slice() else { panic!("{seen}") };
    assert_eq!((&pause["for"], &pause["records"]), (&"pause".into(), &json!(["read"])), "{seen}");
    assert!(pause["paused_until"].is_u64(), "{seen}");
    assert_eq!(statuses(&scene.observe(), "readings"), ["on-record"], "once");

    let watch = scene.with_rpc(&["observe", "acme", "--as", "observer", "--watch", "1"]);
    let mut child = town.command(&watch).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let looks: Vec<Value> = lines.take(2).map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(statuses(&looks[0], "readings"), ["on-record"], "nothing is waited for: {}", looks[0]);
    assert_eq!(statuses(&looks[1], "readings"), ["unchanged"]);
}

/// Issued, deposited, burned: the first deposit does not fit, the second does.
#[test]
fn an_observer_shows_deposits_once_and_what_does_not_fit_goes_back_in_the_end() {
    let Some(scene) = Scene::new() else { return };
    let town = &scene.town;
    let issued = scene.issue("1");
    scene.observe();
    town.approve(&issued);
    scene.carry_out(&issued);
    let case = scene.redemption();
    scene.deposit(&case, 999);
    let records = || town.ok(&["case", "show", "acme", &case])["records"].as_array().unwrap().len();
    let before = records();
    let seen = scene.observe();
    assert_eq!(seen["readings"][1]["records"], json!(["read", "settled"]), "{seen}");
    assert_eq!(statuses(&seen, "deposits"), ["waits"]);
    assert_eq!(before, records(), "what would be refused is not handed in");
    scene.deposit(&case, 1_000);
    assert_eq!(statuses(&scene.observe(), "deposits"), ["waits", "on-record"]);
    assert_eq!(statuses(&scene.observe(), "deposits"), ["waits", "known"]);
    scene.pay(&case);
    scene.carry_out(&case);
    let seen = scene.observe();
    assert_eq!(seen["readings"][1]["supply"], "999000000000", "burned: {seen}");
    assert_eq!(statuses(&seen, "deposits"), ["on-record", "known"], "the case is over: {seen}");
    scene.carry_out(&case);
    assert_eq!(scene.observe()["readings"][1]["records"], json!(["read", "settled"]));
    let (code, chain) = scene.verify(&case);
    assert_eq!((code, &chain["verdict"]), (0, &"agrees".into()), "{chain}");
    assert_eq!(statuses(&chain, "items"), ["agrees"; 4], "two deposits, a burn, a refund: {chain}");
}

#[test]
fn a_pack_that_the_chain_denies_is_told_so_and_silence_is_no_yes() {
    let Some(scene) = Scene::new() else { return };
    let town = &scene.town;
    let case = scene.issue("1");
    scene.observe();
    town.approve(&case);
    let said = ["--consumed", &format!("{case}:0:{}", ago(900_000))];
    let block = ["--supply", "0", "--block", "9", "--block-hash", LIST, "--block-time", &ago(30_000)];
    let reading = ["reading", "acme", "acme-usd", "home", "--as", "observer"];
    town.ok(&[&reading[..], &block, &said, &["--next-block-time", &ago(10_000)]].concat());
    assert_eq!(scene.phase(&case), "settled", "the ledger believes its observer");
    let (code, chain) = scene.verify(&case);
    assert_eq!((code, &chain["verdict"]), (1, &"contradicts".into()), "{chain}");
    assert_eq!(chain["items"][0]["code"], "not-executed", "{chain}");

    let verify = scene.with_rpc(&["verify", "case.json", "--trust", "trust.json"]);
    for (mode, code) in [(Mode::Lying, "endpoints-disagree"), (Mode::Dead, "no-quorum")] {
        scene.endpoints[1].set(mode);
        let ran = town.run(&verify);
        assert_eq!(ran.code, 2, "{}", ran.out);
        let report = ran.json();
        assert_eq!(
            (&report["verdict"], &report["chain"]["verdict"]),
            (&"verified".into(), &"cannot_tell".into())
        );
        assert_eq!(report["chain"]["error"]["code"], code, "{report}");
    }
    let alone = town.run(&verify[..verify.len() - 2]);
    assert_eq!((alone.code, alone.fault().as_str()), (2, "endpoints"), "{}", alone.err);
    let pack = std::fs::read_to_string(town.path("case.json")).unwrap();
    std::fs::write(town.path("case.json"), pack.replace("1000000.00", "9000000.00")).unwrap();
    let broken = town.run(&verify);
    assert_eq!((broken.code, &broken.json()["chain"]), (1, &Value::Null), "a broken pack asks nobody");
}
