//! Tokens that come back: holders who put them into escrow, a bank that pays or does not, an observer that
//! shows what lies there.

use super::{BENEFICIARY, Decided, Town, UNITS_PER_CENT, counted, decimal};
use crate::cast::{Said, texts};
use crate::chains::chain::Chain;
use anyhow::{Context, Result};
use lockstep_chain::contracts::{Escrow, Token};
use lockstep_chain::{Account, Deposit, decode, deposits, encode, units};
use lockstep_ledger::Tag;
use lockstep_node::replica;
use lockstep_store::stream;
use lockstep_types::{Address, CaseId, Digest, Time};

impl<C: Chain> Town<C> {
    /// A redemption of so many cents.
    ///
    /// # Errors
    /// The case cannot be opened.
    pub fn redemption(&mut self, place: usize, cents: i64) -> Result<CaseId> {
        let pen = self.pen();
        let params = texts(&[("amount", &decimal(cents)?), ("holder", BENEFICIARY)]);
        let policy = self.places.get(place).context("no such place")?.redeem;
        self.open(pen, (&policy, &params))
    }

    /// The holder puts tokens into escrow for a case, whatever has become of it.
    ///
    /// # Errors
    /// The outer: an amount that is none, or the chain is away. The inner names the contract's refusal.
    pub fn deposit(&mut self, place: usize, (case, cents): (CaseId, i64)) -> Result<Result<(), String>> {
        let (token, escrow) = self.escrow(place)?;
        let value = units(u64::try_from(cents.saturating_mul(UNITS_PER_CENT))?);
        let approve = encode(&Token::approveCall { spender: escrow, value });
        if let Err(code) = self.send_from(place, (holder()?, token), approve)? {
            return Ok(Err(code));
        }
        let deposit = Escrow::depositCall { caseId: case.0.into(), token, amount: value };
        self.send_from(place, (holder()?, escrow), encode(&deposit))
    }

    /// Deposits of a case that are final.
    ///
    /// # Errors
    /// The chain does not answer.
    pub fn final_deposits(&self, place: usize, case: CaseId) -> Result<Vec<Deposit>> {
        let (_, escrow) = self.escrow(place)?;
        let place = self.places.get(place).context("no such place")?;
        Ok(deposits(&place.chain, (escrow, place.watch.since), case)?)
    }

    /// The observer shows a deposit; the code of a refusal.
    ///
    /// # Errors
    /// The appender stops.
    pub fn show(&mut self, place: usize, (case, seen): (CaseId, &Deposit)) -> Result<Result<(), String>> {
        let cents = i64::try_from(seen.amount)?.div_euclid(UNITS_PER_CENT);
        let chain = self.places.get(place).context("no such place")?.chain.chain_id();
        let claims = [
            ("depositor", Address(seen.depositor.into_array()).to_string()),
            ("amount", decimal(cents)?),
            ("chain", format!("eip155:{chain}")),
            ("transaction", Digest(seen.transaction.0).to_string()),
            ("log", seen.index.to_string()),
            ("block", seen.block.number.to_string()),
            ("block_hash", Digest(seen.block.hash.0).to_string()),
        ];
        let claims: Vec<(&str, &str)> = claims.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let answer = self.take(case, "deposit", &claims)?;
        Ok(counted(answer)?.map(drop))
    }

    /// Screening and approval of a redemption; the code of a refusal.
    ///
    /// # Errors
    /// The appender stops.
    pub fn clear(&mut self, case: CaseId) -> Result<Result<(), String>> {
        let list = "09".repeat(32);
        let screen = [("provider", "Clear Screening"), ("hits", "0"), ("list", list.as_str())];
        for (step, claims) in [("screen", &screen[..]), ("approve", &[])] {
            let answer = self.take(case, step, claims)?;
            if let Err(code) = counted(answer)? {
                return Ok(Err(code));
            }
        }
        Ok(Ok(()))
    }

    /// The bank says that it has paid; the code of a refusal.
    ///
    /// # Errors
    /// The appender stops.
    pub fn pay(&mut self, (case, cents, booked): (CaseId, i64, Time)) -> Result<Result<(), String>> {
        self.payments += 1;
        let (amount, number, booked) = (decimal(cents)?, self.payments.to_string(), booked.to_string());
        let claims = [
            ("amount", amount.as_str()),
            ("servicer", "NORTHNO1"),
            ("account", "NO9386011117947"),
            ("servicer_ref", number.as_str()),
            ("entry_ref", "1"),
            ("creditor", "Jane Doe"),
            ("booked", "true"),
            ("booked_at", booked.as_str()),
        ];
        let answer = self.take(case, "payout", &claims)?;
        Ok(counted(answer)?.map(drop))
    }

    /// A party refuses its step; the code of a refusal.
    ///
    /// # Errors
    /// The appender stops.
    pub fn refuse(&mut self, (case, step): (CaseId, &str)) -> Result<Result<(), String>> {
        let pen = self.pen();
        let answer = self.say(pen, (case, step), &Said::Refused("no".to_owned()))?;
        Ok(counted(answer)?.map(drop))
    }

    /// What is due by now takes effect.
    ///
    /// # Errors
    /// The appender stops.
    pub fn tick(&mut self) -> Result<()> {
        self.stage.appender.submit(Vec::new(), self.stage.now)?;
        Ok(())
    }

    /// The outcomes that have come into the log since this was last asked.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn unlocked(&mut self) -> Result<Vec<Decided>> {
        let size = self.stage.appender.head().1;
        let replica = self.stage.appender.replica();
        let mut decided = Vec::new();
        for (index, stored) in (self.scanned..).zip(stream(&**replica.store(), self.scanned, size)) {
            let record = replica::record(index, &stored?)?;
            if record.tag() == Tag::Outcome {
                decided.push(Decided::of(&record, index, |chain| self.place_of(chain))?);
            }
        }
        self.scanned = size;
        Ok(decided)
    }

    /// Whoever is owed tokens fetches them.
    ///
    /// # Errors
    /// The outer: the chain is away. The inner names the contract's refusal.
    pub fn withdraw(&mut self, place: usize) -> Result<Result<(), String>> {
        let (token, escrow) = self.escrow(place)?;
        let call = encode(&Escrow::withdrawCall { account: holder()?, token });
        self.send_from(place, (holder()?, escrow), call)
    }

    /// Cents that an account has on a place's newest block.
    ///
    /// # Errors
    /// The token does not answer.
    pub fn tokens_of(&self, place: usize, account: Account) -> Result<i64> {
        let place = self.places.get(place).context("no such place")?;
        let call = encode(&Token::balanceOfCall { account });
        let answer = place.chain.truth()?.call(place.watch.token, &call)?;
        let units = decode::<Token::balanceOfCall>(&answer)?;
        Ok(i64::try_from(units)?.div_euclid(UNITS_PER_CENT))
    }

    /// Cents that the holder has, and that lie in the Escrow.
    ///
    /// # Errors
    /// The token does not answer.
    pub fn held_and_deposited(&self, place: usize) -> Result<(i64, i64)> {
        let (_, escrow) = self.escrow(place)?;
        Ok((self.tokens_of(place, holder()?)?, self.tokens_of(place, escrow)?))
    }

    /// Token and Escrow of a place: a Gate's first contract is its Escrow.
    fn escrow(&self, place: usize) -> Result<(Account, Account)> {
        let watch = self.places.get(place).context("no such place")?.watch;
        Ok((watch.token, watch.gate.create(1)))
    }

    /// The place of a chain.
    pub(super) fn place_of(&self, chain: u64) -> Option<usize> {
        self.places.iter().position(|place| place.chain.chain_id() == chain)
    }
}

fn holder() -> Result<Account> {
    BENEFICIARY.parse().context("the holder's address")
}
