//! What waits for a party, as it changes: the whole of it once, then what comes and what goes. An event's id
//! stands for the list after it, so that whoever has seen it all is told nothing again.

use super::{Gone, Watch, ended, reply, send};
use crate::see::{self, Eye};
use axum::response::Response;
use lockstep_api::answer::{Waits, WaitsAll};
use lockstep_types::sha256;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Steps and changes that are told of; what is more comes up as others are done.
const WAITS_MAX: usize = 5_000;
/// Between two looks at the ledger for one stream.
const PAUSE: Duration = Duration::from_secs(1);

/// A list, as the id of an event stands for it; never 0, which is for whoever has seen nothing.
fn id_of(all: &BTreeSet<Waits>) -> Result<u64, Gone> {
    let bytes = serde_json::to_vec(all).map_err(|_| Gone)?;
    let [a, b, c, d, e, f, g, h, ..] = sha256(&bytes);
    Ok(u64::from_be_bytes([a, b, c, d, e, f, g, h]).max(1))
}

impl Watch {
    /// What waits for whoever asks.
    pub(crate) fn of_waiting(self, eye: Eye) -> Response {
        let (to, told) = mpsc::channel(super::AHEAD);
        tokio::spawn(async move {
            let _ = self.tell_of_waiting(eye, &to).await;
        });
        reply(told)
    }

    async fn tell_of_waiting(
        self,
        eye: Eye,
        to: &mpsc::Sender<axum::response::sse::Event>,
    ) -> Result<(), Gone> {
        let (mut heads, mut ending) = (self.engine().heads(), self.service.ending.subscribe());
        let mut known: Option<BTreeSet<Waits>> = None;
        loop {
            heads.borrow_and_update();
            let now = self.service.now();
            if !eye.who.counts(&self.hosted.keys, now) {
                return Err(Gone);
            }
            // A look is a question of the party like any other; who has asked enough is told later.
            let may = self.service.paces.of(eye.who).is_ok();
            if may {
                let eye = Eye { now, ..eye };
                let looked = self.engine().look(move |replica| see::waits(replica, eye, WAITS_MAX));
                let all = looked.await.map_err(|_| Gone)?;
                self.tell_change(known.as_ref(), &all, to).await?;
                known = Some(all);
            }
            let rest = async {
                sleep(PAUSE).await;
                if may { heads.changed().await } else { Ok(()) }
            };
            tokio::select! {
                changed = rest => changed.map_err(|_| Gone)?,
                () = ended(&mut ending) => return Ok(()),
                () = to.closed() => return Ok(()),
            }
        }
    }

    async fn tell_change(
        &self,
        known: Option<&BTreeSet<Waits>>,
        all: &BTreeSet<Waits>,
        to: &mpsc::Sender<axum::response::sse::Event>,
    ) -> Result<(), Gone> {
        let id = id_of(all)?;
        let Some(known) = known else {
            if id == self.seen {
                return Ok(());
            }
            return send(to, ("all", Some(id)), &WaitsAll { items: all.iter().cloned().collect() }).await;
        };
        let mut changes: Vec<(&str, &Waits)> = Vec::new();
        changes.extend(known.difference(all).map(|item| ("gone", item)));
        changes.extend(all.difference(known).map(|item| ("waits", item)));
        let last = changes.len().saturating_sub(1);
        for (at, (name, item)) in changes.into_iter().enumerate() {
            // Only the last one stands for the whole: whoever is cut off before it begins anew.
            send(to, (name, Some(id).filter(|_| at == last)), item).await?;
        }
        Ok(())
    }
}
