//! What a pack says of a chain, held against the chain.

use crate::endpoints::EndpointArgs;
use crate::fault::{Fault, invalid};
use anyhow::Result;
use lockstep_chain::confirm::{self, Owner, Shown, StatedDeposit, StatedEnd, StatedOutcome};
use lockstep_chain::{Account, Block, Domain, DomainError, Hash, Rpc};
use lockstep_kernel::outcome::token_units;
use lockstep_pack::Report;
use lockstep_pack::report::{DepositFact, Facts, OutcomeFact, Said, StepFact};
use lockstep_types::{Address, ChainId, Digest, Money, RootHash};
use serde_json::{Value, json};

/// What a look at the chain says of the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing that was asked is denied.
    Agrees,
    /// Something is denied.
    Contradicts,
    /// The chain did not answer, or has not got so far.
    CannotTell,
}

/// One thing that the pack says, and what the chain shows of it.
struct Item {
    record: u64,
    what: &'static str,
    shown: Shown,
}

/// The chain that was asked, and everything that was asked of it.
pub struct Asked {
    /// None where the pack names no chain.
    chain: Option<ChainId>,
    block: Option<Block>,
    rests_on: Option<String>,
    items: Vec<Item>,
    /// Records about other chains, which were not asked.
    left: Vec<u64>,
    /// Why there is no answer.
    error: Option<Fault>,
}

/// Asks the chain that is named, or the only one that the pack names. A chain that does not answer is an
/// answer too; what a person got wrong is an error.
pub fn ask(endpoints: &EndpointArgs, named: Option<u64>, report: &Report) -> Result<Asked> {
    let mut asked =
        Asked { chain: None, block: None, rests_on: None, items: Vec::new(), left: Vec::new(), error: None };
    let Some(facts) = report.facts.as_ref().filter(|facts| !facts.on_chain.is_empty()) else {
        return Ok(asked);
    };
    let chain = choose(&facts.on_chain.chains(), named)?;
    asked.chain = Some(chain);
    asked.left = other_records(facts, chain);
    match endpoints.connect(chain.0).and_then(|rpc| asked.look(&rpc, facts, chain)) {
        Ok(()) => Ok(asked),
        Err(error) => match error.downcast_ref::<DomainError>() {
            Some(DomainError::Endpoints { .. } | DomainError::OtherChain { .. }) | None => Err(error),
            Some(_) => {
                asked.error = Some(Fault::of(&error));
                Ok(asked)
            }
        },
    }
}

fn choose(chains: &[ChainId], named: Option<u64>) -> Result<ChainId> {
    let known = || chains.iter().map(|chain| format!("`{chain}`")).collect::<Vec<_>>().join(", ");
    match (named.map(ChainId), chains) {
        (Some(chain), _) if chains.contains(&chain) => Ok(chain),
        (Some(chain), _) => {
            Err(invalid("chain", format!("the pack says nothing of `{chain}`: only of {}", known())).into())
        }
        (None, [only]) => Ok(*only),
        (None, _) => {
            let text = format!("the pack names several chains: {}", known());
            Err(invalid("chain", text).hint("name one with `--chain`").into())
        }
    }
}

fn other_records(facts: &Facts, chain: ChainId) -> Vec<u64> {
    let outcomes = facts.on_chain.outcomes.iter().filter(|o| o.chain != chain).map(|o| o.index);
    let deposits = facts.on_chain.deposits.iter().filter(|d| d.chain != chain).map(|d| d.index);
    let mut left: Vec<u64> = outcomes.chain(deposits).collect();
    left.sort_unstable();
    left
}

impl Asked {
    fn look(&mut self, rpc: &Rpc, facts: &Facts, chain: ChainId) -> Result<()> {
        self.rests_on = Some(rpc.rests_on());
        let block = rpc.finalized()?;
        self.block = Some(block);
        for fact in facts.on_chain.deposits.iter().filter(|fact| fact.chain == chain) {
            let shown = deposit(rpc, &block, (facts, fact))?;
            self.items.push(Item { record: fact.index, what: "deposit", shown });
        }
        for fact in facts.on_chain.outcomes.iter().filter(|fact| fact.chain == chain) {
            let shown = outcome(rpc, &block, (facts, fact))?;
            self.items.push(Item { record: fact.index, what: "outcome", shown });
        }
        Ok(())
    }

    /// What all of it together says.
    pub fn answer(&self) -> Answer {
        let any = |is: fn(&Shown) -> bool| self.items.iter().any(|item| is(&item.shown));
        if any(|shown| matches!(shown, Shown::Denied(_))) {
            Answer::Contradicts
        } else if self.error.is_some() || any(|shown| matches!(shown, Shown::Open(_))) {
            Answer::CannotTell
        } else {
            Answer::Agrees
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "block": self.block.map(|block| json!({
                "hash": block.hash.to_string(), "number": block.number, "timestamp": block.timestamp,
            })),
            "chain": self.chain.map(|chain| chain.to_string()),
            "error": self.error,
            "items": self.items.iter().map(Item::json).collect::<Vec<_>>(),
            "not_asked": self.left,
            "rests_on": self.rests_on,
            "verdict": match self.answer() {
                Answer::Agrees => "agrees",
                Answer::Contradicts => "contradicts",
                Answer::CannotTell => "cannot_tell",
            },
        })
    }

    /// What must not be missed.
    pub fn headline(&self) -> Vec<String> {
        let denied = self.items.iter().filter_map(|item| match &item.shown {
            Shown::Denied(denied) => {
                let (what, record, code) = (item.what, item.record, denied.code());
                Some(format!("CONTRADICTED BY THE CHAIN: {what} of record {record}, `{code}`: {denied}"))
            }
            _ => None,
        });
        let mut lines: Vec<String> = denied.collect();
        if lines.is_empty() && self.answer() == Answer::CannotTell {
            lines.push("CANNOT TELL what the chain shows; of the file itself:".to_owned());
        } else if !lines.is_empty() {
            lines.push("of the file itself:".to_owned());
        }
        lines
    }

    /// Item by item, for people.
    pub fn lines(&self) -> Vec<String> {
        let Some(chain) = self.chain else {
            return vec!["no chain was asked: the pack names none".to_owned()];
        };
        let mut lines = Vec::new();
        match (&self.block, &self.rests_on) {
            (Some(block), Some(rests_on)) => {
                let (number, hash) = (block.number, block.hash);
                lines.push(format!("asked {chain} as of final block {number}, {hash}, on {rests_on}"));
            }
            _ => lines.push(format!("asked {chain}")),
        }
        lines.extend(self.items.iter().map(Item::line));
        if let Some(fault) = &self.error {
            lines.push(format!("  no answer: {} ({})", fault.text, fault.code));
        }
        lines
            .extend(self.left.iter().map(|record| format!("  record {record}: on another chain, not asked")));
        lines
    }
}

impl Item {
    fn json(&self) -> Value {
        let (status, code, text) = match &self.shown {
            Shown::Agrees(text) => ("agrees", None, text.clone()),
            Shown::Denied(denied) => ("contradicts", Some(denied.code()), denied.to_string()),
            Shown::Open(text) => ("cannot_tell", None, text.clone()),
        };
        json!({ "code": code, "record": self.record, "status": status, "text": text, "what": self.what })
    }

    fn line(&self) -> String {
        let (what, record) = (self.what, self.record);
        match &self.shown {
            Shown::Agrees(text) => format!("  {what} of record {record}: {text}"),
            Shown::Denied(denied) => format!("  {what} of record {record}: DENIED, {denied}"),
            Shown::Open(text) => format!("  {what} of record {record}: cannot tell, {text}"),
        }
    }
}

fn outcome(rpc: &Rpc, block: &Block, (facts, fact): (&Facts, &OutcomeFact)) -> Result<Shown> {
    let heads: Vec<(u64, RootHash)> =
        facts.on_chain.heads.iter().map(|head| (head.size, head.root)).collect();
    let owner = Owner { ledger: facts.ledger, programme: Hash::from(fact.programme.0), heads: &heads };
    let stated = StatedOutcome {
        gate: Account::from(fact.gate.0),
        case: fact.case,
        ordinal: fact.ordinal,
        said: match fact.said {
            Said::Executed(at) => StatedEnd::Executed(at),
            Said::Lapsed => StatedEnd::Lapsed,
            Said::Nothing => StatedEnd::Nothing,
        },
    };
    Ok(confirm::outcome(rpc, block, (&stated, &owner))?)
}

fn deposit(rpc: &Rpc, block: &Block, (facts, fact): (&Facts, &DepositFact)) -> Result<Shown> {
    let step = facts.steps.iter().find(|step| step.index == fact.index);
    let claimed = match step.and_then(|step| claimed(step, facts, fact)) {
        Some(claimed) => claimed,
        None => {
            let text = "chain, transaction, log, block and block_hash are not all claimed and shown";
            return Ok(Shown::Open(text.to_owned()));
        }
    };
    if step.and_then(|step| step.claims.get("chain")).is_some_and(|chain| *chain != fact.chain.to_string()) {
        return Ok(Shown::Open("the step names another chain than its policy".to_owned()));
    }
    Ok(confirm::deposit(rpc, block, &claimed)?)
}

/// The deposit as the claims say it. Claims that are not shown are not compared, but for those that name it.
fn claimed(step: &StepFact, facts: &Facts, fact: &DepositFact) -> Option<StatedDeposit> {
    let text = |name: &str| step.claims.get(name);
    let digest = |name: &str| Some(Hash::from(text(name)?.parse::<Digest>().ok()?.0));
    let number = |name: &str| text(name)?.parse::<u64>().ok();
    text("chain")?;
    let amount = text("amount").zip(fact.currency).and_then(|(amount, currency)| {
        let money = Money::from_decimal(amount, currency).ok()?;
        token_units(money.amount.minor(), currency.decimals(), fact.decimals)
    });
    let depositor = text("depositor").and_then(|text| text.parse::<Address>().ok());
    Some(StatedDeposit {
        escrow: Account::from(fact.escrow.0),
        case: facts.case,
        token: Account::from(fact.token.0),
        block: number("block")?,
        block_hash: digest("block_hash")?,
        transaction: digest("transaction")?,
        log: number("log")?,
        depositor: depositor.map(|address| Account::from(address.0)),
        amount: amount.and_then(|amount| amount.try_into().ok()),
    })
}
