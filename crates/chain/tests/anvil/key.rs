//! Keys of the accounts that every development chain is rich in.

use lockstep_chain::submit::SignHash;
use lockstep_chain::{Account, Hash};
use lockstep_crypto::secret::SecretKey;
use lockstep_crypto::suite::{Message, Suite};

/// A key in this process.
pub struct Key(SecretKey);

impl Key {
    pub fn new(secret: &str) -> Self {
        let secret: Hash = secret.parse().unwrap();
        Self(SecretKey::from_bytes(Suite::Eip712, &secret.0).unwrap())
    }
}

impl SignHash for Key {
    fn account(&self) -> Account {
        Account::from(self.0.public().address().unwrap().0)
    }
    fn sign_hash(&self, hash: &Hash) -> Result<Vec<u8>, String> {
        self.0.sign(Message::Hash(&hash.0)).map_err(|error| error.to_string())
    }
}
