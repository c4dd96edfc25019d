//! `lockstep chain deploy gate`.

use super::super::wanted::{self, PolicyArgs, account, check_anchor, found, line};
use super::{Creation, block_read, key, tell};
use crate::fault::{Kind, told};
use crate::os;
use crate::sending::{Desk, FromArgs};
use crate::shell::Shell;
use anyhow::Result;
use clap::Args;
use lockstep_chain::deploy::{self, Line, escrow_of};
use lockstep_chain::{Account, Domain, standing};
use lockstep_policy::{Counted, GateSetup, Wanted};
use lockstep_types::Address;
use serde_json::{Value, json};
use std::path::PathBuf;

/// For which policies, behind which Anchor.
#[derive(Debug, Clone, Args)]
pub struct DeployGate {
    #[command(flatten)]
    policies: PolicyArgs,
    /// The Anchor of the ledger on that chain
    #[arg(long, value_name = "ADDRESS")]
    anchor: Address,
    /// `gate.toml`: the cap of each line, and who may pause
    #[arg(long, value_name = "FILE")]
    setup: PathBuf,
    #[command(flatten)]
    from: FromArgs,
}

/// Creates the Gate where the policies name it, and holds what it shows against them.
pub fn run(shell: &mut Shell, args: &DeployGate) -> Result<u8> {
    let named = wanted::read(shell, &args.policies)?;
    let (known, wanted) = (&named.known, &named.wanted);
    let setup = GateSetup::from_file(wanted, &os::read(&args.setup, os::SMALL_FILE_BYTES_MAX)?)
        .map_err(|findings| found("gate-setup", &args.setup.display().to_string(), &findings))?;
    let (gate, anchor) = (account(wanted.domain.gate), account(args.anchor));
    check_escrow(wanted, gate)?;
    for line in &setup.lines {
        for param in named.never_pass(line) {
            shell
                .out
                .note(format!("note: the greatest {param} is more than line `{}` ever lets pass", line.name));
        }
    }
    let lines: Vec<Line> = setup.lines.iter().map(|setup| line(setup, wanted.domain.token)).collect();
    let guardian = setup.guardian.map_or(Account::ZERO, account);
    let data = deploy::gate_data((anchor, &wanted.programme), (guardian, &lines))?;
    let (owner, chain) = (format!("{} {}", known.ledger, wanted.programme), wanted.domain.chain.0);
    let creation = Creation { what: "gate", owner, chain, data, at: Some(gate), signs_as: None };
    if args.from.print_tx {
        return creation.print(shell);
    }
    let mut desk = Desk::open(shell, key(&args.from)?, (chain, &args.from.endpoints))?;
    let latest = desk.rpc().latest()?;
    check_anchor(desk.rpc(), &latest, anchor, known)?;
    if desk.rpc().code(&latest, account(wanted.domain.token))?.is_empty() {
        shell
            .out
            .note(format!("note: no contract stands at the token's address `{}` yet", wanted.domain.token));
    }
    let placed = creation.place(shell, &mut desk, &args.from.sending)?;
    let rpc = desk.rpc();
    let block = block_read(rpc, args.from.sending.until())?;
    let differences =
        standing::gate_differs(rpc, &block, (placed.address, anchor, &wanted.programme), (guardian, &lines))?;
    let compared = compared(wanted, &setup, anchor);
    tell(shell, (&creation, &placed, &args.from.sending), (rpc, &block), (compared, differences))
}

/// A Gate makes its Escrow itself, so where that stands is not for the policy to say.
fn check_escrow(wanted: &Wanted, gate: Account) -> Result<()> {
    let expected = Address(escrow_of(gate).into_array());
    match wanted.domain.escrow {
        Some(found) if found != expected => {
            let text =
                format!("the policy has the Escrow at `{found}`; that of its Gate stands at `{expected}`");
            Err(told(Kind::Conflict, "place", text).hint("write that into the policy").into())
        }
        _ => Ok(()),
    }
}

/// What was held against the chain, in words.
fn compared(wanted: &Wanted, setup: &GateSetup, anchor: Account) -> Value {
    let mut shown = serde_json::Map::new();
    shown.insert("anchor".to_owned(), json!(Address(anchor.into_array())));
    shown.insert("escrow".to_owned(), json!(Address(escrow_of(account(wanted.domain.gate)).into_array())));
    let guardian = setup.guardian.map_or_else(|| "nobody".to_owned(), |guardian| guardian.to_string());
    shown.insert("guardian".to_owned(), json!(guardian));
    shown.insert("programme".to_owned(), json!(wanted.programme));
    for line in &setup.lines {
        let counts = match line.counted {
            _ if line.signatures.is_empty() => "moves deposits only".to_owned(),
            Counted::Calls => format!("{} calls in {} s", line.cap, line.window_s),
            Counted::Word(place) => {
                let unit = line.exponent;
                format!("argument {place}, {} times 10^{unit} in {} s", line.cap, line.window_s)
            }
        };
        let calls = line.signatures.join(", ");
        let policies = line.policies.len();
        let text =
            format!("{counts}; policies: {policies}; {}", if calls.is_empty() { "no call" } else { &calls });
        shown.insert(format!("line {}", line.name), json!(text));
    }
    Value::Object(shown)
}
