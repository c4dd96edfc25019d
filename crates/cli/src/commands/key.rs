//! `lockstep key`: key files and signers' memories.

use crate::fault::invalid;
use crate::key::file::{COST_DEFAULT, COST_MAX, COST_MIN, KeyFile, draw};
use crate::key::{address_of, public_of};
use crate::os;
use crate::shell::Shell;
use anyhow::Result;
use clap::Subcommand;
use lockstep_crypto::suite::{PublicKey, Suite};
use lockstep_store::SignerState;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What to do with keys.
#[derive(Debug, Clone, Subcommand)]
pub enum Key {
    /// Make a key: FILE with the secret, encrypted (mode 0600), and FILE.pub
    New {
        /// `ed25519`, `es256` or `eip712`; co-signers need `eip712`
        #[arg(long)]
        suite: Suite,
        /// The file to make
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Cost of trying a passphrase, as the logarithm of scrypt's N; below 16 only for passphrases of
        /// random bytes
        #[arg(long, value_name = "N", default_value_t = COST_DEFAULT)]
        #[arg(value_parser = clap::value_parser!(u8).range(i64::from(COST_MIN)..=i64::from(COST_MAX)))]
        cost: u8,
    },
    /// Show a public key; no passphrase is asked
    Show {
        /// A public key file, a key file or `exec:PROGRAM`
        key: String,
    },
    /// Print the address of an `eip712` key
    Address {
        /// A public key file, a key file or `exec:PROGRAM`
        key: String,
    },
    /// Make the memory of a co-signer's key that is not in a file: what it has signed last
    Memory {
        /// The file to make, beside nothing of the ledger
        file: PathBuf,
    },
}

/// Runs the command.
pub fn run(shell: &mut Shell, command: &Key) -> Result<u8> {
    match command {
        Key::New { suite, out, cost } => {
            if out.exists() {
                return Err(invalid(
                    "file-exists",
                    format!("`{}` exists; keys are never overwritten", out.display()),
                )
                .into());
            }
            let passphrase = shell.keyring.for_a_new_key()?;
            let secret = draw(*suite)?;
            let file = KeyFile::lock(*suite, &secret, passphrase, *cost)?;
            file.write(out)?;
            if *suite == Suite::Eip712 {
                // Such a key may become a co-signer's: from its first day there is a memory of what it
                // signed.
                SignerState::create(&os::with_suffix(out, ".memory"))?;
            }
            show(shell, &file.public)
        }
        Key::Show { key } => show(shell, &public_of(key)?),
        Key::Address { key } => {
            let address = address_of(&public_of(key)?)?;
            shell.out.answer(&json!({ "address": address }), || address.to_string())?;
            Ok(0)
        }
        Key::Memory { file } => {
            SignerState::create(file)?;
            shell.out.answer(&json!({ "memory": file }), || {
                format!("`{}` remembers nothing yet", file.display())
            })?;
            Ok(0)
        }
    }
}

fn show(shell: &Shell, key: &PublicKey) -> Result<u8> {
    let address = key.address();
    let mut answer = json!({ "id": key.id(), "public": key });
    if let (Value::Object(object), Some(address)) = (&mut answer, address) {
        object.insert("address".to_owned(), json!(address));
    }
    shell.out.answer(&answer, || {
        let mut text =
            format!("suite  {}\nkey    {}\nid     {}", key.suite(), hex::encode(key.bytes()), key.id());
        if let Some(address) = address {
            text.push_str(&format!("\naddress {address}"));
        }
        text
    })?;
    Ok(0)
}
