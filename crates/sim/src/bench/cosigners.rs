//! Four co-signers on threads of their own, each with a store and a signer's memory, fed with bytes.

use crate::cast::{COSIGNERS, CastKey, cosigner_key};
use anyhow::Result;
use lockstep_node::cosigner::Cosigned;
use lockstep_node::port::TilesInMemory;
use lockstep_node::{Appender, CheckpointSigner, Cosigner};
use lockstep_store::{Embedded, SignerState, Store};
use lockstep_types::{LedgerId, Time};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Scope;
use std::time::Instant;

/// Bytes that a co-signer takes at once, before the last message.
const FEED_BYTES: usize = 2 * 1_048_576;
/// Records that are sent at once.
const FEED_RECORDS: usize = 2_000;

/// One clock for everybody: ledger time from the moment the run began.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    begun: Instant,
    from: Time,
}

impl Clock {
    /// A clock that shows `from` now.
    pub(super) fn starting_at(from: Time) -> Self {
        Self { begun: Instant::now(), from }
    }

    pub(super) fn now(&self) -> Time {
        self.from.saturating_add_ms(u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(0))
    }
}

/// The appender's side of the wires to its co-signers.
pub(super) struct Cosigners {
    feeds: Vec<Sender<Arc<Vec<u8>>>>,
    /// What they have signed.
    pub(super) signed: Receiver<Cosigned>,
    fed: u64,
}

impl Cosigners {
    /// Starts them; each ends with its feed.
    pub(super) fn begin<'scope>(
        scope: &'scope Scope<'scope, '_>,
        dir: &Path,
        (ledger, clock): (LedgerId, Clock),
    ) -> Self {
        let (to_appender, signed) = channel();
        let begin = |number| {
            let (feed, records) = channel();
            let (answer, home) = (to_appender.clone(), dir.join(format!("cosigner-{number}")));
            let key = cosigner_key(number);
            scope.spawn(move || follow((&home, ledger, key), &records, (&answer, clock)));
            feed
        };
        Self { feeds: (0..COSIGNERS).map(begin).collect(), signed, fed: 0 }
    }

    /// Sends every record that they do not have.
    pub(super) fn feed(&mut self, appender: &Appender<CastKey>) -> Result<()> {
        while self.fed < appender.head().1 {
            let bytes = Arc::new(appender.feed(self.fed, FEED_RECORDS)?);
            self.fed += u64::try_from(lockstep_node::feed::decode(&bytes)?.len())?;
            for feed in &self.feeds {
                // A co-signer that has stopped is missed when its signature is.
                let _ = feed.send(Arc::clone(&bytes));
            }
        }
        Ok(())
    }
}

/// A co-signer with a store and a signer's memory of its own, until its feed ends.
fn follow(
    (home, ledger, key): (&Path, LedgerId, CastKey),
    records: &Receiver<Arc<Vec<u8>>>,
    (answer, clock): (&Sender<Cosigned>, Clock),
) -> Result<()> {
    let store: Arc<dyn Store> = Arc::new(Embedded::open(&home.join("ledger"))?);
    let memory = SignerState::create(&home.join("signer"))?;
    let signer = CheckpointSigner::new(key, memory, ledger)?;
    let mut cosigner = Cosigner::open(store, Arc::new(TilesInMemory::default()), signer, ledger)?;
    while let Ok(first) = records.recv() {
        // Whoever is behind takes what has come meanwhile at once: messages follow one another byte by byte.
        let mut bytes = first.to_vec();
        while bytes.len() < FEED_BYTES
            && let Ok(next) = records.try_recv()
        {
            bytes.extend_from_slice(&next);
        }
        for cosigned in cosigner.receive_and_sign(cosigner.next(), &bytes, clock.now())? {
            answer.send(cosigned)?;
        }
        cosigner.snapshot_if_due()?;
    }
    Ok(())
}
