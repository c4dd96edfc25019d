//! Every envelope of a pack, its signatures checked in one batch.

use super::{fail, fail_at};
use crate::pack::{Pack, PackedCommand, PackedGroup, PackedRecord};
use crate::report::{Failure, Rule};
use lockstep_attest::evidence::evidence_digest;
use lockstep_attest::submission::{Decoded, check_signatures};
use lockstep_attest::{CredentialKey, Signed, Statement};
use lockstep_crypto::{PublicKey, Suite};
use lockstep_kernel::{Action, Body, Command};
use lockstep_ledger::Member;
use lockstep_types::{EvidenceDigest, KeyId};
use std::collections::{BTreeMap, BTreeSet};

/// The commands of a pack whose signatures hold, one slot a group.
pub(super) struct Admitted {
    commands: Vec<Option<Command>>,
    keys: BTreeMap<KeyId, PublicKey>,
}

impl Admitted {
    /// Checks form, openings and signatures. A key is looked up among those that any record of the excerpt
    /// registers: its id is a digest of it, and whether it counted at that time is the re-run's to say.
    pub(super) fn check(pack: &Pack) -> Result<Self, Failure> {
        let keys = keys(pack);
        let (mut decoded, mut slots): (Vec<Decoded>, Vec<Option<u64>>) = (Vec::new(), Vec::new());
        for group in &pack.excerpt {
            let index = group.records.first().map_or(0, |record| record.index);
            let Some(submission) = group.command.submission() else {
                slots.push(None);
                continue;
            };
            let found = submission.clone().decode();
            decoded.push(found.or_else(|error| fail_at(Rule::Signature, index, chain(&error)))?);
            slots.push(Some(index));
        }
        let mut answers = check_signatures(decoded, &|id| keys.get(id).cloned()).into_iter();
        let mut commands = Vec::with_capacity(slots.len());
        for (slot, group) in slots.into_iter().zip(&pack.excerpt) {
            let Some(index) = slot else {
                commands.push(None);
                continue;
            };
            match answers.next() {
                Some(Ok(signed)) => commands.push(Some(command(group, signed)?)),
                Some(Err(error)) => return fail_at(Rule::Signature, index, chain(&error)),
                None => return fail_at(Rule::Signature, index, "the signature was not checked".to_owned()),
            }
        }
        Ok(Self { commands, keys })
    }

    /// The command of a group, if it is a signed one.
    pub(super) fn command(&self, at: usize) -> Option<&Command> {
        self.commands.get(at)?.as_ref()
    }

    /// What a party signed in a group.
    pub(super) fn of_group(&self, at: usize) -> Option<&Signed> {
        self.command(at)?.signed()
    }

    /// Every signed command.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &Signed)> {
        let signed = |(at, command): (usize, &'_ Option<Command>)| command.is_some().then_some(at);
        self.commands.iter().enumerate().filter_map(signed).filter_map(|at| Some((at, self.of_group(at)?)))
    }

    /// The suite of a key that signed.
    pub(super) fn suite(&self, id: &KeyId) -> Option<Suite> {
        self.keys.get(id).map(PublicKey::suite)
    }

    /// Every document is one that an attestation of the pack names, and stands once.
    pub(super) fn check_evidence(&self, pack: &Pack) -> Result<(), Failure> {
        let named: BTreeSet<EvidenceDigest> = self
            .all()
            .filter_map(|(_, signed)| match signed.statement() {
                Statement::Attestation(attestation) => Some(&attestation.evidence),
                _ => None,
            })
            .flatten()
            .copied()
            .collect();
        let mut shown = BTreeSet::new();
        for document in &pack.evidence {
            let digest = evidence_digest(&document.salt, &document.document);
            if !named.contains(&digest) || !shown.insert(digest) {
                let text = format!("document `{digest}` is named by no attestation, or stands twice");
                return fail(Rule::Evidence, text);
            }
        }
        Ok(())
    }
}

/// What was asked: the action of a proposal stands in its record, and the envelope names its digest.
fn command(group: &PackedGroup, signed: Signed) -> Result<Command, Failure> {
    let signed = Box::new(signed);
    if matches!(group.command, PackedCommand::Submit(_)) {
        return Ok(Command::Submit(signed));
    }
    let first = group.records.first();
    match first.and_then(PackedRecord::record_body) {
        Some(Body::Proposed(body)) => Ok(Command::Propose(Box::new(body.action.clone()), signed)),
        _ => {
            let index = first.map_or(0, |record| record.index);
            fail_at(Rule::NoDecision, index, "a proposal whose record proposes nothing".to_owned())
        }
    }
}

/// True when some opening of a shown command is not shown.
pub(super) fn hides_claims(command: &PackedCommand) -> bool {
    command.submission().is_some_and(|submission| submission.openings.iter().any(Option::is_none))
}

fn keys(pack: &Pack) -> BTreeMap<KeyId, PublicKey> {
    let mut keys = BTreeMap::new();
    let mut add = |key: &PublicKey| {
        keys.insert(key.id(), key.clone());
    };
    let of_members = |members: &[Member]| -> Vec<PublicKey> {
        members.iter().filter_map(|member| PublicKey::new(Suite::Eip712, &member.address.0).ok()).collect()
    };
    let of_credential =
        |keys: &[CredentialKey]| -> Vec<PublicKey> { keys.iter().map(|k| k.key.clone()).collect() };
    for body in pack.records().filter_map(|record| record.record_body()) {
        match body {
            Body::Genesis(genesis) => {
                genesis
                    .administrators
                    .iter()
                    .flat_map(|admin| of_credential(&admin.keys))
                    .for_each(|key| add(&key));
                of_members(&genesis.cosigners).iter().for_each(&mut add);
            }
            Body::Credentialed(body) => of_credential(&body.keys).iter().for_each(&mut add),
            Body::Proposed(body) => match &body.action {
                Action::NameIssuer(issuer) => of_credential(&issuer.keys).iter().for_each(&mut add),
                Action::Rotate(rotation) => of_members(&rotation.cosigners).iter().for_each(&mut add),
                _ => {}
            },
            _ => {}
        }
    }
    keys
}

fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
