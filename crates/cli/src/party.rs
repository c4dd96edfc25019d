//! A party at work: its keys, a draft, signatures, and the way to the ledger.

use crate::desk::entered::Entered;
use crate::fault::{Kind, invalid, told};
use crate::folder::latest_certificate;
use crate::key::{Holder, KeyRef};
use crate::os;
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::Args;
use lockstep_attest::sign::{Sign, sign};
use lockstep_attest::{Seen, Submission};
use lockstep_kernel::Kernel;
use lockstep_node::Replica;
use lockstep_node::client::{Draft, Signing};
use lockstep_types::{LedgerId, Lei, Time};
use std::rc::Rc;

/// How long what is signed here may travel before it is void: 1 hour.
const ENVELOPE_MS: u64 = 3_600_000;

/// Who signs.
#[derive(Debug, Clone, Args)]
pub struct SignerArgs {
    /// Sign with this key: a key file, or `exec:PROGRAM[,PUBLIC-KEY-FILE]`
    #[arg(long = "as", alias = "signer", value_name = "KEY")]
    pub key: KeyRef,
    /// And with this key of another person of the same party, on the same envelope
    #[arg(long = "and", value_name = "KEY")]
    pub and: Vec<KeyRef>,
}

/// A party with its keys open.
pub struct Party {
    /// Whose keys they are on this ledger.
    pub lei: Lei,
    holders: Vec<Rc<Holder>>,
    /// How much longer its word counts than that of others: it may be waited for.
    waits_ms: u64,
}

impl Party {
    /// Opens the keys and asks the ledger whose they are.
    pub fn open(shell: &mut Shell, args: &SignerArgs, kernel: &Kernel) -> Result<Self> {
        let holders = keys(shell, args)?;
        Self::of(shell, holders, |holder| owner(kernel, holder))
    }

    /// The party of these keys, all of which are one's, as `owner` knows.
    pub fn of(
        shell: &Shell,
        holders: Vec<Rc<Holder>>,
        owner: impl Fn(&Holder) -> Result<Lei>,
    ) -> Result<Self> {
        let owners: Vec<Lei> = holders.iter().map(|holder| owner(holder)).collect::<Result<_>>()?;
        let lei = *owners.first().context("no key")?;
        let patience_ms = u64::try_from(shell.keyring.patience().as_millis()).unwrap_or(u64::MAX);
        let waits_ms = if holders.iter().any(|holder| holder.is_waited_for()) { patience_ms } else { 0 };
        match owners.iter().find(|other| **other != lei) {
            None => Ok(Self { lei, holders, waits_ms }),
            Some(other) => {
                let text = format!("the keys belong to `{lei}` and `{other}`: one envelope is one party's");
                Err(invalid("key-owner", text).into())
            }
        }
    }

    /// Its first key, by which it is known where it asks.
    pub fn first(&self) -> Result<Rc<Holder>> {
        self.holders.first().cloned().context("no key")
    }

    /// What every draft of this party needs.
    pub fn signing(&self, replica: &Replica) -> Result<Signing> {
        let ledger = replica.ledger().id().context("the ledger has not begun")?;
        let seen = match latest_certificate(replica)? {
            Some(certificate) => Some(Seen { certificate: certificate.digest()?, size: certificate.size }),
            None => None,
        };
        self.signing_as(ledger, seen)
    }

    /// The same, of a ledger that is elsewhere.
    pub fn signing_as(&self, ledger: LedgerId, seen: Option<Seen>) -> Result<Signing> {
        let issued: Time = os::now()?;
        let expires = issued.saturating_add_ms(ENVELOPE_MS.saturating_add(self.waits_ms));
        Ok(Signing { ledger, party: self.lei, issued, expires, seen })
    }

    /// Whether a program is asked, which may take its time.
    pub fn is_waited_for(&self) -> bool {
        self.waits_ms > 0
    }

    /// Signs a draft with all keys. A signature that comes when the envelope is void is handed in nowhere.
    pub fn sign(&self, draft: Draft) -> Result<Submission> {
        let holders: Vec<&Holder> = self.holders.iter().map(Rc::as_ref).collect();
        let (_, expires) = draft.statement.issued_expires();
        let signed = sign(&draft.statement, draft.openings, &holders).context("nothing was signed")?;
        in_time(expires, os::now()?)?;
        Ok(signed)
    }
}

impl SignerArgs {
    /// The key that signs first: by it a server knows who asks.
    pub const fn first(&self) -> &KeyRef {
        &self.key
    }
}

/// Opens the keys of an envelope.
pub fn keys(shell: &mut Shell, args: &SignerArgs) -> Result<Vec<Rc<Holder>>> {
    let named = std::iter::once(&args.key).chain(&args.and);
    named.map(|key| Ok(Rc::new(shell.keyring.open(key)?))).collect()
}

/// What is void is not handed in: the ledger would refuse it, perhaps on record.
pub fn in_time(expires: Time, now: Time) -> Result<()> {
    if expires < now {
        let text = format!("what was signed counted until {expires}, it is {now}: nothing was handed in");
        let hint = "ask anew; `--signer-patience` says how long the signer may take, and what it signs then \
                    counts as much longer";
        return Err(told(Kind::Retry, "signature-late", text).hint(hint).into());
    }
    Ok(())
}

fn owner(kernel: &Kernel, holder: &Holder) -> Result<Lei> {
    let id = holder.public().id();
    let entry = kernel.key(&id).ok_or_else(|| {
        told(Kind::Refused, "key-unknown", format!("key `{id}` is not registered on this ledger"))
            .hint("a credential issuer registers it with `lockstep credential issue`")
    })?;
    Ok(entry.owner)
}

/// Tells what became of something that was handed in: exit code 1 when it was refused, on record.
pub fn tell(shell: &Shell, entered: &Entered, done: impl FnOnce() -> String) -> Result<u8> {
    if let Some(refusal) = entered.refused().filter(|_| !shell.out.json) {
        shell.out.note(format!("hint: {}", refusal.hint));
    }
    shell.out.answer(&entered.json()?, || match entered.refused() {
        None => done(),
        Some(refusal) => format!("refused, on record as {}: {}", entered.index(), refusal.text),
    })?;
    Ok(u8::from(entered.refused().is_some()))
}

#[cfg(test)]
mod tests;
