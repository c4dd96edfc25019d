//! A real Anvil behind three endpoints of which two must agree, whose accounts sign for themselves through
//! submitters with journals. Only what plays fate asks the node itself: its clock, its blocks, its end.

mod endpoint;
mod node;
mod sending;

pub use node::program;

use super::chain::Chain;
use crate::sim::chance::Chance;
use anyhow::{Context, Result};
use endpoint::{Cut, Endpoint, Mode};
use lockstep_chain::rpc::Rule;
use lockstep_chain::rpc::ask::{Ask, Http, TIMEOUT};
use lockstep_chain::rpc::finality::Finality;
use lockstep_chain::submit::journal::InMemory;
use lockstep_chain::{
    Account, Anvil, Block, Domain, DomainError, Log, Receipt, Rpc, Sends, Steered, Transaction,
};
use node::Node;
use sending::as_domain;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Blocks that stand on a final one.
const DEPTH: u64 = 2;
const ENDPOINTS: usize = 3;
const QUORUM: usize = 2;
/// How long an endpoint waits for a node that was stopped.
const STOPPED_TIMEOUT: Duration = Duration::from_millis(30);

/// A real Anvil, and those who ask it.
pub struct Remote {
    /// Nothing: it was killed.
    node: Option<Node>,
    stopped: bool,
    /// Second of the first block.
    begun: u64,
    /// What the node says itself, and what it is told.
    fate: Anvil,
    endpoints: Vec<Endpoint>,
    /// The chain as everybody else sees it.
    actors: Rpc,
    /// What was saved last, and up to which block.
    saved: Option<(Block, Value)>,
    /// Block at which the process began: Anvil loses contracts' code when it goes back behind what it loaded.
    loaded: u64,
    journals: BTreeMap<Account, InMemory>,
    cut: Option<Cut>,
    sent: u64,
    died: u64,
    ill: bool,
}

impl Remote {
    /// Starts one whose first block is of `timestamp`.
    ///
    /// # Errors
    /// It is not installed, or does not answer.
    pub fn start(chain_id: u64, timestamp: u64) -> Result<Self> {
        let node = Node::start(chain_id, timestamp)?;
        let rule = Rule::new(chain_id, Finality::Tag);
        let fate = Anvil::connect(&node.url, rule)?;
        let endpoints: Vec<_> = (0..ENDPOINTS).map(|at| Endpoint::new(format!("endpoint-{at}"))).collect();
        reach(&endpoints, Some((&node, TIMEOUT)))?;
        let actors = connect(&endpoints, Rule { quorum: Some(QUORUM), ..rule })?;
        Ok(Self {
            node: Some(node),
            stopped: false,
            begun: timestamp,
            fate,
            endpoints,
            actors,
            saved: None,
            loaded: 0,
            journals: BTreeMap::new(),
            cut: None,
            sent: 0,
            died: 0,
            ill: false,
        })
    }

    /// The node can be asked.
    fn here(&self) -> Result<(), DomainError> {
        if self.node.is_some() && !self.stopped {
            return Ok(());
        }
        let (what, said) = ("anything".to_owned(), "the node was killed or stopped".to_owned());
        Err(DomainError::NoQuorum { what, expected: 1, found: 0, said })
    }

    /// So many of the newest blocks can be taken back, as far as this process is concerned.
    fn may_go(&self, count: u64) -> Result<(), DomainError> {
        self.here()?;
        let (number, finalized) = (self.fate.latest()?.number.saturating_sub(count), self.loaded);
        if number < finalized { Err(DomainError::NotFinal { number, finalized }) } else { Ok(()) }
    }

    /// What has become final is remembered, so that it is not taken back.
    fn note(&self) -> Result<(), DomainError> {
        self.here()?;
        self.fate.finalized().map(drop)
    }

    /// Whoever asks and sends starts again, with what they remember.
    fn begin_again(&mut self) {
        let rule = Rule { quorum: Some(QUORUM), ..self.rule(self.actors.settled()) };
        // With fewer endpoints than a quorum nobody can start: the old connections stay.
        if let Ok(actors) = connect(&self.endpoints, rule) {
            self.actors = actors;
        }
    }

    fn rule(&self, settled: Option<Block>) -> Rule {
        Rule { settled, ..Rule::new(self.fate.chain_id(), Finality::Tag) }
    }

    fn save(&mut self) -> Result<()> {
        self.saved = Some(self.fate.dump()?);
        Ok(())
    }

    /// The process ends without a word. What was not saved is lost, and none of it was final.
    fn kill(&mut self) -> Result<()> {
        let finalized = self.fate.finalized()?.number;
        // What was saved before a re-organisation may contradict what became final since.
        let stands = |saved: &Block| saved.number >= finalized && self.fate.block(saved.number) == Ok(*saved);
        if self.saved.as_ref().is_none_or(|(saved, _)| !stands(saved)) {
            self.save()?;
        }
        self.node = None;
        reach(&self.endpoints, None)
    }

    fn start_again(&mut self) -> Result<()> {
        let node = Node::start(self.fate.chain_id(), self.begun)?;
        let (saved, state) = self.saved.as_ref().context("nothing was saved")?;
        self.loaded = saved.number;
        let http = Http::new(&node.url).map_err(anyhow::Error::msg)?;
        http.ask("anvil_loadState", &json!([state]))?;
        self.fate = Anvil::connect(&node.url, self.rule(self.fate.rpc().settled()))?;
        // Its clock begins anew: no block may be earlier than the one before it.
        self.fate.set_clock(0)?;
        reach(&self.endpoints, Some((&node, TIMEOUT)))?;
        self.node = Some(node);
        Ok(())
    }

    fn stop(&mut self) -> Result<()> {
        let node = self.node.as_ref().context("no node")?;
        node.pause()?;
        self.stopped = true;
        reach(&self.endpoints, Some((node, STOPPED_TIMEOUT)))
    }

    fn mend(&mut self) -> Result<()> {
        match &self.node {
            None => self.start_again()?,
            Some(node) if self.stopped => {
                node.go_on()?;
                self.stopped = false;
                reach(&self.endpoints, Some((node, TIMEOUT)))?;
            }
            Some(_) => {}
        }
        self.endpoints.iter().for_each(|endpoint| endpoint.set(Mode::Honest));
        self.ill = false;
        let rule = Rule { quorum: Some(QUORUM), ..self.rule(self.actors.settled()) };
        self.actors = connect(&self.endpoints, rule)?;
        Ok(())
    }

    /// One endpoint behaves so. While it lies the others do not lie or lag: two of one mind, of which one
    /// does not know better, would be a quorum.
    fn set(&self, which: usize, mode: Mode) {
        for (at, endpoint) in self.endpoints.iter().enumerate() {
            let is_mended = match (mode, endpoint.mode()) {
                (Mode::Lying, Mode::Lying | Mode::Late(_)) => true,
                (Mode::Late(_), other) => other == Mode::Lying,
                _ => false,
            };
            if at == which {
                endpoint.set(mode);
            } else if is_mended {
                endpoint.set(Mode::Honest);
            }
        }
    }
}

fn reach(endpoints: &[Endpoint], node: Option<(&Node, Duration)>) -> Result<()> {
    for endpoint in endpoints {
        let http = node.map(|(node, timeout)| Http::within(&node.url, timeout));
        endpoint.reach(http.transpose().map_err(anyhow::Error::msg)?);
    }
    Ok(())
}

fn connect(endpoints: &[Endpoint], rule: Rule) -> Result<Rpc, DomainError> {
    Rpc::over(endpoints.iter().map(|endpoint| Box::new(endpoint.clone()) as Box<dyn Ask>).collect(), rule)
}

impl Chain for Remote {
    const IS_FAULTY: bool = true;

    fn truth(&self) -> Result<&dyn Domain, DomainError> {
        self.here()?;
        Ok(&self.fate)
    }

    fn befall(&mut self, chance: &mut Chance) -> Result<bool> {
        let (kind, which, count) = (chance.below(30), chance.place(ENDPOINTS), 1 + chance.below(3));
        let is_here = self.here().is_ok();
        match kind {
            0 => self.set(which, Mode::Dead),
            1 => self.set(which, Mode::Late(count)),
            2 => self.set(which, Mode::Lying),
            3 => (0..ENDPOINTS).filter(|at| *at != which).for_each(|at| self.set(at, Mode::Dead)),
            4 => self.cut = Some(Cut::Before),
            5 => self.cut = Some(Cut::After),
            6 if is_here => self.kill()?,
            7 if is_here => self.stop()?,
            8 if is_here => match self.may_go(count).and_then(|()| self.fate.replace(count)) {
                Ok(()) | Err(DomainError::NotFinal { .. }) => {}
                Err(error) => return Err(error.into()),
            },
            9 if is_here => {
                self.save()?;
                return Ok(false);
            }
            10..=16 if self.ill => {
                self.mend()?;
                return Ok(false);
            }
            _ => return Ok(false),
        }
        // A re-organisation, and a submitter that dies, are nothing that anybody has to notice.
        self.ill |= !matches!(kind, 4 | 5 | 8);
        Ok(true)
    }

    fn is_ill(&self) -> bool {
        self.ill
    }

    fn come_to_rest(&mut self) -> Result<()> {
        self.cut = None;
        self.mend()?;
        self.land_all()
    }
}

impl Steered for Remote {
    fn set_clock(&mut self, timestamp: u64) -> Result<(), DomainError> {
        self.here()?;
        self.fate.set_clock(timestamp)
    }

    fn mine(&mut self, count: u64, seconds: u64) -> Result<(), DomainError> {
        self.here()?;
        self.fate.mine(count, seconds)?;
        self.note()
    }

    fn take_back(&mut self, count: u64) -> Result<(), DomainError> {
        self.may_go(count)?;
        self.fate.take_back(count)
    }

    fn next_contract(&self, from: Account) -> Result<Account, DomainError> {
        self.here()?;
        self.fate.next_contract(from)
    }
}

impl Domain for Remote {
    fn chain_id(&self) -> u64 {
        self.fate.chain_id()
    }
    fn latest(&self) -> Result<Block, DomainError> {
        self.actors.latest()
    }
    fn finalized(&self) -> Result<Block, DomainError> {
        self.actors.finalized()
    }
    fn block(&self, number: u64) -> Result<Block, DomainError> {
        self.actors.block(number)
    }
    fn call_at(&self, block: &Block, to: Account, data: &[u8]) -> Result<lockstep_chain::Bytes, DomainError> {
        self.actors.call_at(block, to, data)
    }
    fn logs(&self, address: Account, from: u64, to: u64) -> Result<Vec<Log>, DomainError> {
        self.actors.logs(address, from, to)
    }
}

impl Sends for Remote {
    fn send(&mut self, transaction: &Transaction) -> Result<Receipt, DomainError> {
        let sent = self.send_once(transaction).map_err(as_domain);
        if self.here().is_ok() {
            self.note()?;
        }
        sent
    }
}
