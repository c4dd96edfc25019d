//! Where passphrases come from: a prompt, a file with mode 0600, or a file descriptor. Never the environment,
//! never the command line: both can be read by others.

use crate::fault::invalid;
use crate::key::exec::ExecSigner;
use crate::key::file::KeyFile;
use crate::key::{Holder, KeyRef};
use crate::os;
use crate::words;
use age::secrecy::SecretString;
use anyhow::{Context, Result};
use clap::Args;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// Longest passphrase.
const PASSPHRASE_BYTES_MAX: u64 = 1_024;
/// The most that a program may take: what is signed is void after 7 days, and needs time to travel.
const PATIENCE_MS_MAX: u64 = 6 * 86_400_000;

/// Where the passphrases of key files come from, a prompt when nothing is said; how long programs may take.
#[derive(Debug, Clone, Args)]
pub struct PassphraseArgs {
    /// Read the passphrase of a key file from FILE (mode 0600). Once for all key files, or once for each, in
    /// order
    #[arg(long, global = true, value_name = "FILE", help_heading = "Keys")]
    pub passphrase_file: Vec<PathBuf>,
    /// Read the passphrase from an open file descriptor
    #[arg(long, global = true, value_name = "N", conflicts_with = "passphrase_file", help_heading = "Keys")]
    pub passphrase_fd: Option<u32>,
    /// How long a program behind `exec:` may take for one signature, at most 6d; what is signed counts for so
    /// much longer
    #[arg(long, global = true, value_name = "DURATION", help_heading = "Keys", default_value = "2m")]
    pub signer_patience: String,
}

/// Unlocks keys, with passphrases in the order in which key files are named.
pub struct Keyring {
    files: Vec<PathBuf>,
    descriptor: Option<Zeroizing<String>>,
    unlocked: usize,
    patience: Duration,
}

impl Keyring {
    /// The passphrases that the command line names.
    pub fn new(args: &PassphraseArgs) -> Result<Self> {
        let descriptor = args.passphrase_fd.map(from_descriptor).transpose()?;
        let patience_ms = words::duration_ms(&args.signer_patience)?;
        if !(1..=PATIENCE_MS_MAX).contains(&patience_ms) {
            let text = format!("`--signer-patience` is `{}`, expected 1ms to 6d", args.signer_patience);
            return Err(invalid("duration", text).into());
        }
        let patience = Duration::from_millis(patience_ms);
        Ok(Self { files: args.passphrase_file.clone(), descriptor, unlocked: 0, patience })
    }

    /// How long a program may take.
    pub const fn patience(&self) -> Duration {
        self.patience
    }

    /// The key, ready to sign.
    pub fn open(&mut self, key: &KeyRef) -> Result<Holder> {
        match key {
            KeyRef::Exec(program, public) => {
                let signer = ExecSigner::open(program, public.as_deref(), self.patience)?;
                Ok(Holder::Exec(Box::new(signer)))
            }
            KeyRef::File(path) => {
                let file = KeyFile::read(path)?;
                let passphrase = self.passphrase(&format!("passphrase of `{}`: ", path.display()))?;
                let secret =
                    file.unlock(passphrase).with_context(|| format!("`{}` stays locked", path.display()))?;
                Ok(Holder::File(Box::new(secret)))
            }
        }
    }

    /// A passphrase for a key that is made now.
    pub fn for_a_new_key(&mut self) -> Result<SecretString> {
        if !self.files.is_empty() || self.descriptor.is_some() {
            return self.passphrase("");
        }
        let first = Zeroizing::new(
            rpassword::prompt_password("new passphrase: ").context("no passphrase was given")?,
        );
        let again =
            Zeroizing::new(rpassword::prompt_password("once more: ").context("no passphrase was given")?);
        if *first != *again {
            return Err(invalid("passphrase", "the two passphrases differ").into());
        }
        secret(&first)
    }

    fn passphrase(&mut self, prompt: &str) -> Result<SecretString> {
        let at = self.unlocked;
        self.unlocked += 1;
        if let Some(text) = &self.descriptor {
            return secret(text);
        }
        match (self.files.as_slice(), self.files.get(at)) {
            ([], _) => {
                let asked = rpassword::prompt_password(prompt).map(Zeroizing::new);
                secret(&asked.map_err(|error| {
                    invalid("passphrase", "no passphrase was given, and there is no terminal to ask on")
                        .hint("name a file with `--passphrase-file`, or a descriptor with `--passphrase-fd`")
                        .source(error)
                })?)
            }
            ([only], _) => from_file(only),
            (_, Some(file)) => from_file(file),
            (files, None) => {
                let text = format!("{} passphrase files for more key files", files.len());
                Err(invalid("passphrase", text)
                    .hint("name one file for all keys, or one for each, in order")
                    .into())
            }
        }
    }
}

fn from_file(path: &Path) -> Result<SecretString> {
    let bytes = Zeroizing::new(os::read_private(path)?);
    let text = Zeroizing::new(std::str::from_utf8(&bytes).context("a passphrase is UTF-8")?.to_owned());
    secret(&text).with_context(|| format!("`{}` holds no passphrase", path.display()))
}

fn from_descriptor(number: u32) -> Result<Zeroizing<String>> {
    let path = format!("/dev/fd/{number}");
    let mut text = Zeroizing::new(String::new());
    let file = File::open(&path).with_context(|| format!("descriptor {number} is not open"))?;
    let read = file.take(PASSPHRASE_BYTES_MAX + 1).read_to_string(&mut text);
    read.with_context(|| format!("no passphrase can be read from descriptor {number}"))?;
    Ok(text)
}

/// The first line; an empty one is no passphrase.
fn secret(text: &str) -> Result<SecretString> {
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() || line.len() as u64 > PASSPHRASE_BYTES_MAX {
        return Err(invalid(
            "passphrase",
            format!("a passphrase is one line of 1 to {PASSPHRASE_BYTES_MAX} bytes"),
        )
        .into());
    }
    Ok(SecretString::from(line.to_owned()))
}
