//! Brings transactions of one account onto a chain: tried out first, signed under one nonce, kept in a
//! journal, handed over, raised when they are stuck, brought again when a re-organisation drops them.

pub mod journal;
pub mod plan;

use crate::domain::{Block, Domain, DomainError, Receipt, Sends, Transaction};
use crate::rpc::{Landed, Received, Rpc};
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_primitives::{Address, B256, Signature, TxKind, U256};
use journal::{ATTEMPTS_MAX, Book, ENTRIES_MAX, Entry, Journal};
use lockstep_crypto::suite::{Message, PublicKey, Suite, normalise, verify};
use plan::{Fees, Price, Seen, Step, step};
use std::thread;
use std::time::{Duration, Instant};

/// Most gas of one transaction (EIP-7825).
pub const GAS_MAX: u64 = 1 << 24;

/// Whatever signs for an account on a chain.
pub trait SignHash {
    /// The account.
    fn account(&self) -> Address;

    /// r, s, v over a hash with secp256k1; low-s or not, v from 0 or 27 on. It is checked before it is used.
    ///
    /// # Errors
    /// Why it does not sign.
    fn sign_hash(&self, hash: &B256) -> Result<Vec<u8>, String>;
}

/// How long, and how much.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most that is offered for a unit of gas, in wei.
    pub fee_cap: u128,
    /// Blocks without a transaction after which it is offered for more.
    pub stuck_blocks: u64,
    /// Pause between two looks at the chain.
    pub pause: Duration,
    /// After this the caller is told that it takes longer; the journal goes on later.
    pub patience: Duration,
}

/// When a transaction counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Its receipt is in a block.
    Mined,
    /// Its receipt is in a final block.
    Final,
}

/// Why a transaction is not done.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The chain, or a contract: nothing was sent, or what was sent took no effect.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// The chain asks for more than the operator gives.
    #[error("the chain asks for {base} wei for a unit of gas, the cap is {cap}")]
    FeeCap {
        /// Base fee of the newest block.
        base: u128,
        /// The operator's cap.
        cap: u128,
    },
    /// More gas than any transaction may use.
    #[error("it needs {gas} units of gas, expected at most {GAS_MAX}")]
    Gas {
        /// What the endpoints estimate.
        gas: u64,
    },
    /// The journal, which must be whole before anything is sent.
    #[error("the journal of `{account}` cannot be used: {what}")]
    Journal {
        /// The account.
        account: Address,
        /// What is wrong.
        what: String,
    },
    /// Too many transactions of the account are not final yet.
    #[error(
        "{ENTRIES_MAX} transactions of `{account}` wait to be final: nothing more is sent until some are"
    )]
    Full {
        /// The account.
        account: Address,
    },
    /// The signer failed, or signed something else.
    #[error("no signature of `{account}`: {what}")]
    Signer {
        /// The account.
        account: Address,
        /// What is wrong.
        what: String,
    },
    /// No endpoint takes the transaction; it stays in the journal, under its nonce.
    #[error("no endpoint takes transaction `{transaction}` of nonce {nonce}: {said}")]
    Refused {
        /// The transaction.
        transaction: B256,
        /// Its nonce.
        nonce: u64,
        /// Endpoint by endpoint.
        said: String,
    },
    /// Another transaction of the account has the nonce, in a final block: the key is in use elsewhere.
    #[error("nonce {nonce} of `{account}` was used by another transaction: the key is in use elsewhere")]
    Overtaken {
        /// The account.
        account: Address,
        /// The nonce.
        nonce: u64,
    },
    /// It takes longer. The journal has it, so that asking for the same again goes on with it.
    #[error("transaction `{transaction}` is not {wanted} after {} s: {what}", waited.as_secs())]
    NotYet {
        /// Its present attempt.
        transaction: B256,
        /// Its nonce.
        nonce: u64,
        /// `mined` or `final`.
        wanted: &'static str,
        /// How long was waited.
        waited: Duration,
        /// What is known of it.
        what: String,
    },
}

/// Sends transactions of one account to one chain.
pub struct Submitter<'a> {
    rpc: &'a Rpc,
    signer: &'a dyn SignHash,
    journal: &'a mut dyn Journal,
    limits: Limits,
    book: Book,
    /// What endpoints said when they did not take what was handed over last.
    refused: Option<String>,
}

impl<'a> Submitter<'a> {
    /// Reads the journal; nothing is sent yet.
    ///
    /// # Errors
    /// [`SubmitError::Journal`].
    pub fn open(
        (rpc, signer): (&'a Rpc, &'a dyn SignHash),
        journal: &'a mut dyn Journal,
        limits: Limits,
    ) -> Result<Self, SubmitError> {
        let account = signer.account();
        let book = Book::read(journal, rpc.chain_id(), account);
        let book = book.map_err(|what| SubmitError::Journal { account, what })?;
        Ok(Self { rpc, signer, journal, limits, book, refused: None })
    }

    /// The transactions that are not final.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.book.entries
    }

    /// Whether a transaction with this label is on its way, or in a block that is not final.
    #[must_use]
    pub fn has(&self, label: &str) -> bool {
        self.book.entries.iter().any(|entry| !label.is_empty() && entry.label == label)
    }

    /// The nonce that the next transaction gets, as of this block: after all that are in blocks, that wait,
    /// or that the journal knows.
    ///
    /// # Errors
    /// [`DomainError`]: no quorum says what the account has sent.
    pub fn nonce_next(&self, block: &Block) -> Result<u64, DomainError> {
        let account = self.signer.account();
        let mined = self.rpc.nonce(block, account)?;
        Ok(mined.max(self.rpc.nonce_pending(account)?).max(self.book.nonce_next()))
    }

    /// Brings a transaction onto the chain and waits for it. Where one with this label is on its way already,
    /// that one is waited for, and nothing more is sent.
    ///
    /// # Errors
    /// [`SubmitError`]; a contract's refusal is [`SubmitError::Domain`], and nothing was sent then.
    pub fn submit(
        &mut self,
        label: &str,
        transaction: &Transaction,
        until: Until,
    ) -> Result<Receipt, SubmitError> {
        let account = self.signer.account();
        if transaction.from != account {
            return Err(DomainError::NoKey { from: transaction.from }.into());
        }
        // What was sent before is looked after first: a crash may have come before it was handed over.
        let known = self.book.entries.iter().find(|entry| !label.is_empty() && entry.label == label);
        let known = known.map(|entry| entry.transaction.nonce);
        let steps = self.look_after()?;
        let Some(nonce) = known else {
            // What is tried out stands on what was begun before it.
            for (earlier, step) in steps {
                if matches!(step, Step::Raise(_) | Step::HandOver) {
                    self.wait(earlier, Until::Mined)?;
                }
            }
            let nonce = self.begin(label, transaction)?;
            let landed = self.wait(nonce, until)?;
            return self.done(nonce, transaction, landed);
        };
        let landed = match steps.into_iter().find(|(of, _)| *of == nonce) {
            Some((_, Step::Final(landed))) => landed,
            _ => self.wait(nonce, until)?,
        };
        self.done(nonce, transaction, landed)
    }

    /// Tries a transaction out, signs it under the next nonce, keeps it, hands it over.
    fn begin(&mut self, label: &str, transaction: &Transaction) -> Result<u64, SubmitError> {
        let account = self.signer.account();
        if self.book.entries.len() >= ENTRIES_MAX {
            return Err(SubmitError::Full { account });
        }
        let newest = self.rpc.newest()?;
        self.rpc.simulate(&newest.block, transaction)?;
        let gas = self.rpc.gas(transaction)?;
        if gas > GAS_MAX {
            return Err(SubmitError::Gas { gas });
        }
        let price = Price { base: newest.base_fee, tip: self.rpc.tip()? };
        let cap = self.limits.fee_cap;
        let fees = Fees::first(price, cap).ok_or(SubmitError::FeeCap { base: price.base, cap })?;
        let nonce = self.nonce_next(&newest.block)?;
        let unsigned = TxEip1559 {
            chain_id: self.rpc.chain_id(),
            nonce,
            // What other transactions do before this one may cost it a little more.
            gas_limit: gas.saturating_add(gas / 4).min(GAS_MAX),
            max_fee_per_gas: fees.most,
            max_priority_fee_per_gas: fees.tip,
            to: transaction.to.map_or(TxKind::Create, TxKind::Call),
            value: U256::ZERO,
            input: transaction.data.clone(),
            ..TxEip1559::default()
        };
        let (attempts, since) = (Vec::new(), newest.block.number);
        let (signature, label) = (self.sign(&unsigned)?, label.to_owned());
        let mut entry = Entry { label, transaction: unsigned, signature, attempts, since };
        entry.attempts.push(entry.signed().0);
        self.book.entries.push(entry);
        // INVARIANT: kept before it leaves.
        self.keep()?;
        self.hand_over(nonce)?;
        Ok(nonce)
    }

    fn sign(&self, transaction: &TxEip1559) -> Result<Signature, SubmitError> {
        let account = self.signer.account();
        let wrong = |what: String| SubmitError::Signer { account, what };
        let hash = transaction.signature_hash();
        let raw = self.signer.sign_hash(&hash).map_err(wrong)?;
        let signature = normalise(Suite::Eip712, &raw).map_err(|error| wrong(error.to_string()))?;
        let key =
            PublicKey::new(Suite::Eip712, account.as_slice()).map_err(|error| wrong(error.to_string()))?;
        verify(&key, Message::Hash(&hash.0), &signature).map_err(|error| wrong(error.to_string()))?;
        Signature::from_raw(&signature).map_err(|error| wrong(error.to_string()))
    }

    fn keep(&mut self) -> Result<(), SubmitError> {
        self.book.settled = self.rpc.settled().or(self.book.settled);
        let account = self.signer.account();
        self.book.write(self.journal).map_err(|what| SubmitError::Journal { account, what })
    }

    fn hand_over(&mut self, nonce: u64) -> Result<(), SubmitError> {
        let mut entries = self.book.entries.iter();
        let Some(entry) = entries.find(|entry| entry.transaction.nonce == nonce) else { return Ok(()) };
        let (transaction, raw) = entry.signed();
        match self.rpc.broadcast(transaction, &raw) {
            Received::Taken => {
                self.refused = None;
                Ok(())
            }
            Received::Refused(said) => {
                self.refused = Some(said.clone());
                Err(SubmitError::Refused { transaction, nonce, said })
            }
        }
    }

    /// Looks at the chain once, and does what is due for every transaction in the journal: by nonce.
    fn look_after(&mut self) -> Result<Vec<(u64, Step)>, SubmitError> {
        let mut steps = Vec::new();
        if self.book.entries.is_empty() {
            return Ok(steps);
        }
        let seen = self.look()?;
        for entry in self.book.entries.clone() {
            let landed = self.landed(&entry)?;
            let seen = Seen { landed, ..seen.clone() };
            let nonce = entry.transaction.nonce;
            let step = step(&entry.waiting(), &seen, (self.limits.stuck_blocks, self.limits.fee_cap));
            match &step {
                Step::Final(_) | Step::Overtaken => {
                    self.book.entries.retain(|entry| entry.transaction.nonce != nonce);
                    self.keep()?;
                }
                Step::Mined(_) => {}
                Step::Raise(fees) if entry.attempts.len() < ATTEMPTS_MAX => {
                    self.raise(nonce, (*fees, seen.newest))?;
                    // Refused by all: the one before may have landed meanwhile, the next look tells.
                    drop(self.hand_over(nonce));
                }
                Step::Raise(_) | Step::HandOver => drop(self.hand_over(nonce)),
            }
            steps.push((nonce, step));
        }
        Ok(steps)
    }

    fn look(&self) -> Result<Seen, SubmitError> {
        let account = self.signer.account();
        let newest = self.rpc.newest()?;
        let finalized = self.rpc.finalized()?;
        let price = Price { base: newest.base_fee, tip: self.rpc.tip()? };
        let nonce = self.rpc.nonce(&newest.block, account)?;
        // Nodes that have thrown the state of the final block away leave this open.
        let nonce_final = self.rpc.nonce(&finalized, account).ok();
        let (newest, finalized) = (newest.block.number, finalized.number);
        Ok(Seen { newest, finalized, nonce, nonce_final, price, landed: None })
    }

    fn landed(&self, entry: &Entry) -> Result<Option<Landed>, DomainError> {
        for attempt in entry.attempts.iter().rev() {
            if let Some(landed) = self.rpc.landed(*attempt)? {
                return Ok(Some(landed));
            }
        }
        Ok(None)
    }

    fn raise(&mut self, nonce: u64, (fees, newest): (Fees, u64)) -> Result<(), SubmitError> {
        let found = self.book.entries.iter().find(|entry| entry.transaction.nonce == nonce);
        let Some(mut entry) = found.cloned() else { return Ok(()) };
        entry.transaction.max_fee_per_gas = fees.most;
        entry.transaction.max_priority_fee_per_gas = fees.tip;
        entry.signature = self.sign(&entry.transaction)?;
        entry.attempts.push(entry.signed().0);
        entry.since = newest;
        for place in &mut self.book.entries {
            if place.transaction.nonce == nonce {
                *place = entry.clone();
            }
        }
        self.keep()
    }

    /// Looks after everything until the transaction of this nonce is in a block, or in a final one. One that
    /// took no effect is not waited for any longer.
    fn wait(&mut self, nonce: u64, until: Until) -> Result<Landed, SubmitError> {
        let (begun, account) = (Instant::now(), self.signer.account());
        loop {
            let present = self.book.entries.iter().find(|entry| entry.transaction.nonce == nonce);
            let attempt = present.map(|entry| entry.signed().0).unwrap_or_default();
            let what = match self.look_after() {
                Ok(steps) => match steps.into_iter().find(|(of, _)| *of == nonce).map(|(_, step)| step) {
                    Some(Step::Final(landed)) => return Ok(landed),
                    Some(Step::Mined(landed)) if until == Until::Mined || !landed.succeeded => {
                        return Ok(landed);
                    }
                    Some(Step::Mined(landed)) => format!("it is in block {}", landed.block.0),
                    Some(Step::Overtaken) | None => return Err(SubmitError::Overtaken { account, nonce }),
                    Some(Step::Raise(_) | Step::HandOver) => match &self.refused {
                        Some(said) => format!("it is in no block, and {said}"),
                        None => "it is in no block".to_owned(),
                    },
                },
                // Endpoints that are away or in the middle of a re-organisation are asked again.
                Err(SubmitError::Domain(error)) if error.passes() => error.to_string(),
                Err(error) => return Err(error),
            };
            if begun.elapsed() >= self.limits.patience {
                let (waited, wanted) = (self.limits.patience, until.wanted());
                return Err(SubmitError::NotYet { transaction: attempt, nonce, wanted, waited, what });
            }
            thread::sleep(self.limits.pause);
        }
    }

    fn done(
        &mut self,
        nonce: u64,
        transaction: &Transaction,
        landed: Landed,
    ) -> Result<Receipt, SubmitError> {
        if landed.succeeded {
            return Ok(self.rpc.receipt(landed)?);
        }
        // It is looked after until it is final, and stands in nobody's way: the same may be tried again.
        for entry in &mut self.book.entries {
            if entry.transaction.nonce == nonce {
                entry.label.clear();
            }
        }
        self.keep()?;
        let block = self.rpc.block(landed.block.0)?;
        Err(self.rpc.why(&block, transaction).into())
    }
}

impl Until {
    const fn wanted(self) -> &'static str {
        match self {
            Self::Mined => "mined",
            Self::Final => "final",
        }
    }
}

impl Sends for Submitter<'_> {
    fn send(&mut self, transaction: &Transaction) -> Result<Receipt, DomainError> {
        self.submit("", transaction, Until::Mined).map_err(|error| match error {
            SubmitError::Domain(error) => error,
            other => DomainError::NotSent { what: other.to_string() },
        })
    }
}
