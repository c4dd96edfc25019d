//! The way back in a history: holders ask for their money, put tokens into escrow for cases old and new,
//! and a bank pays or does not.

use super::chain::Chain;
use super::town::first;
use super::{AMOUNT, BACK_MS, Decided, Does, History, MINUTE_MS};
use anyhow::{Context, Result, ensure};
use lockstep_types::CaseId;

/// Longer than any case lasts.
const OVER_MS: u64 = 26 * 60 * MINUTE_MS;
/// Most rounds in which everything comes to rest: each shows one deposit of a case.
const ROUNDS_MAX: usize = 40;

/// A holder's request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Redemption {
    place: usize,
    case: CaseId,
    cents: i64,
}

impl<C: Chain> History<C> {
    /// A holder asks for a redemption.
    pub(super) fn ask_back(&mut self) -> Result<()> {
        let place = self.place();
        let cents = if self.chance.one_in(3) { AMOUNT / 2 } else { AMOUNT };
        let case = self.town.redemption(place, cents)?;
        self.redemptions.push(Redemption { place, case, cents });
        Ok(())
    }

    /// A redemption from the request to the bank's word.
    pub(super) fn redeem(&mut self) -> Result<()> {
        self.ask_back()?;
        let Some(newest) = self.redemptions.last().copied() else { return Ok(()) };
        self.deposit_for(newest)?;
        self.show_for(newest)?;
        self.bank_acts_for(newest)
    }

    fn redemption(&mut self) -> Option<Redemption> {
        let newest = self.redemptions.len().saturating_sub(1);
        let any = self.chance.one_in(3).then(|| self.chance.place(self.redemptions.len()));
        self.redemptions.get(any.unwrap_or(newest)).copied()
    }

    /// Tokens go into escrow, whatever has become of the case; now and then other than it asks for.
    pub(super) fn deposit(&mut self) -> Result<()> {
        self.redemption().map_or(Ok(()), |redemption| self.deposit_for(redemption))
    }

    fn deposit_for(&mut self, Redemption { place, case, cents }: Redemption) -> Result<()> {
        let cents = if self.chance.one_in(4) { cents / 2 } else { cents };
        let (held, _) = self.town.held_and_deposited(place)?;
        if held < cents {
            return Ok(());
        }
        self.town.to_present(place)?;
        if let Err(code) = self.town.deposit(place, (case, cents))? {
            // What was begun earlier may have come onto the chain just before.
            let (held, _) = self.town.held_and_deposited(place)?;
            ensure!(held < cents, "a deposit is refused: {code}");
        }
        Ok(())
    }

    /// The observer shows what lies in escrow for a case.
    pub(super) fn show(&mut self) -> Result<()> {
        self.redemption().map_or(Ok(()), |redemption| self.show_for(redemption))
    }

    fn show_for(&mut self, Redemption { place, case, .. }: Redemption) -> Result<()> {
        if self.observer_away > 0 {
            return Ok(());
        }
        self.town.blocks(place)?;
        self.show_all(place, case)
    }

    fn show_all(&mut self, place: usize, case: CaseId) -> Result<()> {
        for seen in self.town.final_deposits(place, case)? {
            // Refused is what does not fit the open case, was shown before, or has to wait.
            let _ = self.town.show(place, (case, &seen))?;
        }
        Ok(())
    }

    /// Institutions do their part of a redemption, or refuse it.
    pub(super) fn bank_acts(&mut self) -> Result<()> {
        self.redemption().map_or(Ok(()), |redemption| self.bank_acts_for(redemption))
    }

    fn bank_acts_for(&mut self, Redemption { case, cents, .. }: Redemption) -> Result<()> {
        if self.chance.one_in(8) {
            let _ = self.town.refuse((case, "screen"))?;
            return Ok(());
        }
        let _ = self.town.clear(case)?;
        if self.chance.one_in(4) {
            let _ = self.town.refuse((case, "payout"))?;
            return Ok(());
        }
        let now = self.town.stage.now;
        if self.town.pay((case, cents, now))?.is_ok() {
            self.bank.push((now, -cents));
        }
        Ok(())
    }

    /// Whoever is owed tokens fetches them, now and then for nothing.
    pub(super) fn withdraw(&mut self) -> Result<()> {
        let place = self.place();
        self.town.to_present(place)?;
        match self.town.withdraw(place)? {
            Err(code) if code != "NothingToMove" => anyhow::bail!("what is owed is not paid: {code}"),
            _ => Ok(()),
        }
    }

    /// Cents on a place that the bank has paid for and no Gate has burned yet.
    pub(super) fn paid_for(&self, at: usize) -> Result<i64> {
        let place = self.town.places.get(at).context("no such place")?;
        let executed = place.watch.executed(place.chain.truth()?)?;
        let is_open = |decided: &&Decided| {
            decided.place == at
                && !executed.iter().any(|c| (c.case, c.ordinal) == (decided.case, decided.ordinal))
        };
        let cents = |decided: &Decided| match decided.does {
            Does::Burn(cents) => cents,
            _ => 0,
        };
        Ok(self.decided.iter().filter(is_open).map(cents).sum())
    }

    /// Banks say of what they have not paid that they will not; what is over ends; what is decided is
    /// executed and seen; what lies in escrow still is shown, until nothing new comes of it.
    pub(super) fn wind_up(&mut self) -> Result<()> {
        let redemptions = self.redemptions.clone();
        for Redemption { case, .. } in redemptions.iter().copied() {
            let _ = self.town.refuse((case, "payout"))?;
        }
        self.town.wait(OVER_MS);
        for round in 0..ROUNDS_MAX {
            let before = self.decided.len();
            self.town.tick()?;
            for Redemption { place, case, .. } in redemptions.iter().copied() {
                self.show_all(place, case)?;
            }
            self.decided.extend(self.town.unlocked()?);
            if round > 0 && self.decided.len() == before {
                break;
            }
            ensure!(round + 1 < ROUNDS_MAX, "deposits go round for ever");
            self.carry_out_all()?;
        }
        for place in 0..self.town.places.len() {
            self.town.to_present(place)?;
            let _ = self.town.withdraw(place)?;
            self.town.blocks(place)?;
        }
        Ok(())
    }

    fn carry_out_all(&mut self) -> Result<()> {
        let certificate = self.town.certify()?.clone();
        for place in 0..self.town.places.len() {
            self.town.to_present(place)?;
            self.bring(place, &certificate)?;
        }
        for which in 0..self.decided.len() {
            self.execute_one(which)?;
        }
        self.town.wait(MINUTE_MS);
        let at = self.town.stage.now.saturating_sub_ms(BACK_MS);
        for place in 0..self.town.places.len() {
            self.town.blocks(place)?;
            first(self.town.observe(place, at)??)?;
        }
        Ok(())
    }
}
