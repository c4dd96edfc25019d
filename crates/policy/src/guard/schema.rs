//! The Cedar schema of a layout: what guards may read at each step, and of which type (`specs/guards.md`).
//!
//! It is made in Cedar's JSON form: the other form would be parsed word by word, and every step
//! may read the claims of all steps before it.

use super::reads::Reads;
use crate::claim::ClaimKind;
use crate::model::{Layout, ListKind, Step};
use serde_json::{Map, Value, json};

/// The schema in Cedar's JSON form. Of the claims it lists those that `reads` gives for a step: what no guard
/// reads changes no type, and a step comes after many others.
pub(super) fn schema<'a>(layout: &Layout, reads: &dyn Fn(&Step) -> Reads<'a>) -> Value {
    let mut actions = Map::new();
    for step in &layout.steps {
        let context = context(layout, step, &reads(step));
        let names = |name: &str| Value::from(vec![name]);
        let applies =
            [("principalTypes", names("Party")), ("resourceTypes", names("Case")), ("context", context)];
        actions.insert(step.name.to_string(), object([("appliesTo", object(applies))]));
    }
    let params = layout.params.iter().map(|param| (param.name.as_str(), cedar_type(param.kind)));
    let party = record([("lei", json!({ "type": "String" }))]);
    let entities = object([
        ("Case", object([("shape", record(params))])),
        ("Party", object([("memberOfTypes", json!(["Role"])), ("shape", party)])),
        ("Role", json!({})),
    ]);
    object([("", object([("actions", Value::Object(actions)), ("entityTypes", entities)]))])
}

fn context(layout: &Layout, step: &Step, reads: &Reads<'_>) -> Value {
    let ancestors = layout.ancestors(step.name.as_str());
    let earlier = ancestors.iter().filter_map(|earlier| {
        let root = ["context", "step", earlier.name.as_str()];
        reads.touch(&root).then(|| (earlier.name.as_str(), claims(earlier, &root, reads)))
    });
    let lists = layout.lists.iter().map(|list| (list.name.as_str(), list_type(list.kind)));
    record([
        ("claim", claims(step, &["context", "claim"], reads)),
        ("ledger", json!({ "type": "String" })),
        ("list", record(lists)),
        ("step", record(earlier)),
    ])
}

fn claims(step: &Step, root: &[&str], reads: &Reads<'_>) -> Value {
    let read = step.claims.iter().filter(|claim| reads.touch(&[root, &[claim.name.as_str()]].concat()));
    record(read.map(|claim| (claim.name.as_str(), cedar_type(claim.kind))))
}

fn record<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    object([("type", Value::from("Record")), ("attributes", object(fields))])
}

fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Numbers are what guards compare and calculate with; every other value is its canonical text.
fn cedar_type(kind: ClaimKind) -> Value {
    let name = match kind {
        ClaimKind::Bool => "Boolean",
        ClaimKind::Int | ClaimKind::Money(_) | ClaimKind::Time => "Long",
        ClaimKind::Text
        | ClaimKind::Bic
        | ClaimKind::Country
        | ClaimKind::Digest
        | ClaimKind::Account
        | ClaimKind::Lei
        | ClaimKind::Name => "String",
    };
    json!({ "type": name })
}

fn list_type(kind: ListKind) -> Value {
    match kind {
        ListKind::Digest => json!({ "type": "String" }),
        ListKind::Set => json!({ "type": "Set", "element": { "type": "String" } }),
    }
}
