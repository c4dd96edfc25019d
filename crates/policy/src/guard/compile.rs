//! From `guards.cedar` to one small set of guards a step, with every fault and its place.

use super::GuardText;
use super::evaluate::Ready;
use super::schema::schema;
use super::split::{Statement, split};
use super::subset::{Path, Seen, see};
use crate::claim::ClaimKind;
use crate::finding::{Finding, Source};
use crate::model::{Layout, ListKind, Step};
use cedar_policy::{Policy as Guard, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use cedar_policy_core::ast::{Eid, EntityType, EntityUID};
use lockstep_types::Name;
use miette::Diagnostic;
use std::collections::{BTreeMap, BTreeSet};

/// Where a value that guards mention comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    Claim(Name),
    Earlier(Name, Name),
    Ledger,
    List(Name),
    Param(Name),
}

/// One value that a step's guards mention, and the type it must have.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) path: String,
    pub(crate) origin: Origin,
    pub(crate) kind: SlotKind,
}

/// The type of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SlotKind {
    Value(ClaimKind),
    List(ListKind),
    Ledger,
}

/// What is needed to evaluate one step's guards.
#[derive(Debug, Clone)]
pub(crate) struct StepGuards {
    /// In the order of their ids.
    pub(crate) guards: Vec<Ready>,
    pub(crate) action: EntityUID,
    /// In the order of [`Origin`].
    pub(crate) slots: Vec<Slot>,
    /// The permits, sorted by id.
    pub(crate) permits: Vec<GuardText>,
    /// The forbids, sorted by id.
    pub(crate) forbids: Vec<GuardText>,
}

/// One guard that has passed the checks of its own.
struct Checked {
    at: usize,
    guard: Guard,
    seen: Seen,
}

/// Compiles the guards of a layout.
pub(crate) fn compile(
    layout: &Layout,
    source: Source<'_>,
) -> Result<BTreeMap<Name, StepGuards>, Vec<Finding>> {
    let statements = split(source)?;
    let (mut checked, mut findings) = (Vec::new(), Vec::new());
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for statement in &statements {
        match check_one(layout, source, statement) {
            Ok(one) if !ids.insert(one.guard.id().to_string()) => {
                let text = format!("the id `{}` is used by another guard", one.guard.id());
                findings.push(source.finding(one.at, "duplicate-guard", text));
            }
            Ok(one) => checked.push(one),
            Err(mut faults) => findings.append(&mut faults),
        }
    }
    if findings.is_empty() {
        findings.extend(type_faults(layout, source, &checked));
        findings.extend(layout.steps.iter().filter_map(|step| never_permitted(source, step, &checked)));
        findings.extend(checked.iter().filter_map(|one| idle(layout, source, one)));
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let steps = layout.steps.iter().map(|step| (step.name.clone(), step_guards(layout, step, &checked)));
    Ok(steps.filter_map(|(name, guards)| Some((name, guards?))).collect())
}

fn check_one(
    layout: &Layout,
    source: Source<'_>,
    statement: &Statement<'_>,
) -> Result<Checked, Vec<Finding>> {
    let fault = |code, text: String| source.finding(statement.at, code, text);
    let guard = Guard::parse(None, statement.text).map_err(|error| {
        let at = statement.at.saturating_add(first_label(&error));
        vec![source.finding(at, "not-cedar", error.to_string())]
    })?;
    let (line, _) = source.place(statement.at);
    let id = match guard.annotation("id") {
        Some(id) if id.parse::<Name>().is_ok() => id.to_owned(),
        Some(_) => {
            return Err(vec![fault("guard-id", "`@id` is not a name such as `payment-booked`".to_owned())]);
        }
        None => format!("{}:{line}", source.file),
    };
    let seen = see(&guard).map_err(|outside| vec![fault("cedar-1", format!("guard `{id}` {outside}"))])?;
    let unknown = seen.unknown(layout);
    if !unknown.is_empty() {
        let faults = unknown.into_iter().map(|(code, text)| fault(code, format!("guard `{id}`: {text}")));
        return Err(faults.collect());
    }
    Ok(Checked { at: statement.at, guard: guard.new_id(PolicyId::new(id)), seen })
}

fn first_label(error: &impl Diagnostic) -> usize {
    error.labels().and_then(|mut labels| labels.next()).map_or(0, |label| label.offset())
}

/// Cedar's strict type check over every step that a guard covers, and guards that can never hold.
fn type_faults(layout: &Layout, source: Source<'_>, checked: &[Checked]) -> Vec<Finding> {
    let schema = match Schema::from_cedarschema_str(&schema(layout)) {
        Ok((schema, _)) => schema,
        // Layouts with names that no guard could write have a finding of their own.
        Err(error) => return vec![source.finding(0, "schema", format!("no guard can be typed: {error}"))],
    };
    let validator = Validator::new(schema);
    let mut findings = Vec::new();
    for one in checked {
        let Ok(set) = PolicySet::from_policies([one.guard.clone()]) else { continue };
        let result = validator.validate(&set, ValidationMode::Strict);
        let place = |error: &dyn Diagnostic| {
            let label = error.labels().and_then(|mut labels| labels.next()).map_or(0, |label| label.offset());
            one.at.saturating_add(label)
        };
        for error in result.validation_errors() {
            findings.push(source.finding(place(error), "guard-type", own_words(error)));
        }
        for warning in result.validation_warnings() {
            findings.push(source.finding(place(warning), "guard-warning", own_words(warning)));
        }
    }
    findings
}

/// Cedar calls a guard a policy; here a policy is the whole.
fn own_words(error: &impl ToString) -> String {
    let text = error.to_string().replace("for policy `", "guard `");
    text.replace("policy is impossible: the policy expression", "it can never hold: its expression")
}

/// A step that no permit reaches, or that a forbid without a condition always refuses.
fn never_permitted(source: Source<'_>, step: &Step, checked: &[Checked]) -> Option<Finding> {
    let covers = |one: &&Checked| one.seen.covers(step.name.as_str()) && one.seen.reaches(step.by.as_str());
    let shut = checked.iter().filter(covers).find(|one| !one.seen.permit && !one.seen.conditional);
    if let Some(forbid) = shut {
        let text = format!("guard `{}` forbids step `{}` always", forbid.guard.id(), step.name);
        return Some(source.finding(forbid.at, "never-permitted", text));
    }
    if checked.iter().filter(covers).any(|one| one.seen.permit) {
        return None;
    }
    let text = format!("no permit can allow role `{}` to take step `{}`", step.by, step.name);
    let hint = format!(
        "permit (principal in Role::\"{}\", action == Action::\"{}\", resource);",
        step.by, step.name
    );
    Some(source.finding(source.text.len(), "never-permitted", text).hint(hint))
}

/// A guard for a role that takes none of the steps it covers.
fn idle(layout: &Layout, source: Source<'_>, one: &Checked) -> Option<Finding> {
    let mut covered = layout.steps.iter().filter(|step| one.seen.covers(step.name.as_str()));
    if covered.any(|step| one.seen.reaches(step.by.as_str())) {
        return None;
    }
    let role = one.seen.role.as_deref().unwrap_or_default();
    let text = format!("guard `{}` is for role `{role}`, which takes none of its steps", one.guard.id());
    Some(source.finding(one.at, "idle-guard", text))
}

fn step_guards(layout: &Layout, step: &Step, checked: &[Checked]) -> Option<StepGuards> {
    let mut covering: Vec<&Checked> =
        checked.iter().filter(|one| one.seen.covers(step.name.as_str())).collect();
    covering.sort_by(|a, b| a.guard.id().cmp(b.guard.id()));
    let mentions: BTreeSet<&Path> = covering.iter().flat_map(|one| &one.seen.mentions).collect();
    let mut slots = all_slots(layout, step);
    slots.retain(|slot| mentions.iter().any(|mention| touches(mention, &slot.path)));
    slots.sort_by(|a, b| a.origin.cmp(&b.origin));
    let ready = covering.iter().map(|one| Ready::new(one.guard.as_ref(), one.seen.permit));
    let guards = ready.collect();
    let texts = |permit: bool| {
        let reaching = covering.iter().filter(|one| one.seen.reaches(step.by.as_str()));
        let some = reaching.filter(move |one| one.seen.permit == permit);
        let text =
            |one: &&Checked| GuardText { id: one.guard.id().to_string(), words: one.seen.words.clone() };
        some.map(text).collect::<BTreeSet<GuardText>>().into_iter().collect::<Vec<GuardText>>()
    };
    let (permits, forbids) = (texts(true), texts(false));
    let kind = "Action".parse::<cedar_policy_core::ast::Name>().ok()?;
    let action = EntityUID::from_components(EntityType::from(kind), Eid::new(step.name.as_str()), None);
    Some(StepGuards { guards, action, slots, permits, forbids })
}

/// True when one of the two paths leads to the other.
fn touches(mention: &Path, slot: &str) -> bool {
    slot.split('.').zip(mention).all(|(a, b)| a == b)
}

fn all_slots(layout: &Layout, step: &Step) -> Vec<Slot> {
    let mut slots =
        vec![Slot { path: "context.ledger".to_owned(), origin: Origin::Ledger, kind: SlotKind::Ledger }];
    slots.extend(step.claims.iter().map(|claim| Slot {
        path: format!("context.claim.{}", claim.name),
        origin: Origin::Claim(claim.name.clone()),
        kind: SlotKind::Value(claim.kind),
    }));
    for earlier in layout.ancestors(step.name.as_str()) {
        slots.extend(earlier.claims.iter().map(|claim| Slot {
            path: format!("context.step.{}.{}", earlier.name, claim.name),
            origin: Origin::Earlier(earlier.name.clone(), claim.name.clone()),
            kind: SlotKind::Value(claim.kind),
        }));
    }
    slots.extend(layout.lists.iter().map(|list| Slot {
        path: format!("context.list.{}", list.name),
        origin: Origin::List(list.name.clone()),
        kind: SlotKind::List(list.kind),
    }));
    slots.extend(layout.params.iter().map(|param| Slot {
        path: format!("resource.{}", param.name),
        origin: Origin::Param(param.name.clone()),
        kind: SlotKind::Value(param.kind),
    }));
    slots
}
