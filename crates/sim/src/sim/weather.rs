//! Which faults one run has. With all of them at once most runs certify little, and what only a long history
//! shows is never reached; so each seed has some, and some seeds have none.

use super::chance::Chance;

/// The kinds of faults, each there or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each kind of fault is there or not, whatever the others are"
)]
pub struct Weather {
    /// Processes end between two steps.
    pub crashes: bool,
    /// Stores and memories fail.
    pub ports_fail: bool,
    /// Clocks jump.
    pub clocks_jump: bool,
    /// The appender lies to a co-signer.
    pub lies: bool,
    /// Co-signers are away for an hour.
    pub absences: bool,
    /// Old copies are put in the place of a store.
    pub old_copies: bool,
    /// Messages are lost or come twice.
    pub wire_fails: bool,
}

impl Weather {
    /// No faults; messages are still late and overtake one another.
    pub const CALM: Self = Self {
        crashes: false,
        ports_fail: false,
        clocks_jump: false,
        lies: false,
        absences: false,
        old_copies: false,
        wire_fails: false,
    };

    /// Each kind in two of three runs.
    pub fn draw(chance: &mut Chance) -> Self {
        let mut there = || !chance.one_in(3);
        Self {
            crashes: there(),
            ports_fail: there(),
            clocks_jump: there(),
            lies: there(),
            absences: there(),
            old_copies: there(),
            wire_fails: there(),
        }
    }
}
