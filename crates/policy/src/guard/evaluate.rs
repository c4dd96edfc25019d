//! Evaluates one step's guards: only the values that they mention are handed to Cedar.

use super::compile::{Origin, Slot, SlotKind, StepGuards};
use super::{GuardInput, GuardText, GuardVerdict};
use crate::claim::{ClaimValue, ListValue};
use crate::model::ListKind;
use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    EvaluationError, Request, Response, RestrictedExpression,
};
use lockstep_types::Name;
use std::collections::BTreeMap;

/// The guards of all steps, ready to evaluate.
#[derive(Debug, Clone)]
pub(crate) struct Guards {
    steps: BTreeMap<Name, StepGuards>,
    authorizer: Authorizer,
    party: EntityTypeName,
    role: EntityTypeName,
    case: EntityUid,
}

/// What a slot holds in one evaluation.
enum Found {
    Value(RestrictedExpression),
    Withheld,
    Missing(String),
}

/// Attributes for Cedar by where guards read them.
#[derive(Default)]
struct Attributes {
    claim: Fields,
    ledger: Fields,
    list: Fields,
    params: Fields,
    step: Vec<(Name, Fields)>,
}

type Fields = Vec<(String, RestrictedExpression)>;

impl Guards {
    pub(crate) fn new(steps: BTreeMap<Name, StepGuards>) -> Option<Self> {
        let case = "Case".parse::<EntityTypeName>().ok()?;
        Some(Self {
            steps,
            authorizer: Authorizer::new(),
            party: "Party".parse().ok()?,
            role: "Role".parse().ok()?,
            // Guards cannot name a case, so one name serves all.
            case: EntityUid::from_type_name_and_id(case, EntityId::new("")),
        })
    }

    /// Permits and forbids of a step.
    pub(crate) fn texts(&self, step: &str) -> (&[GuardText], &[GuardText]) {
        let found = self.steps.get(step);
        found.map(|step| (step.permits.as_slice(), step.forbids.as_slice())).unwrap_or_default()
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
        match self.ask(input, step, attributes) {
            Some(response) => verdict(step, &response),
            None => {
                GuardVerdict::Error { text: format!("step `{}` cannot be put to its guards", input.step) }
            }
        }
    }

    fn ask(&self, input: &GuardInput<'_>, step: &StepGuards, attributes: Attributes) -> Option<Response> {
        let uid = |kind: &EntityTypeName, id: &str| {
            EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
        };
        let lei = input.party.as_str();
        let party = uid(&self.party, lei);
        let roles = input.roles.iter().map(|role| uid(&self.role, role.as_str()));
        let lei = [("lei".to_owned(), RestrictedExpression::new_string(lei.to_owned()))];
        let principal = Entity::new_with_tags(party.clone(), lei, roles, []).ok()?;
        let (context, params) = attributes.split()?;
        let resource = Entity::new_with_tags(self.case.clone(), params, [], []).ok()?;
        let entities = Entities::from_entities([principal, resource], None).ok()?;
        let request = Request::new(party, step.action.clone(), self.case.clone(), context, None).ok()?;
        Some(self.authorizer.is_authorized(&request, &step.set, &entities))
    }
}

impl Attributes {
    fn put(&mut self, slot: &Slot, value: RestrictedExpression) {
        match &slot.origin {
            Origin::Claim(name) => self.claim.push((name.to_string(), value)),
            Origin::Ledger => self.ledger.push(("ledger".to_owned(), value)),
            Origin::List(name) => self.list.push((name.to_string(), value)),
            Origin::Param(name) => self.params.push((name.to_string(), value)),
            // INVARIANT: slots are sorted by origin, so the claims of one step follow one another.
            Origin::Earlier(step, name) => match self.step.last_mut() {
                Some((last, fields)) if last == step => fields.push((name.to_string(), value)),
                _ => self.step.push((step.clone(), vec![(name.to_string(), value)])),
            },
        }
    }

    /// The context, and the attributes of the case.
    fn split(self) -> Option<(Context, Fields)> {
        let mut pairs: Fields = self.ledger;
        if !self.claim.is_empty() {
            pairs.push(("claim".to_owned(), RestrictedExpression::new_record(self.claim).ok()?));
        }
        if !self.list.is_empty() {
            pairs.push(("list".to_owned(), RestrictedExpression::new_record(self.list).ok()?));
        }
        if !self.step.is_empty() {
            let steps = self.step.into_iter().map(|(step, fields)| {
                Some((step.to_string(), RestrictedExpression::new_record(fields).ok()?))
            });
            let steps = steps.collect::<Option<Fields>>()?;
            pairs.push(("step".to_owned(), RestrictedExpression::new_record(steps).ok()?));
        }
        Some((Context::from_pairs(pairs).ok()?, self.params))
    }
}

fn found(input: &GuardInput<'_>, slot: &Slot) -> Found {
    let value = match &slot.origin {
        Origin::Claim(name) => input.claims.get(name),
        Origin::Earlier(step, name) => input.earlier.get(step).and_then(|claims| claims.get(name)),
        Origin::Param(name) => input.params.get(name),
        Origin::List(name) => return listed(input.lists.get(name), slot),
        Origin::Ledger => return Found::Value(RestrictedExpression::new_string(input.ledger.to_string())),
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

fn listed(list: Option<&ListValue>, slot: &Slot) -> Found {
    match (list, slot.kind) {
        (Some(ListValue::Digest(digest)), SlotKind::List(ListKind::Digest)) => {
            Found::Value(RestrictedExpression::new_string(digest.to_string()))
        }
        (Some(ListValue::Set(set)), SlotKind::List(ListKind::Set)) => {
            let items = set.iter().map(|item| RestrictedExpression::new_string(item.clone()));
            Found::Value(RestrictedExpression::new_set(items))
        }
        (Some(_), _) => Found::Missing(format!("`{}` is a list of another kind", slot.path)),
        (None, _) => Found::Missing(format!("`{}` has not been adopted", slot.path)),
    }
}

fn expression(value: &ClaimValue) -> RestrictedExpression {
    match value {
        ClaimValue::Bool(value) => RestrictedExpression::new_bool(*value),
        _ => match value.number() {
            Some(number) => RestrictedExpression::new_long(number),
            None => RestrictedExpression::new_string(value.to_string()),
        },
    }
}

/// Errors come first: Cedar alone would skip a forbid that errs.
fn verdict(step: &StepGuards, response: &Response) -> GuardVerdict {
    let mut errors: Vec<String> = response.diagnostics().errors().map(error_text).collect();
    errors.sort();
    if !errors.is_empty() {
        return GuardVerdict::Error { text: errors.join(", ") };
    }
    if response.decision() == Decision::Allow {
        return GuardVerdict::Allowed;
    }
    let mut by: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
    by.sort();
    if by.is_empty() {
        let permits: Vec<&str> = step.permits.iter().map(|permit| permit.id.as_str()).collect();
        by.push(format!("no permit holds: {}", permits.join(", ")));
    }
    GuardVerdict::Refused { by }
}

/// Our own words: a reason that two readers compare must not change with Cedar's texts.
fn error_text(error: &AuthorizationError) -> String {
    let AuthorizationError::PolicyEvaluationError(error) = error;
    let what = match error.inner() {
        EvaluationError::IntegerOverflow(_) => "overflows",
        _ => "cannot be evaluated",
    };
    format!("guard `{}` {what}", error.policy_id())
}
