//! `lockstep init`: genesis.

use crate::fault::invalid;
use crate::folder::live::{FolderKeys, Live};
use crate::key::{address_of, public_of};
use crate::os;
use crate::shell::Shell;
use crate::words::duration_ms;
use anyhow::{Context, Result};
use clap::Args;
use lockstep_attest::CredentialKey;
use lockstep_kernel::body::Administrator;
use lockstep_kernel::{Command, Genesis, Kernel, Rules};
use lockstep_ledger::committee::threshold_min;
use lockstep_ledger::{Ledger, Member, Seed};
use lockstep_types::{Lei, Name, Salt};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Who runs the ledger, who co-signs it, and how many must agree.
#[derive(Debug, Clone, Args)]
pub struct Init {
    /// The folder to make
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// What people call the ledger
    #[arg(long)]
    name: Name,
    /// An administrator and a key of it: a public key file, a key file or `exec:PROGRAM`. Once for each key
    #[arg(long = "admin", required = true, value_name = "LEI=KEY")]
    admins: Vec<String>,
    /// How many administrators must approve a change [default: more than half]
    #[arg(long, value_name = "N")]
    admin_threshold: Option<u8>,
    /// A co-signer, what people call it, and its key or address
    #[arg(long = "cosigner", required = true, value_name = "LEI:NAME=KEY")]
    cosigners: Vec<String>,
    /// How many co-signers must sign: more than two thirds [default: the least allowed]
    #[arg(long, value_name = "K")]
    threshold: Option<u8>,
    /// How long after its consent a change that loosens takes effect
    #[arg(long, value_name = "DURATION", default_value = "7d")]
    notice: String,
    /// Version of the rules that it begins with, such as one that every co-signer's program knows
    /// [default: the newest]
    #[arg(long, value_name = "VERSION")]
    rules: Option<u32>,
}

/// Begins a ledger.
pub fn run(shell: &Shell, args: &Init) -> Result<u8> {
    check_empty(&args.dir)?;
    let administrators = administrators(&args.admins)?;
    let cosigners = members(&args.cosigners)?;
    let count = u8::try_from(cosigners.len()).unwrap_or(u8::MAX);
    let half = u8::try_from(administrators.len() / 2 + 1).unwrap_or(u8::MAX);
    let draft = |keys: &FolderKeys| -> Result<Genesis> {
        Ok(Genesis {
            administrator_threshold: args.admin_threshold.unwrap_or(half),
            administrators: administrators.clone(),
            appender: keys.appender().clone(),
            cosigner_threshold: args.threshold.unwrap_or_else(|| threshold_min(count)),
            cosigners: cosigners.clone(),
            log: keys.log().clone(),
            name: args.name.clone(),
            nonce: Salt(os::random32()?),
            notice_ms: duration_ms(&args.notice)?,
            rules: args.rules.unwrap_or(Rules::NEWEST.version()),
        })
    };
    // Everything that can be refused is tried in a folder that nobody keeps.
    let trial = tempdir(&args.dir)?;
    let tried = FolderKeys::make(&trial).and_then(|keys| draft(&keys)).and_then(try_genesis);
    let removed = std::fs::remove_dir_all(&trial);
    tried?;
    removed.with_context(|| format!("cannot remove `{}`", trial.display()))?;
    std::fs::create_dir_all(&args.dir).with_context(|| format!("cannot make `{}`", args.dir.display()))?;
    let keys = FolderKeys::make(&args.dir)?;
    let genesis = draft(&keys)?;
    let threshold = genesis.cosigner_threshold;
    let live = Live::begin(&args.dir, shell.state.as_deref(), (genesis, keys))?;
    tell(shell, args, &live, (threshold, count))
}

fn tell(shell: &Shell, args: &Init, live: &Live, (k, n): (u8, u8)) -> Result<u8> {
    if n == 1 {
        shell
            .out
            .note("note: one co-signer certifies alone: its key can rewrite what is not pinned elsewhere");
    }
    let ledger = live.folder().ledger();
    let answer = json!({ "cosigners": n, "ledger": ledger, "name": args.name, "threshold": k });
    shell.out.answer(&answer, || {
        format!(
            "ledger {ledger}\n{} in `{}`: {k} of {n} co-signers certify it",
            args.name,
            args.dir.display()
        )
    })?;
    Ok(0)
}

fn check_empty(dir: &std::path::Path) -> Result<()> {
    let Ok(mut entries) = std::fs::read_dir(dir) else { return Ok(()) };
    if entries.next().is_none() {
        return Ok(());
    }
    Err(invalid("folder", format!("`{}` is not empty", dir.display()))
        .hint("a ledger begins in a folder of its own")
        .into())
}

fn tempdir(beside: &std::path::Path) -> Result<PathBuf> {
    let suffix: String = hex::encode(os::random32()?).chars().take(8).collect();
    let dir = os::with_suffix(beside, &format!(".trial-{suffix}"));
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    Ok(dir)
}

fn try_genesis(genesis: Genesis) -> Result<()> {
    let ledger = Ledger::new(Kernel::default(), ());
    let command = Command::Genesis(Box::new(genesis));
    let decision = ledger.decide(&command, os::now()?, Seed::new(os::random32()?))?;
    decision.refused.map_or(Ok(()), |refusal| Err(refusal.into()))
}

/// `LEI=KEY`, with the keys of one LEI together.
pub fn administrators(texts: &[String]) -> Result<Vec<Administrator>> {
    let mut by_lei: BTreeMap<Lei, Vec<CredentialKey>> = BTreeMap::new();
    for text in texts {
        let (lei, key) = text
            .split_once('=')
            .ok_or_else(|| invalid("admin", format!("`{text}` is not of the form `LEI=KEY`")))?;
        let lei: Lei = lei.parse()?;
        by_lei.entry(lei).or_default().push(CredentialKey { key: public_of(key)?, person: None });
    }
    let sorted = |(lei, mut keys): (Lei, Vec<CredentialKey>)| {
        keys.sort_by_key(|key| key.key.id());
        Administrator { keys, lei }
    };
    Ok(by_lei.into_iter().map(sorted).collect())
}

/// `LEI:NAME=KEY-OR-ADDRESS`, in the order given: a co-signer's place in the committee.
pub fn members(texts: &[String]) -> Result<Vec<Member>> {
    let member = |text: &String| -> Result<Member> {
        let parts = text.split_once('=').and_then(|(who, key)| Some((who.split_once(':')?, key)));
        let ((lei, name), key) = parts
            .ok_or_else(|| invalid("cosigner", format!("`{text}` is not of the form `LEI:NAME=KEY`")))?;
        let address = address_of(&public_of(key)?).with_context(|| format!("co-signer `{name}`"))?;
        Ok(Member { address, lei: lei.parse()?, name: name.parse()? })
    };
    texts.iter().map(member).collect()
}
