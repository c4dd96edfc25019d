//! `lockstep chain deploy token`: the demonstration's token, in place of one that is in circulation.

use super::super::wanted::account;
use super::{Creation, block_read, key, tell};
use crate::fault::invalid;
use crate::sending::{Desk, FromArgs};
use crate::shell::Shell;
use anyhow::Result;
use clap::Args;
use lockstep_chain::standing::Difference;
use lockstep_chain::{Account, deploy, role, roles};
use lockstep_types::Address;
use serde_json::json;

/// Longest name and symbol.
const TEXT_BYTES_MAX: usize = 64;

/// What it is called, and who holds its roles.
#[derive(Debug, Clone, Args)]
pub struct DeployToken {
    /// The chain: its EIP-155 number
    #[arg(long, value_name = "NUMBER")]
    chain: u64,
    /// What it is called
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// Its symbol
    #[arg(long, value_name = "TEXT")]
    symbol: String,
    /// One whole token is 10 to this power of its units
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=18))]
    decimals: u8,
    /// Who has every role over it [default: the account that sends]
    #[arg(long, value_name = "ADDRESS", required_if_eq("print_tx", "true"))]
    keeper: Option<Address>,
    #[command(flatten)]
    from: FromArgs,
}

/// Creates the token, and looks who holds its roles.
pub fn run(shell: &mut Shell, args: &DeployToken) -> Result<u8> {
    for (what, text) in [("name", &args.name), ("symbol", &args.symbol)] {
        if text.is_empty() || text.len() > TEXT_BYTES_MAX || text.chars().any(char::is_control) {
            let text = format!(
                "the {what} has {} bytes: expected 1 to {TEXT_BYTES_MAX}, all of them to be seen",
                text.len()
            );
            return Err(invalid("token-name", text).hint("give it with `--name` and `--symbol`").into());
        }
    }
    let creation = |keeper: Account| -> Result<Creation> {
        let data = deploy::token_data(keeper, (&args.name, &args.symbol, args.decimals))?;
        let (owner, signs_as) = (args.symbol.clone(), Some(args.name.clone()));
        Ok(Creation { what: "token", owner, chain: args.chain, data, at: None, signs_as })
    };
    if let (true, Some(keeper)) = (args.from.print_tx, args.keeper) {
        return creation(account(keeper))?.print(shell);
    }
    let mut desk = Desk::open(shell, key(&args.from)?, (args.chain, &args.from.endpoints))?;
    let keeper = args.keeper.map_or_else(|| desk.account(), account);
    let creation = creation(keeper)?;
    let placed = creation.place(shell, &mut desk, &args.from.sending)?;
    let rpc = desk.rpc();
    let block = block_read(rpc, args.from.sending.until())?;
    let mut differences = Vec::new();
    for wanted in [roles::ADMIN, role("MINTER_ROLE"), role("ORDER_ROLE")] {
        if !roles::has_role(rpc, &block, placed.address, (wanted, keeper))? {
            let what = format!("{} of `{keeper}`", roles::shown(wanted));
            differences.push(Difference { what, expected: "held".to_owned(), found: "not held".to_owned() });
        }
    }
    if !creation.is_at(rpc, &block, placed.address)? {
        let (what, expected) = ("code".to_owned(), "that of this program".to_owned());
        differences.push(Difference { what, expected, found: "another".to_owned() });
    }
    let compared = json!({ "keeper of every role": Address(keeper.into_array()) });
    tell(shell, (&creation, &placed, &args.from.sending), (rpc, &block), (compared, differences))
}
