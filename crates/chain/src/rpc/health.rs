//! When an endpoint that failed is asked again.

/// First pause after a failure.
pub const PAUSE_MS_MIN: u64 = 500;
/// Longest pause.
pub const PAUSE_MS_MAX: u64 = 60_000;

/// How an endpoint has done lately. Times are milliseconds of a clock that only goes forward.
#[derive(Debug, Default)]
pub struct Health {
    failures: u32,
    aside_until_ms: u64,
    why: String,
}

impl Health {
    /// Why it is left aside, and for how long still; nothing when it may be asked.
    #[must_use]
    pub fn aside(&self, now_ms: u64) -> Option<String> {
        let left_ms = self.aside_until_ms.saturating_sub(now_ms);
        let why = &self.why;
        (left_ms > 0).then(|| format!("is left aside for {left_ms} ms more: {why}"))
    }

    /// It failed: left aside, each time twice as long, never longer than [`PAUSE_MS_MAX`].
    pub fn failed(&mut self, now_ms: u64, why: &str) {
        let pause_ms = PAUSE_MS_MIN.checked_shl(self.failures).unwrap_or(PAUSE_MS_MAX);
        self.aside_until_ms = now_ms.saturating_add(pause_ms.min(PAUSE_MS_MAX));
        // 500 ms doubled seven times is more than the longest pause.
        self.failures = self.failures.saturating_add(1).min(8);
        why.clone_into(&mut self.why);
    }

    /// It answered.
    pub fn answered(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests;
