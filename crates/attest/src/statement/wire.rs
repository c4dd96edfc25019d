//! The in-toto form of a statement. `_type`, `predicateType` and `subject` follow from the predicate alone.

use super::{Attestation, Credential, Opening, Reading, Revocation, Statement, StatementError, Withdrawal};
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::limits::ENVELOPE_BYTES_MAX;
use lockstep_types::{Digest, sha256};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const ATTESTATION: &str = "urn:lockstep:attestation:1";
const OPENING: &str = "urn:lockstep:opening:1";
const WITHDRAWAL: &str = "urn:lockstep:withdrawal:1";
const READING: &str = "urn:lockstep:reading:1";
const CREDENTIAL: &str = "urn:lockstep:credential:1";
const REVOCATION: &str = "urn:lockstep:revocation:1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sha256Only {
    sha256: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    digest: Sha256Only,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<P> {
    #[serde(rename = "_type")]
    statement_type: String,
    predicate: P,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    subject: [Subject; 1],
}

/// Reads the predicate type alone; everything else is checked when the whole is decoded.
#[derive(Deserialize)]
struct Peek {
    #[serde(rename = "predicateType")]
    predicate_type: String,
}

pub(super) fn decode(payload: &[u8]) -> Result<Statement, StatementError> {
    if payload.len() > ENVELOPE_BYTES_MAX {
        return Err(CanonicalError::TooLong { found: payload.len(), max: ENVELOPE_BYTES_MAX }.into());
    }
    let peek: Peek = serde_json::from_slice(payload).map_err(CanonicalError::Form)?;
    match peek.predicate_type.as_str() {
        ATTESTATION => whole::<Attestation>(payload, Statement::Attestation),
        OPENING => whole::<Opening>(payload, Statement::Opening),
        WITHDRAWAL => whole::<Withdrawal>(payload, Statement::Withdrawal),
        READING => whole::<Reading>(payload, Statement::Reading),
        CREDENTIAL => whole::<Credential>(payload, Statement::Credential),
        REVOCATION => whole::<Revocation>(payload, Statement::Revocation),
        found => Err(StatementError::PredicateType { found: found.chars().take(80).collect() }),
    }
}

fn whole<P: Serialize + DeserializeOwned>(
    payload: &[u8],
    wrap: impl Fn(P) -> Statement,
) -> Result<Statement, StatementError> {
    let wire: Wire<P> = canonical::from_slice(payload, ENVELOPE_BYTES_MAX)?;
    if wire.statement_type != STATEMENT_TYPE {
        return Err(StatementError::Type { found: wire.statement_type.chars().take(80).collect() });
    }
    let [subject] = wire.subject;
    let statement = wrap(wire.predicate);
    let (name, digest) = subject_of(&statement)?;
    if subject.name != name || subject.digest.sha256 != digest {
        return Err(StatementError::Subject { expected: format!("{name} {digest}") });
    }
    Ok(statement)
}

/// What a statement is about: the case's opening leaf with the step, a policy, a credential, a block.
fn subject_of(statement: &Statement) -> Result<(String, Digest), CanonicalError> {
    Ok(match statement {
        Statement::Attestation(s) => (s.step.to_string(), Digest(s.case.0)),
        Statement::Opening(s) => ("policy".to_owned(), Digest(s.policy.0)),
        Statement::Withdrawal(s) => ("record".to_owned(), Digest(s.leaf.0)),
        Statement::Reading(s) => (s.domain.to_string(), s.block_hash),
        Statement::Credential(s) => (s.kind.to_string(), Digest(sha256(&canonical::to_vec(&s.keys)?))),
        Statement::Revocation(s) => ("credential".to_owned(), Digest(s.credential.0)),
    })
}

pub(super) fn encode(statement: &Statement) -> Result<Vec<u8>, CanonicalError> {
    let (name, sha256) = subject_of(statement)?;
    let subject = [Subject { digest: Sha256Only { sha256 }, name }];
    match statement {
        Statement::Attestation(predicate) => wrapped(predicate, ATTESTATION, subject),
        Statement::Opening(predicate) => wrapped(predicate, OPENING, subject),
        Statement::Withdrawal(predicate) => wrapped(predicate, WITHDRAWAL, subject),
        Statement::Reading(predicate) => wrapped(predicate, READING, subject),
        Statement::Credential(predicate) => wrapped(predicate, CREDENTIAL, subject),
        Statement::Revocation(predicate) => wrapped(predicate, REVOCATION, subject),
    }
}

fn wrapped<P: Serialize>(predicate: P, kind: &str, subject: [Subject; 1]) -> Result<Vec<u8>, CanonicalError> {
    canonical::to_vec(&Wire {
        statement_type: STATEMENT_TYPE.to_owned(),
        predicate,
        predicate_type: kind.to_owned(),
        subject,
    })
}
