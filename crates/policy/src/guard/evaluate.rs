//! Evaluates one step's guards: only the values that they mention are handed to Cedar.

use super::compile::{Origin, Slot, SlotKind, StepGuards};
use super::{GuardInput, GuardText, GuardVerdict};
use crate::claim::{ClaimValue, ListValue};
use crate::model::ListKind;
use cedar_policy_core::ast::{
    Context, EntityType, EntityUID, EntityUIDEntry, Expr, Policy, Request, SlotEnv, Value,
};
use cedar_policy_core::ast::{Eid, Entity, PartialValue};
use cedar_policy_core::entities::{Entities, NoEntitiesSchema, TCComputation};
use cedar_policy_core::evaluator::{EvaluationError, Evaluator};
use cedar_policy_core::extensions::Extensions;
use lockstep_types::Name;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The guards of all steps, ready to evaluate.
#[derive(Debug, Clone)]
pub(crate) struct Guards {
    steps: BTreeMap<Name, StepGuards>,
    party: EntityType,
    role: EntityType,
    case: EntityUID,
}

/// One guard with its scope and conditions as a single expression, made once: Cedar would make it at every
/// call.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    id: String,
    permit: bool,
    condition: Expr,
    /// Empty, since there are no templates; Cedar asks for it all the same.
    slots: SlotEnv,
}

/// What a slot holds in one evaluation.
enum Found {
    Value(Value),
    Withheld,
    Missing(String),
}

/// Attributes for Cedar by where guards read them.
#[derive(Default)]
struct Attributes<'a> {
    claim: Fields<'a>,
    ledger: Fields<'a>,
    list: Fields<'a>,
    params: Fields<'a>,
    step: Vec<(&'a str, Fields<'a>)>,
}

type Fields<'a> = Vec<(&'a str, Value)>;

impl Ready {
    pub(crate) fn new(policy: &Policy, permit: bool) -> Self {
        let (id, condition) = (policy.id().to_string(), policy.condition());
        Self { id, permit, condition, slots: policy.env().clone() }
    }
}

impl Guards {
    pub(crate) fn new(steps: BTreeMap<Name, StepGuards>) -> Option<Self> {
        let kind = |name: &str| Some(EntityType::from(name.parse::<cedar_policy_core::ast::Name>().ok()?));
        // Guards cannot name a case, so one name serves all.
        let case = EntityUID::from_components(kind("Case")?, Eid::new(""), None);
        Some(Self { steps, party: kind("Party")?, role: kind("Role")?, case })
    }

    /// Permits and forbids of a step.
    pub(crate) fn texts(&self, step: &str) -> (&[GuardText], &[GuardText]) {
        let found = self.steps.get(step);
        found.map(|step| (step.permits.as_slice(), step.forbids.as_slice())).unwrap_or_default()
    }

    /// Whether a guard of `step` reads a claim of the step `earlier`.
    pub(crate) fn read(&self, step: &str, earlier: &str) -> bool {
        let of_earlier =
            |slot: &Slot| matches!(&slot.origin, Origin::Earlier(name, _) if name.as_str() == earlier);
        self.steps.get(step).is_some_and(|step| step.slots.iter().any(of_earlier))
    }

    pub(crate) fn evaluate(&self, input: &GuardInput<'_>) -> GuardVerdict {
        let Some(step) = self.steps.get(input.step) else {
            return GuardVerdict::Error { text: format!("`{}` is not a step of the policy", input.step) };
        };
        let mut attributes = Attributes::default();
        let (mut withheld, mut missing) = (Vec::new(), None);
        for slot in &step.slots {
            match found(input, slot) {
                Found::Value(value) => attributes.put(slot, value),
                Found::Withheld => withheld.push(slot.path.clone()),
                Found::Missing(text) => missing = missing.or(Some(text)),
            }
        }
        if !withheld.is_empty() {
            return GuardVerdict::Unknown { withheld };
        }
        if let Some(text) = missing {
            return GuardVerdict::Error { text };
        }
        let (context, params) = attributes.split();
        match self.entities(input, params) {
            Some((party, entities)) => {
                let known = |uid: EntityUID| EntityUIDEntry::known(uid, None);
                let (action, case) = (known(step.action.clone()), known(self.case.clone()));
                let request = Request::new_unchecked(known(party), action, case, Some(context));
                verdict(step, &Evaluator::new(request, &entities, Extensions::none()))
            }
            None => {
                GuardVerdict::Error { text: format!("step `{}` cannot be put to its guards", input.step) }
            }
        }
    }

    /// The party, with the roles it is in, and the case.
    fn entities(&self, input: &GuardInput<'_>, params: Fields<'_>) -> Option<(EntityUID, Entities)> {
        let uid = |kind: &EntityType, id: &str| EntityUID::from_components(kind.clone(), Eid::new(id), None);
        let plain = |(name, value): (&str, Value)| (name.into(), PartialValue::Value(value));
        let party = uid(&self.party, input.party.as_str());
        let lei = [plain(("lei", Value::from(input.party.as_str())))];
        let roles = input.roles.iter().map(|role| uid(&self.role, role.as_str())).collect();
        let none = Default::default;
        let principal = Entity::new_with_attr_partial_value(party.clone(), lei, none(), roles, []);
        let params = params.into_iter().map(plain);
        let resource = Entity::new_with_attr_partial_value(self.case.clone(), params, none(), none(), []);
        let (schema, known) = (None::<&NoEntitiesSchema>, TCComputation::AssumeAlreadyComputed);
        // Roles are in no other role, so a party's parents are all its ancestors.
        let entities = Entities::from_entities([principal, resource], schema, known, Extensions::none());
        Some((party, entities.ok()?))
    }
}

impl<'a> Attributes<'a> {
    fn put(&mut self, slot: &'a Slot, value: Value) {
        match &slot.origin {
            Origin::Claim(name) => self.claim.push((name.as_str(), value)),
            Origin::Ledger => self.ledger.push(("ledger", value)),
            Origin::List(name) => self.list.push((name.as_str(), value)),
            Origin::Param(name) => self.params.push((name.as_str(), value)),
            // INVARIANT: slots are sorted by origin, so the claims of one step follow one another.
            Origin::Earlier(step, name) => match self.step.last_mut() {
                Some((last, fields)) if *last == step.as_str() => fields.push((name.as_str(), value)),
                _ => self.step.push((step.as_str(), vec![(name.as_str(), value)])),
            },
        }
    }

    /// The context, and the attributes of the case.
    fn split(self) -> (Context, Fields<'a>) {
        let steps: Fields<'a> =
            self.step.into_iter().map(|(step, fields)| (step, Value::record(fields, None))).collect();
        let mut pairs = self.ledger;
        for (name, fields) in [("claim", self.claim), ("list", self.list), ("step", steps)] {
            if !fields.is_empty() {
                pairs.push((name, Value::record(fields, None)));
            }
        }
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), value)).collect();
        (Context::Value(Arc::new(pairs)), self.params)
    }
}

fn found(input: &GuardInput<'_>, slot: &Slot) -> Found {
    let value = match &slot.origin {
        Origin::Claim(name) => input.claims.get(name),
        Origin::Earlier(step, name) => input.earlier.get(step).and_then(|claims| claims.get(name)),
        Origin::Param(name) => input.params.get(name),
        Origin::List(name) => return listed((input.list)(name), slot),
        Origin::Ledger => return Found::Value(Value::from(input.ledger.to_string())),
    };
    match value {
        None => Found::Missing(format!("`{}` is missing", slot.path)),
        Some(None) => Found::Withheld,
        Some(Some(value)) => match slot.kind {
            SlotKind::Value(kind) if kind != value.kind() => {
                let found = value.kind();
                Found::Missing(format!("`{}` is of type `{found}`: expected `{kind}`", slot.path))
            }
            _ => Found::Value(expression(value)),
        },
    }
}

fn listed(list: Option<ListValue>, slot: &Slot) -> Found {
    match (list, slot.kind) {
        (Some(ListValue::Digest(digest)), SlotKind::List(ListKind::Digest)) => {
            Found::Value(Value::from(digest.to_string()))
        }
        (Some(ListValue::Set(set)), SlotKind::List(ListKind::Set)) => {
            Found::Value(Value::set(set.iter().map(|item| Value::from(item.as_str())), None))
        }
        (Some(_), _) => Found::Missing(format!("`{}` is a list of another kind", slot.path)),
        (None, _) => Found::Missing(format!("`{}` has not been adopted", slot.path)),
    }
}

fn expression(value: &ClaimValue) -> Value {
    match value {
        ClaimValue::Bool(value) => Value::from(*value),
        _ => match value.number() {
            Some(number) => Value::from(number),
            None => Value::from(value.to_string()),
        },
    }
}

/// Deny by default, forbid wins, and before both: any error refuses, where Cedar alone would skip a guard
/// that errs.
fn verdict(step: &StepGuards, evaluator: &Evaluator<'_>) -> GuardVerdict {
    let (mut permitted, mut forbids, mut errors) = (false, Vec::new(), Vec::new());
    for guard in &step.guards {
        let answer = evaluator.interpret(&guard.condition, &guard.slots);
        match answer.map(|value| value == Value::from(true)) {
            Ok(true) if guard.permit => permitted = true,
            Ok(true) => forbids.push(guard.id.clone()),
            // Conditions are typed, so what is not true is false.
            Ok(false) => {}
            Err(error) => errors.push(error_text(&guard.id, &error)),
        }
    }
    match (errors.is_empty(), forbids.is_empty(), permitted) {
        (false, _, _) => GuardVerdict::Error { text: errors.join(", ") },
        (true, false, _) => GuardVerdict::Refused { by: forbids },
        (true, true, true) => GuardVerdict::Allowed,
        (true, true, false) => {
            let permits: Vec<&str> = step.permits.iter().map(|permit| permit.id.as_str()).collect();
            GuardVerdict::Refused { by: vec![format!("no permit holds: {}", permits.join(", "))] }
        }
    }
}

/// Our own words: a reason that two readers compare must not change with Cedar's texts.
fn error_text(id: &str, error: &EvaluationError) -> String {
    let what = match error {
        EvaluationError::IntegerOverflow(_) => "overflows",
        _ => "cannot be evaluated",
    };
    format!("guard `{id}` {what}")
}
