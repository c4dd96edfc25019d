//! Finding the records that matter to a case, and the proofs that go with them.

use super::hidden::Hidden;
use super::{BuildError, LedgerReader};
use crate::entries::needed;
use crate::pack::{
    Document, PackedBody, PackedCommand, PackedEntry, PackedGroup, PackedRecord, PackedSeal, PackedSeen,
};
use crate::showing::About;
use crate::topic::Topic;
use lockstep_attest::{Statement, Submission};
use lockstep_kernel::{Action, Body, Request};
use lockstep_ledger::{Certificate, Record, SealBody, Tag};
use lockstep_policy::{Layout, Policy};
use lockstep_types::{CaseId, CredentialDigest, EvidenceDigest, KeyId, LeafHash, Name, PolicyDigest};
use std::collections::{BTreeMap, BTreeSet};

/// What is being put together for one case.
pub(super) struct Collector<'a, R> {
    ledger: &'a R,
    case: CaseId,
    certificate: Certificate,
    seal: (Record, SealBody),
    layout: Option<Layout>,
    /// Bodies by place; outcomes as they are.
    records: BTreeMap<u64, Record>,
    /// Credentials found so far.
    credentials: BTreeSet<CredentialDigest>,
}

impl<'a, R: LedgerReader> Collector<'a, R> {
    pub(super) fn new(ledger: &'a R, case: CaseId) -> Result<Self, BuildError> {
        let certificate = ledger.certificate()?.ok_or(BuildError::NothingCertified)?;
        let last = certificate.size.saturating_sub(1);
        let missing = |what: String| BuildError::Contradiction { what };
        let record =
            ledger.record(last)?.ok_or_else(|| missing(format!("certified record {last} is missing")))?;
        let body = SealBody::of(&record)?;
        let body = body.ok_or_else(|| missing(format!("certified record {last} is no seal")))?;
        let (records, credentials) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self { ledger, case, certificate, seal: (record, body), layout: None, records, credentials })
    }

    pub(super) const fn ledger(&self) -> &'a R {
        self.ledger
    }

    pub(super) const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Of the policy under which the case was opened.
    pub(super) const fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    pub(super) fn seal(&self) -> Result<PackedSeal, BuildError> {
        let (record, body) = &self.seal;
        let path = self.ledger.inclusion(self.last(), self.certificate.size)?;
        Ok(PackedSeal { body: *body, path, salt: *record.salt(), time: record.time() })
    }

    /// Number of the seal.
    const fn last(&self) -> u64 {
        self.certificate.size.saturating_sub(1)
    }

    /// Finds every record: genesis, the case, the governance that its rules come from, the keys that signed.
    pub(super) fn collect(&mut self) -> Result<(), BuildError> {
        let of_case = self.ledger.records_of(&Topic::Case(self.case))?;
        let Some(first) = of_case.first() else { return Err(BuildError::CaseUnknown { case: self.case }) };
        if let Some(record) = of_case.iter().find(|index| **index >= self.last()) {
            let (case, size) = (self.case, self.certificate.size);
            return Err(BuildError::NotCertified { case, record: *record, size });
        }
        let policy = match Body::from_slice(self.take(*first)?.body())? {
            Body::Opened(opened) => opened.policy,
            Body::Proposed(_) => return Err(BuildError::Governance { case: self.case }),
            _ => return Err(BuildError::CaseUnknown { case: self.case }),
        };
        self.take(0)?;
        for index in &of_case {
            self.take(*index)?;
        }
        self.collect_credentials(&of_case)?;
        self.collect_governance(*first, &policy)
    }

    /// The records of a topic that the certificate covers.
    fn sealed(&self, topic: &Topic) -> Result<Vec<u64>, BuildError> {
        let mut records = self.ledger.records_of(topic)?;
        records.retain(|index| *index < self.last());
        Ok(records)
    }

    fn take(&mut self, index: u64) -> Result<&Record, BuildError> {
        if !self.records.contains_key(&index) {
            let record = self.ledger.record(index)?;
            let missing = || BuildError::Contradiction { what: format!("record {index} is missing") };
            self.records.insert(index, record.ok_or_else(missing)?);
        }
        let found = self.records.get(&index);
        found.ok_or_else(|| BuildError::Contradiction { what: format!("record {index} is missing") })
    }

    /// Every credential that names a key which signed in the case, given and taken back.
    fn collect_credentials(&mut self, of_case: &[u64]) -> Result<(), BuildError> {
        let mut keys: BTreeSet<KeyId> = BTreeSet::new();
        for index in of_case {
            if let Some(request) = self.request(*index)? {
                keys.extend(
                    request.submission().iter().flat_map(|s| &s.envelope.signatures).map(|s| s.keyid),
                );
            }
            let body = self.take(*index)?;
            if body.tag() == Tag::Record
                && let Body::Attested(body) = Body::from_slice(body.body())?
            {
                self.credentials.extend(body.credentials);
            }
        }
        for key in keys {
            for index in self.sealed(&Topic::Key(key))? {
                if let Body::Credentialed(body) = Body::from_slice(self.take(index)?.body())? {
                    self.credentials.insert(body.credential);
                }
            }
        }
        for credential in self.credentials.clone() {
            for index in self.sealed(&Topic::Credential(credential))? {
                self.take(index)?;
            }
        }
        Ok(())
    }

    /// The governance cases that the rules of this case come from. A verifier decides them again, so those
    /// that they depend on are needed too: every policy of the programme, and the first policy of all, since
    /// from then on naming an issuer needs consent. Rules are those in force when the case was opened: what
    /// came into force later is nothing to it, and who does not know it can verify the case all the same.
    fn collect_governance(&mut self, opened: u64, policy: &PolicyDigest) -> Result<(), BuildError> {
        let proposals = self.sealed(&Topic::Governance)?;
        let mut found: Vec<(CaseId, Action)> = Vec::new();
        for index in proposals {
            let record = self.ledger.record(index)?;
            let missing = || BuildError::Contradiction { what: format!("record {index} is missing") };
            let record = record.ok_or_else(missing)?;
            if let Body::Proposed(body) = Body::from_slice(record.body())? {
                found.push((CaseId(record.leaf_hash().0), body.action));
            }
        }
        self.layout = found.iter().find_map(|(_, action)| layout_of(action, policy));
        let (issuers, kept) = (self.issuers()?, self.layout.clone());
        let first_policy = self.first_policy(&found)?;
        let ours = |programme: &Name| kept.as_ref().is_some_and(|layout| layout.programme == *programme);
        for (id, action) in &found {
            let matters = match action {
                Action::Rotate(_) => true,
                Action::Adopt(files) => {
                    let layout = Layout::from_file(files.layout.as_bytes());
                    first_policy == Some(*id) || layout.is_ok_and(|layout| ours(&layout.programme))
                }
                Action::Retire(retired) => ours(&retired.programme),
                Action::SetList(new) => ours(&new.programme),
                Action::NameIssuer(issuer) => issuers.contains(&issuer.lei),
                Action::RemoveIssuer(removed) => issuers.contains(&removed.lei),
                Action::Erase(erasure) => erasure.case == self.case,
                Action::Gate(change) => ours(&change.programme),
                Action::ReplaceGate(change) => ours(&change.programme),
                Action::SetRules(_) => self.enacted(*id)?.is_some_and(|enacted| enacted < opened),
            };
            // One that took no effect changed nothing; why it did not, this case alone may not show.
            if matters && self.enacted(*id)?.is_some() {
                for index in self.sealed(&Topic::Case(*id))? {
                    self.take(index)?;
                }
            }
        }
        Ok(())
    }

    /// The governance case by which the first policy of the ledger came into force.
    fn first_policy(&self, proposals: &[(CaseId, Action)]) -> Result<Option<CaseId>, BuildError> {
        let mut first: Option<(u64, CaseId)> = None;
        for (id, _) in proposals.iter().filter(|(_, action)| matches!(action, Action::Adopt(_))) {
            let enacted = self.enacted(*id)?;
            first = enacted.map(|index| (index, *id)).into_iter().chain(first).min();
        }
        Ok(first.map(|(_, id)| id))
    }

    /// The record by which a governance case took effect.
    fn enacted(&self, id: CaseId) -> Result<Option<u64>, BuildError> {
        for index in self.sealed(&Topic::Case(id))? {
            let record = self.ledger.record(index)?;
            if record.is_some_and(|r| matches!(Body::from_slice(r.body()), Ok(Body::Enacted(_)))) {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// Who gave or took back the credentials found.
    fn issuers(&self) -> Result<BTreeSet<lockstep_types::Lei>, BuildError> {
        let mut issuers = BTreeSet::new();
        for record in self.records.values().filter(|record| record.tag() == Tag::Record) {
            match Body::from_slice(record.body())? {
                Body::Credentialed(body) => issuers.insert(body.issuer),
                Body::Revoked(body) => issuers.insert(body.issuer),
                _ => false,
            };
        }
        Ok(issuers)
    }

    fn request(&self, index: u64) -> Result<Option<Request>, BuildError> {
        let made = self.ledger.made(index)?;
        Ok(made.request.map(|bytes| Request::from_slice(&bytes)).transpose()?)
    }

    /// The records found, one group a command, with what the reader is not to see taken out.
    pub(super) fn groups(&self, hidden: &mut Hidden<'_>) -> Result<Vec<PackedGroup>, BuildError> {
        let steps = self.steps();
        let mut groups: Vec<(u64, PackedGroup)> = Vec::new();
        for (index, record) in &self.records {
            let made = self.ledger.made(*index)?;
            let packed = PackedRecord {
                body: match record.tag() {
                    Tag::Outcome => PackedBody::Outcome(record.body().to_vec()),
                    Tag::Record => PackedBody::Record(Box::new(Body::from_slice(record.body())?)),
                },
                index: *index,
                path: self.ledger.inclusion(*index, self.certificate.size)?,
                salt: *record.salt(),
            };
            match groups.last_mut() {
                Some((first, group)) if *first == made.first => group.records.push(packed),
                _ => {
                    let request = made.request.map(|bytes| Request::from_slice(&bytes)).transpose()?;
                    let command = self.command(request, &packed, (hidden, &steps))?;
                    let time = record.time();
                    groups.push((made.first, PackedGroup { command, records: vec![packed], time }));
                }
            }
        }
        hidden.all_used()?;
        Ok(groups.into_iter().map(|(_, group)| group).collect())
    }

    fn command(
        &self,
        request: Option<Request>,
        first: &PackedRecord,
        (hidden, steps): (&mut Hidden<'_>, &BTreeMap<LeafHash, Name>),
    ) -> Result<PackedCommand, BuildError> {
        let Some(request) = request else {
            let erased = self.records.values().any(|record| orders_erasure(record, &self.case));
            return Ok(if erased { PackedCommand::Erased } else { PackedCommand::Recorded });
        };
        // A reading settles many cases: only what it says of this one is shown.
        if matches!(first.record_body(), Some(Body::Settled(_) | Body::Read(_))) {
            return Ok(PackedCommand::Recorded);
        }
        Ok(match request {
            Request::Genesis(_) => PackedCommand::Genesis,
            Request::Tick => PackedCommand::Tick,
            Request::Propose(proposing) => PackedCommand::Propose(Box::new(proposing.submission)),
            Request::Submit(submission) => {
                let said = statement(&submission)?;
                let about = About::of(&said, self.case, steps);
                hidden.show(submission, (&said, about.as_ref()))
            }
        })
    }

    /// The steps of the attested records, by leaf.
    fn steps(&self) -> BTreeMap<LeafHash, Name> {
        let step = |record: &Record| match Body::peek(record) {
            Some(Body::Attested(body)) => Some((record.leaf_hash(), body.step)),
            _ => None,
        };
        self.records.values().filter(|record| record.tag() == Tag::Record).filter_map(step).collect()
    }

    /// The entries of the map that a verifier compares with its re-run, in the order of entities.
    pub(super) fn map(&self, excerpt: &[PackedGroup]) -> Result<Vec<PackedEntry>, BuildError> {
        let root = self.seal.1.map;
        let entry = |entity: lockstep_kernel::Entity| {
            let answer = self.ledger.map_entry(&root, &entity.key())?;
            let text = |bytes: Vec<u8>| {
                let what = "an entry of the state map is no text".to_owned();
                String::from_utf8(bytes).map_err(|_| BuildError::Contradiction { what })
            };
            Ok(PackedEntry { entity, proof: answer.proof, value: answer.value.map(text).transpose()? })
        };
        needed(&self.case, excerpt, self.layout.as_ref()).into_iter().map(entry).collect()
    }

    /// The certificates that signers of shown statements had seen, as far as they are kept.
    pub(super) fn seen(&self, excerpt: &[PackedGroup]) -> Result<Vec<PackedSeen>, BuildError> {
        let mut by_size = BTreeMap::new();
        for submission in excerpt.iter().filter_map(|group| group.command.submission()) {
            let Some(seen) = statement(submission)?.seen() else { continue };
            let known = self.ledger.seen(&seen)?;
            if let Some(certificate) =
                known.filter(|found| found.size == seen.size && found.size <= self.certificate.size)
            {
                by_size.insert((seen.size, seen.certificate), certificate);
            }
        }
        let mut all = Vec::with_capacity(by_size.len());
        for certificate in by_size.into_values() {
            let last = certificate.size.saturating_sub(1);
            let record = self.ledger.record(last)?;
            let missing = || BuildError::Contradiction { what: format!("record {last} is missing") };
            all.push(PackedSeen {
                consistency: self.ledger.consistency(certificate.size, self.certificate.size)?,
                leaf: record.ok_or_else(missing)?.leaf().encode().to_vec(),
                path: self.ledger.inclusion(last, certificate.size)?,
                certificate,
            });
        }
        Ok(all)
    }

    /// The documents that shown attestations name, as far as they are for the reader, each once.
    pub(super) fn evidence(
        &self,
        excerpt: &[PackedGroup],
        hidden: &Hidden<'_>,
    ) -> Result<Vec<Document>, BuildError> {
        let mut named: BTreeSet<EvidenceDigest> = BTreeSet::new();
        let mut documents = Vec::new();
        for submission in excerpt.iter().filter_map(|group| group.command.submission()) {
            let statement = statement(submission)?;
            let Some(about) = About::of(&statement, self.case, &BTreeMap::new()) else { continue };
            let own = hidden.is_own(&statement);
            let Statement::Attestation(attestation) = statement else { continue };
            for (at, digest) in attestation.evidence.into_iter().enumerate() {
                let shown = own || hidden.shows_document(&about, self.layout(), at);
                if shown && named.insert(digest) {
                    documents.extend(self.ledger.evidence(&digest)?);
                }
            }
        }
        Ok(documents)
    }
}

fn statement(submission: &Submission) -> Result<Statement, BuildError> {
    let refused =
        |error: lockstep_attest::StatementError| BuildError::Contradiction { what: error.to_string() };
    Statement::from_slice(&submission.envelope.payload).map_err(refused)
}

fn layout_of(action: &Action, digest: &PolicyDigest) -> Option<Layout> {
    let Action::Adopt(files) = action else { return None };
    let policy = Policy::from_files(files.layout.as_bytes(), files.guards.as_bytes()).ok()?;
    (policy.digest() == *digest).then(|| policy.layout().clone())
}

fn orders_erasure(record: &Record, case: &CaseId) -> bool {
    let proposed = (record.tag() == Tag::Record).then(|| Body::from_slice(record.body()));
    match proposed {
        Some(Ok(Body::Proposed(body))) => {
            matches!(&body.action, Action::Erase(erasure) if erasure.case == *case)
        }
        _ => false,
    }
}
