//! Measures, each beside a yardstick of the same run.

pub mod attest;
pub mod certify;
mod cosigners;
pub mod disk;
pub mod http;
pub mod memory;
pub mod mint;
pub mod pack;
pub mod peers;
pub mod rerun;
mod served;
pub mod soak;
pub mod storm;

use crate::measure::Measure;
use anyhow::{Result, bail};

/// Names that can be asked for, besides `all`.
pub const NAMES: [&str; 8] = ["attest", "http", "storm", "certify", "mint", "rerun", "pack", "memory"];
/// Those that only who asks by name gets: they take long, or need programs of others.
pub const BY_NAME: [&str; 2] = ["soak", "peers"];

/// How long `soak` lasts when nobody says, in minutes.
pub const SOAK_MINUTES: u32 = 60;

/// Takes measures and hands each to `show` as soon as it is there.
///
/// # Errors
/// An unknown name, or whatever stopped a measure.
pub fn run((name, minutes): (&str, u32), show: &mut dyn FnMut(Measure)) -> Result<()> {
    match name {
        "all" => NAMES.into_iter().try_for_each(|name| run((name, minutes), show)),
        "attest" => attest::run(show),
        "http" => http::run(show),
        "certify" => certify::run(show),
        "memory" => memory::run(show),
        "mint" => mint::run(show),
        "pack" => pack::run(show),
        "peers" => peers::run(show),
        "rerun" => rerun::run(show),
        "soak" => soak::run(minutes, show),
        "storm" => storm::run(show),
        _ => bail!(
            "there is no measure `{name}`: expected `all`, {}",
            NAMES.iter().chain(&BY_NAME).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// The value at or above which one in a hundred lies.
pub(crate) fn p99(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get((values.len() * 99) / 100).or_else(|| values.last()).copied().unwrap_or_default()
}

/// The middle value.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
