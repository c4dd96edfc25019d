//! A ledger over years: three epochs of co-signers, a party's key that was lost and replaced, and histories
//! that others made up with keys of co-signers who had left by then. The files of `vectors/years`.

use crate::answers::{Named, answer};
use crate::small::{ledger_of, open, release, world_credential};
use crate::world::{Key, Party, World, lei};
use lockstep_crypto::{Suite, tree};
use lockstep_ledger::Handover;
use lockstep_pack::pack::Consistency;
use lockstep_pack::{LedgerReader, Pack, Report, Trust, verify};
use lockstep_types::{CaseId, CredentialDigest};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const YEAR_MS: u64 = 360 * 86_400_000;
const TAG: &str = "YEARS";

/// What was kept of the years.
pub struct Years {
    /// Packs of the ledger as it was.
    pub honest: Vec<Named>,
    /// Packs of histories that there never were.
    pub forged: Vec<Named>,
    /// Trust files by name: pinned in the first epoch, and in the last.
    pub trust: BTreeMap<&'static str, Trust>,
}

/// The co-signers of an epoch; those of the first one are genesis's.
pub fn committee(epoch: u8) -> Vec<Party> {
    (0..4).map(|at| Party::new(&format!("EPOCH{epoch}N{at}"), &[Suite::Eip712])).collect()
}

/// The risk office, its second person with another key.
fn risk_anew() -> Party {
    let keys = vec![Key::new(Suite::Ed25519, "RISK/0"), Key::new(Suite::Eip712, "RISK/1/anew")];
    Party { lei: lei("RISK"), keys }
}

/// A case that is opened and released, certified.
pub fn decide(world: &mut World) -> CaseId {
    let case = open(world);
    world.certify();
    release(world, case);
    world.certify();
    case
}

/// Credentials last a year: the issuer gives new ones, of whatever keys the parties have.
fn renew(world: &mut World) {
    for (who, kind) in [("desk", "trading-desk"), ("risk", "risk-officer")] {
        world.credential("REGULATOR", who, kind);
    }
}

/// The second key is lost: the issuer takes the credential back, and names another key.
fn replace_lost_key(world: &mut World) {
    let lost: CredentialDigest = world_credential(world, "risk");
    world.revoke("REGULATOR", lost, None);
    let with_lost_key = world.parties.insert("risk", risk_anew()).unwrap();
    world.credential("REGULATOR", "risk", "risk-officer");
    let case = open(world);
    let anew = world.parties.insert("risk", with_lost_key).unwrap();
    let word = world.attestation(case, "risk", "release", &[("limit", "500.00"), ("note", "found a key")]);
    let asked = world.ask(lockstep_kernel::Request::Submit(Box::new(word)));
    // Whether it leaves a record of the attempt or none: it decides nothing.
    let phase = &world.ledger.machine().case(&case).unwrap().steps;
    assert!(phase.is_empty(), "the lost key counts: {asked:?}");
    world.parties.insert("risk", anew);
}

/// The ledger until its second epoch has begun, as if no key had been lost.
fn without_the_loss() -> World {
    let mut world = ledger_of(TAG);
    decide(&mut world);
    world.rotate(committee(1));
    world
}

fn changed(bytes: &[u8], change: impl FnOnce(&mut Pack)) -> Vec<u8> {
    let mut pack = Pack::from_slice(bytes).unwrap();
    change(&mut pack);
    pack.to_vec().unwrap()
}

/// A proof from the head of a pack to the pinned one, as the honest ledger can give it.
fn to_head(world: &World, pack: &[u8], trust: &Trust) -> Consistency {
    let (size, head) = (Pack::from_slice(pack).unwrap().certificate.size, trust.head());
    let path = tree::consistency_proof(&world.tree, size, head.size).unwrap();
    Consistency { path, root: head.root, size: head.size }
}

/// Everything, the same every time.
pub fn years() -> Years {
    let mut world = ledger_of(TAG);
    let first_case = decide(&mut world);
    let (first, early) = (world.pack(first_case), world.trust());

    replace_lost_key(&mut world);
    world.certify();
    world.rotate(committee(1));
    world.wait(YEAR_MS);
    renew(&mut world);
    let second_case = decide(&mut world);
    let second = world.pack(second_case);

    world.rotate(committee(2));
    world.wait(YEAR_MS);
    renew(&mut world);
    let third_case = decide(&mut world);
    let (third, late) = (world.pack(third_case), world.trust());

    let proven = changed(&first, |pack| pack.consistency = Some(to_head(&world, &first, &late)));
    let named = |name, pack| Named { name, pack };
    let forged = forged(&world, &second, &late);
    let honest = vec![
        named("first", first),
        named("first_proven", proven),
        named("first_exported_late", world.pack(first_case)),
        named("second", second),
        named("third", third),
    ];
    Years { honest, forged, trust: BTreeMap::from([("early", early), ("late", late)]) }
}

/// The second epoch has left. In the made-up history the party's key was never lost: whoever found it
/// releases a transfer. First one key of a co-signer leaks, then as many as certify.
fn forged(honest: &World, genuine: &[u8], late: &Trust) -> Vec<Named> {
    let mut second = without_the_loss();
    assert_eq!(second.id(), honest.id(), "it begins with the same genesis");
    second.wait(10_000);
    let case = decide(&mut second);
    let handovers: Vec<Handover> = honest.handovers().unwrap();
    // What the two committees have signed is of the honest ledger: nobody signed it for this one.
    let quorum = changed(&second.pack(case), |pack| pack.handovers[0].handover = handovers[0].clone());
    let genuine = Pack::from_slice(genuine).unwrap().certificate;
    let one_key = changed(&quorum, |pack| pack.certificate.signatures.truncate(1));
    let copied = changed(&quorum, |pack| {
        pack.certificate.signatures.truncate(1);
        pack.certificate.signatures.extend(genuine.signatures.iter().skip(1).cloned());
    });
    let without = changed(&quorum, |pack| pack.handovers.clear());
    let proof = changed(&without, |pack| {
        let mut proof = to_head(honest, &without, late);
        proof.root = late.head().root;
        pack.consistency = Some(proof);
    });
    second.rotate(committee(9));
    let on = changed(&second.pack(case), |pack| pack.handovers[0].handover = handovers[0].clone());
    let named = |name, pack| Named { name, pack };
    vec![
        named("one_key", one_key),
        named("one_key_and_copies", copied),
        named("quorum", quorum),
        named("quorum_without_handover", without),
        named("quorum_with_proof", proof),
        named("quorum_rotates_on", on),
    ]
}

/// The packs, the trust files, and `index.json` with the answer to each pack under each trust file.
pub fn files() -> BTreeMap<String, Vec<u8>> {
    let years = years();
    let (mut files, mut cases) = (BTreeMap::new(), Vec::new());
    for (name, trust) in &years.trust {
        files.insert(format!("trust_{name}.json"), trust.to_vec().unwrap());
    }
    let both = [(false, &years.honest), (true, &years.forged)];
    for (forged, named) in both.iter().flat_map(|(forged, all)| all.iter().map(move |one| (*forged, one))) {
        let file = format!("{}.json", named.name);
        for trust in [None, Some("early"), Some("late")] {
            let report = verify(&named.pack, trust.map(|name| &years.trust[name]));
            let trust = trust.map(|name| format!("trust_{name}.json"));
            let answer = answer(&report);
            cases.push(json!({ "answer": answer, "file": file, "forged": forged, "trust": trust }));
        }
        files.insert(file, named.pack.clone());
    }
    let index = json!({ "cases": cases, "format": "lockstep-vectors/1" });
    files.insert("index.json".to_owned(), serde_json::to_vec_pretty(&index).unwrap());
    files
}

/// A case of a kept `index.json`, with what is said today.
pub struct Asked {
    pub case: Value,
    pub report: Report,
}

/// Every case of the kept files.
pub fn ask(read: impl Fn(&str) -> Vec<u8>) -> Vec<Asked> {
    let index: Value = serde_json::from_slice(&read("index.json")).unwrap();
    let ask = |case: &Value| {
        let trust = case["trust"].as_str().map(|file| Trust::from_slice(&read(file)).unwrap());
        let report = verify(&read(case["file"].as_str().unwrap()), trust.as_ref());
        Asked { case: case.clone(), report }
    };
    index["cases"].as_array().unwrap().iter().map(ask).collect()
}

/// `reports.json`: all that is said of the kept files, but for the words meant for people.
pub fn reports(asked: &[Asked]) -> Vec<u8> {
    let report = |Asked { case, report }: &Asked| {
        let mut value: Value = serde_json::from_slice(&report.to_json().unwrap()).unwrap();
        without_text(&mut value);
        json!({ "file": case["file"], "report": value, "trust": case["trust"] })
    };
    serde_json::to_vec(&json!({ "cases": asked.iter().map(report).collect::<Vec<_>>() })).unwrap()
}

fn without_text(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("text");
            fields.values_mut().for_each(without_text);
        }
        Value::Array(items) => items.iter_mut().for_each(without_text),
        _ => {}
    }
}
