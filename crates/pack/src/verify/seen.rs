//! Certified heads that signers name as seen: they bound the time of signing from below, and of recording
//! from above.

use super::committees::Committees;
use super::open::Opened;
use super::signatures::Admitted;
use super::trusted::same_log;
use super::{AHEAD_MS_MAX, BEHIND_MS_MAX, fail, fail_at};
use crate::pack::{Pack, PackedSeen};
use crate::report::{Bound, Failure, Rule};
use lockstep_attest::Seen;
use lockstep_crypto::tree::{TreeHead, verify_inclusion};
use lockstep_ledger::{Committee, Leaf, Tag};
use lockstep_types::{CertificateDigest, Name, Time};
use std::collections::{BTreeMap, BTreeSet};

/// A head that holds.
struct Head {
    size: u64,
    last: Time,
    by: Vec<Name>,
}

/// The heads that hold, by the digest of their certificate.
pub(super) struct SeenHeads {
    heads: BTreeMap<CertificateDigest, Head>,
}

impl SeenHeads {
    /// Checks every head, and that no statement names one later than itself.
    pub(super) fn check(
        pack: &Pack,
        opened: &Opened,
        committees: &Committees,
        admitted: &Admitted,
    ) -> Result<Self, Failure> {
        let mut heads = BTreeMap::new();
        let mut before: Option<(u64, CertificateDigest)> = None;
        for packed in &pack.seen {
            let digest = packed.certificate.digest();
            let digest = digest.or_else(|error| fail(Rule::Seen, error.to_string()))?;
            let place = (packed.certificate.size, digest);
            if before.is_some_and(|before| before >= place) {
                return fail(Rule::Seen, format!("certificate `{digest}` stands out of order"));
            }
            before = Some(place);
            let head = check_head(packed, opened, committees);
            heads.insert(
                digest,
                head.or_else(|text| fail(Rule::Seen, format!("certificate `{digest}`: {text}")))?,
            );
        }
        for (at, signed) in admitted.all() {
            let Some(seen) = signed.statement().seen() else { continue };
            let index = pack.excerpt.get(at).and_then(|group| group.records.first()).map_or(0, |r| r.index);
            check_named(&seen, index, heads.get(&seen.certificate))?;
        }
        Ok(Self { heads })
    }

    /// Every head is one that some statement names.
    pub(super) fn check_used(&self, admitted: &Admitted) -> Result<(), Failure> {
        let seen = admitted.all().filter_map(|(_, signed)| signed.statement().seen());
        let named: BTreeSet<CertificateDigest> = seen.map(|seen| seen.certificate).collect();
        match self.heads.keys().find(|digest| !named.contains(digest)) {
            Some(digest) => fail(Rule::Unused, format!("no statement names certificate `{digest}`")),
            None => Ok(()),
        }
    }

    /// Not earlier than this was it signed: its signer had a certificate of which each signature was made at
    /// most two seconds before the time of the last record.
    pub(super) fn earliest(&self, seen: Option<Seen>) -> Option<Bound> {
        let head = self.heads.get(&seen?.certificate)?;
        Some(Bound { by: head.by.clone(), time: head.last.saturating_sub_ms(AHEAD_MS_MAX) })
    }

    /// Not later than this was it in the log: the earliest certificate that holds it was signed at most a
    /// minute after its last record.
    pub(super) fn latest(&self, index: u64, last: &Bound) -> Bound {
        let holds = self.heads.values().filter(|head| head.size > index);
        let bound =
            |head: &Head| Bound { by: head.by.clone(), time: head.last.saturating_add_ms(BEHIND_MS_MAX) };
        let first = holds.min_by_key(|head| (head.last, head.size)).map(bound);
        first.filter(|bound| bound.time <= last.time).unwrap_or_else(|| last.clone())
    }
}

/// The institutions that signed a certificate.
pub(super) fn signers(certificate: &lockstep_ledger::Certificate, committee: &Committee) -> Vec<Name> {
    let members = certificate.signatures.iter().filter_map(|signature| committee.member(signature.member));
    members.map(|member| member.name.clone()).collect()
}

fn check_head(packed: &PackedSeen, opened: &Opened, committees: &Committees) -> Result<Head, String> {
    let certificate = &packed.certificate;
    let committee = committees.of_epoch(certificate.epoch);
    let committee = committee.ok_or_else(|| format!("the history knows no epoch {}", certificate.epoch))?;
    let checkpoint = certificate.verify(&opened.ledger, committee).map_err(|error| error.to_string())?;
    let head = TreeHead { size: checkpoint.size, root: checkpoint.root };
    if head.size > opened.head.size {
        return Err(format!("it is of {} records, the pack's of {}", head.size, opened.head.size));
    }
    same_log(head, opened.head, &packed.consistency)?;
    let leaf = Leaf::decode(&packed.leaf).map_err(|error| error.to_string())?;
    if leaf.tag != Tag::Record {
        return Err("its last leaf is an outcome".to_owned());
    }
    let last = head.size.saturating_sub(1);
    verify_inclusion(leaf.hash(), last, &packed.path, head).map_err(|error| error.to_string())?;
    Ok(Head { size: head.size, last: leaf.time, by: signers(certificate, committee) })
}

fn check_named(seen: &Seen, index: u64, head: Option<&Head>) -> Result<(), Failure> {
    // A head that is not in the pack bounds nothing; one that is must be what the signer named, and older.
    let Some(head) = head else { return Ok(()) };
    if head.size != seen.size {
        let text =
            format!("the signer has seen {} records, its certificate is over {}", seen.size, head.size);
        return fail_at(Rule::Seen, index, text);
    }
    if head.size > index {
        let text = format!("the signer names a log of {} records, which holds this very record", head.size);
        return fail_at(Rule::Seen, index, text);
    }
    Ok(())
}
