//! From the last approval of an issuance to its mint: decided, sealed, re-run and signed by four co-signers,
//! anchored, executed. The embedded chain makes a block for each transaction at once, so that what is left
//! out is a chain's own time to its next block and to finality.

use crate::bench::cosigners::{Clock, Cosigners};
use crate::bench::{median, p99};
use crate::chains::{AMOUNT, Attested, Town, first};
use crate::measure::Measure;
use anyhow::{Context, Result, bail, ensure};
use lockstep_ledger::Certificate;
use lockstep_ledger::seal::SEAL_DUE_MS;
use lockstep_types::CaseId;
use std::time::{Duration, Instant};

/// Issuances, one after another: as many as the cap of the Gate's line lets through in a day.
const CASES: usize = 50;
/// How long one may take at most.
const PATIENCE: Duration = Duration::from_secs(30);
const MINUTE_MS: u64 = 60_000;

/// Takes the measure.
///
/// # Errors
/// Whatever stopped it.
pub fn run(show: &mut dyn FnMut(Measure)) -> Result<()> {
    let dir = tempfile::tempdir_in(".").context("cannot make a folder on the disk to measure")?;
    let (mut town, cases) = prepared()?;
    let clock = Clock::starting_at(town.stage.now.saturating_add_ms(10));
    let mut times = std::thread::scope(|scope| -> Result<Vec<f64>> {
        let mut cosigners = Cosigners::begin(scope, dir.path(), (town.stage.ledger, clock));
        cases.into_iter().map(|case| mint(&mut town, &mut cosigners, (case, clock))).collect()
    })?;
    let (middle, value) = (median(&mut times), p99(&mut times));
    show(Measure {
        measure: "approval-to-mint-p99".into(),
        value,
        unit: "s".into(),
        yardstick: format!("a seal every {SEAL_DUE_MS} ms; half of them within {middle:.2} s"),
        ratio: None,
        goal: "<= 2 s".into(),
        met: value <= 2.0,
    });
    Ok(())
}

/// A ledger with one chain, and cases that lack nothing but the approval.
fn prepared() -> Result<(Town, Vec<CaseId>)> {
    let mut town = Town::found(1)?;
    let as_of = town.stage.now.saturating_sub_ms(30 * MINUTE_MS);
    let place = town.places.first_mut().context("no chain")?;
    place.chain.set_clock(as_of.saturating_add_ms(MINUTE_MS).seconds_round_down());
    place.chain.mine(3, 0);
    first(town.observe(0, as_of)??)?;
    let balance = AMOUNT.saturating_mul(i64::try_from(CASES)?);
    let said = Attested { booked_at: as_of, balance: (balance, as_of) };
    let cases = (0..CASES).map(|_| town.prepare(0, said)).collect::<Result<_>>()?;
    // Approvals follow within minutes of the reading.
    first(town.observe(0, as_of)??)?;
    Ok((town, cases))
}

/// Seconds from handing in an approval to the block that mints.
fn mint(town: &mut Town, cosigners: &mut Cosigners, (case, clock): (CaseId, Clock)) -> Result<f64> {
    town.stage.now = clock.now();
    let begun = Instant::now();
    let decided = town.approve(0, case)?.map_err(anyhow::Error::msg)?;
    let certificate = certified(town, cosigners, (decided.index(), clock))?;
    town.stage.now = clock.now();
    town.to_present(0)?;
    let anchored = town.anchor(0, &certificate)?;
    ensure!(anchored.is_ok(), "the Anchor refuses: {anchored:?}");
    let executed = town.execute(&decided, certificate.size)?;
    ensure!(executed.is_ok(), "the Gate refuses: {executed:?}");
    Ok(begun.elapsed().as_secs_f64())
}

/// Seals when it is due, feeds co-signers, and takes their signatures, until a certificate covers the record.
fn certified(
    town: &mut Town,
    cosigners: &mut Cosigners,
    (index, clock): (u64, Clock),
) -> Result<Certificate> {
    let begun = Instant::now();
    let appender = &mut town.stage.appender;
    while begun.elapsed() < PATIENCE {
        appender.seal_if_due(clock.now())?;
        cosigners.feed(appender)?;
        if let Ok(cosigned) = cosigners.signed.recv_timeout(Duration::from_millis(2))
            && let Some(certificate) = appender.cosigned(&cosigned)?
            && certificate.size > index
        {
            return Ok(certificate);
        }
    }
    bail!("no certificate covers record {index} after {} s", PATIENCE.as_secs())
}
