//! From `guards.cedar` to one small set of guards a step, with every fault and its place.

use super::GuardText;
use super::evaluate::Ready;
use super::reads::Reads;
use super::schema::schema;
use super::split::{Statement, split};
use super::subset::{Seen, see};
use super::typed;
use crate::claim::ClaimKind;
use crate::finding::{Finding, Source};
use crate::model::{Layout, ListKind, Step};
use cedar_policy::{Policy as Guard, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use cedar_policy_core::ast::{Eid, EntityType, EntityUID, PolicyID};
use cedar_policy_core::parser::parse_policyset_to_ests_and_pset;
use lockstep_types::Name;
use miette::Diagnostic;
use serde_json::Value;
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

/// One guard as Cedar reads it, with its JSON form.
struct Parsed {
    at: usize,
    /// Where Cedar's own places in it are counted from.
    base: usize,
    guard: Guard,
    json: Value,
}

/// One guard that has passed the checks of its own.
pub(super) struct Checked {
    at: usize,
    base: usize,
    pub(super) guard: Guard,
    pub(super) seen: Seen,
}

/// Compiles the guards of a layout.
pub(crate) fn compile(
    layout: &Layout,
    source: Source<'_>,
) -> Result<BTreeMap<Name, StepGuards>, Vec<Finding>> {
    let checked = check_each(layout, source)?;
    let mut findings = type_faults(layout, source, &checked);
    findings.extend(layout.steps.iter().filter_map(|step| never_permitted(source, step, &checked)));
    findings.extend(checked.iter().filter_map(|one| idle(layout, source, one)));
    if !findings.is_empty() {
        return Err(findings);
    }
    let Ok(kind) = "Action".parse::<cedar_policy_core::ast::Name>().map(EntityType::from) else {
        return Err(vec![source.finding(0, "schema", "no step can be named")]);
    };
    let guards = |step: &Step| (step.name.clone(), step_guards(layout, step, (&checked, &kind)));
    Ok(layout.steps.iter().map(guards).collect())
}

/// Reads the guards and holds each against the subset and the layout.
pub(super) fn check_each(layout: &Layout, source: Source<'_>) -> Result<Vec<Checked>, Vec<Finding>> {
    let (mut checked, mut findings) = (Vec::new(), Vec::new());
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for one in parse(source, &split(source)?) {
        match one.and_then(|parsed| check_one(layout, source, parsed)) {
            Ok(one) if !ids.insert(one.guard.id().to_string()) => {
                let text = format!("the id `{}` is used by another guard", one.guard.id());
                findings.push(source.finding(one.at, "duplicate-guard", text));
            }
            Ok(one) => checked.push(one),
            Err(mut faults) => findings.append(&mut faults),
        }
    }
    if findings.is_empty() { Ok(checked) } else { Err(findings) }
}

/// Parses all guards at once, which costs a third of parsing each; one by one if anything is wrong, for a
/// finding about each.
fn parse(source: Source<'_>, statements: &[Statement<'_>]) -> Vec<Result<Parsed, Vec<Finding>>> {
    if let Some(parsed) = parse_together(source, statements) {
        return parsed.into_iter().map(Ok).collect();
    }
    let alone = |statement: &Statement<'_>| {
        let place = |error: &dyn Diagnostic| statement.at.saturating_add(first_label(error));
        let fault = |at, text: String| vec![source.finding(at, "not-cedar", text)];
        let guard =
            Guard::parse(None, statement.text).map_err(|error| fault(place(&error), error.to_string()))?;
        let no_json = |_| fault(statement.at, "the guard cannot be written as JSON".to_owned());
        let json = guard.to_json().map_err(no_json)?;
        Ok(Parsed { at: statement.at, base: statement.at, guard, json })
    };
    statements.iter().map(alone).collect()
}

/// The guards of the whole file; nothing when Cedar sees other guards than the scanner, or faults.
fn parse_together(source: Source<'_>, statements: &[Statement<'_>]) -> Option<Vec<Parsed>> {
    let (mut forms, set) = parse_policyset_to_ests_and_pset(source.text).ok()?;
    if forms.len() != statements.len() {
        return None;
    }
    let one = |(number, statement): (usize, &Statement<'_>)| {
        let id = PolicyID::from_string(format!("policy{number}"));
        // A template is in the set too, but not as a guard of its own.
        let guard = Guard::from(set.get(&id)?.clone());
        let json = serde_json::to_value(forms.remove(&id)?).ok()?;
        Some(Parsed { at: statement.at, base: 0, guard, json })
    };
    statements.iter().enumerate().map(one).collect()
}

fn check_one(layout: &Layout, source: Source<'_>, parsed: Parsed) -> Result<Checked, Vec<Finding>> {
    let Parsed { at, base, guard, json } = parsed;
    let fault = |code, text: String| source.finding(at, code, text);
    let (line, _) = source.place(at);
    let id = match json.pointer("/annotations/id").map(|id| id.as_str().unwrap_or_default().to_owned()) {
        Some(id) if id.parse::<Name>().is_ok() => id,
        Some(_) => {
            return Err(vec![fault("guard-id", "`@id` is not a name such as `payment-booked`".to_owned())]);
        }
        None => format!("{}:{line}", source.file),
    };
    let seen = see(&json).map_err(|outside| vec![fault("cedar-1", format!("guard `{id}` {outside}"))])?;
    let unknown = seen.unknown(layout);
    if !unknown.is_empty() {
        let faults = unknown.into_iter().map(|(code, text)| fault(code, format!("guard `{id}`: {text}")));
        return Err(faults.collect());
    }
    Ok(Checked { at, base, guard: guard.new_id(PolicyId::new(id)), seen })
}

fn first_label(error: &dyn Diagnostic) -> usize {
    error.labels().and_then(|mut labels| labels.next()).map_or(0, |label| label.offset())
}

/// Cedar's strict type check over every step that a guard covers, and guards that can never hold.
fn type_faults(layout: &Layout, source: Source<'_>, checked: &[Checked]) -> Vec<Finding> {
    if typed::without_faults(layout, checked) {
        return Vec::new();
    }
    faults(layout, source, checked)
}

/// The same by Cedar's own entry point, over all that could have been read: its texts name it.
pub(super) fn faults(layout: &Layout, source: Source<'_>, checked: &[Checked]) -> Vec<Finding> {
    let schema = match Schema::from_json_value(schema(layout, &|_| Reads::everything())) {
        Ok(schema) => schema,
        // Layouts with names that no guard could write have a finding of their own.
        Err(error) => return vec![source.finding(0, "schema", format!("no guard can be typed: {error}"))],
    };
    let validator = Validator::new(schema);
    let mut findings = Vec::new();
    for one in checked {
        let Ok(set) = PolicySet::from_policies([one.guard.clone()]) else { continue };
        let result = validator.validate(&set, ValidationMode::Strict);
        let place = |error: &dyn Diagnostic| match error.labels().and_then(|mut labels| labels.next()) {
            Some(label) => one.base.saturating_add(label.offset()),
            None => one.at,
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

fn step_guards(layout: &Layout, step: &Step, (checked, action): (&[Checked], &EntityType)) -> StepGuards {
    let mut covering = covering(step, checked);
    covering.sort_by(|a, b| a.guard.id().cmp(b.guard.id()));
    let reads = Reads::of(&covering);
    let mut slots = slots(layout, step, &reads);
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
    let action = EntityUID::from_components(action.clone(), Eid::new(step.name.as_str()), None);
    StepGuards { guards, action, slots, permits, forbids }
}

/// The guards whose scope takes in a step, in the order of the file.
pub(super) fn covering<'a>(step: &Step, checked: &'a [Checked]) -> Vec<&'a Checked> {
    checked.iter().filter(|one| one.seen.covers(step.name.as_str())).collect()
}

fn slots(layout: &Layout, step: &Step, reads: &Reads<'_>) -> Vec<Slot> {
    let mut slots = Vec::new();
    let mut slot = |path: &[&str], origin: Origin, kind: SlotKind| {
        if reads.touch(path) {
            slots.push(Slot { path: path.join("."), origin, kind });
        }
    };
    slot(&["context", "ledger"], Origin::Ledger, SlotKind::Ledger);
    for claim in &step.claims {
        let origin = Origin::Claim(claim.name.clone());
        slot(&["context", "claim", claim.name.as_str()], origin, SlotKind::Value(claim.kind));
    }
    for earlier in layout.ancestors(step.name.as_str()) {
        let name = earlier.name.as_str();
        if !reads.touch(&["context", "step", name]) {
            continue;
        }
        for claim in &earlier.claims {
            let origin = Origin::Earlier(earlier.name.clone(), claim.name.clone());
            slot(&["context", "step", name, claim.name.as_str()], origin, SlotKind::Value(claim.kind));
        }
    }
    for list in &layout.lists {
        let origin = Origin::List(list.name.clone());
        slot(&["context", "list", list.name.as_str()], origin, SlotKind::List(list.kind));
    }
    for param in &layout.params {
        let origin = Origin::Param(param.name.clone());
        slot(&["resource", param.name.as_str()], origin, SlotKind::Value(param.kind));
    }
    slots
}
