//! Records of every case that somebody may see, in the log's order: one stream in place of one a case.

use super::{Gone, Watch, drop_with, ended, reply, send};
use crate::see::{self, Eye};
use axum::response::Response;
use lockstep_api::answer::CaseRecord;
use lockstep_kernel::Body;
use lockstep_ledger::{Record, Tag};
use lockstep_node::{ReplicaError, index, records, replica};
use lockstep_store::Store;
use lockstep_types::CaseId;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Records that are looked at together.
const ROWS: u64 = 256;
/// Cases that one stream remembers to have noted as read; more are noted again.
const NOTED_MAX: usize = 65_536;

impl Watch {
    /// Records of cases once they are sealed, each to whoever may see its case then.
    pub(crate) fn of_cases(self, eye: Eye) -> Response {
        let (to, told) = mpsc::channel(super::AHEAD);
        tokio::spawn(async move {
            let _ = self.tell_of_cases(eye, &to).await;
        });
        reply(told)
    }

    async fn tell_of_cases(
        self,
        eye: Eye,
        to: &mpsc::Sender<axum::response::sse::Event>,
    ) -> Result<(), Gone> {
        let (mut heads, mut ending) = (self.engine().heads(), self.service.ending.subscribe());
        let (mut next, mut noted) = (self.seen, BTreeSet::new());
        loop {
            let sealed = heads.borrow_and_update().map_or(0, |head| head.size);
            while next < sealed {
                // Whoever's key was revoked meanwhile is told nothing more.
                if !self.hosted.keys.is_good(&eye.who.key) {
                    return Err(Gone);
                }
                let range = next..sealed.min(next.saturating_add(ROWS));
                next = range.end;
                for told in self.seen_by(eye, range).await? {
                    if noted.len() >= NOTED_MAX {
                        noted.clear();
                    }
                    // What is not noted is not shown.
                    if noted.insert(told.case) {
                        let noted = self.hosted.parts.reads.note(eye.who.party, told.case, "events");
                        noted.map_err(|what| drop_with(&std::io::Error::other(what)))?;
                    }
                    send(to, ("record", Some(told.index.saturating_add(1))), &told).await?;
                }
            }
            tokio::select! {
                changed = heads.changed() => changed.map_err(|_| Gone)?,
                () = ended(&mut ending) => return Ok(()),
                () = to.closed() => return Ok(()),
            }
        }
    }

    /// Those of some records that are of cases which `eye` may see now.
    async fn seen_by(&self, eye: Eye, range: Range<u64>) -> Result<Vec<CaseRecord>, Gone> {
        let store = Arc::clone(self.engine().store());
        let read = tokio::task::spawn_blocking(move || {
            let all = of_cases(&*store, range)?;
            let ids: BTreeSet<CaseId> = all.iter().map(|told| told.case).collect();
            let course = |case: CaseId| Ok((case, see::course(&records::of_case(&*store, case)?)));
            let courses = ids.into_iter().map(course).collect::<Result<Vec<_>, ReplicaError>>()?;
            Ok::<_, ReplicaError>((all, courses))
        });
        let (mut all, courses) = read.await.map_err(|_| Gone)?.map_err(|error| drop_with(&error))?;
        if all.is_empty() {
            return Ok(all);
        }
        let visible = self.engine().look(move |replica| {
            let seen = courses.iter().filter(|(_, course)| see::may_see(replica.kernel(), course, eye));
            seen.map(|(case, _)| *case).collect::<BTreeSet<CaseId>>()
        });
        let visible = visible.await.map_err(|_| Gone)?;
        all.retain(|told| visible.contains(&told.case));
        Ok(all)
    }
}

/// Those of some records that are of cases.
fn of_cases(store: &dyn Store, range: Range<u64>) -> Result<Vec<CaseRecord>, ReplicaError> {
    let count = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
    let stored = store.records(range.start, count, usize::MAX)?;
    let mut told = Vec::new();
    for (index, stored) in range.zip(&stored) {
        let record = replica::record(index, stored)?;
        told.extend(case_of(&record).map(|case| row(index, &record, case)));
    }
    Ok(told)
}

fn case_of(record: &Record) -> Option<CaseId> {
    if record.tag() == Tag::Outcome {
        return index::case_of_outcome(record);
    }
    match Body::peek(record)? {
        Body::Opened(_) | Body::Proposed(_) => Some(CaseId(record.leaf_hash().0)),
        body => body.link().map(|(case, _)| case),
    }
}

fn row(index: u64, record: &Record, case: CaseId) -> CaseRecord {
    let (party, step, refused) = match Body::peek(record) {
        Some(Body::Attested(body)) => (Some(body.party), Some(body.step), body.refused),
        Some(Body::Opened(body)) => (Some(body.party), None, false),
        Some(Body::Withdrawn(body)) => (Some(body.party), None, false),
        Some(Body::Attempted(body)) => (Some(body.party), Some(body.step), true),
        _ => (None, None, false),
    };
    let (kind, leaf, time) = (records::kind(record), record.leaf_hash(), record.time());
    CaseRecord { case, index, kind, leaf, party, refused, step, time }
}
