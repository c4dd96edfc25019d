//! The coin on its two chains: on the first it is in circulation already, and is put behind a Gate that obeys
//! the ledger; on the second it begins there.

use super::founding::{AWAY, FREEZE, ISSUE, REDEEM, THAW, token_units};
use super::world::World;
use crate::fault::{Kind, told as fault};
use anyhow::{Context, Result, ensure};
use lockstep_chain::contracts::{Token, error_name};
use lockstep_chain::deploy::{self, Following, Line, escrow_of};
use lockstep_chain::rpc::Rule;
use lockstep_chain::rpc::finality::Finality;
use lockstep_chain::{
    Account, Anvil, Domain, DomainError, Embedded, Observation, Receipt, Steered, Transaction, Watch,
};
use lockstep_policy::Policy;
use lockstep_types::{Address, Amount, Currency, Money, Time};

/// Blocks that stand on a final one.
const DEPTH: u64 = 2;
/// Decimals of the token.
pub const DECIMALS: u32 = 6;
/// Seconds before the balance's date at which the chain begins.
const BEFORE_S: u64 = 3_600;
/// One window of a line.
const WINDOW_S: u32 = 86_400;
/// In place of an argument word: calls are counted.
const CALLS: u8 = 255;
/// Orders that the Gate carries out in one window.
const ORDERS_A_DAY: u64 = 10;
/// What a line caps that moves deposits only: nothing, but a line must state something.
const NO_ORDINARY_CALLS: u64 = 1;
/// Seconds before a loosening takes effect.
const NOTICE_S: u64 = 3_600;

/// Accounts that send transactions; on this chain nobody has to sign them.
const ISSUER: Account = Account::repeat_byte(0x1a);
/// Where the tokens are that were in circulation before.
pub const HOLDERS: Account = Account::repeat_byte(0x2b);
/// Anybody can bring certificates and outcomes.
pub const SUBMITTER: Account = Account::repeat_byte(0x3c);
/// May pause, and nothing else.
pub const GUARDIAN: Account = Account::repeat_byte(0x4d);
/// Who put the contracts there.
pub const DEPLOYER: Account = ISSUER;

/// Which of the chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The first.
    Home,
    /// The second.
    Away,
}

impl Place {
    /// What policies call it.
    pub const fn domain(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Away => "away",
        }
    }

    /// Its EIP-155 number.
    pub const fn chain(self) -> u64 {
        match self {
            Self::Home => 31_337,
            Self::Away => 31_338,
        }
    }

    /// The policy by which tokens are issued there.
    pub const fn issuance(self) -> &'static str {
        match self {
            Self::Home => ISSUE,
            Self::Away => AWAY,
        }
    }

    /// The Anvil that was asked for in its place.
    fn anvil(self, world: &World) -> Option<&str> {
        let at = match self {
            Self::Home => 0,
            Self::Away => 1,
        };
        world.inputs.anvil.get(at).map(String::as_str)
    }
}

/// A chain, and where the programme's contracts stand on it.
pub struct Coin {
    /// The chain.
    pub chain: Box<dyn Steered>,
    /// Token and Gate.
    pub watch: Watch,
    /// Where certified heads are kept.
    pub anchor: Account,
    /// The head that was anchored last.
    pub anchored: Option<u64>,
}

/// A token in circulation, and where its Gate is going to stand.
pub struct Planned {
    at: Place,
    chain: Box<dyn Steered>,
    token: Account,
    anchor: Account,
    gate: Account,
}

impl Planned {
    /// A chain that begins before the balance's date, with `supply` token units in circulation.
    pub fn begin(world: &World, (at, supply): (Place, u128)) -> Result<Self> {
        let as_of = world.inputs.balance.as_of.seconds_round_down();
        let mut chain = chain((at, at.anvil(world)), as_of.saturating_sub(BEFORE_S))?;
        let token = deploy::token(&mut *chain, (ISSUER, ISSUER), ("Acme dollar", "ACME", 6))?;
        let minted = Token::mintCall { to: HOLDERS, amount: supply.try_into().context("too much supply")? };
        send(&mut *chain, (ISSUER, token), lockstep_chain::encode(&minted))?;
        // What follows is later than the balance: the supply at its date stays what it is.
        chain.set_clock(as_of.saturating_add(1))?;
        let committee = world.kernel().committee().context("no committee")?;
        let following = Following { ledger: world.ledger()?, committee, began: 0, notice_s: NOTICE_S };
        let anchor = deploy::anchor(&mut *chain, SUBMITTER, following)?;
        let gate = chain.next_contract(ISSUER)?;
        Ok(Self { at, chain, token, anchor, gate })
    }

    /// The policy's layout with the contracts' addresses.
    pub fn place(&self, layout: &str) -> String {
        let shown = |account: Account| Address(account.into_array()).to_string();
        let placed = |line: &str| match line.split_once('=').map(|(key, _)| key.trim()) {
            Some("gate") => format!("gate     = \"{}\"", shown(self.gate)),
            Some("token") => format!("token    = \"{}\"", shown(self.token)),
            Some("escrow") => format!("escrow   = \"{}\"", shown(escrow_of(self.gate))),
            _ => line.to_owned(),
        };
        layout.lines().map(|line| placed(line) + "\n").collect()
    }

    /// Puts the Gate on the chain, with a line for mints and, on the first chain, those for orders and
    /// redemptions, and gives it every role over the token.
    pub fn build(mut self, world: &World) -> Result<Coin> {
        let currency = world.inputs.payment.money.currency;
        let mint = line(&*world.policy_named(self.at.issuance())?, (self.token, currency))?;
        let lines = match self.at {
            Place::Home => vec![mint, orders(world, self.token)?, redemptions(world, self.token)?],
            Place::Away => vec![mint],
        };
        let from = (self.anchor, &world.programme);
        let gate = deploy::gate(&mut *self.chain, ISSUER, from, (GUARDIAN, &lines))?;
        ensure!(gate == self.gate, "the Gate stands at `{gate}`, expected `{}`", self.gate);
        deploy::hand_over_token(&mut *self.chain, ISSUER, (self.token, gate))?;
        let watch = Watch { token: self.token, gate, since: 0 };
        Ok(Coin { chain: self.chain, watch, anchor: self.anchor, anchored: None })
    }
}

/// A chain that begins at this second, in this process, or the Anvil at an address: it must have begun no
/// later, and nothing else may have happened on it since.
fn chain((at, anvil): (Place, Option<&str>), begins: u64) -> Result<Box<dyn Steered>> {
    let Some(url) = anvil else { return Ok(Box::new(Embedded::new(at.chain(), DEPTH, begins))) };
    let mut chain = Anvil::connect(url, Rule::new(at.chain(), Finality::Depth(DEPTH)))?;
    let newest = chain.latest()?;
    if newest.timestamp > begins {
        let text =
            format!("the chain's newest block is of second {}, expected at most {begins}", newest.timestamp);
        let hint = format!("start it anew with `anvil --timestamp {begins}`");
        return Err(fault(Kind::Conflict, "chain-later", text).hint(hint).into());
    }
    chain.set_clock(begins)?;
    Ok(Box::new(chain))
}

/// The line of the policy's first outcome: its cap a day is the largest amount that one case may ask for.
fn line(policy: &Policy, (target, currency): (Account, Currency)) -> Result<Line> {
    let layout = policy.layout();
    let outcome = layout.outcomes.first().context("the policy unlocks nothing")?;
    let hold = layout.holds.first().context("the policy holds nothing")?;
    let most = layout.param(hold.amount.as_str()).and_then(|param| param.max).context("no largest amount")?;
    let most = token_units(Money::new(Amount::from_minor(most)?, currency))?;
    Ok(Line {
        name: outcome.line.clone(),
        policies: vec![policy.digest()],
        target,
        selectors: vec![lockstep_chain::selector(&outcome.call.signature)],
        word: 1,
        exponent: u8::try_from(DECIMALS)?,
        cap: u64::try_from(most.div_ceil(10u128.pow(DECIMALS)))?,
        window_s: WINDOW_S,
    })
}

/// The line of freezes and their lifts; it counts calls.
fn orders(world: &World, target: Account) -> Result<Line> {
    let policies = [world.policy_named(FREEZE)?, world.policy_named(THAW)?];
    let outcomes = || policies.iter().flat_map(|policy| &policy.layout().outcomes);
    Ok(Line {
        name: outcomes().next().context("a policy unlocks nothing")?.line.clone(),
        policies: policies.iter().map(|policy| policy.digest()).collect(),
        target,
        selectors: outcomes().map(|outcome| lockstep_chain::selector(&outcome.call.signature)).collect(),
        word: CALLS,
        exponent: 0,
        cap: ORDERS_A_DAY,
        window_s: WINDOW_S,
    })
}

/// The line of redemptions: it permits no call outside, so that only the Gate's Escrow is moved by it.
fn redemptions(world: &World, target: Account) -> Result<Line> {
    let policy = world.policy_named(REDEEM)?;
    let outcome = policy.layout().outcomes.first().context("the policy unlocks nothing")?;
    Ok(Line {
        name: outcome.line.clone(),
        policies: vec![policy.digest()],
        target,
        selectors: Vec::new(),
        word: CALLS,
        exponent: 0,
        cap: NO_ORDINARY_CALLS,
        window_s: WINDOW_S,
    })
}

impl Coin {
    /// The Gate's Escrow.
    pub fn escrow(&self) -> Account {
        escrow_of(self.watch.gate)
    }

    /// Sends a call at this time.
    pub fn send(
        &mut self,
        now: Time,
        (from, to): (Account, Account),
        data: Vec<u8>,
    ) -> Result<Receipt, DomainError> {
        self.chain.set_clock(now.seconds_round_down())?;
        send(&mut *self.chain, (from, to), data)
    }

    /// Anchors the head of `size` records by this call.
    pub fn submit(&mut self, now: Time, (size, call): (u64, Vec<u8>)) -> Result<Receipt, DomainError> {
        let receipt = self.send(now, (SUBMITTER, self.anchor), call)?;
        self.anchored = Some(size);
        Ok(receipt)
    }

    /// Lets a second pass in which blocks come until what has happened is final.
    pub fn finalize(&mut self) -> Result<(), DomainError> {
        self.chain.mine(1, 1)?;
        self.chain.mine(DEPTH, 0)
    }

    /// Token units that an account has.
    pub fn balance(&self, of: Account) -> Result<u128> {
        let call = Token::balanceOfCall { account: of };
        let answer = self.chain.call(self.watch.token, &lockstep_chain::encode(&call))?;
        let balance = lockstep_chain::decode::<Token::balanceOfCall>(&answer)?;
        u128::try_from(balance).context("a balance beyond every amount")
    }
}

impl World {
    /// What an observer reads of a chain as of `time`: it follows the ledger, and names what that waits for.
    pub fn observe(&self, at: Place, time: Time) -> Result<Observation> {
        let coin = self.coins.get(&at).context("there is no coin yet")?;
        let seen = coin.watch.as_of(&*coin.chain, time)?;
        let kernel = self.kernel();
        Ok(seen.waited_for(|consumed| kernel.waits_for(&consumed.case, consumed.ordinal, at.domain())))
    }
}

fn send(
    chain: &mut dyn Steered,
    (from, to): (Account, Account),
    data: Vec<u8>,
) -> Result<Receipt, DomainError> {
    chain.send(&Transaction { from, to: Some(to), data: data.into() })
}

/// Code and text of a chain's answer that must be a refusal.
pub fn told(answer: Result<Receipt, DomainError>) -> (String, String) {
    match answer {
        Ok(receipt) => ("executed".to_owned(), format!("it took effect in block {}", receipt.block.number)),
        Err(error) => match &error {
            DomainError::Reverted { answer } => (error_name(answer), error.to_string()),
            _ => ("chain".to_owned(), error.to_string()),
        },
    }
}
