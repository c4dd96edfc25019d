//! Policies named on the command line, and what they want of the Gate on one of their domains.

use crate::fault::{Kind, invalid, told};
use crate::folder::{Folder, FolderArgs};
use crate::shell::Shell;
use crate::words;
use anyhow::{Context, Result};
use clap::Args;
use lockstep_chain::deploy::{Following, Line};
use lockstep_chain::{Account, Block, Rpc, selector, standing};
use lockstep_kernel::outcome::token_units;
use lockstep_ledger::Committee;
use lockstep_node::Replica;
use lockstep_node::epochs::epochs;
use lockstep_policy::{Arg, ClaimKind, Counted, Finding, LineSetup, Policy, Wanted};
use lockstep_types::{Address, CommitteeDigest, LedgerId};
use std::path::Path;
use std::sync::Arc;

/// Which policies, on which domain.
#[derive(Debug, Clone, Args)]
pub struct PolicyArgs {
    #[command(flatten)]
    pub folder: FolderArgs,
    /// A policy: `PROGRAMME/NAME` of one in force, or a folder with its files. Once for each that uses the
    /// Gate
    #[arg(long = "policy", required = true, value_name = "POLICY")]
    policies: Vec<String>,
    /// The domain, by the name the policies give it, where they have several
    #[arg(long, value_name = "NAME")]
    domain: Option<String>,
}

/// A ledger as contracts are to know it; its folder is not held meanwhile.
pub struct Known {
    pub ledger: LedgerId,
    pub committee: Committee,
    /// Number of the record by which its epoch began.
    pub began: u64,
    pub notice_ms: u64,
    /// Digests of all committees so far.
    pub committees: Vec<CommitteeDigest>,
}

impl Known {
    pub fn of(folder: &Folder, replica: &Replica) -> Result<Self> {
        let kernel = replica.kernel();
        let committee = kernel.committee().context("the ledger has not begun")?.clone();
        let notice_ms = kernel.genesis().context("the ledger has not begun")?.notice_ms;
        let epochs = epochs(&**replica.store())?;
        let began = epochs.last().context("the ledger has not begun")?.began;
        let committees = epochs.iter().map(|epoch| epoch.committee.digest()).collect();
        Ok(Self { ledger: folder.ledger(), committee, began, notice_ms, committees })
    }

    pub const fn following(&self, notice_s: u64) -> Following<'_> {
        Following { ledger: self.ledger, committee: &self.committee, began: self.began, notice_s }
    }
}

/// What was named: a ledger, policies, and what these want of a Gate.
pub struct Named {
    pub known: Known,
    pub wanted: Wanted,
    policies: Vec<Arc<Policy>>,
}

impl Named {
    /// Parameters whose greatest value a line's cap would never let pass, in words.
    pub fn never_pass(&self, line: &LineSetup) -> Vec<String> {
        let Counted::Word(place) = line.counted else { return Vec::new() };
        let cap = 10_u128.saturating_pow(line.exponent.into()).saturating_mul(line.cap.into());
        let of_policy = |policy: &Arc<Policy>| {
            let layout = policy.layout();
            let outcomes = layout.outcomes.iter().filter(|outcome| outcome.line == line.name);
            let args = outcomes.filter_map(|outcome| outcome.call.args.get(usize::from(place)));
            let params = args.filter_map(|arg| match arg {
                Arg::Param(name) => layout.params.iter().find(|param| param.name == *name),
                _ => None,
            });
            let over = params.filter(|param| match (param.kind, param.max) {
                (ClaimKind::Money(currency), Some(max)) => {
                    token_units(max, currency.decimals(), self.wanted.domain.decimals)
                        .is_some_and(|units| units > cap)
                }
                _ => false,
            });
            over.map(|param| format!("`param.{}` of `{}`", param.name, layout.name)).collect::<Vec<_>>()
        };
        let mut found: Vec<String> = self.policies.iter().flat_map(of_policy).collect();
        found.dedup();
        found
    }
}

/// The ledger, and what the policies want of a Gate.
pub fn read(shell: &Shell, args: &PolicyArgs) -> Result<Named> {
    let folder = Folder::open(&args.folder.dir)?;
    let replica = folder.replica()?;
    let policies =
        args.policies.iter().map(|text| policy(shell, &replica, text)).collect::<Result<Vec<_>>>()?;
    let domain = match (&args.domain, policies.first().map(|policy| policy.layout().domains.as_slice())) {
        (Some(named), _) => named.clone(),
        (None, Some([only])) => only.name.to_string(),
        (None, several) => {
            let names: Vec<String> =
                several.into_iter().flatten().map(|domain| format!("`{}`", domain.name)).collect();
            let text = format!("the policy has several domains or none: {}", names.join(", "));
            return Err(invalid("domain", text).hint("name one with `--domain`").into());
        }
    };
    let asked: Vec<&Policy> = policies.iter().map(AsRef::as_ref).collect();
    let wanted = Wanted::of(&asked, &domain).map_err(|error| {
        invalid("policies-differ", "these policies cannot share a Gate").source(error).hint(
            "a Gate belongs to one programme: name its policies, all with the same contracts on the domain",
        )
    })?;
    Ok(Named { known: Known::of(&folder, &replica)?, wanted, policies })
}

/// A policy in force, or one in a folder that may be adopted later.
fn policy(shell: &Shell, replica: &Replica, text: &str) -> Result<Arc<Policy>> {
    if !Path::new(text).is_dir() {
        return words::policy(replica, text);
    }
    let policy = in_folder(text)?;
    if replica.kernel().policy(&policy.digest()).is_none() {
        shell.out.note(format!("note: the policy in `{text}` is not adopted yet; adopt the same bytes"));
    }
    Ok(Arc::new(policy))
}

/// A policy by its files in a folder.
pub fn in_folder(dir: &str) -> Result<Policy> {
    let files = words::policy_files(Path::new(dir))?;
    let policy = Policy::from_files(&files.layout, &files.guards);
    Ok(policy.map_err(|findings| found("policy-findings", dir, &findings))?)
}

/// What is wrong with a file of a policy or a Gate.
pub fn found(code: &'static str, path: &str, findings: &[Finding]) -> crate::fault::Told {
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| {
            format!("line {}, column {}: {} ({})", finding.line, finding.column, finding.text, finding.code)
        })
        .collect();
    let told = invalid(code, format!("`{path}` is refused: {}", lines.join("; ")));
    let own = findings.iter().find_map(|finding| finding.hint.clone());
    told.hint(own.unwrap_or_else(|| match code {
        "gate-setup" => {
            "it has `format`, `guardian`, and `[line.NAME]` with `counts`, `cap`, `unit`, `window`".to_owned()
        }
        _ => "`lockstep policy check` shows where".to_owned(),
    }))
}

/// A line as a Gate is made with.
pub fn line(setup: &LineSetup, token: Address) -> Line {
    Line {
        name: setup.name.clone(),
        policies: setup.policies.clone(),
        target: account(token),
        selectors: setup.signatures.iter().map(|signature| selector(signature)).collect(),
        word: match setup.counted {
            Counted::Calls => u8::MAX,
            Counted::Word(place) => place,
        },
        exponent: setup.exponent,
        cap: setup.cap,
        window_s: setup.window_s,
    }
}

pub fn account(address: Address) -> Account {
    Account::from(address.0)
}

/// The Anchor follows this ledger, under a committee of its own, with the code that this program makes.
pub fn check_anchor(rpc: &Rpc, block: &Block, at: Account, known: &Known) -> Result<()> {
    let refused = |text: String| told(Kind::Conflict, "other-anchor", text);
    let hint = "`lockstep chain deploy anchor` puts one of this ledger on the chain";
    if rpc.code(block, at)?.is_empty() {
        return Err(refused(format!("no contract stands at `{at}`, where the Anchor should"))
            .hint(hint)
            .into());
    }
    let shown = standing::anchor(rpc, block, at).map_err(|error| {
        refused(format!("the contract at `{at}` does not answer as an Anchor")).source(error).hint(hint)
    })?;
    if shown.ledger != known.ledger {
        let text =
            format!("the Anchor `{at}` follows ledger `{}`, expected `{}`", shown.ledger, known.ledger);
        return Err(refused(text).hint(hint).into());
    }
    if !known.committees.contains(&CommitteeDigest(shown.committee.0)) {
        let text = format!("the Anchor `{at}` believes co-signers that this ledger never had");
        return Err(refused(text).hint("was the folder put back, or did a recovery set act?").into());
    }
    if !standing::is_an_anchor(rpc, block, (at, known.following(0)))? {
        let text = format!("the code at `{at}` is not that of this program's Anchor");
        return Err(refused(text).hint("use the version of this program that put it there").into());
    }
    Ok(())
}

/// The Gate is this programme's, looks at an Anchor of this ledger, and takes these policies' calls.
pub fn check_gate(rpc: &Rpc, block: &Block, known: &Known, wanted: &Wanted) -> Result<()> {
    let at = account(wanted.domain.gate);
    let refused = |text: String| told(Kind::Refused, "gate-unfit", text);
    let hint = "`lockstep chain deploy gate` puts it there; the policy must name where";
    if rpc.code(block, at)?.is_empty() {
        return Err(refused(format!("no contract stands at `{at}`, where the Gate should"))
            .hint(hint)
            .into());
    }
    let shown = standing::gate(rpc, block, at).map_err(|error| {
        refused(format!("the contract at `{at}` does not answer as a Gate")).source(error).hint(hint)
    })?;
    check_anchor(rpc, block, shown.anchor, known)?;
    let data = lockstep_chain::deploy::gate_data((shown.anchor, &wanted.programme), (Account::ZERO, &[]))?;
    if shown.programme != lockstep_chain::role(wanted.programme.as_str()) {
        let text = format!("the Gate `{at}` is not of programme `{}`", wanted.programme);
        return Err(refused(text).into());
    }
    if !standing::is_made_by(rpc, block, (at, &data), None)? {
        let text = format!("the code at `{at}` is not that of this program's Gate");
        return Err(refused(text).hint("use the version of this program that put it there").into());
    }
    for wanted_line in &wanted.lines {
        let line = Line {
            name: wanted_line.name.clone(),
            policies: wanted_line.policies.clone(),
            target: account(wanted.domain.token),
            selectors: wanted_line.signatures().into_iter().map(selector).collect(),
            word: 0,
            exponent: 0,
            cap: 0,
            window_s: 0,
        };
        if let Some(first) = standing::permits_differ(rpc, block, (at, &line))?.first() {
            let text = format!("the Gate `{at}` does not let these policies' outcomes pass: {first}");
            return Err(refused(text).hint("`lockstep govern gate` changes what it lets pass").into());
        }
    }
    Ok(())
}
