//! A chain behind JSON-RPC endpoints that are not trusted one by one: what counts is what a quorum of them
//! says.
//!
//! [`quorum`], [`finality`] and [`health`] are rules without I/O; [`peer`] asks one endpoint. A block is
//! named by number once, to learn its hash; every later read names the hash, or is checked against it.

pub mod ask;
pub mod finality;
pub mod health;
pub mod peer;
pub mod quorum;
mod sending;
mod wire;

use crate::domain::{Block, Domain, DomainError, Log};
use alloy_primitives::{Address, B256, Bytes};
use ask::{Ask, AskError, Http};
use finality::{Finality, Settled};
use peer::{LOG_BLOCKS_MAX, Peer};
use quorum::{Agreed, Heard, Question, agree, candidates, late};
pub use sending::Received;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;
use wire::Noted;
pub use wire::{Called, Head, Landed};

/// Most endpoints of one chain.
pub const ENDPOINTS_MAX: usize = 16;
/// Blocks by which an endpoint may be behind the middle one and still count, unless told otherwise.
pub const BEHIND_MAX: u64 = 64;
/// Final blocks that are remembered, so that they are asked for once.
const FINAL_BLOCKS_MAX: usize = 4_096;
/// Most logs of one question.
const LOGS_MAX: usize = 1 << 20;

/// What is expected of a chain and its endpoints.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// EIP-155: every endpoint must be of this chain.
    pub chain_id: u64,
    /// How many endpoints must give the same answer; a majority, unless it is named. One is enough only where
    /// an operator names it.
    pub quorum: Option<usize>,
    /// When a block is final.
    pub finality: Finality,
    /// Blocks by which an endpoint may be behind the middle one and still count.
    pub behind_max: u64,
    /// The last block that is known to be final, from a memory that outlives the process.
    pub settled: Option<Block>,
}

impl Rule {
    /// The usual rule: a majority, [`BEHIND_MAX`], nothing known before.
    #[must_use]
    pub const fn new(chain_id: u64, finality: Finality) -> Self {
        Self { chain_id, quorum: None, finality, behind_max: BEHIND_MAX, settled: None }
    }
}

/// A chain behind JSON-RPC endpoints.
pub struct Rpc {
    rule: Rule,
    quorum: usize,
    peers: Vec<Peer>,
    settled: Mutex<Settled>,
    final_blocks: Mutex<BTreeMap<u64, Block>>,
    /// Milliseconds of a clock that only goes forward.
    now_ms: Box<dyn Fn() -> u64 + Send + Sync>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Rpc {
    /// Connects to endpoints by their addresses, `https://…` or `http://…`.
    ///
    /// # Errors
    /// As [`Rpc::over`], and [`DomainError::Endpoints`] for an address that is none.
    pub fn connect<U: AsRef<str>>(urls: &[U], rule: Rule) -> Result<Self, DomainError> {
        let http = |url: &U| Http::new(url.as_ref()).map(|http| Box::new(http) as Box<dyn Ask>);
        let asks = urls.iter().map(http).collect::<Result<Vec<_>, _>>();
        Self::over(asks.map_err(|what| DomainError::Endpoints { what })?, rule)
    }

    /// Connects over any transport. Every endpoint that answers must be of the chain; one that is away now
    /// counts once it has answered.
    ///
    /// # Errors
    /// [`DomainError::Endpoints`], [`DomainError::OtherChain`], [`DomainError::NoQuorum`].
    pub fn over(asks: Vec<Box<dyn Ask>>, rule: Rule) -> Result<Self, DomainError> {
        let quorum = quorum_of(&asks, rule.quorum).map_err(|what| DomainError::Endpoints { what })?;
        let (begun, settled) = (Instant::now(), Mutex::new(Settled::from_memory(rule.settled)));
        let now_ms = Box::new(move || u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX));
        let (peers, final_blocks) = (asks.into_iter().map(Peer::new).collect(), Mutex::default());
        let rpc = Self { rule, quorum, peers, settled, final_blocks, now_ms };
        rpc.check_chain()?;
        Ok(rpc)
    }

    fn check_chain(&self) -> Result<(), DomainError> {
        let expected = self.rule.chain_id;
        let found: Vec<_> = thread::scope(|scope| {
            let asked: Vec<_> = self.peers.iter().map(|peer| scope.spawn(|| peer.chain_id())).collect();
            asked.into_iter().map(|asked| asked.join().ok().and_then(Result::ok)).collect()
        });
        for (peer, found) in self.peers.iter().zip(found) {
            if let Some(found) = found.filter(|found| *found != expected) {
                let endpoint = peer.name().to_owned();
                return Err(DomainError::OtherChain { endpoint, expected, found });
            }
        }
        let heard = self.all(None, |peer| peer.chain_id());
        agree(&self.question("the chain's number"), &heard, u64::to_string).map(drop)
    }

    /// On whose word answers rest, for a person.
    #[must_use]
    pub fn rests_on(&self) -> String {
        let names: Vec<_> = self.peers.iter().map(|peer| format!("`{}`", peer.name())).collect();
        match (self.quorum, names.as_slice()) {
            (1, [only]) => format!("the word of one endpoint, {only}"),
            (1, _) => format!("the word of any one endpoint of {}", names.join(", ")),
            (quorum, _) => format!("{quorum} of {} endpoints: {}", names.len(), names.join(", ")),
        }
    }

    /// How many endpoints must give the same answer.
    #[must_use]
    pub const fn quorum(&self) -> usize {
        self.quorum
    }

    /// When a block is final.
    #[must_use]
    pub const fn finality(&self) -> Finality {
        self.rule.finality
    }

    /// The last block that was final so far: for a memory that outlives the process.
    #[must_use]
    pub fn settled(&self) -> Option<Block> {
        locked(&self.settled).last()
    }

    fn question(&self, what: impl Into<String>) -> Question {
        Question { what: what.into(), quorum: self.quorum }
    }

    /// Puts a question to all, or to some, at once.
    fn all<T: Send>(
        &self,
        only: Option<&[usize]>,
        question: impl Fn(&Peer) -> Result<T, AskError> + Sync,
    ) -> Vec<Heard<T>> {
        let with = (self.rule.chain_id, (self.now_ms)());
        let asked = |place: &usize| only.is_none_or(|only| only.contains(place));
        let peers = self.peers.iter().enumerate().filter(|(place, _)| asked(place));
        thread::scope(|scope| {
            let question = &question;
            let running: Vec<_> =
                peers.map(|(place, peer)| (place, scope.spawn(move || peer.put(with, question)))).collect();
            let heard = running.into_iter().map(|(place, running)| {
                let answer = running.join().unwrap_or_else(|_| Err("could not be asked".to_owned()));
                let name = self.peers.get(place).map(|peer| peer.name().to_owned()).unwrap_or_default();
                Heard { place, name, answer }
            });
            heard.collect()
        })
    }

    /// The block with this number; nothing when a quorum has none.
    fn head_at(&self, number: u64, only: Option<&[usize]>) -> Result<Agreed<Option<Head>>, DomainError> {
        let mut heard = self.all(only, |peer| peer.block(number));
        // Who does not have a block yet does not contradict those who do.
        if heard.iter().any(|heard| matches!(heard.answer, Ok(Some(_)))) {
            for heard in &mut heard {
                if heard.answer == Ok(None) {
                    heard.answer = Err(format!("has no block {number}"));
                }
            }
        }
        agree(&self.question(format!("block {number}")), &heard, |head: &Option<Head>| match head {
            Some(head) => format!("`{}`", head.block.hash),
            None => "there is none".to_owned(),
        })
    }

    fn known_at(&self, number: u64, only: Option<&[usize]>) -> Result<Agreed<Head>, DomainError> {
        let Agreed { answer, by } = self.head_at(number, only)?;
        match answer {
            Some(answer) => Ok(Agreed { answer, by }),
            None => Err(DomainError::UnknownBlock { number, last: self.newest()?.block.number }),
        }
    }

    /// Newest blocks of the endpoints that are not late.
    fn in_step(&self) -> Vec<Heard<Head>> {
        let mut heard = self.all(None, |peer| peer.tagged("latest"));
        let numbers: Vec<u64> =
            heard.iter().filter_map(|heard| Some(heard.answer.as_ref().ok()?.block.number)).collect();
        let mut late = late(&numbers, self.rule.behind_max).into_iter();
        for heard in &mut heard {
            let Ok(head) = &heard.answer else { continue };
            if late.next() == Some(true) {
                heard.answer = Err(format!("is late, its newest block is {}", head.block.number));
            }
        }
        heard
    }

    /// The newest block that a quorum of endpoints has, of those that they name.
    fn choose(&self, what: &str, heard: &[Heard<Head>]) -> Result<Head, DomainError> {
        let named: Vec<(usize, Head)> =
            heard.iter().filter_map(|heard| Some((heard.place, *heard.answer.as_ref().ok()?))).collect();
        let numbers: Vec<u64> = named.iter().map(|(_, head)| head.block.number).collect();
        let shown = |head: &Head| format!("block {}, `{}`", head.block.number, head.block.hash);
        let question = self.question(what);
        // Mostly all name the same block, and nothing more has to be asked.
        let mut chosen = agree(&question, heard, shown).map(|agreed| agreed.answer);
        for number in candidates(&numbers, self.quorum) {
            if chosen.as_ref().is_ok_and(|head| head.block.number >= number) {
                break;
            }
            let having: Vec<usize> = named
                .iter()
                .filter(|(_, head)| head.block.number >= number)
                .map(|(place, _)| *place)
                .collect();
            match self.head_at(number, Some(&having)) {
                Ok(Agreed { answer: Some(head), .. }) => return Ok(head),
                Ok(_) => {}
                Err(error) => chosen = chosen.or(Err(error)),
            }
        }
        chosen
    }

    /// The newest block, and its base fee.
    ///
    /// # Errors
    /// As [`Domain::latest`].
    pub fn newest(&self) -> Result<Head, DomainError> {
        locked(&self.settled).check()?;
        let head = self.choose("the newest block", &self.in_step())?;
        locked(&self.settled).compare(&head.block)?;
        Ok(head)
    }

    fn final_candidate(&self) -> Result<Block, DomainError> {
        match self.rule.finality {
            Finality::Depth(depth) => {
                let number = self.newest()?.block.number.saturating_sub(depth);
                Ok(self.known_at(number, None)?.answer.block)
            }
            Finality::Tag => {
                let in_step = self.in_step();
                let places: Vec<usize> =
                    in_step.iter().filter(|heard| heard.answer.is_ok()).map(|heard| heard.place).collect();
                let mut heard = self.all(Some(&places), |peer| peer.tagged("finalized"));
                let others = in_step.into_iter().filter(|heard| heard.answer.is_err());
                heard.extend(others);
                Ok(self.choose("the last final block", &heard)?.block)
            }
        }
    }

    fn remember_final(&self, block: Block) {
        let mut kept = locked(&self.final_blocks);
        kept.insert(block.number, block);
        if kept.len() > FINAL_BLOCKS_MAX {
            kept.pop_first();
        }
    }

    /// Checks each log against the block that a quorum has where the log says it is.
    fn check_logs(&self, noted: &[Noted], of: Address, (from, to): (u64, u64)) -> Result<(), DomainError> {
        let mut hashes: BTreeMap<u64, B256> = BTreeMap::new();
        for Noted { log, hash } in noted {
            let number = log.block;
            if log.address != of || number < from || number > to {
                let what = format!("a log of `{}` in block {number}, asked for {from} to {to}", log.address);
                return Err(DomainError::Answer { what });
            }
            let expected = match hashes.get(&number) {
                Some(expected) => *expected,
                None => {
                    let expected = self.block(number)?.hash;
                    hashes.insert(number, expected);
                    expected
                }
            };
            if *hash != expected {
                return Err(self.contradicted(number, (expected, *hash)));
            }
        }
        Ok(())
    }

    /// A block has another hash than it had: that of a final one ends everything.
    fn contradicted(&self, number: u64, (was, is): (B256, B256)) -> DomainError {
        let mut settled = locked(&self.settled);
        match settled.last() {
            Some(last) if number <= last.number => {
                settled.broke(DomainError::FinalBlockReplaced { number, was, is })
            }
            _ => DomainError::Moved { number },
        }
    }

    fn call_as(&self, block: &Block, call: &serde_json::Value) -> Result<Called, DomainError> {
        locked(&self.settled).check()?;
        let heard = self.all(None, |peer| peer.call(call, block.hash));
        let question = self.question(format!("a call on block {}", block.number));
        let agreed = agree(&question, &heard, Called::shown).map(|agreed| agreed.answer);
        // Who is asked about a block that was replaced meanwhile has nothing to say.
        agreed.map_err(|error| match self.head_at(block.number, None) {
            Ok(Agreed { answer: Some(head), .. }) if head.block.hash != block.hash => {
                self.contradicted(block.number, (block.hash, head.block.hash))
            }
            _ => error,
        })
    }
}

/// How many must agree: what is asked for, if that says anything.
fn quorum_of(asks: &[Box<dyn Ask>], named: Option<usize>) -> Result<usize, String> {
    let count = asks.len();
    if count == 0 || count > ENDPOINTS_MAX {
        return Err(format!("expected 1 to {ENDPOINTS_MAX} endpoints, found {count}"));
    }
    for (place, ask) in asks.iter().enumerate() {
        if asks.iter().take(place).any(|other| other.name() == ask.name()) {
            return Err(format!("`{}` is named twice: one host is one voice", ask.name()));
        }
    }
    match named {
        Some(quorum) if (1..=count).contains(&quorum) => Ok(quorum),
        Some(quorum) => Err(format!("expected a quorum of 1 to {count}, found {quorum}")),
        None if count == 1 => {
            Err("one endpoint can say what it likes: name two or more, or a quorum of 1".to_owned())
        }
        None => Ok((count / 2).saturating_add(1)),
    }
}

fn effect(called: Called) -> Result<Bytes, DomainError> {
    match called {
        Called::Returned(answer) => Ok(answer),
        Called::Reverted(answer) => Err(DomainError::Reverted { answer }),
        Called::Halted(how) => Err(DomainError::Halted { what: how.to_owned() }),
    }
}

impl Domain for Rpc {
    fn chain_id(&self) -> u64 {
        self.rule.chain_id
    }

    fn latest(&self) -> Result<Block, DomainError> {
        Ok(self.newest()?.block)
    }

    fn finalized(&self) -> Result<Block, DomainError> {
        locked(&self.settled).check()?;
        let candidate = self.final_candidate()?;
        let last = locked(&self.settled).last().filter(|last| last.number != candidate.number);
        if let Some(last) = last {
            let now = self.known_at(last.number, None)?.answer;
            locked(&self.settled).compare(&now.block)?;
        }
        let block = locked(&self.settled).advance(candidate)?;
        self.remember_final(block);
        Ok(block)
    }

    fn block(&self, number: u64) -> Result<Block, DomainError> {
        locked(&self.settled).check()?;
        if let Some(block) = locked(&self.final_blocks).get(&number) {
            return Ok(*block);
        }
        let block = self.known_at(number, None)?.answer.block;
        locked(&self.settled).compare(&block)?;
        if self.settled().is_some_and(|last| number <= last.number) {
            self.remember_final(block);
        }
        Ok(block)
    }

    fn call_at(&self, block: &Block, to: Address, data: &[u8]) -> Result<Bytes, DomainError> {
        let data = Bytes::copy_from_slice(data);
        effect(self.call_as(block, &json!({ "data": data, "to": to }))?)
    }

    fn logs(&self, address: Address, from: u64, to: u64) -> Result<Vec<Log>, DomainError> {
        locked(&self.settled).check()?;
        // Only who has the last block of the range can know all its logs.
        let Agreed { answer: top, by } = self.known_at(to, None)?;
        let (mut found, mut next) = (Vec::new(), from);
        while next <= to {
            let end = next.saturating_add(LOG_BLOCKS_MAX.saturating_sub(1)).min(to);
            let heard = self.all(Some(&by), |peer| peer.logs(address, (next, end)));
            let question = self.question(format!("the logs of blocks {next} to {end}"));
            let count = |noted: &Vec<Noted>| format!("{} of them", noted.len());
            let noted = agree(&question, &heard, count)?.answer;
            self.check_logs(&noted, address, (next, end))?;
            found.extend(noted.into_iter().map(|noted| noted.log));
            if found.len() > LOGS_MAX {
                return Err(DomainError::Answer {
                    what: format!("more than {LOGS_MAX} logs of `{address}`"),
                });
            }
            next = end.saturating_add(1);
        }
        let again = self.known_at(to, None)?.answer.block;
        if again.hash != top.block.hash {
            return Err(self.contradicted(to, (top.block.hash, again.hash)));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
