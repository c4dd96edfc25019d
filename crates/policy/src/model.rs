//! The layout of a policy: its parameters, lists, domains, roles, steps, readings, holds and outcomes,
//! each in the order in which the file declares them (`specs/policy.md` §2).

use crate::audience::Granted;
use crate::claim::{ClaimError, ClaimKind, ClaimValue};
use lockstep_types::{Address, ChainId, Money, Name};

/// What `policy.toml` says. A `Layout` inside a [`Policy`](crate::Policy) has passed every static check:
/// all names that it mentions exist, the steps have an order, and every step leads to an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Name of the process.
    pub name: Name,
    /// One line for people.
    pub title: String,
    /// The one business on a ledger that the policy is adopted into.
    pub programme: Name,
    /// The role whose holders may open a case.
    pub opened_by: Name,
    /// How long a case may stay open, in milliseconds.
    pub lasts_ms: u64,
    /// What is fixed when a case is opened.
    pub params: Vec<Param>,
    /// Lists that governance adopts and guards read.
    pub lists: Vec<List>,
    /// Where value lives.
    pub domains: Vec<Domain>,
    /// Who takes part.
    pub roles: Vec<Role>,
    /// What has to happen.
    pub steps: Vec<Step>,
    /// What observers must have read from the domains.
    pub readings: Vec<Reading>,
    /// Amounts reserved against headroom.
    pub holds: Vec<Hold>,
    /// What a decided case unlocks.
    pub outcomes: Vec<Outcome>,
    /// Who may see what of a case.
    pub audiences: Vec<Granted>,
}

/// A typed value that is fixed when a case is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name; guards read it as `resource.<name>`.
    pub name: Name,
    /// Its type.
    pub kind: ClaimKind,
    /// The domain an account belongs to: always there for accounts, never for others.
    pub domain: Option<Name>,
    /// The least value, as [`ClaimValue::number`]: always there for money, possible for integers.
    pub min: Option<i64>,
    /// The greatest value, likewise.
    pub max: Option<i64>,
}

/// Whether a list is a document or a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// The digest of a document.
    Digest,
    /// A small set of strings.
    Set,
}

/// A list adopted by governance; guards read it as `context.list.<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its name.
    pub name: Name,
    /// What it holds.
    pub kind: ListKind,
}

/// A chain, the Gate on it that this programme's outcomes pass, and the token they move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Its name.
    pub name: Name,
    /// The chain.
    pub chain: ChainId,
    /// The Gate of this programme on that chain.
    pub gate: Address,
    /// The token.
    pub token: Address,
    /// The Gate's Escrow, where a policy moves deposits.
    pub escrow: Option<Address>,
    /// Decimals of the token: one whole unit of currency is 10^decimals token units.
    pub decimals: u8,
}

/// An office that parties hold by credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: Name,
    /// The kind of credential that makes a party a holder.
    pub credential: Name,
    /// How many persons of the party sign one envelope; they must differ.
    pub keys: u32,
    /// Roles that the same party must not act in within one case, as declared; see [`Layout::rivals`].
    pub distinct_from: Vec<Name>,
}

/// One claim slot of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimDecl {
    /// Its name; guards read it as `context.claim.<name>`.
    pub name: Name,
    /// Its type.
    pub kind: ClaimKind,
}

/// An act that may count once in a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SingleUse {
    /// The claims that name the act, in order.
    pub claims: Vec<Name>,
    /// The name under which the act is used; steps (of any policy of the programme) that share it share
    /// the keys.
    pub use_as: Name,
}

/// How old what a step states may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// The claim of type time that says when it held.
    pub claim: Name,
    /// Most milliseconds between that time and the decision of any step that relies on it.
    pub max_age_ms: u64,
}

/// A step that one party takes or refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: Name,
    /// The role that takes it.
    pub by: Name,
    /// What its taker says, as the end of a sentence that begins with the role.
    pub title: String,
    /// The steps that must be done before, in the order in which `prev` names their records.
    pub after: Vec<Name>,
    /// Latest time for the step, in milliseconds since the case was opened.
    pub within_ms: Option<u64>,
    /// When the step should be done, in milliseconds since the case was opened: later it counts all the same,
    /// and the delay is told.
    pub due_ms: Option<u64>,
    /// True when, once the step is done, no deadline ends the case: it ends by its last step, done or
    /// refused.
    pub commits: bool,
    /// Documents that must be named, one slot each, in order.
    pub evidence: Vec<Name>,
    /// The act that this step may use once.
    pub single_use: Option<SingleUse>,
    /// How old its statement may be.
    pub fresh: Option<Fresh>,
    /// The claim of type time that says when the money was booked; makes the step's money a credit.
    pub booked: Option<Name>,
    /// The claim of type money that has left the reserve at the time that `booked` names: a payout, which a
    /// burn of tokens goes with.
    pub pays: Option<Name>,
    /// Claim slots, in the order in which an attestation carries their digests.
    pub claims: Vec<ClaimDecl>,
}

/// What an observer reads from a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadingKind {
    /// The total supply of the domain's token.
    TokenSupply,
}

/// Attested readings that a hold rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Its name.
    pub name: Name,
    /// What is read.
    pub kind: ReadingKind,
    /// The role of its observers.
    pub by: Name,
    /// How many different parties must have attested the same reading.
    pub quorum: u32,
    /// Most milliseconds between the newest finalized block read and the decision that relies on it.
    pub max_age_ms: u64,
    /// The domains to be read; all of the policy when the file names none.
    pub domains: Vec<Name>,
}

/// A claim of a step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimRef {
    /// The step.
    pub step: Name,
    /// The claim.
    pub claim: Name,
}

/// An amount reserved against headroom when a step is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its name.
    pub name: Name,
    /// The step whose acceptance needs, and takes, the headroom.
    pub at: Name,
    /// The money parameter that is held.
    pub amount: Name,
    /// The domain on which the amount will appear.
    pub domain: Name,
    /// The balance: a money claim of a step with [`Step::fresh`], whose time claim is the t of the formula.
    pub reserve: ClaimRef,
    /// Money claims of steps with [`Step::booked`], counted only when booked after t.
    pub credits: Vec<ClaimRef>,
    /// The reading that is subtracted.
    pub reading: Name,
}

/// When an outcome can no longer be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// So many milliseconds after the decision.
    AfterMs(u64),
    /// Not at all.
    Never,
}

/// A word of a call's arguments, by its ABI type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbiType {
    /// An address; from an account.
    Address,
    /// An unsigned integer; from money (in token units), an integer or a time (in ms).
    Uint256,
    /// 32 bytes; from a digest.
    Bytes32,
    /// From a bool.
    Bool,
}

/// Which contract of the domain is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The token, within the cap of the outcome's line.
    Token,
    /// The Gate's Escrow: deposits of this case, at any time, without a cap.
    Escrow,
}

/// Where an argument of a call comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arg {
    /// A parameter of the case.
    Param(Name),
    /// A claim of a step.
    Claim(ClaimRef),
    /// The case's own id.
    Case,
    /// The domain's token.
    Token,
}

/// A function of one of the domain's contracts and where its arguments come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The contract.
    pub target: Target,
    /// The signature whose Keccak-256 gives the selector: `mint(address,uint256)`.
    pub signature: String,
    /// The argument types, in order.
    pub types: Vec<AbiType>,
    /// The arguments, in order.
    pub args: Vec<Arg>,
}

/// What a case unlocks: one call of a contract of one domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its name.
    pub name: Name,
    /// The steps that decide it; none where it returns a deposit.
    pub after: Vec<Name>,
    /// The step whose deposit it returns: it is unlocked when the case ends in another way than by its last
    /// step, and by every such deposit that is shown after the end.
    pub returns: Option<Name>,
    /// The domain whose Gate it passes.
    pub domain: Name,
    /// The line of the Gate that it uses (caps are kept by line).
    pub line: Name,
    /// The call.
    pub call: Call,
    /// Until when the Gate may execute it.
    pub expires: Expiry,
}

impl Param {
    /// Reads a value of this parameter from its canonical text and holds it against the bounds.
    ///
    /// # Errors
    /// [`ClaimError`], in the order of the checks: length, form, bounds.
    pub fn parse(&self, text: &str) -> Result<ClaimValue, ClaimError> {
        let value = self.kind.parse(text)?;
        let low = value.number().zip(self.min).is_some_and(|(number, min)| number < min);
        let high = value.number().zip(self.max).is_some_and(|(number, max)| number > max);
        if low || high {
            let (min, max) = (self.bound(self.min), self.bound(self.max));
            return Err(ClaimError::Range { found: text.to_owned(), min, max });
        }
        Ok(value)
    }

    /// A bound in the text of the parameter's type.
    pub(crate) fn bound(&self, number: Option<i64>) -> Option<String> {
        let number = number?;
        match self.kind {
            ClaimKind::Money(currency) => {
                let amount = lockstep_types::Amount::from_minor(number).ok()?;
                Some(Money::new(amount, currency).decimal())
            }
            _ => Some(number.to_string()),
        }
    }
}

impl Step {
    /// The type of a claim of this step.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<ClaimKind> {
        self.claims.iter().find(|claim| claim.name.as_str() == name).map(|claim| claim.kind)
    }
}

impl Layout {
    /// The outcomes that the last step unlocks, in declared order.
    pub fn outcomes_decided(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| outcome.returns.is_none())
    }

    /// The outcomes that return a deposit, with the step that shows it, in declared order.
    pub fn outcomes_returning(&self) -> impl Iterator<Item = (&Outcome, &Step)> {
        self.outcomes.iter().filter_map(|o| Some((o, self.step(o.returns.as_ref()?.as_str())?)))
    }

    /// The outcome that returns what `step` shows.
    #[must_use]
    pub fn outcome_returning(&self, step: &str) -> Option<&Outcome> {
        self.outcomes_returning().find(|(_, returned)| returned.name.as_str() == step).map(|(o, _)| o)
    }
}

impl Arg {
    /// The argument as a policy writes it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Param(name) => format!("param.{name}"),
            Self::Claim(claim) => format!("{}.{}", claim.step, claim.claim),
            Self::Case => "case".to_owned(),
            Self::Token => "token".to_owned(),
        }
    }

    /// The argument as a person says it.
    pub(crate) fn said(&self) -> String {
        match self {
            Self::Param(name) => name.as_str().replace('_', " "),
            Self::Claim(claim) => format!("{} of “{}”", claim.claim.as_str().replace('_', " "), claim.step),
            Self::Case | Self::Token => self.text(),
        }
    }
}

impl AbiType {
    /// The type as Solidity writes it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Uint256 => "uint256",
            Self::Bytes32 => "bytes32",
            Self::Bool => "bool",
        }
    }
}
