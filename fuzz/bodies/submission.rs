//! Submissions, envelopes and statements: what is read has exactly these bytes and keeps the limits, and
//! nothing but what the two parties of the seeds signed counts.

use lockstep_attest::envelope::{PAYLOAD_TYPE, pae};
use lockstep_attest::{Claim, Envelope, Signature, Statement, Submission, check_signatures};
use lockstep_crypto::suite::PublicKey;
use lockstep_types::limits::{
    CLAIM_VALUE_BYTES_MAX, CLAIMS_MAX, COMMAND_BYTES_MAX, ENVELOPE_BYTES_MAX, EVIDENCE_MAX, PREV_MAX,
    REASON_BYTES_MAX, SIGNATURES_MAX,
};
use lockstep_types::{AttestationDigest, EnvelopeDigest, KeyId, canonical, sha256};
use std::sync::LazyLock;

/// Keys of the two parties.
static KEYS: LazyLock<[PublicKey; 2]> = LazyLock::new(|| {
    [
        &include_bytes!("../seeds/submission/key-ed25519.json")[..],
        include_bytes!("../seeds/submission/key-eip712.json"),
    ]
    .map(|json| canonical::from_slice(json, json.len()).expect("the seed is a key"))
});

/// All that the two have signed.
static SIGNED: LazyLock<[EnvelopeDigest; 6]> = LazyLock::new(|| {
    [
        &include_bytes!("../seeds/submission/attestation.json")[..],
        include_bytes!("../seeds/submission/credential.json"),
        include_bytes!("../seeds/submission/opening.json"),
        include_bytes!("../seeds/submission/reading.json"),
        include_bytes!("../seeds/submission/revocation.json"),
        include_bytes!("../seeds/submission/withdrawal.json"),
    ]
    .map(|json| {
        let submission = Submission::from_slice(json).expect("the seed is a submission");
        submission.envelope.digest().expect("an envelope can be written")
    })
});

/// Panics when `data` breaks a property of a decoder.
pub fn run(data: &[u8]) {
    if let Ok(submission) = Submission::from_slice(data) {
        assert!(data.len() <= COMMAND_BYTES_MAX);
        assert_eq!(canonical::to_vec(&submission).expect("a submission can be written"), data);
        check_submission(submission);
    }
    if let Ok(envelope) = Envelope::from_slice(data) {
        assert_eq!(envelope.to_vec().expect("an envelope can be written"), data);
        assert_eq!(envelope.digest().expect("an envelope can be written"), EnvelopeDigest(sha256(data)));
        check_envelope(&envelope);
    }
    if let Ok(statement) = Statement::from_slice(data) {
        assert_eq!(statement.to_vec().expect("what is accepted may be signed"), data);
        check_statement(&statement);
        // The payload in an envelope that nobody signed, all its claims withheld.
        let mut envelope = Envelope::new(data.to_vec());
        envelope.add(Signature { keyid: KEYS[0].id(), sig: vec![0; 64] });
        let openings = statement.claims().iter().map(|_| None).collect();
        check_submission(Submission { envelope, openings });
    }
}

fn check_submission(submission: Submission) {
    let Ok(decoded) = submission.clone().decode() else { return };
    check_envelope(&submission.envelope);
    check_statement(&decoded.statement);
    assert_eq!(submission.openings.len(), decoded.statement.claims().len());
    for (opening, digest) in submission.openings.iter().zip(decoded.statement.claims()) {
        let shown = |claim: &Claim| claim.digest() == *digest && claim.value.len() <= CLAIM_VALUE_BYTES_MAX;
        assert!(opening.as_ref().is_none_or(shown), "an opening shows what was signed");
    }
    assert_eq!(decoded.digest, submission.envelope.attestation_digest());
    assert_eq!(Ok(decoded.envelope_digest), submission.envelope.digest().map_err(|error| error.to_string()));
    let again = submission.clone().decode().expect("decoding says the same twice");
    assert_eq!(again, decoded);

    let key_of = |id: &KeyId| KEYS.iter().find(|key| key.id() == *id).cloned();
    let answers = check_signatures(vec![decoded, again], &key_of);
    let [Ok(signed), Ok(_)] = answers.as_slice() else {
        assert!(answers.iter().all(Result::is_err), "the same submission gets the same answer");
        return;
    };
    assert!(SIGNED.contains(&signed.envelope_digest()), "another envelope counts as signed");
    assert_eq!(signed.submission(), &submission);
}

fn check_envelope(envelope: &Envelope) {
    assert!(envelope.to_vec().is_ok_and(|json| json.len() <= ENVELOPE_BYTES_MAX));
    assert_eq!(envelope.payload_type, PAYLOAD_TYPE);
    assert!((1..=SIGNATURES_MAX).contains(&envelope.signatures.len()));
    assert!(envelope.signatures.is_sorted_by(|a, b| a.keyid < b.keyid));
    assert_eq!(envelope.attestation_digest(), AttestationDigest(sha256(&pae(&envelope.payload))));
}

fn check_statement(statement: &Statement) {
    let (issued, expires) = statement.issued_expires();
    assert!(issued < expires);
    assert!(statement.claims().len() <= CLAIMS_MAX);
    if let Statement::Attestation(attestation) = statement {
        assert!(attestation.evidence.len() <= EVIDENCE_MAX && attestation.prev.len() <= PREV_MAX);
        assert!(attestation.reason.as_ref().is_none_or(|reason| reason.len() <= REASON_BYTES_MAX));
    }
    if let Statement::Reading(reading) = statement {
        assert_eq!(
            reading.supply.parse::<u128>().map(|units| units.to_string()).as_ref(),
            Ok(&reading.supply)
        );
    }
    let digest = AttestationDigest::default();
    assert_eq!(statement.typed_hash(&digest), statement.typed_hash(&digest));
}
