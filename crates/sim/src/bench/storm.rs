//! Whether others are still served while slow readers hold connections and a party floods the server.
//!
//! Parties hand openings in at a steady rate, each over a connection of its own; the time from handing in to
//! a verified receipt is taken first in quiet, then in the storm: two thousand connections that send a head
//! or take an answer a byte at a time, and one party that hands in what is refused as often as it is
//! answered. The storm comes from other addresses of this machine, under the limits that a server has when
//! nobody says otherwise.

use crate::bench::p99;
use crate::bench::served::{Parties, Served};
use crate::cast::{Programme, Said, bench_claims, name};
use crate::measure::Measure;
use anyhow::{Context, Result, ensure};
use lockstep_node::client::Standing;
use lockstep_types::CaseId;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Connections that are slow.
const SLOW: u8 = 200;
/// Addresses that they come from: as many connections each.
const ADDRESSES: u8 = 10;
/// Parties that hand in, each over a connection of its own.
const PARTIES: u32 = 8;
/// Openings a second, of all of them.
const RATE: u32 = 200;
/// How long quiet and storm are looked at.
const LASTS: Duration = Duration::from_secs(15);
/// Connections of the party that floods.
const FLOODS: usize = 4;
/// Attempts that it has signed.
const ATTEMPTS: usize = 500;
/// How much longer the storm may make it.
const RATIO: f64 = 2.0;

/// What the storm did.
#[derive(Default)]
struct Storm {
    slow: AtomicU64,
    answered: AtomicU64,
    ends: AtomicBool,
}

/// Takes the measure.
///
/// # Errors
/// Whatever stopped it.
pub fn run(show: &mut dyn FnMut(Measure)) -> Result<()> {
    let served = Served::begin(Programme::Bench, 0, "")?;
    let parties = Parties::of(Programme::Bench)?;
    let attempts = attempts(&served, &parties)?;
    handed_in(&served, &parties, LASTS / 5)?;
    let mut quiet = handed_in(&served, &parties, LASTS)?;
    let storm = Arc::<Storm>::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    begin(&runtime, &storm, (served.server().port, attempts));
    let begun = Instant::now();
    let all = u64::from(SLOW) * u64::from(ADDRESSES);
    while storm.slow.load(Ordering::SeqCst) < all {
        ensure!(
            begun.elapsed() < Duration::from_secs(60),
            "not all slow connections are there: {}",
            served.log()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let before = storm.answered.load(Ordering::SeqCst);
    let stormy = handed_in(&served, &parties, LASTS);
    let flooded = storm.answered.load(Ordering::SeqCst).saturating_sub(before);
    let slow = served.figure("lockstep_connections")?;
    storm.ends.store(true, Ordering::SeqCst);
    runtime.shutdown_background();
    ensure!(slow >= f64::from(PARTIES), "the server tells of {slow} connections");
    let (quiet, stormy) = (p99(&mut quiet), p99(&mut stormy?));
    show(Measure {
        measure: "storm-p99".into(),
        value: stormy,
        unit: "ms".into(),
        yardstick: format!(
            "{quiet:.1} ms in quiet at {RATE} attestations/s; {slow:.0} connections, {:.0} attempts/s of one \
             party",
            flooded as f64 / LASTS.as_secs_f64()
        ),
        ratio: Some(stormy / quiet),
        goal: format!("ratio <= {RATIO}"),
        met: stormy / quiet <= RATIO,
    });
    Ok(())
}

/// Hands openings in at the rate; milliseconds from when each was due to its receipt.
fn handed_in(served: &Served, parties: &Parties, lasts: Duration) -> Result<Vec<f64>> {
    let each = PARTIES * Duration::from_secs(1) / RATE;
    let count = (lasts.as_secs_f64() / each.as_secs_f64()) as u32;
    std::thread::scope(|scope| {
        let one = |at: u32| -> Result<Vec<f64>> {
            let client = served.client()?;
            let begun = Instant::now() + each * at / PARTIES;
            let mut times = Vec::new();
            for number in 0..count {
                let (request, _) = parties.opening(client.id())?;
                let due = begun + each * number;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                client.submit(&request, &[]).context("a party is hindered")?;
                times.push(due.elapsed().as_secs_f64() * 1_000.0);
            }
            Ok(times)
        };
        let threads: Vec<_> = (0..PARTIES).map(|at| scope.spawn(move || one(at))).collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(all)
    })
}

/// Steps that come before the one they follow, as whole HTTP requests.
fn attempts(served: &Served, parties: &Parties) -> Result<Vec<Vec<u8>>> {
    let client = served.client()?;
    let (opening, _) = parties.opening(client.id())?;
    let entered = client.submit(&opening, &[])?;
    let case = CaseId(entered.records.first().context("no record")?.leaf.0);
    let path = lockstep_api::path::of_ledger(lockstep_api::path::route::SUBMISSIONS, &client.id());
    let port = served.server().port;
    let one = |_| {
        let (_, pen) = parties.opening(client.id())?;
        let word = (&name("second"), &Said::Done(bench_claims()));
        let body = parties.step(pen, (case, &Standing::new()), word)?.to_vec()?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        Ok([head.into_bytes(), body].concat())
    };
    (0..ATTEMPTS).map(one).collect()
}

/// Lets it loose.
fn begin(runtime: &tokio::runtime::Runtime, storm: &Arc<Storm>, (port, attempts): (u16, Vec<Vec<u8>>)) {
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let attempts = Arc::new(attempts);
    for at in 0..FLOODS {
        let (storm, attempts) = (Arc::clone(storm), Arc::clone(&attempts));
        runtime.spawn(async move {
            while !storm.ends.load(Ordering::SeqCst) {
                // The server may end a connection; the flood comes back.
                let _ = flood(&storm, to, attempts.iter().cycle().skip(at * ATTEMPTS / FLOODS)).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
    }
    for address in 0..ADDRESSES {
        for number in 0..SLOW {
            let storm = Arc::clone(storm);
            runtime.spawn(async move {
                let mut first = true;
                while !storm.ends.load(Ordering::SeqCst) {
                    let _ = slow(&storm, (to, address), (number % 2 == 0, std::mem::take(&mut first))).await;
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            });
        }
    }
}

/// Another address of this machine.
async fn connect(to: SocketAddr, address: u8) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4_096)?;
    socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 1, address + 1), 0)))?;
    socket.connect(to).await
}

/// Hands in, reads the answer, and hands in again.
async fn flood<'a>(
    storm: &Storm,
    to: SocketAddr,
    attempts: impl Iterator<Item = &'a Vec<u8>>,
) -> std::io::Result<()> {
    let mut stream = connect(to, ADDRESSES).await?;
    let mut answer = Vec::with_capacity(16_384);
    for attempt in attempts {
        stream.write_all(attempt).await?;
        answer.clear();
        while !is_whole(&answer) {
            if stream.read_buf(&mut answer).await? == 0 {
                return Ok(());
            }
        }
        storm.answered.fetch_add(1, Ordering::SeqCst);
        if storm.ends.load(Ordering::SeqCst) {
            break;
        }
    }
    Ok(())
}

/// True for a head with as much after it as it says.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, rest)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    rest.len() >= length.unwrap_or(0)
}

/// Sends a head, or takes an answer, a byte at a time.
async fn slow(
    storm: &Storm,
    (to, address): (SocketAddr, u8),
    (sends, counts): (bool, bool),
) -> std::io::Result<()> {
    let mut stream = connect(to, address).await?;
    let head =
        format!("GET /v1/openapi.json HTTP/1.1\r\nhost: {to}\r\nx-slow: {}\r\n\r\n", "y".repeat(1_000));
    if !sends {
        stream.write_all(head.as_bytes()).await?;
    }
    if counts {
        storm.slow.fetch_add(1, Ordering::SeqCst);
    }
    let mut bytes = head.bytes();
    while !storm.ends.load(Ordering::SeqCst) {
        match (sends, bytes.next()) {
            (true, Some(byte)) => stream.write_all(&[byte]).await?,
            _ if stream.read(&mut [0]).await? == 0 => return Ok(()),
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}
