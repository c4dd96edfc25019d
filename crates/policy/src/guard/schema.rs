//! The Cedar schema of a layout: what guards may read at each step, and of which type (`specs/policy.md` §5).

use crate::claim::ClaimKind;
use crate::model::{Layout, ListKind, Step};
use core::fmt::Write;

/// The schema in Cedar's own syntax.
pub(crate) fn schema(layout: &Layout) -> String {
    let mut text = String::from("entity Role;\nentity Party in [Role] { \"lei\": String };\n");
    let params = layout.params.iter().map(|param| (param.name.as_str(), cedar_type(param.kind).to_owned()));
    let _ = writeln!(text, "entity Case {};", record(params));
    for step in &layout.steps {
        let context = context(layout, step);
        let _ = writeln!(
            text,
            "action \"{}\" appliesTo {{ principal: Party, resource: Case, context: {context} }};",
            step.name
        );
    }
    text
}

fn context(layout: &Layout, step: &Step) -> String {
    let ancestors = layout.ancestors(step.name.as_str());
    let earlier = ancestors.iter().map(|earlier| (earlier.name.as_str(), claims(earlier)));
    let lists = layout.lists.iter().map(|list| (list.name.as_str(), list_type(list.kind).to_owned()));
    record([
        ("claim", claims(step)),
        ("ledger", "String".to_owned()),
        ("list", record(lists)),
        ("step", record(earlier)),
    ])
}

fn claims(step: &Step) -> String {
    record(step.claims.iter().map(|claim| (claim.name.as_str(), cedar_type(claim.kind).to_owned())))
}

fn record<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let fields: Vec<String> = fields.into_iter().map(|(name, kind)| format!("\"{name}\": {kind}")).collect();
    format!("{{ {} }}", fields.join(", "))
}

/// Numbers are what guards compare and calculate with; every other value is its canonical text.
const fn cedar_type(kind: ClaimKind) -> &'static str {
    match kind {
        ClaimKind::Bool => "Bool",
        ClaimKind::Int | ClaimKind::Money(_) | ClaimKind::Time => "Long",
        ClaimKind::Text
        | ClaimKind::Bic
        | ClaimKind::Country
        | ClaimKind::Digest
        | ClaimKind::Account
        | ClaimKind::Lei
        | ClaimKind::Name => "String",
    }
}

const fn list_type(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Digest => "String",
        ListKind::Set => "Set<String>",
    }
}
