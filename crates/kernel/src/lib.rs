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
//! The case machine: the one place where records get their meaning.
//!
//! `decide` says whether something may happen, `apply` records that it has. The appender, every co-signer,
//! `fsck` and the verifier of a pack run this code and no other.

pub mod body;
pub mod command;
pub mod entry;
pub mod gate;
pub mod governance;
pub mod headroom;
pub mod outcome;
pub mod refusal;
pub mod replacement;
pub mod rules;
pub mod state;

mod apply;
mod compiled;
mod decide;
mod machine;
pub mod snapshot;
mod trust;
mod values;

pub use body::{Body, Genesis};
pub use command::{Command, Directory, Proposing, Request};
pub use entry::Entity;
pub use governance::Action;
pub use refusal::{Refusal, RefusalCode};
pub use rules::Rules;
pub use state::{Case, Kernel, Phase, RecordedFacts};

#[cfg(test)]
mod tests;
