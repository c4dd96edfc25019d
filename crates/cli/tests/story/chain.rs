//! What the program prints for a chain, sent to one.

use crate::town::{POLICY, REDEEM, Town};
use lockstep_chain::contracts::{Anchor, Token};
use lockstep_chain::deploy::{self, Following, Line};
use lockstep_chain::{Account, Domain, DomainError, Embedded, Sends, Transaction, contracts::error_name};
use lockstep_ledger::{Committee, Member};
use lockstep_types::{LedgerId, PolicyDigest};
use serde_json::Value;

/// The account whose first contract stands where the policy names the Gate, and whose second where it names
/// the token.
const DEPLOYER: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const BENEFICIARY: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
/// May pause the Gate; the second account that every development chain is rich in.
const GUARDIAN: &str = BENEFICIARY;
const ANYBODY: Account = Account::repeat_byte(0x99);

/// A ledger as the trust file in the town describes it.
pub struct Owned {
    ledger: LedgerId,
    committee: Committee,
}

impl Owned {
    fn of(town: &Town) -> Self {
        let trust: Value = serde_json::from_slice(&std::fs::read(town.path("trust.json")).unwrap()).unwrap();
        let members: Vec<Member> = serde_json::from_value(trust["committee"].clone()).unwrap();
        let committee = Committee::new(0, members, 3).unwrap();
        Self { ledger: serde_json::from_value(trust["ledger"].clone()).unwrap(), committee }
    }

    pub fn borrow(&self) -> Following<'_> {
        Following { ledger: self.ledger, committee: &self.committee, began: 0, notice_s: 0 }
    }
}

/// A chain of the present on which nothing stands yet.
pub struct Deployed {
    pub chain: Embedded,
    pub following: Owned,
    pub from: Account,
}

impl Deployed {
    pub fn nothing(town: &Town) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let chain = Embedded::new(31_337, 2, now);
        Self { chain, following: Owned::of(town), from: ANYBODY }
    }
}

/// A chain with a programme's contracts.
pub struct Standing {
    pub chain: Embedded,
    pub anchor: Account,
    pub gate: Account,
    pub token: Account,
}

/// Puts an Anchor on a chain, as the trust file in the town describes the ledger.
pub fn anchor(town: &Town, chain: &mut dyn Sends, from: Account) -> Account {
    deploy::anchor(chain, from, Owned::of(town).borrow()).unwrap()
}

/// Puts Gate and token where the policy names them: they are the first contracts of [`DEPLOYER`].
pub fn coin(town: &Town, chain: &mut dyn Sends, anchor: Account) -> Account {
    let deployer: Account = DEPLOYER.parse().unwrap();
    let token = deployer.create(1);
    let gate = gate(town, chain, (anchor, token), [POLICY, REDEEM]);
    assert_eq!(deploy::token(chain, (deployer, gate), ("Acme dollar", "ACME", 6)).unwrap(), token);
    token
}

/// Puts a Gate for issuance and redemption on a chain, under the policies in these folders.
pub fn gate(
    town: &Town,
    chain: &mut dyn Sends,
    (anchor, token): (Account, Account),
    [issue, redeem]: [&str; 2],
) -> Account {
    let digest = |policy: &str| -> PolicyDigest {
        serde_json::from_value(town.ok(&["policy", "check", policy])["policy"].clone()).unwrap()
    };
    let mint = Line {
        name: "mint".parse().unwrap(),
        policies: vec![digest(issue)],
        target: token,
        selectors: vec![lockstep_chain::selector("mint(address,uint256)")],
        word: 1,
        exponent: 6,
        cap: 50_000_000,
        window_s: 86_400,
    };
    // It permits no call outside: only the Gate's Escrow is moved by it.
    let redeem = Line {
        name: "redeem".parse().unwrap(),
        policies: vec![digest(redeem)],
        selectors: Vec::new(),
        word: 255,
        exponent: 0,
        cap: 1,
        ..mint.clone()
    };
    let programme = "acme-usd".parse().unwrap();
    let lines = [mint, redeem];
    let deployer = DEPLOYER.parse().unwrap();
    deploy::gate(chain, deployer, (anchor, &programme), (GUARDIAN.parse().unwrap(), &lines)).unwrap()
}

/// A chain with the programme's contracts, as the trust file and the policy in the town describe them.
pub fn programme(town: &Town, notice_s: u64) -> Standing {
    let Deployed { mut chain, following, from } = Deployed::nothing(town);
    let anchor = deploy::anchor(&mut chain, from, Following { notice_s, ..following.borrow() }).unwrap();
    let token = coin(town, &mut chain, anchor);
    let gate = DEPLOYER.parse::<Account>().unwrap().create(0);
    Standing { chain, anchor, gate, token }
}

pub fn send(chain: &mut Embedded, transaction: &Value) -> Result<(), String> {
    let to: Account = transaction["to"].as_str().unwrap().parse().unwrap();
    let data = hex::decode(transaction["data"].as_str().unwrap().trim_start_matches("0x")).unwrap();
    match chain.send(&Transaction { from: ANYBODY, to: Some(to), data: data.into() }) {
        Ok(_) => Ok(()),
        Err(DomainError::Reverted { answer }) => Err(error_name(&answer)),
        Err(other) => Err(other.to_string()),
    }
}

#[test]
fn an_anchor_follows_a_rotation_after_its_notice_and_the_old_set_anchors_no_more() {
    let town = Town::with_ledger();
    let case = town.decided_case();
    (1..=3).for_each(|number| drop(town.cosign(number)));
    town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
    let Deployed { mut chain, following, from } = Deployed::nothing(&town);
    let following = Following { notice_s: 3_600, ..following.borrow() };
    let anchor = deploy::anchor(&mut chain, from, following).unwrap();
    let at = anchor.to_string();
    let first = town.ok(&["outcome", "print-tx", "acme", &case, "--anchor", &at]);
    assert_eq!(send(&mut chain, &first["transactions"][0]), Ok(()));
    let anchored = first["size"].to_string();

    let args = ["chain", "rotate", "acme", "--anchor", &at, "--anchored", &anchored];
    assert_eq!(town.run(&args).fault(), "epoch", "nobody has rotated");
    crate::rotate(&town);
    assert_eq!(town.run(&args).fault(), "not-certified", "nobody has handed over");
    [3, 1, 2, 5].iter().for_each(|number| drop(town.cosign(*number)));
    let printed = town.ok(&args);
    let [submit, rotate] = printed["transactions"].as_array().unwrap().as_slice() else {
        panic!("{printed}")
    };
    assert_eq!(send(&mut chain, rotate), Err("NotAnchored".to_owned()), "the order matters");
    assert_eq!(send(&mut chain, submit), Ok(()));
    assert_eq!(send(&mut chain, rotate), Ok(()));
    assert_eq!(send(&mut chain, rotate), Err("RotationPending".to_owned()));

    // What the new set certifies counts after the notice; what the old one does counts until then.
    town.open_case();
    [1, 2, 5].iter().for_each(|number| drop(town.cosign(*number)));
    let by_old = town.ok(&["chain", "rotate", "acme", "--anchor", &at])["transactions"][0].clone();
    assert_eq!(send(&mut chain, &by_old), Ok(()), "the same head again, by the old set");
    let handed_over = printed["size"].to_string();
    let args = ["outcome", "print-tx", "acme", &case, "--anchor", &at, "--anchored", &handed_over];
    let newer = [&args[..], &["--leaving"]].concat();
    assert_eq!(town.run(&newer).fault(), "not-certified", "nobody of those who leave has signed it");
    let leaving =
        |number: u8| town.run(&["cosign", "acme", "--key", &format!("cosigner{number}"), "--leaving"]);
    assert_eq!(leaving(5).fault(), "epoch", "it was not there before");
    let signed = [3, 1, 2].map(|number| leaving(number).json());
    assert_eq!(signed.map(|signed| signed["certificate"] == true), [false, false, true]);
    let by_leaving = town.ok(&newer);
    let size = by_leaving["size"].to_string();
    let by_new = town.ok(&args)["transactions"][0].clone();
    assert_eq!(send(&mut chain, &by_new), Err("WrongEpoch".to_owned()));
    assert_eq!(send(&mut chain, &by_leaving["transactions"][0]), Ok(()), "by those who leave");
    chain.mine(1, 3_600);
    assert_eq!(send(&mut chain, &by_old), Err("WrongEpoch".to_owned()));
    town.open_case();
    [1, 2, 5].iter().for_each(|number| drop(town.cosign(*number)));
    let args = ["outcome", "print-tx", "acme", &case, "--anchor", &at, "--anchored", &size];
    let by_new = town.ok(&args);
    assert_eq!(send(&mut chain, &by_new["transactions"][0]), Ok(()));
    let answer = chain.call(anchor, &lockstep_chain::encode(&Anchor::headCall {})).unwrap();
    let head = lockstep_chain::decode::<Anchor::headCall>(&answer).unwrap();
    assert_eq!(head, by_new["size"].as_u64().unwrap());
    // The rotation is not shown twice.
    assert_eq!(send(&mut chain, rotate), Err("RotationNotLater".to_owned()));
}

pub fn balance(chain: &dyn Domain, token: Account) -> String {
    let call = Token::balanceOfCall { account: BENEFICIARY.parse().unwrap() };
    let answer = chain.call(token, &lockstep_chain::encode(&call)).unwrap();
    lockstep_chain::decode::<Token::balanceOfCall>(&answer).unwrap().to_string()
}

#[test]
fn a_chain_does_what_the_printed_transactions_say() {
    let town = Town::with_ledger();
    let open = town.open_case();
    let anchor = ANYBODY.to_string();
    let nothing = town.run(&["outcome", "print-tx", "acme", &open, "--anchor", &anchor]);
    assert_eq!((nothing.code, nothing.fault().as_str()), (2, "no-outcome"), "{}", nothing.err);
    assert_eq!(town.ok(&["outcome", "show", "acme", &open])["outcomes"].as_array().unwrap().len(), 0);

    let case = town.decided_case();
    let shown = town.ok(&["outcome", "show", "acme", &case]);
    assert_eq!(shown["outcomes"][0]["certified"], false);
    assert_eq!(shown["outcomes"][0]["chain"], "31337");
    let early = town.run(&["outcome", "print-tx", "acme", &case, "--anchor", &anchor]);
    assert_eq!((early.code, early.fault().as_str()), (2, "not-certified"), "{}", early.err);
    (1..=3).for_each(|number| drop(town.cosign(number)));

    town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
    let Standing { mut chain, anchor, token, .. } = programme(&town, 0);
    let anchor = anchor.to_string();
    let printed = town.ok(&["outcome", "print-tx", "acme", &case, "--anchor", &anchor]);
    let [submit, execute] = printed["transactions"].as_array().unwrap().as_slice() else {
        panic!("{printed}")
    };
    assert_eq!(send(&mut chain, execute), Err("NotAnchored".to_owned()), "the order matters");
    assert_eq!(send(&mut chain, submit), Ok(()));
    assert_eq!(send(&mut chain, execute), Ok(()));
    assert_eq!(send(&mut chain, execute), Err("AlreadyExecuted".to_owned()));
    assert_eq!(balance(&chain, token), "1000000000000");

    let elsewhere = ["outcome", "print-tx", "acme", &case, "--anchor", &anchor, "--chain", "1"];
    assert_eq!(town.run(&elsewhere).fault(), "chain");
    // Nothing is left to anchor; a size from the future is of another history.
    let size = printed["size"].to_string();
    let again = ["outcome", "print-tx", "acme", &case, "--anchor", &anchor, "--anchored", &size];
    assert_eq!(town.ok(&again)["transactions"].as_array().unwrap().len(), 1);
    let ahead = ["outcome", "print-tx", "acme", &case, "--anchor", &anchor, "--anchored", "999999"];
    assert_eq!(town.run(&ahead).fault(), "anchored");
}
