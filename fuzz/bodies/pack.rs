//! Packs and trust files: what is read has exactly these bytes; a changed pack is not verified unless all it
//! lacks is a part that may be left out; without a trust file nothing is verified.

use lockstep_pack::{Missing, Pack, Trust, Verdict, verify};
use lockstep_types::canonical;
use std::sync::LazyLock;

static TRUST: LazyLock<Trust> = LazyLock::new(|| {
    Trust::from_slice(include_bytes!("../seeds/pack/trust.json")).expect("the seed is a trust file")
});

/// The packs that are verified under the trust file, without the parts that may be left out.
static VERIFIED: LazyLock<[Pack; 4]> = LazyLock::new(|| {
    [
        &include_bytes!("../seeds/pack/decided.json")[..],
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
    }
    let report = verify(data, Some(&TRUST));
    assert!(
        canonical::value_from_slice(&report.to_json().expect("a report can be written"), 1 << 24).is_ok()
    );
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

/// A pack as long as it says the same of its case: documents, heads that signers had seen and the comparison
/// with another head may be left out.
fn bare(pack: Pack) -> Pack {
    Pack { evidence: Vec::new(), seen: Vec::new(), consistency: None, ..pack }
}
