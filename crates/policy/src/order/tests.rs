use crate::model::{Layout, Step};
use crate::policy::tests::stablecoin;
use lockstep_types::Name;
use std::collections::BTreeSet;

fn names<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Vec<&'a str> {
    steps.into_iter().map(|step| step.name.as_str()).collect()
}

fn set(names: &[&str]) -> BTreeSet<Name> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn layout() -> Layout {
    stablecoin().layout().clone()
}

#[test]
fn claims_and_params_keep_the_order_of_the_file() {
    let layout = layout();
    let claims: Vec<&str> = layout.step("payment").unwrap().claims.iter().map(|c| c.name.as_str()).collect();
    let declared = "amount servicer account servicer_ref entry_ref debtor booked booked_at";
    assert_eq!(claims, declared.split(' ').collect::<Vec<_>>());
    let params: Vec<&str> = layout.params.iter().map(|param| param.name.as_str()).collect();
    assert_eq!(params, ["amount", "beneficiary", "jurisdiction"]);
    assert_eq!(names(&layout.steps), ["request", "payment", "reserve", "audit", "screen", "approve"]);
}

#[test]
fn prev_follows_after_and_ancestors_follow_the_file() {
    let layout = layout();
    assert_eq!(names(layout.predecessors("approve")), ["payment", "audit", "screen"]);
    assert_eq!(names(layout.ancestors("approve")), ["request", "payment", "reserve", "audit", "screen"]);
    assert_eq!(names(layout.ancestors("reserve")), [""; 0]);
    assert_eq!(names(layout.ancestors("unknown")), [""; 0]);
    assert_eq!(names(layout.steps_after("reserve")), ["audit", "approve"]);
}

#[test]
fn a_case_is_decided_when_all_its_steps_are_done() {
    let layout = layout();
    assert_eq!(names(layout.steps_ready(&set(&[]))), ["request", "reserve"]);
    assert_eq!(names(layout.steps_ready(&set(&["request", "reserve"]))), ["payment", "audit", "screen"]);
    let before = set(&["request", "reserve", "payment", "audit", "screen"]);
    assert!(!layout.is_decided(|step| before.contains(step)));
    assert_eq!(names(layout.steps_ready(&before)), ["approve"]);
    let mut all = before;
    all.insert("approve".parse().unwrap());
    assert!(layout.is_decided(|step| all.contains(step)));
}

#[test]
fn distinct_roles_are_rivals_both_ways() {
    let layout = layout();
    let rivals = |role| layout.rivals(role).iter().map(|role| role.name.as_str()).collect::<Vec<_>>();
    assert_eq!(rivals("auditor"), ["issuer", "custodian"]);
    assert_eq!(rivals("custodian"), ["auditor"]);
    assert_eq!(rivals("compliance"), [""; 0]);
}

#[test]
fn ranks_count_the_steps_before() {
    let layout = layout();
    let ranks: Vec<usize> = layout.steps.iter().map(|step| layout.rank(step)).collect();
    assert_eq!(ranks, [0, 1, 0, 1, 1, 2]);
}

#[test]
fn holds_are_found_by_their_step() {
    assert_eq!(layout().holds_at("approve").len(), 1);
    assert!(layout().holds_at("audit").is_empty());
}
