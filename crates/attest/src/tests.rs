use crate::envelope::PAYLOAD_TYPE;
use crate::evidence::evidence_digest;
use crate::sign::{Sign, SignError, sign};
use crate::statement::{CONSUMED_MAX, CREDENTIAL_KEYS_MAX};
use crate::*;
use alloy_primitives::B256;
use alloy_sol_types::{Eip712Domain, SolStruct, sol};
use lockstep_crypto::secret::{SecretError, SecretKey};
use lockstep_crypto::suite::{Message, PublicKey, SignatureError, Suite};
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::limits::{CLAIMS_MAX, ENVELOPE_BYTES_MAX, EVIDENCE_MAX, PREV_MAX, REASON_BYTES_MAX};
use lockstep_types::{
    AttestationDigest, CaseId, CertificateDigest, CredentialDigest, Digest, EvidenceDigest, KeyId, LeafHash,
    LedgerId, Lei, PolicyDigest, Salt, Time, sha256,
};
use proptest::prelude::*;

struct Key(SecretKey);

impl Sign for Key {
    type Error = SecretError;
    fn public(&self) -> &PublicKey {
        self.0.public()
    }
    fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, SecretError> {
        self.0.sign(message)
    }
}

fn key(suite: Suite, n: u8) -> Key {
    Key(SecretKey::from_bytes(suite, &[n; 32]).unwrap())
}

fn keys() -> Vec<Key> {
    vec![key(Suite::Ed25519, 1), key(Suite::Es256, 2), key(Suite::Eip712, 3)]
}

fn registered(id: &KeyId) -> Option<PublicKey> {
    keys().iter().map(|key| key.public().clone()).find(|key| key.id() == *id)
}

fn time(ms: u64) -> Time {
    Time::from_ms(ms).unwrap()
}

fn lei() -> Lei {
    "ACMEUSDISSUER0000046".parse().unwrap()
}

fn claim(name: &str, value: &str) -> Claim {
    Claim { name: name.to_owned(), salt: Salt(sha256(name.as_bytes())), value: value.to_owned() }
}

fn claims() -> Vec<Claim> {
    vec![claim("hits", "0"), claim("provider", "Clear \"Screening\" é")]
}

fn attestation() -> Attestation {
    Attestation {
        case: CaseId([1; 32]),
        claims: claims().iter().map(Claim::digest).collect(),
        evidence: vec![evidence_digest(&Salt([2; 32]), b"a document")],
        expires: time(2_000),
        issued: time(1_000),
        ledger: LedgerId([3; 32]),
        party: lei(),
        prev: vec![LeafHash([4; 32]), LeafHash([5; 32])],
        reason: None,
        seen: Some(Seen { certificate: CertificateDigest([6; 32]), size: 17 }),
        step: "screen".parse().unwrap(),
        verdict: StepVerdict::Done,
    }
}

fn opening() -> Opening {
    Opening {
        claims: claims().iter().map(Claim::digest).collect(),
        deadline: time(9_000),
        expires: time(2_000),
        issued: time(1_000),
        ledger: LedgerId([3; 32]),
        nonce: Salt([7; 32]),
        party: lei(),
        policy: PolicyDigest([8; 32]),
        seen: None,
    }
}

fn reading() -> Reading {
    let consumed = |n: u8| Consumed { case: CaseId([n; 32]), ordinal: 0, time: time(900) };
    Reading {
        block: 17,
        block_hash: Digest([9; 32]),
        block_time: time(900),
        consumed: vec![consumed(1), consumed(2)],
        domain: "home".parse().unwrap(),
        expires: time(2_000),
        issued: time(1_000),
        ledger: LedgerId([3; 32]),
        next_block_time: time(950),
        party: lei(),
        paused_until: None,
        programme: "acme-usd".parse().unwrap(),
        seen: None,
        supply: "2000000000000".to_owned(),
    }
}

fn credential() -> Credential {
    let mut named: Vec<CredentialKey> = keys()
        .iter()
        .map(|key| CredentialKey { key: key.public().clone(), person: Some(Digest([1; 32])) })
        .collect();
    named.sort_by_key(|key| key.key.id());
    named[0].person = None;
    Credential {
        expires: time(2_000),
        issued: time(1_000),
        keys: named,
        kind: "aml-provider".parse().unwrap(),
        ledger: LedgerId([3; 32]),
        party: lei(),
        seen: None,
        subject: lei(),
        valid_from: time(1),
        valid_until: time(5_000),
    }
}

fn withdrawal() -> Withdrawal {
    Withdrawal {
        case: CaseId([1; 32]),
        expires: time(2_000),
        issued: time(1_000),
        leaf: LeafHash([4; 32]),
        ledger: LedgerId([3; 32]),
        party: lei(),
        reason: "a mistake".to_owned(),
        seen: None,
    }
}

fn revocation() -> Revocation {
    Revocation {
        credential: CredentialDigest([1; 32]),
        expires: time(2_000),
        issued: time(1_000),
        ledger: LedgerId([3; 32]),
        party: lei(),
        reason: "keys lost".to_owned(),
        seen: None,
        suspect_since: Some(time(500)),
    }
}

fn refusal() -> Attestation {
    Attestation {
        claims: Vec::new(),
        evidence: Vec::new(),
        reason: Some("hits".to_owned()),
        verdict: StepVerdict::Refused,
        ..attestation()
    }
}

fn statements() -> Vec<Statement> {
    vec![
        Statement::Attestation(attestation()),
        Statement::Attestation(refusal()),
        Statement::Opening(opening()),
        Statement::Withdrawal(withdrawal()),
        Statement::Reading(reading()),
        Statement::Credential(credential()),
        Statement::Revocation(revocation()),
    ]
}

fn openings_of(statement: &Statement) -> Vec<Claim> {
    if statement.claims().is_empty() { Vec::new() } else { claims() }
}

fn submission(statement: &Statement, by: &[Key]) -> Submission {
    sign(statement, openings_of(statement), &by.iter().collect::<Vec<_>>()).unwrap()
}

fn checked(submission: Submission) -> Result<Signed, SubmissionError> {
    check_signatures(vec![submission.decode()?], &registered).pop().unwrap()
}

#[test]
fn every_type_is_declared_in_canonical_order() {
    assert!(canonical::is_canonical(&attestation()) && canonical::is_canonical(&refusal()));
    assert!(canonical::is_canonical(&opening()) && canonical::is_canonical(&reading()));
    assert!(canonical::is_canonical(&withdrawal()) && canonical::is_canonical(&credential()));
    assert!(canonical::is_canonical(&revocation()) && canonical::is_canonical(&claims()));
    for statement in statements() {
        let payload = statement.to_vec().unwrap();
        assert!(canonical::value_from_slice(&payload, payload.len()).is_ok());
        assert_eq!(Statement::from_slice(&payload).unwrap(), statement);
        let submission = submission(&statement, &keys());
        assert!(canonical::is_canonical(&submission) && canonical::is_canonical(&submission.envelope));
        let json = canonical::to_vec(&submission).unwrap();
        assert_eq!(Submission::from_slice(&json).unwrap(), submission);
        assert_eq!(
            Envelope::from_slice(&submission.envelope.to_vec().unwrap()).unwrap(),
            submission.envelope
        );
    }
}

#[test]
fn k_keys_of_all_suites_sign_one_envelope() {
    for statement in statements() {
        let signed = checked(submission(&statement, &keys())).unwrap();
        assert_eq!(signed.statement(), &statement);
        assert_eq!(signed.signers().len(), 3);
        assert!(signed.signers().is_sorted());
        // Identity goes by the payload, the envelope's digest by the signatures too.
        let alone = checked(submission(&statement, &keys()[..1])).unwrap();
        assert_eq!(alone.digest(), signed.digest());
        assert_ne!(alone.envelope_digest(), signed.envelope_digest());
        assert_eq!(alone.digest(), AttestationDigest(sha256(&alone.submission().envelope.pae())));
    }
}

#[test]
fn the_pae_is_that_of_dsse() {
    assert_eq!(envelope::pae(b"hello"), b"DSSEv1 28 application/vnd.in-toto+json 5 hello");
}

sol! {
    struct Claim712 {
        string name;
        string value;
        bytes32 salt;
    }

    struct Statement712 {
        string kind;
        string party;
        bytes32 about;
        string step;
        string verdict;
        bytes32[] claims;
        bytes32[] evidence;
        bytes32[] prev;
        uint64 issued;
        uint64 expires;
        bytes32 digest;
    }
}

/// The struct hash under the name that a wallet is shown.
fn renamed<T: SolStruct>(value: &T, name: &str) -> [u8; 32] {
    let encoded = value.eip712_encode_data();
    let encode_type = T::eip712_encode_type().replace(T::NAME, name);
    let parts = [alloy_primitives::keccak256(encode_type).as_slice(), &encoded].concat();
    alloy_primitives::keccak256(parts).0
}

fn words(bytes: &[[u8; 32]]) -> Vec<B256> {
    bytes.iter().map(|word| B256::from(*word)).collect()
}

#[test]
fn a_claims_digest_is_its_hash_struct() {
    for claim in claims() {
        let same =
            Claim712 { name: claim.name.clone(), value: claim.value.clone(), salt: B256::from(claim.salt.0) };
        assert_eq!(claim.digest().0, renamed(&same, "Claim"));
    }
}

#[test]
fn the_typed_hash_is_what_a_wallet_computes() {
    let domain = |ledger: LedgerId| {
        Eip712Domain::new(Some("Lockstep".into()), Some("1".into()), None, None, Some(B256::from(ledger.0)))
    };
    let shown = |statement: &Statement| -> (&str, [u8; 32], String, &str) {
        match statement {
            Statement::Attestation(s) => {
                let verdict = if s.verdict == StepVerdict::Done { "done" } else { "refused" };
                ("attestation", s.case.0, s.step.to_string(), verdict)
            }
            Statement::Opening(s) => ("opening", s.policy.0, String::new(), ""),
            Statement::Withdrawal(s) => ("withdrawal", s.leaf.0, String::new(), ""),
            Statement::Reading(s) => ("reading", s.block_hash.0, s.domain.to_string(), ""),
            Statement::Credential(s) => ("credential", [0; 32], s.kind.to_string(), ""),
            Statement::Revocation(s) => ("revocation", s.credential.0, String::new(), ""),
        }
    };
    for statement in statements() {
        let digest = AttestationDigest(sha256(&envelope::pae(&statement.to_vec().unwrap())));
        let (kind, about, step, verdict) = shown(&statement);
        let (evidence, prev) = match &statement {
            Statement::Attestation(s) => {
                (s.evidence.iter().map(|e| e.0).collect(), s.prev.iter().map(|p| p.0).collect())
            }
            _ => (Vec::new(), Vec::new()),
        };
        let same = Statement712 {
            kind: kind.to_owned(),
            party: statement.party().to_string(),
            about: B256::from(about),
            step,
            verdict: verdict.to_owned(),
            claims: words(&statement.claims().iter().map(|c| c.0).collect::<Vec<_>>()),
            evidence: words(&evidence),
            prev: words(&prev),
            issued: statement.issued_expires().0.ms(),
            expires: statement.issued_expires().1.ms(),
            digest: B256::from(digest.0),
        };
        let separator = domain(statement.ledger()).hash_struct();
        let hashed = [&[0x19, 1], separator.as_slice(), &renamed(&same, "Statement")].concat();
        assert_eq!(statement.typed_hash(&digest), alloy_primitives::keccak256(hashed).0, "{kind}");
    }
}

fn refused(payload: &[u8]) -> StatementError {
    Statement::from_slice(payload).unwrap_err()
}

fn broken(change: impl Fn(&mut Attestation)) -> StatementError {
    let mut attestation = attestation();
    change(&mut attestation);
    Statement::Attestation(attestation).to_vec().unwrap_err()
}

#[test]
fn every_rule_of_a_statement_refuses() {
    let payload = String::from_utf8(Statement::Attestation(attestation()).to_vec().unwrap()).unwrap();
    let with = |from: &str, to: &str| {
        assert!(payload.contains(from), "{from}");
        refused(payload.replacen(from, to, 1).as_bytes())
    };
    assert!(matches!(refused(b"{"), StatementError::Canonical(CanonicalError::Form(_))));
    assert!(matches!(
        refused(&vec![b' '; ENVELOPE_BYTES_MAX + 1]),
        StatementError::Canonical(CanonicalError::TooLong { .. })
    ));
    assert!(matches!(with("attestation:1", "attestation:2"), StatementError::PredicateType { .. }));
    assert!(matches!(with("attestation:1", "opening:1"), StatementError::Canonical(CanonicalError::Form(_))));
    assert!(matches!(
        with("\"expires\":2000", "\"expires\": 2000"),
        StatementError::Canonical(CanonicalError::NotCanonical { .. })
    ));
    assert!(matches!(
        with("\"expires\":2000", "\"expires\":2000,\"extra\":1"),
        StatementError::Canonical(CanonicalError::Form(_))
    ));
    assert!(matches!(with("Statement/v1", "Statement/v2"), StatementError::Type { .. }));
    assert!(matches!(with("\"name\":\"screen\"", "\"name\":\"audit\""), StatementError::Subject { .. }));
    let other_case = payload.replacen(&CaseId([1; 32]).to_string(), &CaseId([2; 32]).to_string(), 1);
    assert!(matches!(refused(other_case.as_bytes()), StatementError::Subject { .. }));
    assert!(matches!(
        with("\"issued\":1000", "\"issued\":2000"),
        StatementError::Times { earlier: "issued", .. }
    ));
}

#[test]
fn every_limit_of_an_attestation_refuses() {
    let too_long =
        |error, name: &str| matches!(error, StatementError::TooLong { field, .. } if field == name);
    assert!(too_long(broken(|a| a.claims = vec![claims()[0].digest(); CLAIMS_MAX + 1]), "claims"));
    assert!(too_long(broken(|a| a.evidence = vec![EvidenceDigest([1; 32]); EVIDENCE_MAX + 1]), "evidence"));
    assert!(too_long(broken(|a| a.prev = vec![LeafHash([1; 32]); PREV_MAX + 1]), "prev"));
    assert!(too_long(broken(|a| a.reason = Some("x".repeat(REASON_BYTES_MAX + 1))), "reason"));
    assert!(matches!(broken(|a| a.reason = Some("because".to_owned())), StatementError::Reason));
    assert!(matches!(broken(|a| a.verdict = StepVerdict::Refused), StatementError::Reason));
    let mut withdrawal = withdrawal();
    withdrawal.reason = "x".repeat(REASON_BYTES_MAX + 1);
    assert!(too_long(Statement::Withdrawal(withdrawal).to_vec().unwrap_err(), "reason"));
    let mut revocation = revocation();
    revocation.reason = "x".repeat(REASON_BYTES_MAX + 1);
    assert!(too_long(Statement::Revocation(revocation).to_vec().unwrap_err(), "reason"));
    let mut opening = opening();
    opening.claims = vec![claims()[0].digest(); CLAIMS_MAX + 1];
    assert!(too_long(Statement::Opening(opening).to_vec().unwrap_err(), "claims"));
}

#[test]
fn every_rule_of_readings_and_credentials_refuses() {
    let reading_with = |change: &dyn Fn(&mut Reading)| {
        let mut reading = reading();
        change(&mut reading);
        Statement::Reading(reading).to_vec().unwrap_err()
    };
    let many = |r: &mut Reading| r.consumed = vec![r.consumed[0]; CONSUMED_MAX + 1];
    assert!(matches!(reading_with(&many), StatementError::TooLong { field: "consumed", .. }));
    assert!(matches!(reading_with(&|r| r.consumed.reverse()), StatementError::Order { field: "consumed" }));
    assert!(matches!(reading_with(&|r| r.consumed[1] = r.consumed[0]), StatementError::Order { .. }));
    assert!(matches!(
        reading_with(&|r| r.next_block_time = r.block_time),
        StatementError::Times { earlier: "block_time", .. }
    ));
    for supply in ["", "-1", "+1", "01", "1.0", "1e3", "340282366920938463463374607431768211456"] {
        assert!(
            matches!(reading_with(&|r| r.supply = supply.to_owned()), StatementError::Supply { .. }),
            "{supply}"
        );
    }
    let credential_with = |change: &dyn Fn(&mut Credential)| {
        let mut credential = credential();
        change(&mut credential);
        Statement::Credential(credential).to_vec().unwrap_err()
    };
    let many = |c: &mut Credential| c.keys = vec![c.keys[0].clone(); CREDENTIAL_KEYS_MAX + 1];
    assert!(matches!(credential_with(&many), StatementError::TooLong { field: "keys", .. }));
    assert!(matches!(credential_with(&|c| c.keys.clear()), StatementError::Order { field: "keys" }));
    assert!(matches!(credential_with(&|c| c.keys.reverse()), StatementError::Order { field: "keys" }));
    assert!(matches!(
        credential_with(&|c| c.valid_until = c.valid_from),
        StatementError::Times { earlier: "valid_from", .. }
    ));
}

#[test]
fn every_rule_of_an_envelope_refuses() {
    let good = submission(&Statement::Withdrawal(withdrawal()), &keys()).envelope;
    let with = |change: &dyn Fn(&mut Envelope)| {
        let mut envelope = good.clone();
        change(&mut envelope);
        Envelope::from_slice(&envelope.to_vec().unwrap()).unwrap_err()
    };
    assert!(matches!(Envelope::from_slice(b"[]"), Err(EnvelopeError::Canonical(CanonicalError::Form(_)))));
    assert!(matches!(with(&|e| e.payload_type = "text/plain".to_owned()), EnvelopeError::PayloadType { .. }));
    assert!(matches!(with(&|e| e.signatures.clear()), EnvelopeError::SignatureCount { found: 0 }));
    let many = |e: &mut Envelope| e.signatures = vec![e.signatures[0].clone(); 17];
    assert!(matches!(with(&many), EnvelopeError::SignatureCount { found: 17 }));
    assert!(matches!(with(&|e| e.signatures.reverse()), EnvelopeError::SignatureOrder));
    assert!(matches!(with(&|e| e.signatures[1] = e.signatures[0].clone()), EnvelopeError::SignatureOrder));
    assert!(matches!(
        with(&|e| e.payload = vec![b'x'; 60_000]),
        EnvelopeError::Canonical(CanonicalError::TooLong { .. })
    ));
    // Base64 has one spelling.
    let json = String::from_utf8(good.to_vec().unwrap()).unwrap();
    for (from, to) in
        [("==\"", "\""), ("\"sig\":\"", "\"sig\":\"\\n"), (",\"signatures\"", ", \"signatures\"")]
    {
        if json.contains(from) {
            assert!(Envelope::from_slice(json.replacen(from, to, 1).as_bytes()).is_err(), "{from}");
        }
    }
}

#[test]
fn every_rule_of_a_submission_refuses() {
    let good = submission(&Statement::Attestation(attestation()), &keys());
    let with = |change: &dyn Fn(&mut Submission)| {
        let mut submission = good.clone();
        change(&mut submission);
        checked(submission).unwrap_err()
    };
    assert!(matches!(Submission::from_slice(b"{}"), Err(SubmissionError::Canonical(_))));
    let long = |s: &mut Submission| s.envelope.payload = vec![b'x'; ENVELOPE_BYTES_MAX];
    assert!(matches!(with(&long), SubmissionError::Canonical(CanonicalError::TooLong { .. })));
    assert!(matches!(
        with(&|s| s.envelope.signatures.reverse()),
        SubmissionError::Envelope(EnvelopeError::SignatureOrder)
    ));
    assert!(matches!(with(&|s| s.envelope.payload.push(b' ')), SubmissionError::Statement(_)));
    assert!(matches!(
        with(&|s| drop(s.openings.pop())),
        SubmissionError::OpeningCount { found: 1, expected: 2 }
    ));
    assert!(matches!(
        with(&|s| s.openings[1] = Some(claim("provider", &"x".repeat(513)))),
        SubmissionError::ValueTooLong { at: 1 }
    ));
    assert!(matches!(with(&|s| s.openings.swap(0, 1)), SubmissionError::Opening { at: 0, .. }));
    let salted = |s: &mut Submission| s.openings[1].as_mut().unwrap().salt = Salt([0; 32]);
    assert!(matches!(with(&salted), SubmissionError::Opening { at: 1, .. }));
    let unknown = submission(&Statement::Attestation(attestation()), &[key(Suite::Ed25519, 9)]);
    assert!(matches!(checked(unknown), Err(SubmissionError::UnknownKey { .. })));
    for n in 0..3 {
        let forged = with(&|s| s.envelope.signatures[n].sig[40] ^= 1);
        let named = good.envelope.signatures[n].keyid;
        assert!(matches!(forged, SubmissionError::Signature { keyid, .. } if keyid == named));
        let cut = with(&|s| s.envelope.signatures[n].sig.truncate(40));
        assert!(matches!(cut, SubmissionError::Signature { source: SignatureError::Length { .. }, .. }));
    }
    // An opening may be withheld; whether that is enough is not for this crate to say.
    let mut withheld = good.clone();
    withheld.openings = vec![None, None];
    assert!(checked(withheld).is_ok());
}

#[test]
fn a_signature_covers_the_payload_and_nothing_else() {
    let statements = statements();
    let signed: Vec<Submission> = statements.iter().map(|s| submission(s, &keys())).collect();
    for (n, one) in signed.iter().enumerate() {
        for (m, other) in signed.iter().enumerate().filter(|(m, _)| *m != n) {
            let mut mixed = one.clone();
            mixed.envelope.signatures = other.envelope.signatures.clone();
            assert!(matches!(checked(mixed), Err(SubmissionError::Signature { .. })), "{n} {m}");
        }
    }
}

#[test]
fn a_batch_answers_as_each_alone_in_any_order() {
    let mut batch: Vec<Submission> = statements().iter().map(|s| submission(s, &keys())).collect();
    batch[1].envelope.signatures[0].sig[1] ^= 1;
    batch[3].envelope.signatures[2].sig[1] ^= 1;
    batch.push(submission(&Statement::Opening(opening()), &[key(Suite::Es256, 9), key(Suite::Ed25519, 1)]));
    let text = |answer: &Result<Signed, SubmissionError>| match answer {
        Ok(signed) => format!("ok {}", signed.envelope_digest()),
        Err(error) => error.to_string(),
    };
    let alone: Vec<String> = batch.iter().map(|s| text(&checked(s.clone()))).collect();
    for turn in 0..batch.len() {
        batch.rotate_left(turn);
        let decoded = batch.iter().map(|s| s.clone().decode().unwrap()).collect();
        let together: Vec<String> = check_signatures(decoded, &registered).iter().map(text).collect();
        let mut expected = alone.clone();
        expected.rotate_left((0..=turn).sum::<usize>() % batch.len());
        assert_eq!(together, expected, "{turn}");
    }
}

/// A signer whose device emits the other `s`.
struct HighS(Key);

impl Sign for HighS {
    type Error = SecretError;
    fn public(&self) -> &PublicKey {
        self.0.public()
    }
    fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, SecretError> {
        let signature = self.0.sign(message)?;
        let order = match self.public().suite() {
            Suite::Es256 => "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
            _ => "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
        };
        let order = alloy_primitives::U256::from_str_radix(order, 16).unwrap();
        let s = order - alloy_primitives::U256::from_be_slice(&signature[32..64]);
        let v = signature.get(64).map(|v| 55 - v);
        Ok([&signature[..32], &s.to_be_bytes::<32>()].concat().into_iter().chain(v).collect())
    }
}

/// A signer that signs something else, or not at all.
struct Faulty(Key, bool);

impl Sign for Faulty {
    type Error = SecretError;
    fn public(&self) -> &PublicKey {
        self.0.public()
    }
    fn sign(&self, _: Message<'_>) -> Result<Vec<u8>, SecretError> {
        match self.1 {
            true => self.0.sign(Message::Bytes(b"something else")),
            false => Err(SecretError::Library { suite: Suite::Ed25519 }),
        }
    }
}

#[test]
fn signers_are_checked_and_their_signatures_brought_into_form() {
    let statement = Statement::Attestation(attestation());
    let devices = [HighS(key(Suite::Es256, 2)), HighS(key(Suite::Eip712, 3))];
    let submission = sign(&statement, claims(), &devices.iter().collect::<Vec<_>>()).unwrap();
    assert!(checked(submission).is_ok());
    let other = sign(&statement, claims(), &[&Faulty(key(Suite::Ed25519, 1), true)]);
    assert!(matches!(other, Err(SignError::Signature(SignatureError::Mismatch { .. }))));
    let none = sign(&statement, claims(), &[&Faulty(key(Suite::Ed25519, 1), false)]);
    assert!(matches!(none, Err(SignError::Signer(_))));
    let void = Statement::Attestation(Attestation { expires: time(1), ..attestation() });
    assert!(matches!(sign(&void, claims(), &[&key(Suite::Ed25519, 1)]), Err(SignError::Statement(_))));
}

#[test]
fn evidence_is_salted() {
    let digest = evidence_digest(&Salt([2; 32]), b"a document");
    assert_eq!(digest.0, sha256(&[&[2; 32], b"a document".as_slice()].concat()));
    assert_ne!(digest, evidence_digest(&Salt([3; 32]), b"a document"));
    assert_eq!(PAYLOAD_TYPE.len(), 28);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Envelope::from_slice(&bytes);
        let _ = Statement::from_slice(&bytes);
        let _ = Submission::from_slice(&bytes);
    }

    /// One changed byte of an envelope is refused, or leaves another payload or signature that does not hold.
    #[test]
    fn a_changed_byte_is_noticed(which in 0usize..7, at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let good = submission(&statements()[which], &keys());
        let mut bytes = good.envelope.to_vec().unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(envelope) = Envelope::from_slice(&bytes) {
            let changed = Submission { envelope, openings: good.openings.clone() };
            prop_assert!(checked(changed).is_err());
        }
    }

    /// One changed byte of a payload is another payload, or none.
    #[test]
    fn a_changed_payload_is_noticed(
        which in 0usize..7,
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let statement = &statements()[which];
        let mut payload = statement.to_vec().unwrap();
        let at = at.index(payload.len());
        prop_assume!(payload[at] != byte);
        payload[at] = byte;
        if let Ok(other) = Statement::from_slice(&payload) {
            prop_assert_ne!(&other, statement);
            prop_assert_eq!(other.to_vec().unwrap(), payload);
        }
    }
}
