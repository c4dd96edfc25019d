//! The time that the demonstration runs by: this machine's clock, or that clock set back to the days of an
//! old file.

use crate::os;
use anyhow::Result;
use lockstep_types::Time;

/// A clock that may be set back by a fixed amount; it runs as fast as any other.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    back_ms: u64,
}

impl Clock {
    /// A clock that shows `start` now.
    pub fn starting_at(start: Time) -> Result<Self> {
        Ok(Self { back_ms: os::now()?.ms_since(start) })
    }

    /// What the clock shows.
    pub fn now(self) -> Result<Time> {
        Ok(os::now()?.saturating_sub_ms(self.back_ms))
    }

    /// True when it is not this machine's clock as it is.
    pub const fn is_simulated(self) -> bool {
        self.back_ms > 0
    }
}
