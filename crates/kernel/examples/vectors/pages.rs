//! The worked examples of the pages, and the vectors.

use crate::scene::{Scene, Told};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockstep_attest::{Claim, Statement};
use lockstep_kernel::gate::loosenings;
use lockstep_kernel::{Body, Entity, outcome};
use lockstep_ledger::{Record, Tag, View};
use lockstep_types::{Digest, Salt, canonical, sha256};
use serde_json::{Value, json};
use std::fmt::Write;

pub fn vectors(scene: &Scene) -> Vec<(&'static str, String)> {
    let all = [
        ("claim", claim_vectors()),
        ("attestation", attestation_vectors(scene)),
        ("outcome", outcome_vectors(scene)),
        ("case", case_vectors(scene)),
        ("chain", chain_vectors()),
        ("later-rules", case_vectors(&Scene::of_rules())),
    ];
    let text = |value: &Value| format!("{}\n", serde_json::to_string_pretty(value).expect("JSON"));
    all.iter().map(|(name, value)| (*name, text(value))).collect()
}

pub fn examples(scene: &Scene) -> Vec<(&'static str, String)> {
    vec![
        ("attestation", attestation_example(scene)),
        ("case", case_example(scene)),
        ("outcome", outcome_example(scene)),
        ("governance", governance_example(scene)),
        ("chain", chain_example()),
    ]
}

fn claim_vectors() -> Value {
    let texts = [
        ("amount", "1000000.00"),
        ("hits", "0"),
        ("booked_at", "2026-11-20T08:30:00.000Z"),
        ("debtor", "Zoë \"Z\" Æbelø"),
        ("empty", ""),
    ];
    let claim = |(name, value): (&str, &str)| {
        let claim =
            Claim { name: name.to_owned(), salt: Salt(sha256(name.as_bytes())), value: value.to_owned() };
        json!({ "digest": claim.digest(), "name": name, "salt": claim.salt, "value": value })
    };
    json!({ "claims": texts.map(claim), "format": "lockstep-vectors/claim/1" })
}

fn kind(statement: &Statement) -> &'static str {
    match statement {
        Statement::Attestation(_) => "attestation",
        Statement::Opening(_) => "opening",
        Statement::Withdrawal(_) => "withdrawal",
        Statement::Reading(_) => "reading",
        Statement::Credential(_) => "credential",
        Statement::Revocation(_) => "revocation",
    }
}

fn attestation_vectors(scene: &Scene) -> Value {
    let one = |(statement, submission): &(Statement, lockstep_attest::Submission)| {
        let envelope = &submission.envelope;
        let digest = envelope.attestation_digest();
        json!({
            "attestation": digest, "envelope": envelope, "envelope_digest": envelope.digest().expect("JSON"),
            "kind": kind(statement), "openings": submission.openings,
            "payload": String::from_utf8(envelope.payload.clone()).expect("UTF-8"),
            "typed_hash": hex::encode(statement.typed_hash(&digest)),
        })
    };
    let signed: Vec<Value> = scene.signed.iter().map(one).collect();
    json!({ "format": "lockstep-vectors/attestation/1", "keys": scene.keys, "signed": signed })
}

fn outcome_of(scene: &Scene) -> (&Record, outcome::OutcomeBody) {
    let records = scene.told.iter().flat_map(|told| &told.records);
    let record = records.into_iter().find(|record| record.tag() == Tag::Outcome).expect("an outcome");
    (record, outcome::decode(record.body()).expect("an outcome that decodes"))
}

fn outcome_fields(found: &outcome::OutcomeBody) -> Vec<(&'static str, String)> {
    vec![
        ("ledger", found.ledger.to_string()),
        ("case", found.caseId.to_string()),
        ("prev", found.prev.to_string()),
        ("programme", found.programme.to_string()),
        ("policy", found.policy.to_string()),
        ("line", found.line.to_string()),
        ("kind", found.kind.to_string()),
        ("chainId", found.chainId.to_string()),
        ("gate", found.gate.to_string()),
        ("target", found.calls[0].target.to_string()),
        ("data", found.calls[0].data.to_string()),
        ("notAfter", found.notAfter.to_string()),
        ("ordinal", found.ordinal.to_string()),
    ]
}

fn outcome_vectors(scene: &Scene) -> Value {
    let (record, found) = outcome_of(scene);
    let body = record.body();
    let mut padded = body.to_vec();
    padded.extend([0; 32]);
    let mut dirty = body.to_vec();
    // The word of `kind` is the seventh, its one byte the last of it.
    dirty[6 * 32] = 1;
    let mut kind = body.to_vec();
    kind[7 * 32 - 1] = 9;
    let cut = body[..body.len() - 32].to_vec();
    let refused =
        [("trailing bytes", padded), ("cut", cut), ("dirty padding", dirty), ("another kind", kind)];
    assert!(refused.iter().all(|(_, bytes)| outcome::decode(bytes).is_err()));
    let refused: Vec<Value> =
        refused.iter().map(|(what, b)| json!({ "body": hex::encode(b), "what": what })).collect();
    let fields: serde_json::Map<String, Value> =
        outcome_fields(&found).into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    json!({
        "body": hex::encode(body), "fields": fields, "format": "lockstep-vectors/outcome/1",
        "leaf": hex::encode(record.leaf().encode()), "leaf_hash": record.leaf_hash(), "refused": refused,
        "salt": record.salt(),
    })
}

fn record_json(record: &Record) -> Value {
    let body = match record.tag() {
        Tag::Record => json!(String::from_utf8(record.body().to_vec()).expect("UTF-8")),
        Tag::Outcome => json!(hex::encode(record.body())),
    };
    let leaf = hex::encode(record.leaf().encode());
    json!({ "body": body, "leaf": leaf, "leaf_hash": record.leaf_hash(), "salt": record.salt() })
}

fn case_vectors(scene: &Scene) -> Value {
    let told = |told: &Told| {
        let records: Vec<Value> = told.records.iter().map(record_json).collect();
        json!({
            "input": STANDARD.encode(told.input.to_bytes()), "records": records,
            "refused": told.refused, "what": told.what,
        })
    };
    let entity = Entity::Case(scene.case);
    let entry = scene.ledger.overlay().value(&entity.key()).expect("a sealed entry");
    json!({
        "case": scene.case, "commands": scene.told.iter().map(told).collect::<Vec<_>>(),
        "entry": { "key": entity.key(), "value": String::from_utf8(entry).expect("UTF-8") },
        "format": "lockstep-vectors/case/1", "map": scene.ledger.map_root(), "root": scene.ledger.root(),
        "size": scene.ledger.size(),
    })
}

fn chain_vectors() -> Value {
    let (changed, rotated) = Scene::of_chain();
    let change = |(place, id): (usize, Digest)| json!({ "call": place, "change": id });
    let changed = changed.iter().map(|changed| {
        let outcome = outcome::decode(changed.record.body()).expect("an outcome");
        json!({
            "action": changed.action, "body": hex::encode(changed.record.body()),
            "calls": outcome.calls.len(),
            "changes": loosenings(&outcome).into_iter().map(change).collect::<Vec<_>>(),
            "gate": outcome.gate.to_string(), "leaf_hash": changed.record.leaf_hash(),
            "ledger": hex::encode(outcome.ledger), "salt": changed.record.salt(),
            "time": changed.record.time().ms(), "what": changed.what,
        })
    });
    let Body::Enacted(enacted) = Body::from_slice(rotated.record.body()).expect("a body") else {
        panic!("the record says that it was enacted")
    };
    json!({
        "format": "lockstep-vectors/chain/1",
        "gate_changes": changed.collect::<Vec<_>>(),
        "rotation": {
            "action": String::from_utf8(canonical::to_vec(&rotated.action).expect("JSON")).expect("UTF-8"),
            "body": String::from_utf8(rotated.record.body().to_vec()).expect("UTF-8"),
            "case": enacted.case, "handover": rotated.handover, "index": rotated.index,
            "leaf_hash": rotated.record.leaf_hash(), "new": rotated.new, "old": rotated.old,
            "path": rotated.path, "prev": enacted.prev, "salt": rotated.record.salt(),
            "time": rotated.record.time().ms(),
        },
    })
}

fn chain_example() -> String {
    let (_, rotated) = Scene::of_chain();
    let action = canonical::to_vec(&rotated.action).expect("JSON");
    format!(
        "action  {}\nbody    {}\nsalt    {}\ntime    {}\nleaf    {}\nhash    {}\n",
        String::from_utf8_lossy(&action),
        String::from_utf8_lossy(rotated.record.body()),
        rotated.record.salt(),
        rotated.record.time().ms(),
        hex::encode(rotated.record.leaf().encode()),
        rotated.record.leaf_hash(),
    )
}

fn attestation_example(scene: &Scene) -> String {
    let found = scene.signed.iter().find(|(statement, _)| matches!(statement, Statement::Attestation(_)));
    let (statement, submission) = found.expect("an attestation");
    let envelope = &submission.envelope;
    let digest = envelope.attestation_digest();
    let mut out = String::new();
    for claim in submission.openings.iter().flatten() {
        let _ = writeln!(
            out,
            "claim       {} = {}\n  salt      {}\n  digest    {}",
            claim.name,
            claim.value,
            claim.salt,
            claim.digest()
        );
    }
    let _ = writeln!(out, "payload     {}", String::from_utf8_lossy(&envelope.payload));
    let _ = writeln!(
        out,
        "PAE         DSSEv1 28 application/vnd.in-toto+json {} and the payload",
        envelope.payload.len()
    );
    let _ = writeln!(out, "attestation {digest}");
    let _ = writeln!(out, "typed hash  {}", hex::encode(statement.typed_hash(&digest)));
    let _ = writeln!(out, "envelope    {}", String::from_utf8_lossy(&envelope.to_vec().expect("JSON")));
    let _ = writeln!(out, "digest      {}", envelope.digest().expect("JSON"));
    out
}

fn case_example(scene: &Scene) -> String {
    let mut out = String::new();
    for told in scene.told.iter().skip_while(|told| told.what != "open") {
        let refused = told.refused.as_ref().map_or_else(String::new, |code| format!(" → refused: {code}"));
        let _ = writeln!(out, "{} {}{refused}", told.input.now, told.what);
        for record in &told.records {
            let shown = match record.tag() {
                Tag::Record => String::from_utf8_lossy(record.body()).into_owned(),
                Tag::Outcome => format!("outcome of {} bytes, see outcome.md", record.body().len()),
            };
            let _ = writeln!(out, "  {} {shown}", record.leaf_hash());
        }
    }
    let entity = Entity::Case(scene.case);
    let entry = scene.ledger.overlay().value(&entity.key()).expect("a sealed entry");
    let _ = writeln!(
        out,
        "entry of the case in the state map\n  key   {}\n  value {}",
        entity.key(),
        String::from_utf8_lossy(&entry)
    );
    out
}

fn outcome_example(scene: &Scene) -> String {
    let (record, found) = outcome_of(scene);
    let mut out = String::new();
    for (name, value) in outcome_fields(&found) {
        let _ = writeln!(out, "{name:<10}{value}");
    }
    let _ = writeln!(out, "body, {} bytes", record.body().len());
    for word in record.body().chunks(32) {
        let _ = writeln!(out, "  {}", hex::encode(word));
    }
    let _ = writeln!(
        out,
        "salt      {}\nleaf      {}\nleaf hash {}",
        record.salt(),
        hex::encode(record.leaf().encode()),
        record.leaf_hash()
    );
    out
}

fn governance_example(scene: &Scene) -> String {
    let mut out = String::new();
    let told = scene.told.iter().find(|told| told.what == "name-issuer").expect("the naming of an issuer");
    let command = told.input.command.as_deref().unwrap_or_default();
    let request: Value = serde_json::from_slice(command).expect("JSON");
    let _ = writeln!(out, "action  {}", request["propose"]["action"]);
    let _ = writeln!(out, "claim   {}", request["propose"]["submission"]["openings"][0]);
    for record in &told.records {
        let body = Body::from_slice(record.body()).expect("a body");
        let _ = writeln!(
            out,
            "record  {}\n  {}",
            record.leaf_hash(),
            String::from_utf8_lossy(&body.to_vec().expect("JSON"))
        );
    }
    out
}
