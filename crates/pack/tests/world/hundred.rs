//! A case of one hundred attestations: five claims and two guards each, all suites mixed, real `prev`.

use crate::world::{Party, World, name};
use lockstep_crypto::Suite;
use lockstep_types::{CaseId, PolicyDigest};
use std::fmt::Write as _;

/// Steps one after the other.
const CHAIN: usize = 21;
/// Steps side by side after them.
const BESIDE: usize = 40;

const WHO: [(&str, Suite); 3] =
    [("first", Suite::Ed25519), ("second", Suite::Es256), ("third", Suite::Eip712)];

fn step(at: usize) -> String {
    format!("s{at:02}")
}

fn layout() -> String {
    let mut text = r#"format    = "lockstep-policy/1"
name      = "hundred"
title     = "A case of one hundred attestations"
programme = "acme-usd"
guards    = "cedar-1"
opened_by = "first"
lasts     = "7d"

[param]
amount      = { type = "money", currency = "USD", min = "1.00", max = "50000000.00" }
beneficiary = { type = "account", domain = "home" }

[domain.home]
chain    = "eip155:31337"
gate     = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
token    = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
decimals = 6

[role]
first  = { credential = "kind-first" }
second = { credential = "kind-second" }
third  = { credential = "kind-third" }
"#
    .to_owned();
    for at in 0..CHAIN + BESIDE {
        let after = match at {
            0 => String::new(),
            at if at < CHAIN => format!("after = [\"{}\"]\n", step(at - 1)),
            _ => format!("after = [\"{}\"]\n", step(CHAIN - 1)),
        };
        let by = WHO[at % WHO.len()].0;
        writeln!(
            text,
            "\n[step.{}]\nby    = \"{by}\"\ntitle = \"does its part\"\n{after}claim = {{ amount = \"money:USD\", \
             ok = \"bool\", note = \"text\", count = \"int\", at = \"time\" }}",
            step(at)
        )
        .unwrap();
    }
    let after: Vec<String> = (CHAIN..CHAIN + BESIDE).map(|at| format!("\"{}\"", step(at))).collect();
    writeln!(
        text,
        "\n[outcome.mint]\nafter   = [{}]\ndomain  = \"home\"\nline    = \"mint\"\ncall    = \"mint(address,uint256)\"\n\
         args    = [\"param.beneficiary\", \"param.amount\"]\nexpires = \"30m\"",
        after.join(", ")
    )
    .unwrap();
    text
}

fn guards() -> String {
    let mut text = String::new();
    for at in 0..CHAIN + BESIDE {
        let (by, step) = (WHO[at % WHO.len()].0, step(at));
        writeln!(
            text,
            "@id(\"p-{step}\")\npermit (principal in Role::\"{by}\", action == Action::\"{step}\", resource)\nwhen \
             {{ context.claim.ok && context.claim.amount == resource.amount }};\n@id(\"f-{step}\")\nforbid (principal, \
             action == Action::\"{step}\", resource)\nwhen {{ context.claim.count < 0 || context.claim.count * 2 > 1000 }};"
        )
        .unwrap();
    }
    text
}

fn take(world: &mut World, case: CaseId, at: usize) -> u64 {
    let time = world.now.to_string();
    let claims =
        [("amount", "1000000.00"), ("ok", "true"), ("note", "as agreed"), ("count", "7"), ("at", &time)];
    world.attest(case, WHO[at % WHO.len()].0, &step(at), &claims)[0]
}

/// The pack of a decided case with exactly one hundred attestations, and its trust file.
pub fn pack() -> (Vec<u8>, lockstep_pack::Trust) {
    let mut world = World::genesis("HUNDRED");
    world.name_issuer("REGULATOR", &["kind-first", "kind-second", "kind-third"]);
    world.adopt(&layout(), &guards());
    for (who, suite) in WHO {
        world.parties.insert(who, Party::new(&who.to_uppercase(), &[suite]));
        world.credential("REGULATOR", who, &format!("kind-{who}"));
    }
    let policy: PolicyDigest =
        world.ledger.machine().programme("acme-usd").unwrap().policies[&name("hundred")].0;
    let params = [("amount", "1000000.00"), ("beneficiary", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8")];
    let case = world.open("first", policy, &params);
    world.certify();
    for at in 0..CHAIN + BESIDE - 1 {
        take(&mut world, case, at);
    }
    world.certify();
    // Every step of those side by side but the last is taken back and taken again.
    for at in CHAIN..CHAIN + BESIDE - 1 {
        let leaf = world.ledger.machine().case(&case).unwrap().steps[&name(&step(at))].leaf;
        world.withdraw(case, WHO[at % WHO.len()].0, leaf);
        take(&mut world, case, at);
    }
    take(&mut world, case, CHAIN + BESIDE - 1);
    world.certify();
    (world.pack(case), world.trust())
}
