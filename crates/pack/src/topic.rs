//! Under which topics a ledger's index lists a record, so that what matters to one case is found without a
//! scan.

use lockstep_kernel::{Body, outcome};
use lockstep_ledger::{Record, Tag};
use lockstep_types::{CaseId, CredentialDigest, KeyId, MapKey, sha256, sha256_parts};

/// Something that records are looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Proposals of governance cases; their other records stand under [`Topic::Case`].
    Governance,
    /// Every record of a case or governance case, opening and outcomes included.
    Case(CaseId),
    /// A credential given, and taken back.
    Credential(CredentialDigest),
    /// Credentials that name a key.
    Key(KeyId),
}

impl Topic {
    /// 32 bytes for an index row: a kind byte and the id, hashed. The kinds are none of the state map's.
    #[must_use]
    pub fn key(&self) -> MapKey {
        MapKey(match self {
            Self::Governance => sha256(&[128]),
            Self::Case(id) => sha256_parts(&[&[129], id.as_bytes()]),
            Self::Credential(id) => sha256_parts(&[&[130], id.as_bytes()]),
            Self::Key(id) => sha256_parts(&[&[131], id.as_bytes()]),
        })
    }
}

/// The topics of a record; none for seals, readings, genesis, and bodies that cannot be read.
#[must_use]
pub fn topics_of(record: &Record) -> Vec<Topic> {
    let own = CaseId(record.leaf_hash().0);
    if record.tag() == Tag::Outcome {
        let outcome = outcome::decode(record.body());
        return outcome.map(|outcome| vec![Topic::Case(CaseId(outcome.caseId.0))]).unwrap_or_default();
    }
    match Body::from_slice(record.body()) {
        Ok(Body::Opened(_)) => vec![Topic::Case(own)],
        Ok(Body::Proposed(_)) => vec![Topic::Governance, Topic::Case(own)],
        Ok(Body::Credentialed(body)) => {
            let keys = body.keys.iter().map(|key| Topic::Key(key.key.id()));
            core::iter::once(Topic::Credential(body.credential)).chain(keys).collect()
        }
        Ok(Body::Revoked(body)) => vec![Topic::Credential(body.credential)],
        Ok(body) => body.link().map(|(case, _)| vec![Topic::Case(case)]).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}
