//! `lockstep chain hand-over-token`: every role over a token in circulation goes to the Gate, and nobody else
//! keeps one. What stands there is looked at first; nothing is sent unless all of it would go through.

use super::super::outcome::{self, Transaction as Printed};
use super::wanted::{self, Known, Named, PolicyArgs, account, check_gate};
use crate::endpoints::EndpointArgs;
use crate::fault::{Kind, Told, invalid, told};
use crate::key::KeyRef;
use crate::sending::{Desk, SendingArgs};
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::Args;
use lockstep_chain::roles::{self, Change, Held, Roles, shown};
use lockstep_chain::submit::Until;
use lockstep_chain::{Account, Block, Domain, Hash, Rpc, Transaction, standing};
use lockstep_policy::Wanted;
use lockstep_types::{Address, Name, sha256};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Which token, whose roles, and what becomes of others who hold some.
#[derive(Debug, Clone, Args)]
pub struct HandOver {
    #[command(flatten)]
    policies: PolicyArgs,
    #[command(flatten)]
    endpoints: EndpointArgs,
    /// A block at or before that in which the token was created: holders of roles are found in the events
    /// since
    #[arg(long, value_name = "BLOCK", default_value_t = 0)]
    since: u64,
    /// A role that the Gate gets besides those that anybody holds: its name, as the contract hashes it, or
    /// that hash
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Another account that holds roles, from which they are taken
    #[arg(long, value_name = "ADDRESS")]
    revoke: Vec<Address>,
    /// Another account that keeps its roles: the answer says so, and ends with exit code 1
    #[arg(long, value_name = "ADDRESS", conflicts_with = "revoke_all")]
    leave: Vec<Address>,
    /// Take their roles from all other accounts that hold some
    #[arg(long)]
    revoke_all: bool,
    /// The account that holds the admin role, sends and pays: a key of suite `eip712`, in a file or behind
    /// `exec:PROGRAM`
    #[arg(long = "as", value_name = "KEY", required_unless_present = "print_tx")]
    key: Option<KeyRef>,
    #[command(flatten)]
    sending: SendingArgs,
    /// Print the unsigned transactions of `--holder` and send nothing
    #[arg(long, conflicts_with = "key", requires = "holder")]
    print_tx: bool,
    /// With `--print-tx`: the account that holds the admin role
    #[arg(long, value_name = "ADDRESS", requires = "print_tx")]
    holder: Option<Address>,
}

/// A token, whose roles it is about, and the Gate.
struct Over<'a> {
    args: &'a HandOver,
    wanted: &'a Wanted,
    named: Vec<Hash>,
    holder: Account,
    gate: Account,
    token: Account,
}

/// Runs the command. Exit code 1: somebody besides the Gate holds a role.
pub fn run(shell: &mut Shell, args: &HandOver) -> Result<u8> {
    let named = args.roles.iter().map(|text| role(text)).collect::<Result<Vec<_>>>()?;
    let Named { known, wanted, .. } = wanted::read(shell, &args.policies)?;
    let (gate, token) = (account(wanted.domain.gate), account(wanted.domain.token));
    let chain = wanted.domain.chain.0;
    let over = |holder: Account| Over { args, wanted: &wanted, named, holder, gate, token };
    if let (true, Some(holder)) = (args.print_tx, args.holder) {
        let rpc = args.endpoints.connect(chain)?;
        return over(account(holder)).print(shell, &rpc, &known);
    }
    let key = args.key.as_ref().ok_or_else(|| invalid("keys", "no key is named"))?;
    let mut desk = Desk::open(shell, key, (chain, &args.endpoints))?;
    over(desk.account()).send(shell, &mut desk, &known)
}

/// A role by its name or by its hash.
fn role(text: &str) -> Result<Hash> {
    if text == "DEFAULT_ADMIN_ROLE" {
        return Ok(roles::ADMIN);
    }
    if text.starts_with("0x") {
        let refused = |error| invalid("role", format!("`{text}` is no role")).source(error);
        return Ok(text.parse().map_err(refused)?);
    }
    let named = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !named {
        let told = invalid("role", format!("`{text}` is no role"));
        return Err(told.hint("a name such as `MINTER_ROLE`, or the 32 bytes of its hash").into());
    }
    Ok(lockstep_chain::role(text))
}

impl Over<'_> {
    fn print(&self, shell: &Shell, rpc: &Rpc, known: &Known) -> Result<u8> {
        let changes = self.check(shell, rpc, known)?;
        if changes.is_empty() {
            let block = rpc.latest()?;
            return self.tell(shell, (rpc, &block), &self.roles(rpc, &block)?, 0);
        }
        let printed: Vec<Printed> = changes
            .iter()
            .map(|change| Printed {
                does: change.told((self.holder, self.gate)),
                to: self.wanted.domain.token,
                data: change.call((self.holder, self.gate)).to_string(),
            })
            .collect();
        let holder = Address(self.holder.into_array());
        shell
            .out
            .note(format!("note: nothing was sent; `{holder}` sends them in this order, then asks again"));
        outcome::print(shell, json!({ "chain": self.wanted.domain.chain.0.to_string() }), &printed)
    }

    fn send(&self, shell: &Shell, desk: &mut Desk, known: &Known) -> Result<u8> {
        let changes = self.check(shell, desk.rpc(), known)?;
        let path = desk.journal_path();
        let (mut submitter, rpc) = desk.parts(&self.args.sending)?;
        for (place, change) in (1..).zip(&changes) {
            let last = place == changes.len();
            let data = change.call((self.holder, self.gate));
            let label = format!("role {} {}", self.token, hex::encode(sha256(&data)));
            let transaction = Transaction { from: self.holder, to: Some(self.token), data };
            // Those before the last are final when that is.
            let until = if last { self.args.sending.until() } else { Until::Mined };
            let receipt = submitter.submit(&label, &transaction, until);
            let receipt = receipt.with_context(|| format!("what was sent is kept in `{path}`"))?;
            let does = change.told((self.holder, self.gate));
            shell.out.note(format!("{place} of {}: {does}, block {}", changes.len(), receipt.block.number));
        }
        let ended = self.args.sending.until() == Until::Final && !changes.is_empty();
        let block = if ended { rpc.finalized()? } else { rpc.latest()? };
        let found = self.roles(rpc, &block)?;
        self.tell(shell, (rpc, &block), &found, changes.len())
    }

    /// What has to be done, once everything is found in order.
    fn check(&self, shell: &Shell, rpc: &Rpc, known: &Known) -> Result<Vec<Change>> {
        let block = rpc.latest()?;
        check_gate(rpc, &block, known, self.wanted)?;
        let lines = self.wanted.lines.iter().filter(|line| !line.calls.is_empty());
        let lines: Vec<&Name> = lines.map(|line| &line.name).collect();
        for told in standing::caps_told(rpc, &block, (self.gate, &lines))? {
            shell.out.note(format!("note: {told}"));
        }
        if rpc.code(&block, self.token)?.is_empty() || !roles::has_roles(rpc, &block, self.token)? {
            let text = format!("the token `{}` has no roles under OpenZeppelin's AccessControl", self.token);
            return Err(told(Kind::Refused, "token-roles", text)
                .hint(
                    "a token with an owner, or with roles of its own making, is handed over by its own means",
                )
                .into());
        }
        let found = self.roles(rpc, &block)?;
        self.check_since(rpc, &found)?;
        if let Some(owner) = self.owner(rpc, &block) {
            shell
                .out
                .note(format!("note: the token has an owner too, `{owner}`: what it may do, no role says"));
        }
        self.check_revoked(&found)?;
        let others = found.others(&[self.holder, self.gate]);
        let kept = |(_, account): &&Held| !self.revokes(*account) && !self.leaves(*account);
        let unnamed: Vec<Held> = others.iter().filter(kept).copied().collect();
        if !unnamed.is_empty() {
            return Err(others_hold(&unnamed).into());
        }
        let done = self.gate_has_all(&found)
            && !found.held.iter().any(|(_, account)| *account == self.holder || self.revokes(*account));
        if done {
            return Ok(Vec::new());
        }
        if !found.has(roles::ADMIN, self.holder) {
            return Err(self.no_admin(&found).into());
        }
        let revoked: BTreeSet<Account> =
            others.iter().map(|(_, account)| *account).filter(|account| self.revokes(*account)).collect();
        let revoked: Vec<Account> = revoked.into_iter().collect();
        let changes = found.hand_over((self.holder, self.gate), (&self.named, &revoked));
        self.try_out(rpc, &block, &changes)?;
        Ok(changes)
    }

    /// Each change would go through now, so that none is sent in vain.
    fn try_out(&self, rpc: &Rpc, block: &Block, changes: &[Change]) -> Result<()> {
        for change in changes {
            let data = change.call((self.holder, self.gate));
            let transaction = Transaction { from: self.holder, to: Some(self.token), data };
            rpc.simulate(block, &transaction).map_err(|error| {
                let text = format!("the token refuses what {}", change.told((self.holder, self.gate)));
                told(Kind::Refused, "role-refused", text).source(error).hint(
                    "nothing was sent; a token whose admin moves in two steps is handed over by its own \
                         means",
                )
            })?;
        }
        Ok(())
    }

    fn roles(&self, rpc: &Rpc, block: &Block) -> Result<Roles> {
        let asked = [self.holder, self.gate];
        Ok(roles::roles(rpc, block, (self.token, self.args.since), (&asked, &self.named))?)
    }

    /// The events begin with the token: else holders stay unseen.
    fn check_since(&self, rpc: &Rpc, found: &Roles) -> Result<()> {
        let since = self.args.since;
        let late = |text: String| {
            invalid("since", text)
                .hint("name a block at or before the token's creation, or leave `--since` away")
        };
        let before =
            since.checked_sub(1).map(|number| rpc.block(number).and_then(|b| rpc.code(&b, self.token)));
        // A node that has thrown the old state away says nothing; then the events must do.
        if before.is_some_and(|code| code.is_ok_and(|code| !code.is_empty())) {
            let text =
                format!("the token stood there before block {since}: who was given roles then is not seen");
            return Err(late(text).into());
        }
        let admins = found.held.iter().filter(|(role, _)| *role == roles::ADMIN);
        match admins.clone().find(|held| !found.noted.contains(held)) {
            None => Ok(()),
            Some((_, account)) => {
                let text =
                    format!("no event since block {since} tells how `{account}` came by the admin role");
                Err(late(text).into())
            }
        }
    }

    fn check_revoked(&self, found: &Roles) -> Result<()> {
        let ever = |address: &&Address| !found.noted.iter().any(|(_, other)| *other == account(**address));
        match self.args.revoke.iter().chain(&self.args.leave).find(ever) {
            None => Ok(()),
            Some(address) => {
                let text = format!("`{address}` was never given a role over the token");
                Err(invalid("role-missing", text).hint("is it the right account?").into())
            }
        }
    }

    fn owner(&self, rpc: &Rpc, block: &Block) -> Option<Account> {
        let answer = rpc.call_at(block, self.token, &lockstep_chain::selector("owner()")).ok()?;
        let word: [u8; 32] = answer.as_ref().try_into().ok()?;
        let owner = Account::from_word(word.into());
        (owner != Account::ZERO && owner.into_word().0 == word).then_some(owner)
    }

    fn revokes(&self, other: Account) -> bool {
        self.args.revoke_all || self.args.revoke.iter().any(|address| account(*address) == other)
    }

    fn leaves(&self, other: Account) -> bool {
        self.args.leave.iter().any(|address| account(*address) == other)
    }

    fn no_admin(&self, found: &Roles) -> Told {
        let admins = found.held.iter().filter(|(role, _)| *role == roles::ADMIN);
        let admins: Vec<String> = admins.map(|(_, account)| format!("`{account}`")).collect();
        let hint = match admins.is_empty() {
            true => "nobody does: its roles stay where they are".to_owned(),
            false => format!("{} does: send with its key, or `--print-tx --holder` it", admins.join(", ")),
        };
        let text = format!("`{}` does not hold {} over the token", self.holder, shown(roles::ADMIN));
        told(Kind::Refused, "role-missing", text).hint(hint)
    }

    fn tell(&self, shell: &Shell, (rpc, block): (&Rpc, &Block), found: &Roles, sent: usize) -> Result<u8> {
        let of_gate: Vec<Hash> =
            found.admins.keys().filter(|role| found.has(**role, self.gate)).copied().collect();
        let remain = found.others(&[self.gate]);
        let (gate, token) = (self.wanted.domain.gate, self.wanted.domain.token);
        let answer = json!({
            "block": block.number,
            "gate": gate,
            "gate_holds": of_gate.iter().map(|role| shown(*role)).collect::<Vec<_>>(),
            "holder": Address(self.holder.into_array()),
            "others": remain.iter().map(held_json).collect::<Vec<_>>(),
            "rests_on": rpc.rests_on(),
            "sent": sent,
            "since": self.args.since,
            "token": token,
        });
        shell.out.answer(&answer, || {
            let names: Vec<String> = of_gate.iter().map(|role| shown(*role)).collect();
            let mut lines = vec![format!("the Gate {gate} holds {} over token {token}", names.join(", "))];
            lines.extend(remain.iter().map(|held| format!("STILL HELD  {}", held_line(held))));
            lines.push(match remain.is_empty() {
                true => format!("nobody else holds a role, as of block {}", block.number),
                false => "whoever holds a role can do what the Gate forbids".to_owned(),
            });
            lines.join("\n")
        })?;
        Ok(u8::from(!remain.is_empty() || !self.gate_has_all(found)))
    }

    fn gate_has_all(&self, found: &Roles) -> bool {
        [roles::ADMIN].iter().chain(&self.named).all(|role| found.has(*role, self.gate))
    }
}

fn others_hold(unnamed: &[Held]) -> Told {
    let lines: Vec<String> = unnamed.iter().map(held_line).collect();
    told(Kind::Refused, "other-holders", format!("others hold roles over the token: {}", lines.join("; ")))
        .hint(
            "nothing was sent: say for each `--revoke ADDRESS` or `--leave ADDRESS`; one forgotten minter \
             defeats the Gate",
        )
}

fn held_line((role, account): &Held) -> String {
    format!("`{account}` holds {}", shown(*role))
}

fn held_json((role, account): &Held) -> Value {
    json!({ "account": Address(account.into_array()), "name": shown(*role), "role": role.to_string() })
}
