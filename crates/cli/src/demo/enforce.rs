//! The chain obeys: a certificate is anchored, the outcome executed, and what the chain shows comes back to
//! the ledger.

use super::cast::THRESHOLD;
use super::coin::{Place, SUBMITTER};
use super::founding::{observe, shown_units};
use super::story::Story;
use super::world::World;
use crate::records;
use anyhow::{Context, Result};
use lockstep_chain::enforce::{self, Placed};
use lockstep_chain::{Account, Observation, Receipt};
use lockstep_crypto::tree::{consistency_proof, inclusion_proof};
use lockstep_kernel::Body;
use lockstep_ledger::{Record, Tag};
use lockstep_types::{CaseId, Digest, Time};
use serde::Serialize;

/// An outcome on its chain.
#[derive(Debug, Serialize)]
pub struct Enforced {
    /// Block that executed it.
    pub block: u64,
    /// Gas of the execution, the call included.
    pub gas_execute: u64,
    /// Gas of anchoring the head that it stands under.
    pub gas_submit: u64,
    /// Record by which the ledger learned of it.
    pub settled: u64,
    /// Size of the head.
    pub size: u64,
    /// Token units in circulation after it.
    pub supply: String,
    /// The transaction.
    pub transaction: String,
    /// The call, to be tried again.
    #[serde(skip)]
    pub call: Vec<u8>,
}

impl Enforced {
    /// Line by line, for a person.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("Certificate", format!("anchored at {} records, {} gas", self.size, self.gas_submit)),
            ("Outcome", format!("executed in block {}, {} gas", self.block, self.gas_execute)),
            ("Transaction", self.transaction.clone()),
            ("In circulation", format!("{} tokens after it", shown_units(&self.supply))),
            ("Back on the ledger", format!("settled by record {}", self.settled)),
        ]
    }
}

/// What a chain did with an outcome.
pub struct CarriedOut {
    /// The head was anchored by this transaction.
    pub submitted: Receipt,
    /// Its size.
    pub size: u64,
    /// The outcome was executed by this transaction.
    pub executed: Receipt,
    /// The call that did it.
    pub call: Vec<u8>,
}

/// Carries out the outcome of the issuance, and tells of it.
pub fn enforce(world: &mut World, story: &mut Story, case: CaseId) -> Result<Enforced> {
    story.part("The chain obeys");
    let beneficiary = Account::from(world.inputs.beneficiary.0);
    let before = world.coin()?.balance(beneficiary)?;
    let CarriedOut { submitted, size, executed, call } = carry_out(world, (Place::Home, case))?;
    let after = world.coin()?.balance(beneficiary)?;
    story.line(format!(
        "   anybody brings the certificate; the Anchor checks {THRESHOLD} of 4 signatures and keeps the root of \
         {size} records: {} gas",
        submitted.gas
    ));
    story.line(format!(
        "   anybody brings the outcome; the Gate finds it under that root, permitted and within the cap, and \
         mints: {} gas",
        executed.gas
    ));
    let (before, after) = (shown_units(&before.to_string()), shown_units(&after.to_string()));
    story.line(format!("   {} had {before} tokens and has {after}", world.inputs.beneficiary));
    let (settled, seen) = come_back(world, (Place::Home, executed.block.time()?))?;
    let supply = seen.supply.to_string();
    story.line(format!(
        "   {} attests block {}, final: {} tokens in circulation, this outcome executed",
        world.cast.of("observer").name,
        seen.block.number,
        shown_units(&supply)
    ));
    story
        .line(format!("   SETTLED  record {settled}: what was held is in circulation now, and counted once"));
    Ok(Enforced {
        block: executed.block.number,
        gas_execute: executed.gas,
        gas_submit: submitted.gas,
        settled,
        size,
        supply,
        transaction: executed.transaction.to_string(),
        call,
    })
}

/// Anchors the latest certificate and executes the last outcome of a case that it covers.
pub fn carry_out(world: &mut World, (at, case): (Place, CaseId)) -> Result<CarriedOut> {
    let now = world.now()?;
    let (size, submit) = submission(world, at)?;
    let submitted = world.coin_at(at)?.submit(now, (size, submit)).context("the Anchor refuses")?;
    let call = execution(world, case, size)?;
    let coin = world.coin_at(at)?;
    let gate = coin.watch.gate;
    let executed = coin.send(now, (SUBMITTER, gate), call.clone()).context("the Gate refuses")?;
    Ok(CarriedOut { submitted, size, executed, call })
}

/// Once the block is final, the observer attests it, and the ledger settles the outcome: its record.
pub fn come_back(world: &mut World, (at, time): (Place, Time)) -> Result<(u64, Observation)> {
    world.coin_at(at)?.finalize()?;
    let seen = world.observe(at, time)?;
    // Nobody attests a block that is still to come.
    let to_come = seen.next.time()?.ms_since(world.now()?);
    std::thread::sleep(std::time::Duration::from_millis(to_come));
    let read = observe(world, (at, &seen))?;
    let place = read.records.iter().position(executed).context("the outcome is not settled")?;
    world.certify()?;
    Ok((read.index + u64::try_from(place)?, seen))
}

/// Whether the record says that a chain executed an outcome.
fn executed(record: &Record) -> bool {
    let body = Body::from_slice(record.body());
    matches!(body, Ok(Body::Settled(settled)) if settled.consumed.is_some())
}

/// Size of the latest certificate, and the call that anchors it.
pub fn submission(world: &mut World, at: Place) -> Result<(u64, Vec<u8>)> {
    let certificate = world.certificate()?.clone();
    let proof = match world.coin_at(at)?.anchored {
        Some(anchored) => consistency_proof(&world.appender.replica().hashes(), anchored, certificate.size)?,
        None => Vec::new(),
    };
    Ok((certificate.size, enforce::submit(&certificate, &proof).to_vec()))
}

/// The call that executes the last outcome of a case at an anchored size.
fn execution(world: &World, case: CaseId, size: u64) -> Result<Vec<u8>> {
    let replica = world.appender.replica();
    let records = records::of_case(replica, case)?;
    let outcome = records.iter().rfind(|(_, record)| record.tag() == Tag::Outcome);
    let (index, record) = outcome.context("the case has no outcome")?;
    let path: Vec<Digest> = inclusion_proof(&replica.hashes(), *index, size)?;
    Ok(enforce::execute(Placed { record, index: *index, path: &path }, size).to_vec())
}
