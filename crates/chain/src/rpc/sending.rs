//! What has to be known to send a transaction, and handing it over.

use crate::domain::{Block, Domain, DomainError, Receipt, Transaction};
use crate::rpc::quorum::{agree, middle, reached};
use crate::rpc::wire::{Called, Landed};
use crate::rpc::{Rpc, effect};
use alloy_primitives::{Address, B256, Bytes};
use serde_json::{Value, json};

/// What is paid above the base fee where nodes do not say what is usual, in wei for a unit of gas.
const TIP_WEI: u128 = 1_000_000_000;

/// How a signed transaction was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// At least one endpoint has it, now or from before.
    Taken,
    /// None takes it; what they say.
    Refused(String),
}

fn call_of(transaction: &Transaction) -> Value {
    let Transaction { from, to, data } = transaction;
    match to {
        Some(to) => json!({ "data": data, "from": from, "to": to }),
        None => json!({ "data": data, "from": from }),
    }
}

impl Rpc {
    /// What would happen on top of this block; nothing is sent.
    ///
    /// # Errors
    /// [`DomainError::Reverted`], [`DomainError::Halted`]: it would take no effect.
    pub fn simulate(&self, block: &Block, transaction: &Transaction) -> Result<Bytes, DomainError> {
        effect(self.call_as(block, &call_of(transaction))?)
    }

    /// Gas that a transaction needs, by the middle endpoint: clients estimate differently. They estimate for
    /// the block to come, in which a contract may refuse what it takes on the newest one: at a later time.
    ///
    /// # Errors
    /// [`DomainError::NoQuorum`]; [`DomainError::Reverted`], [`DomainError::Halted`]: a quorum says that it
    /// will take no effect.
    pub fn gas(&self, transaction: &Transaction) -> Result<u64, DomainError> {
        const WHAT: &str = "how much gas it needs";
        let call = call_of(transaction);
        let heard = self.all(None, |peer| peer.gas(&call));
        let ended = heard.iter().map(|heard| heard.with(|gas| gas.as_ref().err().cloned()));
        let ended = agree(&self.question(WHAT), &ended.collect::<Vec<_>>(), Called::shown);
        if let Ok(ended) = ended {
            effect(ended.answer)?;
        }
        let units = heard.iter().map(|heard| heard.with(|gas| gas.as_ref().ok().copied()));
        let values = self.measured(WHAT, &units.collect::<Vec<_>>())?;
        Ok(middle(&values).unwrap_or(0))
    }

    /// What is paid above the base fee, by the middle endpoint.
    ///
    /// # Errors
    /// [`DomainError::NoQuorum`]: too few endpoints answer anything.
    pub fn tip(&self) -> Result<u128, DomainError> {
        let heard = self.all(None, |peer| match peer.tip() {
            Err(crate::rpc::ask::AskError::Refused(_)) => Ok(TIP_WEI),
            answer => answer,
        });
        self.measured("what is paid above the base fee", &heard)
            .map(|values| middle(&values).unwrap_or(TIP_WEI))
    }

    /// Transactions of an account in blocks up to this one.
    ///
    /// # Errors
    /// [`DomainError`]: no quorum says so.
    pub fn nonce(&self, block: &Block, of: Address) -> Result<u64, DomainError> {
        let heard = self.all(None, |peer| peer.nonce(of, block.hash));
        let question = self.question(format!("the transactions of `{of}` up to block {}", block.number));
        agree(&question, &heard, u64::to_string).map(|agreed| agreed.answer)
    }

    /// The code at an address after this block; empty where no contract stands.
    ///
    /// # Errors
    /// [`DomainError`]: no quorum says so.
    pub fn code(&self, block: &Block, of: Address) -> Result<Bytes, DomainError> {
        let heard = self.all(None, |peer| peer.code(of, block.hash));
        let question = self.question(format!("the code at `{of}` after block {}", block.number));
        agree(&question, &heard, |code| format!("{} bytes", code.len())).map(|agreed| agreed.answer)
    }

    /// Transactions of an account, with those that wait: as many as a quorum has seen.
    ///
    /// # Errors
    /// [`DomainError::NoQuorum`].
    pub fn nonce_pending(&self, of: Address) -> Result<u64, DomainError> {
        let heard = self.all(None, |peer| peer.nonce_pending(of));
        let values = self.measured("how many transactions wait", &heard)?;
        Ok(reached(&values, self.quorum).unwrap_or(0))
    }

    /// Answers that may differ; a quorum must have one.
    fn measured<T: Copy>(
        &self,
        what: &str,
        heard: &[crate::rpc::quorum::Heard<T>],
    ) -> Result<Vec<T>, DomainError> {
        let values: Vec<T> = heard.iter().filter_map(|heard| heard.answer.as_ref().ok().copied()).collect();
        if values.len() >= self.quorum {
            return Ok(values);
        }
        let silent = heard.iter().filter_map(|heard| Some((&heard.name, heard.answer.as_ref().err()?)));
        let said = silent.map(|(name, why)| format!("`{name}` {why}")).collect::<Vec<_>>().join("; ");
        let (what, expected, found) = (what.to_owned(), self.quorum, values.len());
        Err(DomainError::NoQuorum { what, expected, found, said })
    }

    /// What became of a transaction, by a quorum's word; nothing while it is in no block of the chain.
    ///
    /// # Errors
    /// [`DomainError`]: no quorum says so.
    pub fn landed(&self, transaction: B256) -> Result<Option<Landed>, DomainError> {
        let heard = self.all(None, |peer| peer.receipt(transaction));
        let shown = |landed: &Option<Landed>| match landed {
            Some(landed) => format!("it is in block {}, `{}`", landed.block.0, landed.block.1),
            None => "it is in no block".to_owned(),
        };
        let question = self.question(format!("transaction `{transaction}`"));
        let landed = agree(&question, &heard, shown)?.answer;
        match &landed {
            // A receipt of a block that was replaced is none.
            Some(found) if self.block(found.block.0)?.hash != found.block.1 => Ok(None),
            _ => Ok(landed),
        }
    }

    /// The receipt as the port gives it.
    pub(crate) fn receipt(&self, landed: Landed) -> Result<Receipt, DomainError> {
        let block = self.block(landed.block.0)?;
        let Landed { transaction, gas, created, logs, .. } = landed;
        Ok(Receipt { transaction, block, gas, created, logs })
    }

    /// Hands a signed transaction to all endpoints.
    pub fn broadcast(&self, transaction: B256, raw: &Bytes) -> Received {
        let heard = self.all(None, |peer| peer.broadcast(raw));
        let taken = heard.iter().any(|heard| match &heard.answer {
            Ok(hash) => *hash == transaction,
            Err(why) => {
                let why = why.to_lowercase();
                why.contains("already known")
                    || why.contains("already imported")
                    || why.contains("known transaction")
            }
        });
        if taken {
            return Received::Taken;
        }
        let said = heard.iter().map(|heard| match &heard.answer {
            Ok(hash) => format!("`{}` says it is `{hash}`", heard.name),
            Err(why) => format!("`{}` {why}", heard.name),
        });
        Received::Refused(said.collect::<Vec<_>>().join("; "))
    }

    /// Why a transaction that is in a block took no effect, as far as a repetition on top of it tells.
    pub(crate) fn why(&self, block: &Block, transaction: &Transaction) -> DomainError {
        match self.simulate(block, transaction) {
            Err(error @ (DomainError::Reverted { .. } | DomainError::Halted { .. })) => error,
            _ => DomainError::Halted { what: format!("it took no effect in block {}", block.number) },
        }
    }
}
