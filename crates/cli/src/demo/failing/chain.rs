//! Past the Gate: what those who put the contracts there, and those who bring outcomes, cannot do.

use super::super::coin::{self, DEPLOYER, GUARDIAN, Place, SUBMITTER};
use super::super::enforce::{Enforced, submission};
use super::super::story::Story;
use super::super::world::World;
use super::{Tried, found};
use anyhow::{Context, Result};
use lockstep_chain::contracts::{Gate, Token};
use lockstep_chain::{Account, encode, enforce as calls};
use lockstep_ledger::{Certificate, Checkpoint};

/// Longer than a guardian may pause.
const YEAR_S: u64 = 365 * 86_400;

/// A call that must be refused.
struct Attempt {
    title: &'static str,
    tried: &'static str,
    expected: &'static str,
    /// Who calls what.
    between: (Account, Account),
    call: Vec<u8>,
}

/// Plays them.
pub fn play_all(world: &mut World, story: &mut Story, enforced: &Enforced) -> Result<()> {
    let lockstep_chain::Watch { token, gate, .. } = world.coin()?.watch;
    let mint = Token::mintCall { to: DEPLOYER, amount: lockstep_chain::units(1_000_000) };
    let grant = Token::grantRoleCall { role: lockstep_chain::role("MINTER_ROLE"), account: DEPLOYER };
    let permit = Gate::permitCall { target: token, selector: [0; 4].into(), line: [0; 32].into() };
    let until = world.now()?.seconds_round_down().saturating_add(YEAR_S);
    let pause = Gate::pauseCall { until: lockstep_chain::seconds(until) };
    let attempts = [
        Attempt {
            title: "the deployer mints past the Gate",
            tried: "whoever put the token there calls `mint`",
            expected: "AccessControlUnauthorizedAccount",
            between: (DEPLOYER, token),
            call: encode(&mint),
        },
        Attempt {
            title: "the deployer makes itself a minter",
            tried: "it calls `grantRole` on the token that was its own",
            expected: "AccessControlUnauthorizedAccount",
            between: (DEPLOYER, token),
            call: encode(&grant),
        },
        Attempt {
            title: "the deployer loosens the Gate",
            tried: "it permits a call of its choice",
            expected: "OnlyItself",
            between: (DEPLOYER, gate),
            call: encode(&permit),
        },
        Attempt {
            title: "the guardian pauses for a year",
            tried: "seven days are the most",
            expected: "PauseTooLong",
            between: (GUARDIAN, gate),
            call: encode(&pause),
        },
        Attempt {
            title: "the same outcome brought twice",
            tried: "anybody sends the very call that minted once more",
            expected: "AlreadyExecuted",
            between: (SUBMITTER, gate),
            call: enforced.call.clone(),
        },
    ];
    for Attempt { title, tried, expected, between, call } in attempts {
        let now = world.now()?;
        let answer = coin::told(world.coin()?.send(now, between, call));
        found(story, Tried { title, tried: tried.to_owned(), expected }, answer);
    }
    play_too_few(world, story)
}

/// A head that two of four co-signers signed, one signature fewer than it needs.
fn play_too_few(world: &mut World, story: &mut Story) -> Result<()> {
    let full = world.certificate()?.clone();
    let committee = world.kernel().committee().context("no committee")?.clone();
    let fewer = usize::from(committee.threshold()).saturating_sub(1);
    let signatures: Vec<_> = full.signatures.iter().take(fewer).copied().collect();
    let checkpoint = Checkpoint { epoch: full.epoch, ledger: full.ledger, root: full.root, size: full.size };
    let short = Certificate::assemble(&checkpoint, &committee, &signatures);
    let (now, anchor) = (world.now()?, world.coin()?.anchor);
    let answer =
        coin::told(world.coin()?.send(now, (SUBMITTER, anchor), calls::submit(&short, &[]).to_vec()));
    let tried = Tried {
        title: "a head with too few signatures",
        tried: format!(
            "{fewer} of {} co-signers signed the head that is brought to the Anchor",
            committee.members().len()
        ),
        expected: "TooFew",
    };
    found(story, tried, answer);
    let whole = submission(world, Place::Home)?;
    world.coin()?.submit(now, whole).context("the whole certificate is refused too")?;
    Ok(())
}
