//! Accounts that sign, and journals that outlive the process that sends.

use super::Remote;
use anyhow::{Context, Result};
use lockstep_chain::submit::{Limits, SignHash, SubmitError, Until};
use lockstep_chain::{Account, DomainError, Hash, Receipt, Submitter, Transaction};
use lockstep_crypto::secret::SecretKey;
use lockstep_crypto::suite::{Message, Suite};
use std::time::Duration;

/// Secrets of the first accounts that every development chain is rich in: Foundry and Hardhat publish them.
const SECRETS: [&str; 3] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
];
/// Wei for a unit of gas: more than a development chain ever asks for.
const FEE_CAP: u128 = 500_000_000_000;
/// While all is well, whatever is sent is in a block after that, or something is wrong here.
const PATIENT: Limits = Limits {
    fee_cap: FEE_CAP,
    stuck_blocks: 3,
    pause: Duration::from_millis(2),
    patience: Duration::from_secs(30),
};
/// While something is wrong, nobody waits for long.
const HASTY: Limits = Limits { patience: Duration::from_millis(40), ..PATIENT };

/// A key in this process.
pub struct Key(SecretKey);

impl Key {
    /// The key of an account.
    pub fn of(account: Account) -> Result<Self> {
        for secret in SECRETS {
            let secret: Hash = secret.parse().context("a secret")?;
            let key = Self(SecretKey::from_bytes(Suite::Eip712, &secret.0)?);
            if key.account() == account {
                return Ok(key);
            }
        }
        anyhow::bail!("nobody here signs for `{account}`")
    }
}

impl SignHash for Key {
    fn account(&self) -> Account {
        self.0.public().address().map(|address| Account::from(address.0)).unwrap_or_default()
    }

    fn sign_hash(&self, hash: &Hash) -> Result<Vec<u8>, String> {
        self.0.sign(Message::Hash(&hash.0)).map_err(|error| error.to_string())
    }
}

impl Remote {
    /// Sends under a label of its own. When the submitter is to die in the middle, it starts again from its
    /// journal and goes on with what it had begun.
    pub(super) fn send_once(&mut self, transaction: &Transaction) -> Result<Receipt, SubmitError> {
        self.sent += 1;
        let label = self.sent.to_string();
        if let Some(cut) = self.cut.take() {
            let modes: Vec<_> = self.endpoints.iter().map(super::Endpoint::mode).collect();
            self.endpoints.iter().for_each(|endpoint| endpoint.cut(Some(cut)));
            let died = self.submit((&label, HASTY), transaction);
            for (endpoint, mode) in self.endpoints.iter().zip(modes) {
                endpoint.cut(None);
                endpoint.set(mode);
            }
            self.begin_again();
            if let Ok(_) | Err(SubmitError::Domain(DomainError::Reverted { .. })) = died {
                return died;
            }
            self.died += 1;
        }
        let limits = if self.ill { HASTY } else { PATIENT };
        self.submit((&label, limits), transaction)
    }

    fn submit(
        &mut self,
        (label, limits): (&str, Limits),
        transaction: &Transaction,
    ) -> Result<Receipt, SubmitError> {
        let account = transaction.from;
        let key =
            Key::of(account).map_err(|error| SubmitError::Signer { account, what: error.to_string() })?;
        let journal = self.journals.entry(account).or_default();
        let mut submitter = Submitter::open((&self.actors, &key), journal, limits)?;
        submitter.submit(label, transaction, Until::Mined)
    }

    /// Everything that stands in a journal comes into a block, whether it takes effect there or not.
    pub(super) fn land_all(&mut self) -> Result<()> {
        for (account, journal) in &mut self.journals {
            let key = Key::of(*account)?;
            let mut submitter = Submitter::open((&self.actors, &key), journal, PATIENT)?;
            for entry in submitter.entries().to_vec() {
                let to = entry.transaction.to.to().copied();
                let transaction = Transaction { from: *account, to, data: entry.transaction.input.clone() };
                let landed = match entry.label.as_str() {
                    // It was in a block without effect, and may have been taken back since.
                    "" => continue,
                    label => submitter.submit(label, &transaction, Until::Mined),
                };
                match landed {
                    Ok(_) | Err(SubmitError::Domain(DomainError::Reverted { .. })) => {}
                    Err(error) => return Err(error).context("what was begun does not come to its end"),
                }
            }
        }
        Ok(())
    }
}

/// As the port says it.
pub fn as_domain(error: SubmitError) -> DomainError {
    match error {
        SubmitError::Domain(error) => error,
        SubmitError::NotYet { .. } | SubmitError::Refused { .. } => {
            DomainError::NotSent { what: error.to_string() }
        }
        other => DomainError::Answer { what: other.to_string() },
    }
}
