//! What a pack that breaks no rule shows, on whom it rests, and what a reader must not miss.

use super::open::Opened;
use super::rerun::Rerun;
use super::seen::{SeenHeads, signers};
use super::signatures::{Admitted, hides_claims};
use super::{BEHIND_MS_MAX, Verifier};
use crate::pack::{Pack, PackedBody, PackedCommand, PackedRecord};
use crate::report::{Bound, Flag, Missing, Reliance, Shown, SignatureFact, StepFact};
use lockstep_attest::Signed;
use lockstep_kernel::{Action, Body, Phase};
use lockstep_ledger::{Committee, Record};
use lockstep_types::{DocumentDigest, Lei, Name};
use std::collections::BTreeSet;

impl Verifier<'_> {
    pub(super) fn tell(&mut self, rerun: &Rerun<'_>) {
        self.tell_unseen(rerun);
        self.tell_across(rerun);
        self.tell_flags(rerun);
        let case = rerun.kernel().case(&self.pack.case);
        let open = case.is_some_and(|case| case.phase == Phase::Open);
        if let Some(record) = rerun.last_of_case().filter(|_| open) {
            self.rests_on.push(Reliance::Open { record, size: self.facts.head.size });
        }
        if let Some(certified) = &self.facts.certified {
            let (signed, threshold, members) =
                (certified.signed.clone(), certified.threshold, certified.members);
            self.rests_on.push(Reliance::Certificate { signed, threshold, members });
        }
        self.rests_on.extend([Reliance::AppenderClock, Reliance::Keys]);
    }

    /// The records of the groups that `chosen` picks.
    fn records(&self, chosen: impl Fn(usize, &PackedCommand) -> bool) -> Vec<u64> {
        let groups = self.pack.excerpt.iter().enumerate().filter(|(at, group)| chosen(*at, &group.command));
        groups.flat_map(|(_, group)| group.records.iter().map(|record| record.index)).collect()
    }

    /// Parts that the reader was not shown.
    fn tell_unseen(&mut self, rerun: &Rerun<'_>) {
        let withheld = self.records(|at, _| rerun.shown(at) == Some(Shown::Withheld));
        let erased = self.records(|at, _| rerun.shown(at) == Some(Shown::Erased));
        let claims = self.records(|_, command| hides_claims(command));
        let in_part = self.records(|at, _| rerun.shown(at) == Some(Shown::InPart));
        let order = self.order(rerun);
        let unseen: BTreeSet<u64> = withheld.iter().chain(&erased).chain(&in_part).copied().collect();
        if !withheld.is_empty() {
            self.missing.push(Missing::Withheld { records: withheld });
        }
        if !claims.is_empty() {
            self.missing.push(Missing::Claims { records: claims });
        }
        if !erased.is_empty() {
            if order.is_none() {
                self.flags.push(Flag::NoOrder { case: self.pack.case });
            }
            self.missing.push(Missing::Erased { records: erased, order });
        }
        if !unseen.is_empty() {
            self.rests_on.push(Reliance::OnCertificate { records: unseen.into_iter().collect() });
        }
    }

    /// The order by which this case was erased, if it has taken effect in the pack.
    fn order(&self, rerun: &Rerun<'_>) -> Option<DocumentDigest> {
        let pending: BTreeSet<_> = rerun.kernel().proposals().map(|(id, _)| *id).collect();
        let orders =
            self.pack.records().zip(self.opened.groups.iter().flatten()).filter_map(|(packed, record)| {
                let Some(Body::Proposed(body)) = packed.record_body() else { return None };
                let Action::Erase(erasure) = &body.action else { return None };
                let id = lockstep_types::CaseId(record.leaf_hash().0);
                let enacted = !pending.contains(&id) && self.enacted(&id);
                (erasure.case == self.pack.case && enacted).then_some(erasure.order)
            });
        orders.last()
    }

    fn enacted(&self, id: &lockstep_types::CaseId) -> bool {
        let bodies = self.pack.records().filter_map(PackedRecord::record_body);
        bodies.into_iter().any(|body| matches!(body, Body::Enacted(body) if body.case == *id))
    }

    /// Facts that lie in other cases: by seal, under the certificate.
    fn tell_across(&mut self, rerun: &Rerun<'_>) {
        let pick = |chosen: &dyn Fn(&Body) -> bool| -> Vec<u64> {
            let records = self.pack.records().filter(|record| record.record_body().is_some_and(chosen));
            records.map(|record| record.index).collect()
        };
        let single_use = pick(&|body| matches!(body, Body::Attested(body) if body.use_key.is_some()));
        let headroom = pick(&|body| matches!(body, Body::Attested(body) if body.hold.is_some()));
        let refused = pick(&|body| matches!(body, Body::Attempted(body) if body.code.across_cases()));
        let settled = self.records(|at, _| rerun.shown(at) == Some(Shown::AsRecorded));
        let reliances = [
            Reliance::SingleUse { records: single_use },
            Reliance::Headroom { records: headroom },
            Reliance::RefusedAcross { records: refused },
            Reliance::Settled { records: settled },
        ];
        self.rests_on.extend(reliances.into_iter().filter(|reliance| !reliance.records().is_empty()));
    }

    fn tell_flags(&mut self, rerun: &Rerun<'_>) {
        let kernel = rerun.kernel();
        let suspect = kernel
            .case(&self.pack.case)
            .map(|case| kernel.suspect_records(&self.pack.case, case))
            .unwrap_or_default();
        let place = |leaf: &lockstep_types::LeafHash| {
            let mut all = self.pack.records().zip(self.opened.groups.iter().flatten());
            all.find(|(_, record)| record.leaf_hash() == *leaf).map(|(packed, _)| packed.index)
        };
        let mut records: Vec<u64> = suspect.iter().filter_map(place).collect();
        records.sort_unstable();
        if !records.is_empty() {
            self.flags.push(Flag::Suspect { records });
        }
        for (credential, held) in kernel.credentials() {
            if let Some(at) = held.revoked {
                self.flags.push(Flag::Revoked { credential: *credential, at });
            }
        }
        let bodies = || self.pack.records().filter_map(|record| Some((record.index, record.record_body()?)));
        let again =
            bodies().filter(|(_, body)| matches!(body, Body::Decided(_))).map(|(index, _)| index).skip(1);
        let again: Vec<u64> = again.collect();
        if !again.is_empty() {
            self.flags.push(Flag::DecidedAgain { records: again });
        }
        let attempts = bodies().filter_map(|(index, body)| match body {
            Body::Attempted(body) => Some((index, body.code)),
            _ => None,
        });
        let (records, codes): (Vec<u64>, Vec<_>) = attempts.unzip();
        if !records.is_empty() {
            self.flags.push(Flag::Attempts { records, codes });
        }
    }
}

/// Every record of the case that the re-run reached, with what is known of its time.
pub(super) fn steps(
    pack: &Pack,
    opened: &Opened,
    admitted: &Admitted,
    seen: &SeenHeads,
    rerun: &Rerun<'_>,
    committee: &Committee,
) -> Vec<StepFact> {
    let by = signers(&pack.certificate, committee);
    let last = Bound { by, time: opened.seal.time().saturating_add_ms(BEHIND_MS_MAX) };
    let mut steps = Vec::new();
    for (at, (group, records)) in pack.excerpt.iter().zip(&opened.groups).enumerate() {
        let Some(shown) = rerun.shown(at) else { break };
        let signed = admitted.of_group(at);
        for (packed, record) in group.records.iter().zip(records) {
            if rerun.of_case().binary_search(&packed.index).is_err() {
                continue;
            }
            // A command's first record is its own; what follows from it (a decision, outcomes) nobody signed.
            let own = group.records.first().is_some_and(|first| first.index == packed.index);
            let mut step = step_fact(packed, record, signed.filter(|_| own), admitted);
            step.shown = shown;
            step.earliest = seen.earliest(signed.and_then(|signed| signed.statement().seen()));
            step.latest = seen.latest(packed.index, &last);
            steps.push(step);
        }
    }
    steps
}

fn step_fact(
    packed: &PackedRecord,
    record: &Record,
    signed: Option<&Signed>,
    admitted: &Admitted,
) -> StepFact {
    let openings = signed.into_iter().flat_map(|signed| signed.submission().openings.iter().flatten());
    let suite = |id: &lockstep_types::KeyId| admitted.suite(id).map_or("", |suite| suite.as_str());
    let keys = signed.into_iter().flat_map(|signed| signed.signers());
    let (kind, party, step, refusal) = said(packed);
    StepFact {
        at: record.time(),
        claims: openings.map(|claim| (claim.name.clone(), claim.value.clone())).collect(),
        claims_withheld: Vec::new(),
        documents_not_shown: Vec::new(),
        earliest: None,
        index: packed.index,
        kind,
        latest: Bound { by: Vec::new(), time: record.time() },
        leaf: record.leaf_hash(),
        party,
        refusal,
        shown: Shown::Rerun,
        signatures: keys.map(|id| SignatureFact { keyid: *id, suite: suite(id) }).collect(),
        step,
    }
}

/// Kind, party, step and refusal of a record of a case.
fn said(packed: &PackedRecord) -> (&'static str, Option<Lei>, Option<Name>, Option<String>) {
    let PackedBody::Record(body) = &packed.body else { return ("outcome", None, None, None) };
    match &**body {
        Body::Opened(body) => ("opened", Some(body.party), None, None),
        Body::Attested(body) if body.refused => ("refused", Some(body.party), Some(body.step.clone()), None),
        Body::Attested(body) => ("attested", Some(body.party), Some(body.step.clone()), None),
        Body::Attempted(body) => {
            ("attempted", Some(body.party), Some(body.step.clone()), Some(body.code.as_text()))
        }
        Body::Decided(_) => ("decided", None, None, None),
        Body::Withdrawn(body) => ("withdrawn", Some(body.party), None, None),
        Body::Expired(_) => ("expired", None, None, None),
        Body::Settled(_) => ("settled", None, None, None),
        // Nobody builds a pack of a governance case, and whoever gets one is told what it shows.
        Body::Proposed(body) => ("proposed", Some(body.party), None, None),
        Body::Approved(body) => ("approved", Some(body.party), None, None),
        Body::Consented(body) => ("consented", Some(body.party), None, None),
        Body::Resolved(_) => ("resolved", None, None, None),
        Body::Enacted(_) => ("enacted", None, None, None),
        // INVARIANT: these belong to no case.
        Body::Read(_) | Body::Credentialed(_) | Body::Revoked(_) | Body::Genesis(_) | Body::Seal(_) => {
            ("record", None, None, None)
        }
    }
}
