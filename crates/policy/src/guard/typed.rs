//! The type check of guards that are in order, which nearly all are: a verifier makes it anew for every pack.
//!
//! Cedar's own entry point checks each guard against every step. A guard says nothing of steps outside its
//! scope, and what no guard reads changes no type, so neither is looked at here. Whoever hears *no* asks the
//! entry point for the faults.

use super::compile::{Checked, covering};
use super::reads::Reads;
use super::schema::schema;
use crate::model::Layout;
use cedar_policy_core::ast::Template;
use cedar_policy_core::extensions::Extensions;
use cedar_policy_core::validator::typecheck::{PolicyCheck, Typechecker};
use cedar_policy_core::validator::types::RequestEnv;
use cedar_policy_core::validator::{ValidationMode, Validator, ValidatorSchema, confusable_string_checks};

/// True when every guard is well typed at the steps it covers and can hold at one of them.
pub(super) fn without_faults(layout: &Layout, guards: &[Checked]) -> bool {
    let schema = schema(layout, &|step| Reads::of(&covering(step, guards)));
    let Ok(schema) = ValidatorSchema::from_json_value(schema, Extensions::all_available()) else {
        return false;
    };
    let checker = Typechecker::new(&schema, ValidationMode::Strict);
    let steps: Vec<RequestEnv<'_>> = schema.unlinked_request_envs(ValidationMode::Strict).collect();
    let sound = |one: &Checked| {
        let mut unknown = Validator::validate_entity_types_and_literals(&schema, template(one));
        if unknown.next().is_some() {
            return false;
        }
        let mut holds = false;
        for step in steps.iter().filter(|step| covers(one, step)) {
            match checker.typecheck_by_single_request_env(template(one), step) {
                PolicyCheck::Success(_) => holds = true,
                PolicyCheck::Irrelevant(faults, _) if faults.is_empty() => {}
                PolicyCheck::Irrelevant(..) | PolicyCheck::Fail(_) => return false,
            }
        }
        holds
    };
    guards.iter().all(sound) && confusable_string_checks(guards.iter().map(template)).next().is_none()
}

fn template(one: &Checked) -> &Template {
    one.guard.as_ref().template()
}

fn covers(guard: &Checked, step: &RequestEnv<'_>) -> bool {
    match step {
        RequestEnv::DeclaredAction { action, .. } => guard.seen.covers(action.eid().as_ref()),
        RequestEnv::UndeclaredAction => true,
    }
}

#[cfg(test)]
mod tests;
