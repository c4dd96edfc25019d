use super::*;
use crate::Policy;
use crate::claim::ClaimKind;
use crate::policy::tests::stablecoin;
use lockstep_types::{Digest, Name};

const LEI: &str = "5493001KJTIIGC8Y1R12";
const LEDGER: LedgerId = LedgerId([7; 32]);

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A story about one step of the shipped policy: what is put in, by path, over inputs that pass.
struct Story {
    policy: Policy,
    roles: BTreeSet<Name>,
    params: BTreeMap<Name, Option<ClaimValue>>,
    claims: BTreeMap<Name, BTreeMap<Name, Option<ClaimValue>>>,
    lists: BTreeMap<Name, ListValue>,
}

fn story() -> Story {
    let ledger = LEDGER.to_string();
    let list = Digest([9; 32]).to_string();
    let mut story = Story {
        policy: stablecoin(),
        roles: ["issuer", "custodian", "auditor", "screening", "compliance"].map(name).into(),
        params: BTreeMap::new(),
        claims: BTreeMap::new(),
        lists: BTreeMap::new(),
    };
    story.lists.insert(name("sanctions"), ListValue::Digest(Digest([9; 32])));
    story.lists.insert(name("blocked_countries"), ListValue::Set(["KP".to_owned()].into()));
    let values = [
        ("param.amount", "1000000.00"),
        ("param.beneficiary", "0x5FbDB2315678afecb367f032d93F642f64180aa3"),
        ("param.jurisdiction", "NO"),
        ("payment.amount", "1000000.00"),
        ("payment.servicer", "INGBNL2A"),
        ("payment.account", "NL91ABNA0417164300"),
        ("payment.servicer_ref", "98888208N8"),
        ("payment.entry_ref", "1"),
        ("payment.debtor", "Jane Doe"),
        ("payment.booked", "true"),
        ("payment.booked_at", "2026-11-20T12:00:00.000Z"),
        ("reserve.balance", "5000000.00"),
        ("reserve.as_of", "2026-11-20T00:00:00.000Z"),
        ("reserve.segregated", "true"),
        ("reserve.earmarked_for", ledger.as_str()),
        ("audit.agrees", "true"),
        ("audit.balance", "5000000.00"),
        ("audit.haircut_bps", "250"),
        ("screen.provider", "Screening Ltd"),
        ("screen.hits", "0"),
        ("screen.list", list.as_str()),
    ];
    values.iter().for_each(|(path, text)| story.set(path, text));
    story
}

impl Story {
    fn kind(&self, path: &str) -> ClaimKind {
        let (step, claim) = path.split_once('.').unwrap();
        match step {
            "param" => self.policy.layout().param(claim).unwrap().kind,
            _ => self.policy.layout().step(step).unwrap().claim(claim).unwrap(),
        }
    }

    fn slot(&mut self, path: &str) -> (&mut BTreeMap<Name, Option<ClaimValue>>, Name) {
        let (step, claim) = path.split_once('.').unwrap();
        let map = if step == "param" { &mut self.params } else { self.claims.entry(name(step)).or_default() };
        (map, name(claim))
    }

    fn set(&mut self, path: &str, text: &str) {
        let value = self.kind(path).parse(text).unwrap();
        let (map, key) = self.slot(path);
        map.insert(key, Some(value));
    }

    fn withhold(&mut self, path: &str) {
        let (map, key) = self.slot(path);
        map.insert(key, None);
    }

    fn drop(&mut self, path: &str) {
        let (map, key) = self.slot(path);
        map.remove(&key).unwrap();
    }

    fn ask(&self, step: &str) -> GuardVerdict {
        let (step, none) = (name(step), BTreeMap::new());
        self.policy.guard(&GuardInput {
            roles: &self.roles,
            party: LEI.parse().unwrap(),
            step: &step,
            params: &self.params,
            claims: self.claims.get(&step).unwrap_or(&none),
            earlier: &self.claims,
            list: &|name| self.lists.get(name).cloned(),
            ledger: LEDGER,
        })
    }
}

/// The verdict on `step` after `changes` (`path`, canonical text) to inputs that pass.
fn play(step: &str, changes: &[(&str, &str)]) -> GuardVerdict {
    let mut story = story();
    changes.iter().for_each(|(path, text)| story.set(path, text));
    story.ask(step)
}

fn refused(by: &str) -> GuardVerdict {
    GuardVerdict::Refused { by: vec![by.to_owned()] }
}

fn error(text: &str) -> GuardVerdict {
    GuardVerdict::Error { text: text.to_owned() }
}

#[test]
fn every_step_passes_on_good_inputs() {
    for step in ["request", "payment", "reserve", "audit", "screen", "approve"] {
        assert_eq!(play(step, &[]), GuardVerdict::Allowed, "{step}");
    }
}

#[test]
fn a_wrong_claim_is_refused_by_the_guard_that_names_it() {
    let table = [
        ("payment", "payment.amount", "999999.99", "no permit holds: payment-booked-in-full"),
        ("payment", "payment.booked", "false", "no permit holds: payment-booked-in-full"),
        ("reserve", "reserve.segregated", "false", "no permit holds: reserve-segregated-and-earmarked"),
        ("audit", "audit.agrees", "false", "no permit holds: auditor-confirms-same-balance"),
        ("audit", "audit.balance", "4999999.99", "no permit holds: auditor-confirms-same-balance"),
        ("audit", "audit.haircut_bps", "-1", "haircut-out-of-range"),
        ("audit", "audit.haircut_bps", "9000", "more-than-the-discounted-balance"),
        ("screen", "screen.hits", "1", "no permit holds: screened-clear-against-our-list"),
        ("request", "param.jurisdiction", "KP", "country-is-blocked"),
        ("approve", "param.jurisdiction", "KP", "country-is-blocked"),
    ];
    for (step, path, text, by) in table {
        assert_eq!(play(step, &[(path, text)]), refused(by), "{step} with {path} = {text}");
    }
}

#[test]
fn every_forbid_that_holds_is_named_in_order() {
    let by = ["haircut-out-of-range", "more-than-the-discounted-balance"].map(str::to_owned).to_vec();
    assert_eq!(play("audit", &[("audit.haircut_bps", "10001")]), GuardVerdict::Refused { by });
}

#[test]
fn a_guard_that_overflows_refuses_even_where_cedar_alone_would_skip_it() {
    let changes = [("audit.haircut_bps", "-9007199254740991")];
    let text = "guard `more-than-the-discounted-balance` overflows";
    assert_eq!(play("audit", &changes), error(text));
    // Just inside the range of 64 bits the product is exact and the guard decides again.
    let balance = [("reserve.balance", "9223372036854.77"), ("audit.balance", "9223372036854.77")];
    let no_haircut = [balance[0], balance[1], ("audit.haircut_bps", "0")];
    assert_eq!(play("audit", &no_haircut), GuardVerdict::Allowed);
    let beyond =
        [("reserve.balance", "9223372036854.78"), ("audit.balance", "9223372036854.78"), no_haircut[2]];
    assert_eq!(play("audit", &beyond), error(text));
}

#[test]
fn a_party_without_the_role_finds_no_permit() {
    let mut story = story();
    story.roles.remove(&name("auditor"));
    assert_eq!(story.ask("audit"), refused("no permit holds: auditor-confirms-same-balance"));
}

#[test]
fn a_withheld_value_makes_unknown_only_where_a_guard_mentions_it() {
    let unknown =
        |paths: &[&str]| GuardVerdict::Unknown { withheld: paths.iter().map(|p| (*p).to_owned()).collect() };
    let mut story = story();
    story.withhold("payment.debtor");
    story.withhold("screen.provider");
    story.withhold("param.beneficiary");
    assert_eq!(story.ask("payment"), GuardVerdict::Allowed);
    assert_eq!(story.ask("screen"), GuardVerdict::Allowed);
    story.withhold("payment.amount");
    assert_eq!(story.ask("payment"), unknown(&["context.claim.amount"]));
    story.withhold("reserve.balance");
    assert_eq!(story.ask("audit"), unknown(&["context.step.reserve.balance"]));
    story.withhold("param.jurisdiction");
    assert_eq!(story.ask("audit"), unknown(&["context.step.reserve.balance", "resource.jurisdiction"]));
    assert_eq!(story.ask("request"), unknown(&["resource.jurisdiction"]));
}

#[test]
fn a_missing_value_refuses() {
    let mut story = story();
    story.drop("reserve.balance");
    assert_eq!(story.ask("audit"), error("`context.step.reserve.balance` is missing"));
    story.lists.clear();
    assert_eq!(story.ask("request"), error("`context.list.blocked_countries` has not been adopted"));
    story.lists.insert(name("blocked_countries"), ListValue::Digest(Digest([1; 32])));
    assert_eq!(story.ask("request"), error("`context.list.blocked_countries` is a list of another kind"));
    assert_eq!(story.ask("mint"), error("`mint` is not a step of the policy"));
}

#[test]
fn a_value_of_another_type_refuses() {
    let mut story = story();
    let euros = ClaimKind::Money("EUR".parse().unwrap()).parse("1000000.00").unwrap();
    story.claims.get_mut("payment").unwrap().insert(name("amount"), Some(euros));
    let text = "`context.claim.amount` is of type `money:EUR`: expected `money:USD`";
    assert_eq!(story.ask("payment"), error(text));
}
