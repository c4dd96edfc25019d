//! A key as an account on a chain.

use crate::key::{Holder, address_of};
use anyhow::Result;
use lockstep_attest::sign::Sign;
use lockstep_chain::Account;
use lockstep_chain::submit::SignHash;
use lockstep_crypto::suite::Message;

/// A key of suite `eip712`, whose address is an account.
pub struct Sender {
    account: Account,
    holder: Holder,
}

impl Sender {
    /// # Errors
    /// The key is of another suite.
    pub fn new(holder: Holder) -> Result<Self> {
        let account = Account::from(address_of(holder.public())?.0);
        Ok(Self { account, holder })
    }
}

impl SignHash for Sender {
    fn account(&self) -> Account {
        self.account
    }

    fn sign_hash(&self, hash: &lockstep_chain::Hash) -> Result<Vec<u8>, String> {
        self.holder.sign(Message::Hash(&hash.0)).map_err(|error| error.to_string())
    }
}
