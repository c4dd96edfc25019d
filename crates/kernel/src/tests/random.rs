//! Longer histories, drawn at random; and ledgers that are put down and taken up again.

use super::model::{ALPHABET, Watched};
use super::world::{Kept, Live};
use crate::Kernel;
use crate::snapshot::SnapshotError;
use lockstep_ledger::Ledger;
use proptest::prelude::*;

/// The ledger as a process that starts again finds it; `None` where it cannot be put down.
fn restarted(ledger: &Live) -> Live {
    let (machine, own) = (ledger.machine().to_snapshot().unwrap(), ledger.snapshot().unwrap());
    let mut kept = ledger.overlay().store().clone();
    kept.0.nodes.extend(ledger.overlay().changes().nodes.clone());
    kept.0.values.extend(ledger.overlay().changes().values.clone());
    Ledger::restore(Kernel::from_snapshot(&machine).unwrap(), Kept(kept.0), &own).unwrap()
}

fn acts() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0..ALPHABET.len(), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn every_history_keeps_what_must_be_true(acts in acts(), sealing in any::<bool>()) {
        let mut watched = Watched::new(sealing);
        for act in acts {
            watched.act(ALPHABET[act]);
        }
    }

    /// A ledger that is put down at any seal and taken up again goes on like one that was not.
    #[test]
    fn a_restart_changes_nothing(acts in acts(), at in any::<prop::sample::Index>()) {
        let mut watched = Watched::new(true);
        for act in acts {
            watched.act(ALPHABET[act]);
        }
        let world = &watched.world;
        let at = at.index(world.log.len());
        let mut ledger: Live = Ledger::new(Kernel::default(), Kept::default());
        for (n, (input, records)) in world.log.iter().enumerate() {
            ledger.replay(input, records).unwrap();
            if n >= at && input.command.is_none() {
                ledger = restarted(&ledger);
            }
        }
        prop_assert_eq!(ledger.root(), world.ledger.root());
        prop_assert_eq!(ledger.map_root(), world.ledger.map_root());
        prop_assert_eq!(ledger.machine().to_snapshot().unwrap(), world.kernel().to_snapshot().unwrap());
    }
}

#[test]
fn a_snapshot_is_taken_right_after_a_seal_and_nowhere_else() {
    let mut watched = Watched::new(true);
    assert!(watched.world.kernel().to_snapshot().is_ok());
    watched.world.sealing = false;
    watched.act("open");
    assert!(watched.world.kernel().to_snapshot().is_err());
    // A seal that is drawn up and never applied hands nothing over: what has ended stays known.
    let seed = lockstep_ledger::Seed::new([9; 32]);
    let now = watched.world.now;
    watched.world.ledger.seal(now, seed).unwrap();
    assert!(watched.world.kernel().to_snapshot().is_err());
    watched.world.play("again open!opened_before");
    watched.world.seal();
    let bytes = watched.world.kernel().to_snapshot().unwrap();
    assert_eq!(Kernel::from_snapshot(&bytes).unwrap().to_snapshot().unwrap(), bytes);
    for end in 0..bytes.len() {
        assert!(Kernel::from_snapshot(&bytes[..end]).is_err(), "cut at {end}");
    }
    assert!(Kernel::from_snapshot(&[bytes.as_slice(), &[0]].concat()).is_err());
    let later = [br#"{"form":3"#, bytes.strip_prefix(br#"{"form":2"#).unwrap()].concat();
    assert!(matches!(Kernel::from_snapshot(&later), Err(SnapshotError::OtherForm { found: 3 })));
}
