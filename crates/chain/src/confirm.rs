//! Whether a chain shows what somebody says that it shows, as of one final block. Nothing here knows who says
//! so: what is held against the chain is named by whoever read it, in an evidence pack for one.

use crate::contracts::{Anchor, Escrow, Gate};
use crate::domain::{Block, Domain, DomainError};
use crate::enforce;
use crate::observe::{event, last_at, logs_once};
use alloy_primitives::{Address, B256, FixedBytes, U256};
use alloy_sol_types::SolCall;
use lockstep_types::{CaseId, LedgerId, RootHash, Time};

/// Most heads that are compared with an Anchor: the newest of those that are known.
pub const HEADS_MAX: usize = 64;
/// Most blocks of one second in which an execution is looked for.
const BLOCKS_OF_A_SECOND_MAX: u64 = 64;

/// What a chain denies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// An outcome is said to be executed by a Gate that is none.
    #[error("nothing at `{gate}` answers as a Gate")]
    NoGate {
        /// Where it should be.
        gate: Address,
    },
    /// The Gate is of another programme.
    #[error("Gate `{gate}` is of programme `{found}`, expected `{expected}`")]
    OtherProgramme {
        /// The Gate.
        gate: Address,
        /// Keccak-256 of the programme's name.
        expected: B256,
        /// What the Gate answers.
        found: B256,
    },
    /// The Gate's Anchor follows another ledger.
    #[error("Anchor `{anchor}` follows ledger `{found}`, expected `{expected}`")]
    OtherLedger {
        /// The Anchor.
        anchor: Address,
        /// The ledger.
        expected: LedgerId,
        /// What it follows.
        found: LedgerId,
    },
    /// Two histories under one id.
    #[error("Anchor `{anchor}` keeps root `{found}` for {size} records, expected `{expected}`")]
    OtherHistory {
        /// The Anchor.
        anchor: Address,
        /// The size.
        size: u64,
        /// The root that is known for it.
        expected: RootHash,
        /// The root that is anchored.
        found: RootHash,
    },
    /// An outcome is said to be executed, and is not.
    #[error("the outcome is said to be executed at {said}; the Gate has not executed it by block {block}")]
    NotExecuted {
        /// When it is said to have been.
        said: Time,
        /// The block asked.
        block: u64,
    },
    /// An outcome is executed, but at another time than is said.
    #[error("the outcome is said to be executed at {said}; no block of that second shows it")]
    OtherTime {
        /// When it is said to have been.
        said: Time,
    },
    /// An outcome is said to have lapsed, and is executed.
    #[error("the outcome is said to be never executed; the Gate has executed it by block {block}")]
    ExecutedAfterAll {
        /// The block asked.
        block: u64,
    },
    /// A block is another one.
    #[error("block {number} is `{found}`, expected `{expected}`")]
    OtherBlock {
        /// Its number.
        number: u64,
        /// The hash that is claimed.
        expected: B256,
        /// The hash that it has.
        found: B256,
    },
    /// No deposit at the place named.
    #[error(
        "block {block} has no deposit in Escrow `{escrow}` by transaction `{transaction}` at place {log}"
    )]
    NoDeposit {
        /// The block.
        block: u64,
        /// The Escrow.
        escrow: Address,
        /// The transaction.
        transaction: B256,
        /// The place in the block.
        log: u64,
    },
    /// The deposit is of something else.
    #[error("the deposit has {what} `{found}`, expected `{expected}`")]
    OtherDeposit {
        /// Which field.
        what: &'static str,
        /// What is claimed.
        expected: String,
        /// What the event says.
        found: String,
    },
}

impl Contradiction {
    /// Its name, which stays when the text changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoGate { .. } => "no-gate",
            Self::OtherProgramme { .. } => "other-programme",
            Self::OtherLedger { .. } => "other-ledger",
            Self::OtherHistory { .. } => "other-history",
            Self::NotExecuted { .. } => "not-executed",
            Self::OtherTime { .. } => "executed-at-another-time",
            Self::ExecutedAfterAll { .. } => "executed-after-all",
            Self::OtherBlock { .. } => "other-block",
            Self::NoDeposit { .. } => "no-deposit",
            Self::OtherDeposit { .. } => "other-deposit",
        }
    }
}

/// What came of a look at the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// As is said; in words, what the chain shows.
    Agrees(String),
    /// The chain denies it.
    Denied(Contradiction),
    /// The chain says nothing about it as of this block, and why.
    Open(String),
}

/// An outcome, and what is said to have become of it.
#[derive(Debug, Clone, Copy)]
pub struct StatedOutcome {
    /// The Gate.
    pub gate: Address,
    /// The case under whose name it is executed.
    pub case: CaseId,
    /// Which decision.
    pub ordinal: u32,
    /// What is said of it.
    pub said: StatedEnd,
}

/// What is said to have become of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatedEnd {
    /// Executed, in a block of this time.
    Executed(Time),
    /// Never to be executed.
    Lapsed,
    /// Nothing is said.
    Nothing,
}

/// Whose a Gate must be.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The ledger.
    pub ledger: LedgerId,
    /// Keccak-256 of the programme's name.
    pub programme: B256,
    /// Sizes and roots of the ledger's log that are known, ascending.
    pub heads: &'a [(u64, RootHash)],
}

/// A deposit as it is claimed; what is not known is not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedDeposit {
    /// The Escrow.
    pub escrow: Address,
    /// The case.
    pub case: CaseId,
    /// The token.
    pub token: Address,
    /// Number of the block.
    pub block: u64,
    /// Its hash.
    pub block_hash: B256,
    /// The transaction.
    pub transaction: B256,
    /// Place of the event in the block.
    pub log: u64,
    /// Whose tokens.
    pub depositor: Option<Address>,
    /// How many, in the token's smallest unit.
    pub amount: Option<U256>,
}

/// What a contract answered, once it is known that the chain did.
enum Answer<T> {
    Is(T),
    /// It reverted, or answered something else: it is no such contract.
    IsNone,
}

fn ask<C: SolCall>(
    domain: &dyn Domain,
    block: &Block,
    (of, call): (Address, &C),
) -> Result<Answer<C::Return>, DomainError> {
    match domain.call_at(block, of, &call.abi_encode()) {
        Ok(answer) => Ok(C::abi_decode_returns(&answer).map_or(Answer::IsNone, Answer::Is)),
        Err(DomainError::Reverted { .. } | DomainError::Halted { .. }) => Ok(Answer::IsNone),
        Err(error) => Err(error),
    }
}

/// What became of an outcome, as of this block: its Gate is of the programme, with an Anchor that follows the
/// ledger and keeps the roots that are known; and it has executed the outcome if and when that is said.
///
/// # Errors
/// [`DomainError`]: nobody answers.
pub fn outcome(
    domain: &dyn Domain,
    block: &Block,
    (stated, owner): (&StatedOutcome, &Owner<'_>),
) -> Result<Shown, DomainError> {
    let StatedOutcome { gate: at, case, ordinal, said } = *stated;
    let owned = match gate(domain, block, (at, owner))? {
        Shown::Agrees(owned) => owned,
        // Where nothing is said to have been executed, the Gate may still be on its way.
        Shown::Denied(denied @ Contradiction::NoGate { .. }) if !matches!(said, StatedEnd::Executed(_)) => {
            return Ok(Shown::Open(format!("{denied} by block {}", block.number)));
        }
        denied => return Ok(denied),
    };
    let executed = enforce::executed(domain, block, (at, case, ordinal))?;
    let number = block.number;
    let shown = match (said, executed) {
        (StatedEnd::Executed(at), true) => executed_at(domain, block, (stated, at))?,
        (StatedEnd::Executed(at), false) if at.seconds_round_down() > block.timestamp => {
            Shown::Open(format!("it is said to be executed at {at}, later than final block {number}"))
        }
        (StatedEnd::Executed(said), false) => {
            Shown::Denied(Contradiction::NotExecuted { said, block: number })
        }
        (StatedEnd::Lapsed, true) => Shown::Denied(Contradiction::ExecutedAfterAll { block: number }),
        (StatedEnd::Lapsed, false) => Shown::Agrees("not executed, as is said".to_owned()),
        (StatedEnd::Nothing, true) => Shown::Agrees("executed, though no record says so yet".to_owned()),
        (StatedEnd::Nothing, false) => Shown::Agrees("not executed, and no record says so".to_owned()),
    };
    Ok(match shown {
        Shown::Agrees(what) => Shown::Agrees(format!("{what}; {owned}")),
        other => other,
    })
}

/// Whose Gate it is, as of this block.
fn gate(
    domain: &dyn Domain,
    block: &Block,
    (at_gate, owner): (Address, &Owner<'_>),
) -> Result<Shown, DomainError> {
    let none = Shown::Denied(Contradiction::NoGate { gate: at_gate });
    let Answer::Is(found) = ask(domain, block, (at_gate, &Gate::PROGRAMMECall {}))? else { return Ok(none) };
    let Answer::Is(anchor) = ask(domain, block, (at_gate, &Gate::ANCHORCall {}))? else { return Ok(none) };
    if found != owner.programme {
        let expected = owner.programme;
        return Ok(Shown::Denied(Contradiction::OtherProgramme { gate: at_gate, expected, found }));
    }
    let Answer::Is(ledger) = ask(domain, block, (anchor, &Anchor::ledgerCall {}))? else { return Ok(none) };
    let Answer::Is(head) = ask(domain, block, (anchor, &Anchor::headCall {}))? else { return Ok(none) };
    let compared = match same_roots(domain, block, (anchor, owner))? {
        Ok(compared) => compared,
        Err(denied) => return Ok(Shown::Denied(denied)),
    };
    let (expected, found) = (owner.ledger, LedgerId(ledger.0));
    // One that was succeeded keeps the roots of the ledger before: it has followed this one.
    if found != expected && compared.is_none() {
        return Ok(Shown::Denied(Contradiction::OtherLedger { anchor, expected, found }));
    }
    let follows = if found == expected { "follows the ledger" } else { "has followed the ledger" };
    Ok(Shown::Agrees(match compared {
        Some(size) => format!("Anchor `{anchor}` {follows}, with the same root at {size} records"),
        None if head == 0 => format!("Anchor `{anchor}` {follows}, and keeps no root yet"),
        None => format!("Anchor `{anchor}` {follows}; its root at {head} records cannot be compared"),
    }))
}

/// Compares the roots that are known with those that the Anchor keeps; gives the largest size at which there
/// was one to compare.
fn same_roots(
    domain: &dyn Domain,
    block: &Block,
    (anchor, owner): (Address, &Owner<'_>),
) -> Result<Result<Option<u64>, Contradiction>, DomainError> {
    let mut compared = None;
    for (size, expected) in owner.heads.iter().rev().take(HEADS_MAX) {
        let call = Anchor::rootAtCall { ledgerId: FixedBytes(owner.ledger.0), size: *size };
        let Answer::Is(root) = ask(domain, block, (anchor, &call))? else { continue };
        let (size, expected, found) = (*size, *expected, RootHash(root.0));
        if found != expected {
            return Ok(Err(Contradiction::OtherHistory { anchor, size, expected, found }));
        }
        compared = compared.or(Some(size));
    }
    Ok(Ok(compared))
}

/// The Gate's event must stand in a block of the second that is named.
fn executed_at(
    domain: &dyn Domain,
    block: &Block,
    (stated, at): (&StatedOutcome, Time),
) -> Result<Shown, DomainError> {
    let other = || Ok(Shown::Denied(Contradiction::OtherTime { said: at }));
    let second = at.seconds_round_down();
    if domain.block(0)?.timestamp > second {
        return other();
    }
    let last = last_at(domain, second, block.number)?;
    let mut first = last;
    for _ in 0..BLOCKS_OF_A_SECOND_MAX {
        match first.checked_sub(1) {
            Some(before) if domain.block(before)?.timestamp == second => first = before,
            _ => break,
        }
    }
    let found = domain.block(last)?;
    if found.timestamp != second {
        return other();
    }
    for log in logs_once(domain, stated.gate, (first, last))? {
        let Some(Gate::Executed { caseId, ordinal }) = event::<Gate::Executed>(&log)? else { continue };
        if (CaseId(caseId.0), ordinal) == (stated.case, stated.ordinal) {
            return Ok(Shown::Agrees(format!("executed in block {}, at {at}, as is said", log.block)));
        }
    }
    other()
}

/// Whether a deposit is where it is claimed to be, as of this block.
///
/// # Errors
/// [`DomainError`]: nobody answers.
pub fn deposit(domain: &dyn Domain, block: &Block, stated: &StatedDeposit) -> Result<Shown, DomainError> {
    let number = stated.block;
    if number > block.number {
        let last = block.number;
        return Ok(Shown::Open(format!(
            "it is claimed to be in block {number}, later than final block {last}"
        )));
    }
    let found = domain.block(number)?;
    if found.hash != stated.block_hash {
        let (expected, found) = (stated.block_hash, found.hash);
        return Ok(Shown::Denied(Contradiction::OtherBlock { number, expected, found }));
    }
    let (escrow, transaction, log) = (stated.escrow, stated.transaction, stated.log);
    for noted in logs_once(domain, escrow, (number, number))? {
        let Some(made) = event::<Escrow::Deposited>(&noted)? else { continue };
        if (noted.transaction, noted.index) == (transaction, log) {
            return Ok(match difference(stated, &made) {
                Some(denied) => Shown::Denied(denied),
                None => Shown::Agrees(format!("{} units are deposited in block {number}", made.amount)),
            });
        }
    }
    Ok(Shown::Denied(Contradiction::NoDeposit { block: number, escrow, transaction, log }))
}

fn difference(stated: &StatedDeposit, made: &Escrow::Deposited) -> Option<Contradiction> {
    let case = (!stated.case.0.eq(&made.caseId.0))
        .then(|| ("case", stated.case.to_string(), CaseId(made.caseId.0).to_string()));
    let token =
        (stated.token != made.token).then(|| ("token", stated.token.to_string(), made.token.to_string()));
    let depositor = stated.depositor.filter(|depositor| *depositor != made.depositor);
    let depositor = depositor.map(|claimed| ("depositor", claimed.to_string(), made.depositor.to_string()));
    let amount = stated.amount.filter(|amount| *amount != made.amount);
    let amount = amount.map(|claimed| ("amount", claimed.to_string(), made.amount.to_string()));
    let (what, expected, found) = case.or(token).or(depositor).or(amount)?;
    Some(Contradiction::OtherDeposit { what, expected, found })
}
