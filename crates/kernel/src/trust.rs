//! Who may sign what: keys, credentials, and the standing of the signers of one envelope.

use crate::refusal::Refusal;
use crate::state::{Case, Held, Kernel, KeyEntry, Taken};
use lockstep_attest::{CredentialKey, Signed};
use lockstep_crypto::suite::{PublicKey, Suite};
use lockstep_ledger::{Committee, Member};
use lockstep_policy::Role;
use lockstep_types::{Address, CaseId, CredentialDigest, KeyId, LeafHash, Lei, Name, Time};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Longest time between `issued` and `expires` of an envelope: 7 days.
pub const ENVELOPE_LIFE_MS_MAX: u64 = 7 * 24 * 3_600_000;
/// How far a signer's clock may run ahead of ledger time.
pub const ISSUED_AHEAD_MS_MAX: u64 = 2_000;

/// What the signers of an envelope may do in a role.
pub(crate) struct Standing {
    /// The credentials under which the keys count, ascending.
    pub credentials: Vec<CredentialDigest>,
    /// Different persons among the signers.
    pub persons: u32,
}

impl Standing {
    /// As many different persons as the role asks for.
    pub(crate) fn check_persons(&self, role: &Role) -> Result<(), Refusal> {
        let (expected, found) = (role.keys, self.persons);
        if found < expected {
            return Err(Refusal::Persons { role: role.name.clone(), expected, found });
        }
        Ok(())
    }
}

impl Kernel {
    /// What holds for every envelope, whatever it says: ledger, times, and that its keys are its party's.
    pub(crate) fn check_envelope(&self, signed: &Signed, now: Time) -> Result<(), Refusal> {
        let statement = signed.statement();
        if statement.ledger() != self.ledger {
            return Err(Refusal::OtherLedger { expected: self.ledger, found: statement.ledger() });
        }
        let (issued, expires) = statement.issued_expires();
        if issued > now.saturating_add_ms(ISSUED_AHEAD_MS_MAX) {
            return Err(Refusal::IssuedInFuture { issued, now });
        }
        if expires < now {
            return Err(Refusal::EnvelopeExpired { expires, now });
        }
        if expires.ms_since(issued) > ENVELOPE_LIFE_MS_MAX {
            return Err(Refusal::EnvelopeLife {});
        }
        let party = statement.party();
        for key in signed.signers() {
            match self.keys.get(key) {
                Some(entry) if entry.owner == party => {}
                Some(entry) => return Err(Refusal::KeyOwner { key: *key, owner: entry.owner, party }),
                // A key that was registered when the signature was checked stays registered.
                None => return Err(Refusal::KeyOwner { key: *key, owner: party, party }),
            }
        }
        Ok(())
    }

    /// Finds, for every signer, a credential of the role's kind that holds now.
    pub(crate) fn standing(&self, role: &Role, signed: &Signed, now: Time) -> Result<Standing, Refusal> {
        let party = signed.statement().party();
        let mut credentials = BTreeSet::new();
        let mut persons = BTreeSet::new();
        for key in signed.signers() {
            let (digest, person) = self.credential_for(role, &party, key, now)?;
            credentials.insert(digest);
            // A key without a person stands for itself only where one key is enough.
            persons.insert(person.map_or(key.0, |person| person.0));
        }
        let persons = u32::try_from(persons.len()).unwrap_or(u32::MAX);
        Ok(Standing { credentials: credentials.into_iter().collect(), persons })
    }

    fn credential_for(
        &self,
        role: &Role,
        party: &Lei,
        key: &KeyId,
        now: Time,
    ) -> Result<(CredentialDigest, Option<lockstep_types::Digest>), Refusal> {
        let mut refusal = Refusal::NotEntitled {
            party: *party,
            role: role.name.clone(),
            credential: role.credential.clone(),
            key: *key,
        };
        let held = self.credentials_of(party).filter(|(_, held)| held.kind == role.credential);
        for (digest, held) in held {
            let Some(found) = held.keys.iter().find(|k| k.key.id() == *key) else { continue };
            if role.keys > 1 && found.person.is_none() {
                continue;
            }
            match holds(digest, held, now) {
                Ok(()) => return Ok((*digest, found.person)),
                Err(reason) => refusal = reason,
            }
        }
        Err(refusal)
    }

    /// The credentials of a party, in the order of their digests.
    pub(crate) fn credentials_of(&self, party: &Lei) -> impl Iterator<Item = (&CredentialDigest, &Held)> {
        let of_party = self.credentials_by_party.get(party).into_iter().flatten();
        of_party.filter_map(|digest| self.credentials.get_key_value(digest))
    }

    /// The opening or the first standing step of a case, if it was taken under a credential suspect since
    /// before.
    pub(crate) fn suspect(&self, case: &Case) -> Option<Refusal> {
        let refusal =
            |step: &str, (credential, since)| Refusal::Suspended { step: step.to_owned(), credential, since };
        let opening =
            self.suspect_under(&case.opener_credentials, case.opened).map(|found| refusal("open", found));
        let step = |(name, taken): (&Name, &Taken)| {
            self.suspect_under(&taken.credentials, taken.at).map(|found| refusal(name.as_str(), found))
        };
        opening.or_else(|| case.steps.iter().find_map(step))
    }

    /// Records of a case that are suspect; for packs.
    #[must_use]
    pub fn suspect_records(&self, id: &CaseId, case: &Case) -> Vec<LeafHash> {
        let opening = self.suspect_under(&case.opener_credentials, case.opened).map(|_| LeafHash(id.0));
        let suspect = |taken: &&Taken| self.suspect_under(&taken.credentials, taken.at).is_some();
        opening.into_iter().chain(case.steps.values().filter(suspect).map(|taken| taken.leaf)).collect()
    }

    /// The first of `credentials` that is suspect since `at` or before, and since when.
    fn suspect_under(&self, credentials: &[CredentialDigest], at: Time) -> Option<(CredentialDigest, Time)> {
        credentials.iter().find_map(|credential| {
            let since = self.credentials.get(credential)?.suspect_since?;
            (at >= since).then_some((*credential, since))
        })
    }

    pub(crate) fn register(&mut self, key: &CredentialKey, owner: Lei) {
        self.register_key(&key.key, owner);
    }

    fn register_key(&mut self, key: &PublicKey, owner: Lei) {
        // The first owner stays: a key of two parties was refused when it was proposed.
        if !self.keys.contains_key(&key.id()) {
            Arc::make_mut(&mut self.keys).insert(key.id(), KeyEntry { key: key.clone(), owner });
        }
    }

    pub(crate) fn register_cosigners(&mut self, committee: &Committee) {
        for member in committee.members() {
            if let Some(key) = cosigner_key(&member.address) {
                self.register_key(&key, member.lei);
            }
        }
    }
}

/// The key that a co-signer's address stands for, with which its institution consents; none for the zero
/// address.
pub(crate) fn cosigner_key(address: &Address) -> Option<PublicKey> {
    PublicKey::new(Suite::Eip712, &address.0).ok()
}

/// Co-signers whose keys can sign at all, and belong to nobody else.
pub(crate) fn check_cosigners(kernel: &Kernel, members: &[Member]) -> Result<(), String> {
    for member in members {
        let key = cosigner_key(&member.address);
        let key = key.ok_or_else(|| format!("`{}` is no key of a co-signer", member.address))?;
        if let Some(entry) = kernel.keys.get(&key.id()).filter(|entry| entry.owner != member.lei) {
            return Err(format!("key `{}` belongs to `{}`", key.id(), entry.owner));
        }
    }
    Ok(())
}

/// Whether a credential holds at ledger time.
fn holds(digest: &CredentialDigest, held: &Held, now: Time) -> Result<(), Refusal> {
    if let Some(at) = held.revoked {
        return Err(Refusal::CredentialRevoked { credential: *digest, at });
    }
    if now < held.valid_from || now > held.valid_until {
        let (from, until) = (held.valid_from, held.valid_until);
        return Err(Refusal::CredentialNotValid { credential: *digest, from, until, now });
    }
    Ok(())
}
