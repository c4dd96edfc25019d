//! The loosenings of a governance outcome: each waits at its Gate for a notice, in which a co-signer can
//! refuse it, and takes effect once somebody says so afterwards.

use super::{Found, Work};
use anyhow::{Context, Result};
use lockstep_chain::enforce::{self, Waiting};
use lockstep_chain::{Account, Domain, Receipt, Transaction};
use lockstep_kernel::gate::loosenings;
use lockstep_types::{Digest, Time};
use serde_json::{Value, json};

/// A loosening, and how it stands.
pub struct Loosened {
    change: Digest,
    end: End,
}

enum End {
    /// It took effect, by this transaction.
    Now(Receipt),
    /// Its notice runs, until this second of the chain.
    Waits(u64),
    /// A co-signer has refused it.
    Vetoed(Account),
    /// None of this name waits: it took effect before, or was given up.
    Gone,
}

impl Work<'_> {
    /// Lets what has waited long enough take effect.
    pub fn loosen(&mut self, found: &Found) -> Result<Vec<Loosened>> {
        let changes = loosenings(&found.body).into_iter();
        changes.map(|(place, change)| self.loosen_one(found, (place, change))).collect()
    }

    fn loosen_one(&mut self, found: &Found, (place, change): (usize, Digest)) -> Result<Loosened> {
        let gate = Account::from(found.body.gate.into_array());
        let block = self.rpc.latest()?;
        let end = match enforce::waiting(self.rpc, &block, (gate, &change))? {
            None => End::Gone,
            Some(Waiting { vetoed_by: Some(cosigner), .. }) => End::Vetoed(cosigner),
            Some(Waiting { effective_at, .. }) if block.timestamp < effective_at => End::Waits(effective_at),
            Some(_) => {
                let call = found.body.calls.get(place).context("no such call")?;
                let data = enforce::enact(&change, &call.data);
                let transaction = Transaction { from: self.from, to: Some(gate), data };
                let label = format!("enact {gate} {change}");
                End::Now(self.submitter.submit(&label, &transaction, self.until)?)
            }
        };
        Ok(Loosened { change, end })
    }
}

impl Loosened {
    /// For programs.
    pub fn json(&self) -> Value {
        let (status, at) = match &self.end {
            End::Now(_) => ("enacted", None),
            End::Waits(second) => ("waits", Some(second)),
            End::Vetoed(_) => ("vetoed", None),
            End::Gone => ("not-waiting", None),
        };
        let transaction = match &self.end {
            End::Now(receipt) => Some(receipt.transaction.to_string()),
            _ => None,
        };
        json!({
            "change": format!("0x{}", self.change), "effective_at_s": at, "status": status,
            "transaction": transaction,
        })
    }

    /// For people.
    pub fn line(&self) -> String {
        let change = self.change;
        match &self.end {
            End::Now(receipt) => {
                format!("   change 0x{change}: in effect since block {}", receipt.block.number)
            }
            End::Waits(second) => {
                let time = Time::from_ms(second.saturating_mul(1_000));
                let time = time.map_or_else(|_| format!("second {second}"), |time| time.to_string());
                format!(
                    "   change 0x{change}: waits for the Gate's notice until {time}; submit it again then"
                )
            }
            End::Vetoed(cosigner) => format!("   change 0x{change}: refused by co-signer {cosigner}"),
            End::Gone => {
                format!("   change 0x{change}: does not wait: it took effect before, or was given up")
            }
        }
    }
}
