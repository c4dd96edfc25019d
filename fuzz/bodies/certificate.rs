//! Certificates, declarations, receipts and requests to a signer: what is read has exactly these bytes, and
//! nothing but the seeds, which were signed, counts.

use lockstep_ledger::{
    Certificate, Committee, Declared, Handover, Receipt, SignedHead, SigningRefusal, SigningRequest,
    SigningRule,
};
use lockstep_types::canonical;

const CERTIFICATE: &[u8] = include_bytes!("../seeds/certificate/certificate.json");
const COMMITTEE: &[u8] = include_bytes!("../seeds/certificate/committee.json");
const DECLARED: &[u8] = include_bytes!("../seeds/certificate/declared.json");
const LAST: &[u8] = include_bytes!("../seeds/certificate/signed-head.json");
const BYTES_MAX: usize = 131_072;

/// Panics when `data` breaks a property of a decoder.
pub fn run(data: &[u8]) {
    let committee: Committee = canonical::from_slice(COMMITTEE, BYTES_MAX).expect("the seed is a committee");
    let ledger = Certificate::from_bytes(CERTIFICATE).expect("the seed is a certificate").ledger;
    if let Ok(certificate) = Certificate::from_bytes(data) {
        assert_eq!(certificate.to_bytes().expect("a certificate can be written"), data);
        if certificate.verify(&ledger, &committee).is_ok() {
            assert_eq!(data, CERTIFICATE, "another certificate counts");
        }
    }
    if let Ok(declared) = Declared::from_bytes(data) {
        assert_eq!(declared.to_bytes().expect("a declaration can be written"), data);
        assert_eq!(declared.verify().is_ok(), data == DECLARED, "another declaration counts");
    }
    if let Ok(handover) = canonical::from_slice::<Handover>(data, BYTES_MAX) {
        assert!(handover.verify(&ledger, &committee, &committee).is_err(), "no committee follows itself");
    }
    if let Ok(receipt) = Receipt::from_bytes(data) {
        assert_eq!(receipt.to_bytes().expect("a receipt can be written"), data);
        if let Receipt::Certified(receipt) = receipt {
            // The seed is of another committee, of one.
            assert!(receipt.verify(&ledger, &committee).is_err());
        }
    }
    if let Ok(committee) = canonical::from_slice::<Committee>(data, BYTES_MAX) {
        assert!(3 * usize::from(committee.threshold()) > 2 * committee.members().len());
    }
    if let Ok(head) = SignedHead::from_bytes(data) {
        assert_eq!(head.to_bytes().expect("a head can be written"), data);
    }
    if let Ok(request) = SigningRequest::from_bytes(data) {
        assert_eq!(request.to_bytes().expect("a request can be written"), data);
        let last = SignedHead::from_bytes(LAST).expect("the seed is a head");
        match SigningRule::resume(last).check(&request, request.seal.time()) {
            Ok(head) => assert!((head.size, head.root) == (last.size, last.root) || head.size > last.size),
            Err(SigningRefusal::TooFarAhead { .. } | SigningRefusal::TooFarBehind { .. }) => {
                panic!("a seal lies at its own time")
            }
            Err(_) => {}
        }
    }
}
