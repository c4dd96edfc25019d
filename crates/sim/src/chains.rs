//! Random histories of one ledger over two chains, one seed each: customers' money that comes, money that a
//! custodian takes for theirs, cases that compete, tokens that come back for payouts that are made or fail,
//! certificates and outcomes brought late, twice and by anybody, chains that stand still and go back, an
//! observer that is away, an appender that restarts.
//!
//! After every step there are no more tokens on both chains, less those that are paid for already, than
//! dollars in the bank, and every token follows from a decided case, once. In the end every hold is settled,
//! every deposit is burned or returned, and the ledger counts what the chains show.

mod chain;
mod redeeming;
mod remote;
mod town;

pub use chain::Chain;
pub use remote::{Remote, program};
pub use town::{AMOUNT, Attested, Decided, Does, Place, Town, first};

use crate::sim::chance::Chance;
use anyhow::{Context, Result, ensure};
use lockstep_chain::DomainError;
use lockstep_ledger::Certificate;
use lockstep_node::Answer;
use lockstep_types::{CaseId, Time};
use redeeming::Redemption;
use std::collections::BTreeSet;

/// Steps of one history.
const STEPS: usize = 300;
/// Steps of one history on real chains.
const REMOTE_STEPS: usize = 60;
/// Kinds of steps on chains in this process, and on real ones.
const FAST: u64 = 38;
const SLOW: u64 = 56;
/// Outcomes that are brought at once.
const NEWEST: usize = 2;
/// Most times that a certificate is brought while others move the Anchor on.
const BRING_MAX: usize = 4;
/// Steps for which an observer who goes away stays there.
const AWAY_STEPS: u8 = 3;
/// Tells apart what befalls chains from what people do, in a history of one seed.
const FATE: u64 = 0x6661_7465;
/// Cents in the bank before the first customer: one case more could be issued than customers pay for.
const SURPLUS: i64 = AMOUNT + AMOUNT / 2;
const MINUTE_MS: u64 = 60_000;
/// How far an observer looks back, so that what it reads is final.
const BACK_MS: u64 = 20_000;

/// What happened in a history, or in several.
#[derive(Debug, Default, Clone, Copy)]
pub struct Trace {
    /// Cases decided.
    pub decided: u64,
    /// Approvals refused.
    pub refused: u64,
    /// Mints that are executed in the end.
    pub executed: u64,
    /// Outcomes that never will be.
    pub lapsed: u64,
    /// Deposits burned for a payout.
    pub burned: u64,
    /// Deposits returned.
    pub returned: u64,
    /// Blocks that a chain took back.
    pub taken_back: u64,
    /// What befell real chains, their endpoints, submitters, observers and the appender.
    pub faults: u64,
    /// Acts that came to nothing since a chain was away.
    pub in_vain: u64,
}

impl Trace {
    /// Adds what happened in another history.
    pub fn add(&mut self, other: &Self) {
        self.decided += other.decided;
        self.refused += other.refused;
        self.executed += other.executed;
        self.lapsed += other.lapsed;
        self.burned += other.burned;
        self.returned += other.returned;
        self.taken_back += other.taken_back;
        self.faults += other.faults;
        self.in_vain += other.in_vain;
    }
}

/// A history as it goes.
struct History<C> {
    town: Town<C>,
    chance: Chance,
    /// What befalls follows from the seed alone, whatever came of what people did.
    fate: Chance,
    observer_away: u8,
    /// Every booking: when, and cents.
    bank: Vec<(Time, i64)>,
    /// The time as of which both chains were read last.
    counted_at: Option<Time>,
    prepared: Vec<(usize, CaseId)>,
    redemptions: Vec<Redemption>,
    /// Every outcome there is.
    decided: Vec<Decided>,
    trace: Trace,
}

/// Plays the history of a seed on chains in this process.
///
/// # Errors
/// The seed, and the promise that was broken.
pub fn run(seed: u64) -> Result<Trace> {
    let replay = || format!("seed {seed}; again with: cargo xtask faults chains --runs 1 --seed {seed}");
    let town = Town::found(2).with_context(replay)?;
    History::begin(town, seed)?.play(STEPS).with_context(replay)
}

/// Plays the history of a seed on two real Anvils. The seed fixes what befalls them, and when; it does not
/// fix how long anything takes, so that a history may end in another way when it is played again.
///
/// # Errors
/// As [`run`]; Anvil is not installed.
pub fn run_remote(seed: u64) -> Result<Trace> {
    let replay = || format!("seed {seed}; again with: cargo xtask faults anvils --runs 1 --seed {seed}");
    let town = Town::found_on(2, Remote::start).with_context(replay)?;
    History::begin(town, seed)?.play(REMOTE_STEPS).with_context(replay)
}

impl<C: Chain> History<C> {
    fn begin(town: Town<C>, seed: u64) -> Result<Self> {
        Ok(Self {
            town,
            chance: Chance::new(seed),
            fate: Chance::new(seed ^ FATE),
            observer_away: 0,
            bank: vec![(Time::from_ms(0)?, SURPLUS)],
            counted_at: None,
            prepared: Vec::new(),
            redemptions: Vec::new(),
            decided: Vec::new(),
            trace: Trace::default(),
        })
    }

    fn play(mut self, steps: usize) -> Result<Trace> {
        for at in 0..steps {
            self.step().and_then(|()| self.check()).with_context(|| format!("step {at}"))?;
        }
        self.end()?;
        Ok(self.trace)
    }

    fn step(&mut self) -> Result<()> {
        self.befall()?;
        match self.act() {
            // Nobody has to be answered while something is wrong.
            Err(error) if self.is_ill() && comes_to_nothing(&error) => self.trace.in_vain += 1,
            acted => acted?,
        }
        self.decided.extend(self.town.unlocked()?);
        Ok(())
    }

    /// What befalls chains, the observer and the appender: it draws the same numbers whatever people did.
    fn befall(&mut self) -> Result<()> {
        if !C::IS_FAULTY {
            return Ok(());
        }
        let (restarts, goes_away) = (self.fate.one_in(15), self.fate.one_in(20));
        if restarts {
            self.town.restart()?;
        }
        self.observer_away = if goes_away { AWAY_STEPS } else { self.observer_away.saturating_sub(1) };
        self.trace.faults += u64::from(restarts) + u64::from(goes_away);
        for place in &mut self.town.places {
            self.trace.faults += u64::from(place.chain.befall(&mut self.fate)?);
        }
        Ok(())
    }

    fn is_ill(&self) -> bool {
        self.town.places.iter().any(|place| place.chain.is_ill())
    }

    fn act(&mut self) -> Result<()> {
        // What is slow is played in fewer steps, each of which goes further.
        match self.chance.below(if C::IS_FAULTY { SLOW } else { FAST }) {
            0..=2 => self.count(),
            3..=5 => self.prepare(),
            6..=8 => self.approve(),
            9..=11 => self.town.certify().map(drop),
            12..=15 => self.anchor(),
            16..=20 => self.execute(),
            21 => self.take_back(),
            22 => {
                let minutes =
                    if self.chance.one_in(4) { self.chance.below(45) } else { self.chance.below(3) };
                self.town.wait(minutes * MINUTE_MS);
                Ok(())
            }
            23 if self.chance.one_in(4) => self.town.restart(),
            23 => Ok(()),
            24 => self.ask_back(),
            25..=28 => self.deposit(),
            29..=32 => self.show(),
            33..=36 => self.bank_acts(),
            37 => self.withdraw(),
            38..=41 => self.issue(),
            42..=51 => self.carry_out(),
            _ => self.redeem(),
        }
    }

    /// A case from its payment to its approval.
    fn issue(&mut self) -> Result<()> {
        self.count()?;
        self.prepare()?;
        self.approve()
    }

    /// What is decided is certified, anchored and executed, the newest first.
    fn carry_out(&mut self) -> Result<()> {
        let certificate = self.town.certify()?.clone();
        for place in 0..self.town.places.len() {
            self.bring(place, &certificate)?;
        }
        for which in (0..self.decided.len()).rev().take(NEWEST) {
            self.execute_one(which)?;
        }
        Ok(())
    }

    fn in_bank(&self, at: Time) -> i64 {
        self.bank.iter().filter(|(booked, _)| *booked <= at).map(|(_, cents)| cents).sum()
    }

    fn place(&mut self) -> usize {
        self.chance.place(self.town.places.len())
    }

    /// Chains go on and are read, all as of one time; now and then one of them stands still.
    fn count(&mut self) -> Result<()> {
        self.town.wait(MINUTE_MS);
        if self.observer_away > 0 {
            return Ok(());
        }
        // Who looks at the very present sees nothing final, and has to wait.
        let back_ms = if C::IS_FAULTY && self.chance.one_in(4) { 0 } else { BACK_MS };
        let at = self.town.stage.now.saturating_sub_ms(back_ms);
        let still = self.chance.one_in(5).then(|| self.place());
        let mut all = true;
        for place in 0..self.town.places.len() {
            if still != Some(place) {
                self.town.blocks(place)?;
            }
            match self.town.observe(place, at)? {
                Ok(answer) => all &= matches!(answer, Answer::OnRecord(_)),
                Err(error) if error.passes() => all = false,
                Err(error) => return Err(error.into()),
            }
        }
        if all {
            self.counted_at = Some(at);
        }
        Ok(())
    }

    /// A customer's money comes and a case is prepared for it; or the custodian takes for it what was in the
    /// balance all along.
    fn prepare(&mut self) -> Result<()> {
        let Some(as_of) = self.counted_at else { return Ok(()) };
        let now = self.town.stage.now;
        let balance = (self.in_bank(as_of), as_of);
        if balance.0 < AMOUNT {
            // No auditor agrees to more than there was.
            return Ok(());
        }
        let booked_at = if self.chance.one_in(2) {
            as_of.saturating_sub_ms(60 * MINUTE_MS)
        } else {
            self.bank.push((now, AMOUNT));
            now
        };
        let place = self.place();
        let case = self.town.prepare(place, Attested { booked_at, balance })?;
        self.prepared.push((place, case));
        Ok(())
    }

    fn approve(&mut self) -> Result<()> {
        if self.prepared.is_empty() {
            return Ok(());
        }
        let which = self.chance.place(self.prepared.len());
        let (place, case) = self.prepared.swap_remove(which);
        match self.town.approve(place, case)? {
            Ok(_) => self.trace.decided += 1,
            Err(_) => self.trace.refused += 1,
        }
        Ok(())
    }

    /// Anybody brings any certificate to any Anchor; one that is not newer is no harm.
    fn anchor(&mut self) -> Result<()> {
        let place = self.place();
        let which = self.chance.place(self.town.certificates.len());
        let newest = self.town.certificates.len().saturating_sub(1);
        let which = if self.chance.one_in(3) { which } else { newest };
        let Some(certificate) = self.town.certificates.get(which).cloned() else { return Ok(()) };
        self.bring(place, &certificate)
    }

    /// Brings a certificate to an Anchor, again when the Anchor has moved on meanwhile.
    fn bring(&mut self, place: usize, certificate: &Certificate) -> Result<()> {
        for _ in 0..BRING_MAX {
            self.town.to_present(place)?;
            let before = self.town.anchored(place)?;
            let Err(code) = self.town.anchor(place, certificate)? else { return Ok(()) };
            ensure!(self.town.anchored(place)? != before, "an honest certificate is refused: {code}");
        }
        anyhow::bail!("an Anchor moves on for ever")
    }

    /// Anybody brings any outcome, whether or not it was brought before or is too late.
    fn execute(&mut self) -> Result<()> {
        let newest = self.decided.len().saturating_sub(1);
        let which = if self.chance.one_in(2) { newest } else { self.chance.place(self.decided.len()) };
        self.execute_one(which)
    }

    fn execute_one(&mut self, which: usize) -> Result<()> {
        let Some(decided) = self.decided.get(which) else { return Ok(()) };
        let size = self.town.anchored(decided.place)?;
        if size <= decided.index() {
            return Ok(());
        }
        self.town.to_present(decided.place)?;
        match self.town.execute(decided, size)? {
            Ok(()) => Ok(()),
            Err(code) if code == "AlreadyExecuted" || code == "Expired" => Ok(()),
            Err(code) => anyhow::bail!("a decided outcome is refused: {code}"),
        }
    }

    fn take_back(&mut self) -> Result<()> {
        let place = self.place();
        let count = 1 + self.chance.below(2);
        let Some(place) = self.town.places.get_mut(place) else { return Ok(()) };
        let newest = place.chain.latest()?.number;
        if newest >= count && place.chain.take_back(count).is_ok() {
            self.trace.taken_back += count;
        }
        Ok(())
    }

    /// What must hold at every moment.
    fn check(&self) -> Result<()> {
        if self.town.places.iter().any(|place| place.chain.truth().is_err()) {
            // Nobody knows now; what happened is seen when the chain is back.
            return Ok(());
        }
        let mut all = 0;
        for (at, place) in self.town.places.iter().enumerate() {
            let tokens = self.town.tokens(at)?;
            let mut expected = 0;
            for does in self.executed(at)? {
                expected += match does {
                    Does::Mint(cents) => cents,
                    Does::Burn(cents) => -cents,
                    Does::Refund(_) => 0,
                };
            }
            ensure!(tokens == expected, "{tokens} cents of tokens, {expected} follow from cases");
            let (held, deposited) = self.town.held_and_deposited(at)?;
            ensure!(held + deposited == tokens, "{held} and {deposited} cents on `{}`", place.domain);
            // What is paid for is to be burned, and nobody's claim any more.
            all += tokens - self.paid_for(at)?;
        }
        let bank = self.in_bank(self.town.stage.now);
        ensure!(all <= bank, "{all} cents of tokens on {bank} in the bank");
        Ok(())
    }

    /// What the outcomes do that are executed in a place: each is decided, and executed once.
    fn executed(&self, at: usize) -> Result<Vec<Does>> {
        let place = self.town.places.get(at).context("no such place")?;
        let executed = place.watch.executed(place.chain.truth()?)?;
        let distinct: BTreeSet<(CaseId, u32)> = executed.iter().map(|c| (c.case, c.ordinal)).collect();
        ensure!(distinct.len() == executed.len(), "an outcome is executed twice");
        let decided = |(case, ordinal): &(CaseId, u32)| {
            let is_it = |d: &&Decided| (d.case, d.ordinal, d.place) == (*case, *ordinal, at);
            self.decided
                .iter()
                .find(is_it)
                .map(|d| d.does)
                .context("a Gate executed what no case decided here")
        };
        distinct.iter().map(decided).collect()
    }

    /// Everything comes to rest: no hold stays, and the ledger counts what the chains show.
    fn end(&mut self) -> Result<()> {
        for place in &mut self.town.places {
            place.chain.come_to_rest()?;
        }
        self.observer_away = 0;
        self.wind_up()?;
        let mut tokens = 0;
        for place in 0..self.town.places.len() {
            let (held, deposited) = self.town.held_and_deposited(place)?;
            ensure!(deposited == 0, "{deposited} cents stay in escrow");
            tokens += held;
            for does in self.executed(place)? {
                match does {
                    Does::Mint(_) => self.trace.executed += 1,
                    Does::Burn(_) => self.trace.burned += 1,
                    Does::Refund(_) => self.trace.returned += 1,
                }
            }
        }
        self.check()?;
        let (held, supply) = self.town.counted()?;
        ensure!(held == 0, "{held} cents are held for ever");
        ensure!(supply == tokens, "the ledger counts {supply} cents, the chains show {tokens}");
        let mut open = self.town.stage.kernel().cases().filter(|(_, case)| !case.phase.is_closed());
        ensure!(open.next().is_none(), "a case stays open");
        self.trace.lapsed = self.trace.decided - self.trace.executed;
        Ok(())
    }
}

/// Whether an act failed for no other reason than that a chain is away.
fn comes_to_nothing(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<DomainError>();
    error.is_some_and(|error| error.passes() || matches!(error, DomainError::NotSent { .. }))
}

#[cfg(test)]
mod tests;
