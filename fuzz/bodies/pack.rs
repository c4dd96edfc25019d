//! Packs and trust files: what is read has exactly these bytes; a changed pack is not verified unless all it
//! lacks is a part that may be left out; without a trust file nothing is verified.

use lockstep_pack::{Missing, Pack, Trust, Verdict, verify};
use lockstep_types::canonical;
use std::sync::LazyLock;

const DECIDED: &[u8] = include_bytes!("../seeds/pack/decided.json");

static TRUST: LazyLock<Trust> = LazyLock::new(|| {
    Trust::from_slice(include_bytes!("../seeds/pack/trust.json")).expect("the seed is a trust file")
});

/// The packs that are verified under the trust file, without the parts that may be left out.
static VERIFIED: LazyLock<[Pack; 4]> = LazyLock::new(|| {
    [
        DECIDED,
        include_bytes!("../seeds/pack/open.json"),
        include_bytes!("../seeds/pack/open-compared.json"),
        include_bytes!("../seeds/pack/suspect.json"),
    ]
    .map(|json| bare(Pack::from_slice(json).expect("the seed is a pack")))
});

/// Panics when `data` breaks a property of a decoder or of the verifier.
pub fn run(data: &[u8]) {
    if let Ok(trust) = Trust::from_slice(data) {
        assert_eq!(trust.to_vec().expect("a trust file can be written"), data);
        let (members, threshold) = (trust.committee().members().len(), trust.committee().threshold());
        assert!(3 * usize::from(threshold) > 2 * members);
        check_trusting(&trust);
    }
    let report = verify(data, Some(&TRUST));
    let told = report.to_json().expect("a report can be written");
    assert!(canonical::value_from_slice(&told, told.len()).is_ok());
    let Ok(pack) = Pack::from_slice(data) else {
        assert_eq!(report.verdict.code(), "failed", "what is no pack fails");
        return;
    };
    assert_eq!(pack.to_vec().expect("a pack can be written"), data);
    let alone = verify(data, None);
    match &alone.verdict {
        Verdict::Verified => panic!("verified, and nobody is trusted"),
        Verdict::Failed(_) => {}
        Verdict::CannotTell(missing) => assert!(missing.contains(&Missing::Trust)),
    }
    if report.verdict == Verdict::Verified {
        assert!(VERIFIED.contains(&bare(pack)), "a pack that nobody made is verified");
    }
}

/// Another trust file believes a pack only for the same ledger, and for its committee or its head.
fn check_trusting(trust: &Trust) {
    if verify(DECIDED, Some(trust)).verdict != Verdict::Verified {
        return;
    }
    assert_eq!(trust.ledger(), TRUST.ledger());
    if trust.head().size == TRUST.head().size {
        assert_eq!(trust.head(), TRUST.head(), "two roots for one size");
    }
    let (found, expected) = (trust.committee(), TRUST.committee());
    if found.epoch() == expected.epoch() {
        assert_eq!((found.digest(), found.threshold()), (expected.digest(), expected.threshold()));
    } else {
        assert_eq!(
            trust.head(),
            TRUST.head(),
            "a committee that has left vouches for what nobody has pinned"
        );
    }
}

/// A pack as long as it says the same of its case: documents, heads that signers had seen and the comparison
/// with another head may be left out.
fn bare(pack: Pack) -> Pack {
    Pack { evidence: Vec::new(), seen: Vec::new(), consistency: None, ..pack }
}
