//! One line of an answer: a measure, what it is compared with, and whether its goal is met.

use serde::Serialize;

/// A measure. Bare times mean little on a machine that others use, so each names a yardstick of the same run.
#[derive(Debug, Clone, Serialize)]
pub struct Measure {
    /// Its name.
    pub measure: String,
    /// Its value, in its unit.
    pub value: f64,
    /// The unit.
    pub unit: String,
    /// What it is compared with, measured in the same run.
    pub yardstick: String,
    /// Value by yardstick; none where the goal is not a ratio.
    pub ratio: Option<f64>,
    /// What it should reach.
    pub goal: String,
    /// Whether it does.
    pub met: bool,
}

impl Measure {
    /// The line as people read it.
    #[must_use]
    pub fn row(&self) -> String {
        let Self { measure, value, unit, yardstick, ratio, goal, met } = self;
        let ratio = ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.3}"));
        let verdict = if *met { "met" } else { "NOT MET" };
        format!(
            "{measure:<24} {value:>12.3} {unit:<18} ratio {ratio:>7} to {yardstick} | goal {goal}: {verdict}"
        )
    }
}
