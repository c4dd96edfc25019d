//! Guards: the conditions on a step, in the frozen subset `cedar-1` (`specs/guards.md`).

mod compile;
mod evaluate;
mod reads;
mod schema;
mod split;
mod subset;
mod typed;
mod words;

pub(crate) use compile::compile;
pub(crate) use evaluate::Guards;

use crate::claim::{ClaimValue, ListValue};
use lockstep_types::{LedgerId, Lei, Name};
use std::collections::{BTreeMap, BTreeSet};

/// What the guards of one step are evaluated over. `None` stands for a value that is withheld or erased.
#[derive(Clone, Copy)]
pub struct GuardInput<'a> {
    /// The roles that the party holds.
    pub roles: &'a BTreeSet<Name>,
    /// The party that takes the step.
    pub party: Lei,
    /// The step.
    pub step: &'a Name,
    /// The parameters of the case.
    pub params: &'a BTreeMap<Name, Option<ClaimValue>>,
    /// The claims that the party makes.
    pub claims: &'a BTreeMap<Name, Option<ClaimValue>>,
    /// The claims of every step that must be done before this one.
    pub earlier: &'a BTreeMap<Name, BTreeMap<Name, Option<ClaimValue>>>,
    /// A list that governance has adopted; it is asked for those that guards read.
    pub list: &'a dyn Fn(&Name) -> Option<ListValue>,
    /// The ledger; guards read its hexadecimal text as `context.ledger`.
    pub ledger: LedgerId,
}

/// One guard over a step, for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GuardText {
    /// Its id: what a refusal names.
    pub id: String,
    /// Its conditions in English; `None` when its scope is all it asks.
    pub words: Option<String>,
}

/// What the guards of a step answer. Only [`GuardVerdict::Allowed`] lets the step count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuardVerdict {
    /// A permit holds, no forbid does, and none failed to evaluate.
    Allowed,
    /// A forbid holds, or no permit does.
    Refused {
        /// The guards that decided, by id and in order; for want of a permit, one text that begins `no
        /// permit`.
        by: Vec<String>,
    },
    /// A guard could not be evaluated (an overflow, a missing value): a refusal.
    Error {
        /// Which guard and why.
        text: String,
    },
    /// A value that the step's guards mention is withheld: nothing can be said.
    Unknown {
        /// The paths of those values, as guards write them, in order.
        withheld: Vec<String>,
    },
}

#[cfg(test)]
mod tests;
