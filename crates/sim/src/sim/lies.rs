//! An appender that lies: a mint that no case decided, a decision of its own, a body altered, another
//! history.

use super::shaky::Faults;
use super::town::{Town, Wrong, copy_of, open_appender, place_over, wrong};
use crate::cast::{Pen, texts};
use lockstep_kernel::body::{Body, Decided, OutcomeDue};
use lockstep_kernel::{Phase, Request};
use lockstep_ledger::{Entry, Input, Scribe, Seed, Tag};
use lockstep_node::cosigner::Cosigned;
use lockstep_node::{CosignerError, feed};
use lockstep_store::{Store, StoredRecord};
use lockstep_types::{LeafHash, Time};
use std::sync::Arc;

impl Town {
    /// Tells one co-signer something that the rules do not give. It must refuse it, sign nothing after it,
    /// and follow the true history again once somebody has opened it anew.
    pub(super) fn appender_lies(&mut self) -> Result<(), Wrong> {
        let at = self.chance.place(self.seats.len());
        let kind = self.chance.below(4);
        if kind == 3 {
            return self.tells_another_history(at);
        }
        let bytes = match kind {
            0 => Some(self.outcome_without_case()),
            1 => self.decision_without_steps(),
            _ => self.altered_body(at)?,
        };
        let Some(bytes) = bytes else { return Ok(()) };
        let Some((seat, time)) = self.present(at) else { return Ok(()) };
        if seat.deceived || seat.cosigner.next() == 0 {
            return Ok(());
        }
        *seat.place.store.faults() = Faults::default();
        let before = seat.place.store.head().map_err(wrong)?;
        if seat.cosigner.receive(&bytes).is_ok() {
            return Err(format!("co-signer {at} believed lie {kind}"));
        }
        if !matches!(seat.cosigner.sign(time), Err(CosignerError::Rejected { .. })) {
            return Err(format!("co-signer {at} does not remember lie {kind}"));
        }
        if seat.place.store.head().map_err(wrong)? != before {
            return Err(format!("co-signer {at} keeps what it has refused"));
        }
        self.restart_cosigner(at)
    }

    fn forged(&self, entry: Entry) -> Vec<u8> {
        let (now, seed) =
            (self.appender_time().max(self.appender.replica().ledger().last_time()), Seed::new([8; 32]));
        let mut scribe = Scribe::new(now, seed);
        scribe.push(entry);
        let command = Request::Tick.to_vec().ok();
        let stored = |record: lockstep_ledger::Record| StoredRecord {
            leaf: record.leaf().encode(),
            salt: *record.salt(),
            body: record.body().to_vec(),
            command: Some(Input { command: command.clone(), now, seed }.to_bytes()),
        };
        feed::encode(&scribe.finish().into_iter().map(stored).collect::<Vec<_>>())
    }

    fn outcome_without_case(&self) -> Vec<u8> {
        self.forged(Entry::outcome(vec![0; 32]))
    }

    fn decision_without_steps(&self) -> Option<Vec<u8>> {
        let (case, open) = self.kernel().cases().find(|(_, case)| case.phase == Phase::Open)?;
        let due = OutcomeDue { domain: crate::cast::name("home"), not_after: None };
        let prev: LeafHash = open.touched.head;
        let body = Body::Decided(Decided { case: *case, ordinal: open.ordinal, outcomes: vec![due], prev });
        Some(self.forged(Entry::record(body.to_vec().ok()?)))
    }

    /// True records, but for one byte of one body, with a leaf that commits to it.
    fn altered_body(&mut self, at: usize) -> Result<Option<Vec<u8>>, Wrong> {
        let Some(seat) = self.seats.get(at) else { return Ok(None) };
        let head = self.place.store.head().map_err(wrong)?;
        if seat.cosigner.next() >= head.size {
            return Ok(None);
        }
        let store = Arc::clone(self.place.store.inner());
        let mut records = store.records(seat.cosigner.next(), 1, usize::MAX).map_err(wrong)?;
        let Some(record) = records.first_mut().filter(|record| record.command.is_some()) else {
            return Ok(None);
        };
        let place = self.chance.place(record.body.len());
        let Some(byte) = record.body.get_mut(place) else { return Ok(None) };
        *byte ^= 1;
        if self.chance.one_in(2) {
            let leaf = lockstep_ledger::Leaf::decode(&record.leaf).map_err(wrong)?;
            let tag: Tag = leaf.tag;
            record.leaf = lockstep_ledger::Leaf::commit(tag, leaf.time, &record.salt, &record.body).encode();
        }
        Ok(Some(feed::encode(&records)))
    }

    /// A second appender with the same key goes on from an older point and tells one co-signer, which cannot
    /// know. Its signature must not help to certify two roots for one size. One co-signer at most: two would
    /// be a quorum less.
    fn tells_another_history(&mut self, at: usize) -> Result<(), Wrong> {
        if self.seats.iter().any(|seat| seat.deceived) {
            return Ok(());
        }
        let next = match self.present(at) {
            Some((seat, _)) if seat.cosigner.next() > 0 => seat.cosigner.next(),
            _ => return Ok(()),
        };
        let copy = copy_of(self.place.store.inner(), next)?;
        if copy.head().map_err(wrong)?.size != next {
            return Ok(());
        }
        let (now, number) = (self.now.saturating_add_ms(1), 900_000);
        let (bytes, _) = self.other_history((copy, next), now, number)?;
        let Some((seat, time)) = self.present(at) else { return Ok(()) };
        *seat.place.store.faults() = Faults::default();
        seat.deceived = true;
        seat.cosigner.receive(&bytes).map_err(wrong)?;
        let signed: Option<Cosigned> = seat.cosigner.sign(time).ok();
        if let Some(cosigned) = signed {
            self.has_signed(at, &cosigned.checkpoint)?;
            self.send(super::town::Message::Signed(cosigned));
        }
        Ok(())
    }

    fn other_history(
        &mut self,
        (copy, next): (Arc<lockstep_store::Memory>, u64),
        now: Time,
        number: u64,
    ) -> Result<(Vec<u8>, u64), Wrong> {
        let mut liar = open_appender(&place_over(copy), self.chance.any())?;
        let now = now.max(liar.replica().ledger().last_time());
        let params = texts(&[
            ("amount", "7.00"),
            ("beneficiary", "0x52908400098527886E0F7030069857D2E4169EE7"),
            ("jurisdiction", "DE"),
        ]);
        let pen = Pen { ledger: self.ledger, now, number };
        if let Ok(request) = self.cast.opening(pen, liar.replica().kernel(), &params) {
            liar.submit(vec![request], now).map_err(wrong)?;
        }
        let later = now.saturating_add_ms(500);
        liar.seal(later.saturating_add_ms(20_000)).map_err(wrong)?;
        let size = liar.head().1;
        Ok((liar.feed(next, 2_000).map_err(wrong)?, size))
    }
}
