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
//! Evidence packs: one file about one case, which anybody can re-check without a network (specs/pack.md).
//!
//! [`build`] takes from a ledger what matters to one case; [`verify()`] re-runs the machine over it and says
//! *verified*, *failed* or *cannot tell*, and on whom the answer rests. Nothing here reads a file or a clock.

mod encoding;
mod entries;
mod showing;

pub mod build;
pub mod pack;
pub mod report;
pub mod topic;
pub mod trust;
pub mod verify;

pub use build::{BuildError, LedgerReader, Made, MapAnswer, Options, Unreadable, build};
pub use pack::{Pack, PackedBody, PackedCommand, PackedGroup, PackedRecord};
pub use report::{Failure, Flag, Missing, Reliance, Report, Rule, StepFact, Verdict};
pub use topic::{Topic, topics_of};
pub use trust::{Trust, TrustError};
pub use verify::verify;
