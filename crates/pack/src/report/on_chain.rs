//! What a pack says of chains. The verifier asks none of them; whoever does has here what to ask for.

use core::fmt;
use lockstep_crypto::tree::TreeHead;
use lockstep_types::{Address, CaseId, ChainId, Currency, Digest, Name, Time};
use serde::{Serialize, Serializer};

/// Everything in a pack that a chain could contradict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OnChain {
    /// Deposits that steps of the case show and that were not withdrawn, in the order of the log.
    pub deposits: Vec<DepositFact>,
    /// Certified heads that the pack ties to its own, ascending by size: an Anchor that keeps a root for one
    /// of these sizes keeps this one.
    #[serde(skip)]
    pub heads: Vec<TreeHead>,
    /// Outcomes of the case, in the order of the log.
    pub outcomes: Vec<OutcomeFact>,
}

/// An outcome, and what records say became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutcomeFact {
    /// The case under whose name the Gate executes it.
    pub case: CaseId,
    /// The chain, as CAIP-2 writes it.
    #[serde(serialize_with = "as_text")]
    pub chain: ChainId,
    /// What the policy calls the chain.
    pub domain: Name,
    /// By which Gate.
    pub gate: Address,
    /// Number in the log.
    pub index: u64,
    /// What it moves.
    pub kind: OutcomeKind,
    /// Until when the Gate executes it, in seconds, inclusive; 0: for ever.
    pub not_after_s: u64,
    /// Which decision of the case.
    pub ordinal: u32,
    /// Keccak-256 of the programme's name, which the Gate must be of.
    pub programme: Digest,
    /// What a record says became of it.
    pub said: Said,
}

/// What an outcome moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// Calls within the cap of a line.
    Ordinary,
    /// Deposits of its case in the Gate's Escrow.
    Escrow,
}

/// What a record says became of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// A final block showed it executed, at this time.
    Executed(Time),
    /// A final block after its time showed that it was not executed.
    Lapsed,
    /// Nothing so far.
    Nothing,
}

/// A step that shows a deposit; what it says stands in its claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DepositFact {
    /// The chain, as CAIP-2 writes it.
    #[serde(serialize_with = "as_text")]
    pub chain: ChainId,
    /// The currency of the step's claim `amount`, if it has one of money.
    #[serde(serialize_with = "code", skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Decimals of the token.
    pub decimals: u8,
    /// What the policy calls the chain.
    pub domain: Name,
    /// Where the tokens are.
    pub escrow: Address,
    /// Number of the step's record in the log.
    pub index: u64,
    /// The step.
    pub step: Name,
    /// The token.
    pub token: Address,
}

fn as_text<S: Serializer>(chain: &ChainId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(chain)
}

fn code<S: Serializer>(currency: &Option<Currency>, serializer: S) -> Result<S::Ok, S::Error> {
    match currency {
        Some(currency) => serializer.collect_str(currency),
        None => serializer.serialize_none(),
    }
}

impl OnChain {
    /// True when no chain could contradict the pack.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deposits.is_empty() && self.outcomes.is_empty()
    }

    /// The chains that are named, ascending, each once.
    #[must_use]
    pub fn chains(&self) -> Vec<ChainId> {
        let outcomes = self.outcomes.iter().map(|outcome| outcome.chain);
        let mut chains: Vec<ChainId> = outcomes.chain(self.deposits.iter().map(|d| d.chain)).collect();
        chains.sort_unstable();
        chains.dedup();
        chains
    }
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ordinary => "ordinary",
            Self::Escrow => "escrow",
        })
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Executed(at) => write!(f, "executed at {at}, a record says"),
            Self::Lapsed => f.write_str("never executed, a record says"),
            Self::Nothing => f.write_str("no record says that it was executed"),
        }
    }
}

impl fmt::Display for OutcomeFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, kind, ordinal, chain, gate, said, .. } = self;
        write!(f, "record {index}: {kind} outcome, ordinal {ordinal}, on {chain}, Gate {gate}: {said}")
    }
}

impl fmt::Display for DepositFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, step, chain, escrow, .. } = self;
        write!(f, "record {index}: `{step}` shows a deposit on {chain}, Escrow {escrow}")
    }
}
