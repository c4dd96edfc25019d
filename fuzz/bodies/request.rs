//! Requests, bodies, outcomes and snapshots: what is read has exactly these bytes, and a record that no
//! honest appender writes is applied or refused, never the end of the program.

use alloy_sol_types::SolValue;
use lockstep_kernel::{Body, Entity, Kernel, Request, outcome};
use lockstep_ledger::{Machine, Record, Tag};
use lockstep_types::limits::COMMAND_BYTES_MAX;
use lockstep_types::{Salt, Time, canonical};
use std::sync::LazyLock;

/// A ledger with a policy, credentials and a case; taken right after a seal.
static KERNEL: LazyLock<Kernel> = LazyLock::new(|| {
    Kernel::from_snapshot(include_bytes!("../seeds/request/snapshot.bin")).expect("the seed is a snapshot")
});

const SEAL: &[u8] = include_bytes!("../seeds/request/body-seal.json");

/// Panics when `data` breaks a property of a decoder.
pub fn run(data: &[u8]) {
    if let Ok(request) = Request::from_slice(data) {
        assert!(data.len() <= COMMAND_BYTES_MAX);
        assert_eq!(request.to_vec().expect("a request can be written"), data);
        check_admission(request, data);
    }
    if let Ok(body) = Body::from_slice(data) {
        assert_eq!(body.to_vec().expect("a body can be written"), data);
        assert!(canonical::is_canonical(&body));
        let record = Record::new(Tag::Record, Time::default(), Salt::default(), data.to_vec());
        assert_eq!(Body::peek(&record).as_ref(), Some(&body), "a glance sees what a reader sees");
    }
    if let Ok(body) = outcome::decode(data) {
        assert_eq!(body.abi_encode_params(), data);
        let kinds = [outcome::KIND_ORDINARY, outcome::KIND_GOVERNANCE, outcome::KIND_ESCROW];
        assert!(kinds.contains(&body.kind));
    }
    check_apply(data);
    check_snapshot(data);
}

/// What is admitted came from exactly these bytes.
fn check_admission(request: Request, data: &[u8]) {
    let admitted = KERNEL.admit(vec![request.clone(), request]);
    assert_eq!(admitted.len(), 2, "one answer a request");
    for command in admitted.into_iter().flatten() {
        assert_eq!(Kernel::encode_command(&command), data);
        assert_eq!(KERNEL.decode_command(data), Ok(command));
    }
}

/// The same record twice, so that one of them finds what the other left.
fn check_apply(data: &[u8]) {
    for tag in [Tag::Record, Tag::Outcome] {
        let record = Record::new(tag, Time::default(), Salt::default(), data.to_vec());
        let mut kernel = KERNEL.clone();
        let first = kernel.apply(&(), &record);
        if tag == Tag::Record {
            assert_eq!(first.is_ok(), Body::from_slice(data).is_ok(), "a fact is not refused");
        }
        if first.is_ok() {
            assert_eq!(kernel.apply(&(), &record), Ok(()));
            check_start(kernel);
        }
    }
}

/// A start from a snapshot goes on with the same kernel.
fn check_start(mut kernel: Kernel) {
    let seal = Record::new(Tag::Record, Time::default(), Salt::default(), SEAL.to_vec());
    assert_eq!(kernel.apply(&(), &seal), Ok(()));
    kernel.touched();
    let kept = kernel.to_snapshot().expect("a snapshot is taken right after a seal");
    let again = Kernel::from_snapshot(&kept).expect("what is kept comes back");
    assert_eq!(again.to_snapshot().expect("nothing was applied since"), kept);
    let account = Entity::Account("acme-usd".parse().expect("a name"));
    assert_eq!(again.entry(&account), kernel.entry(&account));
}

fn check_snapshot(data: &[u8]) {
    let Ok(kernel) = Kernel::from_snapshot(data) else { return };
    let kept = kernel.to_snapshot().expect("nothing was applied since");
    let again = Kernel::from_snapshot(&kept).expect("what is kept comes back");
    assert_eq!(again.to_snapshot().expect("nothing was applied since"), kept);
}
