//! Policies: which steps a process has, who takes them, in which order, under which conditions, and what they
//! unlock (`specs/policy.md`).
//!
//! A policy is two files. `policy.toml`, the layout, says what the process is; `guards.cedar` says on which
//! conditions a step may be taken. This crate reads, checks, explains, draws and evaluates them. It knows no
//! ledger, no signature and no clock.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::todo,
        clippy::as_conversions,
        clippy::float_arithmetic
    )
)]

pub mod audience;
mod check;
pub mod claim;
mod draw;
mod duration;
mod explain;
pub mod finding;
pub mod gate;
pub mod guard;
mod layout;
pub mod model;
mod order;
pub mod policy;
pub mod scenario;

pub use audience::{Audience, Grant, Granted, View};
pub use claim::{ClaimError, ClaimKind, ClaimValue, ListValue};
pub use draw::draw;
pub use explain::explain;
pub use finding::Finding;
pub use gate::{Counted, GateSetup, LineSetup, Wanted, WantedError};
pub use guard::{GuardInput, GuardText, GuardVerdict};
pub use model::{
    AbiType, Arg, Call, ClaimDecl, ClaimRef, Domain, Expiry, Fresh, Hold, Layout, List, ListKind, Outcome,
    Param, Reading, ReadingKind, Role, SingleUse, Step, Target,
};
pub use policy::Policy;
pub use scenario::{Act, Expect, Said, Scenario, ScenarioParty, Scenarios, What};
