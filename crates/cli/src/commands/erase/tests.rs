//! What an erasure leaves, on a store in memory.

use super::*;
use lockstep_attest::sign::{Sign, sign};
use lockstep_attest::{Attestation, StepVerdict};
use lockstep_crypto::{Message, PublicKey, SecretError, SecretKey, Suite};
use lockstep_kernel::body::Attested;
use lockstep_ledger::Seed;
use lockstep_store::{Append, Batch, Memory, StoredRecord};
use lockstep_types::{
    AttestationDigest, EnvelopeDigest, EvidenceDigest, LeafHash, LedgerId, Lei, Name, Salt, Time,
};

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

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A step of a case that names these documents, as the store keeps it.
fn step(case: u8, documents: &[u8]) -> StoredRecord {
    let (case, party) = (CaseId([case; 32]), Lei::with_check_digits("529900000000000001").unwrap());
    let now = Time::from_ms(1_795_241_415_000).unwrap();
    let statement = Statement::Attestation(Attestation {
        case,
        claims: Vec::new(),
        evidence: documents.iter().map(|digest| EvidenceDigest([*digest; 32])).collect(),
        expires: now.saturating_add_ms(1_000),
        issued: now,
        ledger: LedgerId([1; 32]),
        party,
        prev: vec![LeafHash(case.0)],
        reason: None,
        seen: None,
        step: name("payment"),
        verdict: StepVerdict::Done,
    });
    let key = Key(SecretKey::from_bytes(Suite::Ed25519, &[7; 32]).unwrap());
    let request = Request::Submit(Box::new(sign(&statement, Vec::new(), &[&key]).unwrap()));
    let input = Input { command: Some(request.to_vec().unwrap()), now, seed: Seed::new([2; 32]) };
    let body = Body::Attested(Attested {
        attestation: AttestationDigest([3; 32]),
        balance: None,
        case,
        credentials: Vec::new(),
        credit: None,
        envelope: EnvelopeDigest([4; 32]),
        hold: None,
        party,
        payout: None,
        prev: LeafHash(case.0),
        refused: false,
        step: name("payment"),
        use_key: None,
    });
    StoredRecord {
        leaf: [0; 41],
        salt: Salt([5; 32]),
        body: body.to_vec().unwrap(),
        command: Some(input.to_bytes()),
    }
}

#[test]
fn a_document_that_another_case_names_too_stays_until_that_one_is_erased_as_well() {
    let store = Memory::new();
    let records = vec![step(1, &[10, 11]), step(2, &[11, 12]), step(1, &[13])];
    let batch = Batch { id: Digest([9; 32]), records, documents: Vec::new(), index: Vec::new() };
    let appended = store.append(&store.head().unwrap(), &batch);
    assert!(matches!(appended, Append::Appended(_)));
    let all =
        |digests: &[u8]| digests.iter().map(|digest| Digest([*digest; 32])).collect::<BTreeSet<Digest>>();
    let mut documents = all(&[10, 11, 13]);
    assert_eq!(spared(&store, &[0, 2], &mut documents).unwrap(), [Digest([11; 32])]);
    assert_eq!(documents, all(&[10, 13]));
    store.erase(&[], &[1]).unwrap();
    let mut documents = all(&[10, 11, 13]);
    assert_eq!(spared(&store, &[0, 2], &mut documents).unwrap(), []);
    assert_eq!(documents.len(), 3);
}
