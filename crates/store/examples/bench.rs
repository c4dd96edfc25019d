//! Measures the embedded store beside raw `fdatasync`: JSON lines of measure, value, unit, yardstick, ratio.
//!
//! ```text
//! bench DIR [RECORDS]        DIR must be on the disk to measure, and is left behind
//! ```

use lockstep_store::{
    Append, Batch, Embedded, GroupCommit, Head, MapRow, Snapshot, Store, StoredRecord, stream,
};
use lockstep_types::{Digest, Salt, sha256};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes of body and command of one record; with leaf and salt about 1.2 kB.
const BODY_BYTES: usize = 600;
const COMMAND_BYTES: usize = 527;
/// Batches that the submitter has in flight.
const PIPELINE: usize = 256;

fn main() {
    let mut args = std::env::args().skip(1);
    let dir = args.next().expect("usage: bench DIR [RECORDS]");
    let records = args.next().map_or(100_000, |n| n.parse().expect("RECORDS is a number"));
    let dir = Path::new(&dir);
    std::fs::create_dir_all(dir).expect("DIR can be made");
    appends(dir, records);
    memory();
    group_commit(dir, records);
    reads(dir, records);
    snapshots(dir);
}

fn report(measure: &str, value: f64, unit: &str, yardstick: (&str, f64)) {
    let (name, yard) = yardstick;
    println!(
        "{{\"measure\":\"{measure}\",\"value\":{value:.1},\"unit\":\"{unit}\",\
         \"yardstick\":\"{name} {yard:.1}\",\"ratio\":{:.3}}}",
        value / yard
    );
}

/// Bytes that look like canonical JSON with digests in it: half of them can be guessed.
fn text(seed: u64, len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(len + 64);
    let mut counter = 0_u64;
    while out.len() < len {
        let digest = sha256(&[seed.to_le_bytes(), counter.to_le_bytes()].concat());
        out.extend(Digest(digest).to_string().into_bytes());
        counter += 1;
    }
    out.truncate(len);
    out
}

fn record(number: u64) -> StoredRecord {
    let mut leaf = [1; 41];
    leaf[9..].copy_from_slice(&sha256(&number.to_le_bytes()));
    let (body, command) = (text(number, BODY_BYTES), text(!number, COMMAND_BYTES));
    StoredRecord { leaf, salt: Salt(sha256(&leaf)), body, command: Some(command) }
}

/// Records from number `first` on, each with two index rows that fall anywhere.
fn batch(first: u64, records: u64) -> Batch {
    let records: Vec<_> = (first..first + records).map(record).collect();
    let rows = records.iter().flat_map(|r| [sha256(&r.leaf).to_vec(), r.leaf[9..].to_vec()]);
    let index = rows.map(|key| (key, first.to_le_bytes().to_vec())).collect();
    Batch { id: Digest(sha256(&first.to_be_bytes())), records, documents: Vec::new(), index }
}

fn raw(dir: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(dir.join("raw")).expect("DIR can be written")
}

fn raw_append(file: &mut File, bytes: &[u8]) -> Duration {
    let start = Instant::now();
    file.write_all(bytes).expect("the disk has room");
    file.sync_data().expect("the disk can be flushed");
    start.elapsed()
}

fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

fn written_bytes() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    io.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok()).unwrap_or_default()
}

fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    most.and_then(|text| text.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or_default()
        / 1_024.0
}

/// One thread, one batch after the other; raw and store in turn, so that neighbours disturb both alike.
fn appends(dir: &Path, records: u64) {
    let store = Embedded::open(&dir.join("appends")).expect("the store opens");
    let mut raw_file = raw(dir);
    let mut head = Head::EMPTY;
    for (size, rounds) in [(1, 1_000), (100, records / 400), (1_000, records / 2_000)] {
        let (mut times, mut raw_time) = (Vec::new(), Duration::ZERO);
        let (mut written, mut raw_written) = (0, 0);
        for _ in 0..rounds.max(1) {
            let batch = batch(head.size, size);
            let bytes = vec![b'x'; batch.bytes()];
            let before = written_bytes();
            raw_time += raw_append(&mut raw_file, &bytes);
            let between = written_bytes();
            let start = Instant::now();
            let Append::Appended(after) = store.append(&head, &batch) else { panic!("it must be appended") };
            times.push(start.elapsed());
            head = after;
            raw_written += between - before;
            written += written_bytes() - between;
        }
        let count = size * times.len() as u64;
        let rate = per_second(count, times.iter().sum());
        report(
            &format!("append, batches of {size}"),
            rate,
            "records/s",
            ("raw fdatasync", per_second(count, raw_time)),
        );
        times.sort();
        let p99 = times[times.len() * 99 / 100].as_secs_f64() * 1e3;
        let mean_raw = raw_time.as_secs_f64() * 1e3 / times.len() as f64;
        report(&format!("append, batches of {size}, p99"), p99, "ms", ("raw fdatasync, mean", mean_raw));
        report(
            &format!("written, batches of {size}"),
            written as f64 / count as f64,
            "bytes/record",
            ("raw fdatasync", raw_written as f64 / count as f64),
        );
    }
}

/// What the store holds in memory after many appends; the bench keeps little else by then.
fn memory() {
    report("resident memory after the appends", resident_mib(), "MiB", ("cache and write buffers", 16.0));
}

/// One submitter that runs ahead of durability, each record a batch of its own.
fn group_commit(dir: &Path, records: u64) {
    let store: Arc<dyn Store> = Arc::new(Embedded::open(&dir.join("group")).expect("the store opens"));
    let front = GroupCommit::new(Arc::clone(&store));
    let batches: Vec<Batch> = (0..records).map(|number| batch(number, 1)).collect();
    let payload: usize = batches.iter().map(Batch::bytes).sum();
    // The appender decides in order: one thread submits, so heads are known ahead of durability.
    let start = Instant::now();
    let mut head = Head::EMPTY;
    let mut flying = std::collections::VecDeque::new();
    for batch in batches {
        let after = head.after(&batch);
        flying.push_back(front.submit(head, batch));
        head = after;
        if flying.len() >= PIPELINE {
            let Append::Appended(_) = flying.pop_front().expect("some are flying").wait() else {
                panic!("refused")
            };
        }
    }
    for ticket in flying {
        let Append::Appended(_) = ticket.wait() else { panic!("it must be appended") };
    }
    let rate = per_second(records, start.elapsed());
    assert_eq!(store.head().expect("the store reads"), head);
    let mut raw_file = raw(dir);
    let bytes = vec![b'x'; payload / usize::try_from(records).expect("records fit memory") * PIPELINE];
    let groups = 200;
    let raw_time: Duration = (0..groups).map(|_| raw_append(&mut raw_file, &bytes)).sum();
    let raw_rate = per_second(groups * PIPELINE as u64, raw_time);
    report("append, group commit, 256 in flight", rate, "records/s", ("raw fdatasync of 256", raw_rate));
}

fn reads(dir: &Path, records: u64) {
    let start = Instant::now();
    let store = Embedded::open(&dir.join("group")).expect("the store opens");
    report("open", start.elapsed().as_secs_f64(), "s", ("goal", 5.0));
    let start = Instant::now();
    let bytes: usize = stream(&store, 0, u64::MAX).map(|record| record.expect("it is whole").bytes()).sum();
    let time = start.elapsed();
    let start = Instant::now();
    let mut hashed = 0;
    for _ in 0..bytes / 1_200 {
        hashed += usize::from(sha256(&[0; 1_200])[0]);
    }
    let sha_rate = per_second(records, start.elapsed()) + hashed as f64 * 1e-9;
    report("stream", per_second(records, time), "records/s", ("one SHA-256 of 1200 bytes", sha_rate));
    let start = Instant::now();
    let count = 10_000;
    for i in 0..count {
        let number =
            u64::from_le_bytes(*sha256(&u64::to_le_bytes(i)).first_chunk().expect("32 bytes")) % records;
        assert_eq!(store.records(number, 1, 0).expect("it reads").len(), 1);
    }
    report(
        "read one record anywhere",
        per_second(count, start.elapsed()),
        "records/s",
        ("stream", per_second(records, time)),
    );
    let start = Instant::now();
    store.check().expect("it is whole");
    report("check", per_second(records, start.elapsed()), "records/s", ("stream", per_second(records, time)));
}

/// Map nodes that fall anywhere, ten thousand a snapshot.
fn snapshots(dir: &Path) {
    let store = Embedded::open(&dir.join("map")).expect("the store opens");
    let mut raw_file = raw(dir);
    let (nodes, rounds) = (10_000, 100);
    let (mut time, mut raw_time) = (Duration::ZERO, Duration::ZERO);
    for round in 0..rounds {
        let places: BTreeSet<_> = (0..nodes).map(|i| sha256(&u64::to_le_bytes(round * nodes + i))).collect();
        let nodes: Vec<_> =
            places.into_iter().map(|at| MapRow::Node((256, at), Some(vec![b'n'; 65]))).collect();
        raw_time += raw_append(&mut raw_file, &vec![b'x'; nodes.len() * 99]);
        let start = Instant::now();
        store
            .put_snapshot(Snapshot { size: 0, state: vec![0; 10_000] }, &mut nodes.into_iter())
            .expect("it is written");
        time += start.elapsed();
    }
    let count = nodes * rounds;
    report("map nodes", per_second(count, time), "nodes/s", ("raw fdatasync", per_second(count, raw_time)));
}
