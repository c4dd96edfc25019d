//! The EIP-712 form of a statement, for keys that live in wallets and custody systems.
//!
//! It shows a person what they sign and contains the digest of the whole payload; it is rebuilt from the
//! payload, so a signature over any other struct does not verify (specs/attestation.md §5).

use crate::statement::{Statement, StepVerdict};
use lockstep_crypto::eip712::{array_word, domain_separator, keccak256, signing_hash as hash, string_word};
use lockstep_crypto::eip712::{struct_hash, uint_word};
use lockstep_types::AttestationDigest;
use std::sync::LazyLock;

/// One struct for all six statements; fields that a statement does not have are empty.
pub const STATEMENT_TYPE: &[u8] =
    b"Statement(string kind,string party,bytes32 about,string step,string verdict,\
bytes32[] claims,bytes32[] evidence,bytes32[] prev,uint64 issued,uint64 expires,bytes32 digest)";

static STATEMENT_TYPE_HASH: LazyLock<[u8; 32]> = LazyLock::new(|| keccak256(STATEMENT_TYPE));

struct View<'a> {
    kind: &'static str,
    about: [u8; 32],
    step: &'a str,
    verdict: &'static str,
}

fn view(statement: &Statement) -> View<'_> {
    match statement {
        Statement::Attestation(s) => View {
            kind: "attestation",
            about: s.case.0,
            step: s.step.as_str(),
            verdict: match s.verdict {
                StepVerdict::Done => "done",
                StepVerdict::Refused => "refused",
            },
        },
        Statement::Opening(s) => View { kind: "opening", about: s.policy.0, step: "", verdict: "" },
        Statement::Withdrawal(s) => View { kind: "withdrawal", about: s.leaf.0, step: "", verdict: "" },
        Statement::Reading(s) => {
            View { kind: "reading", about: s.block_hash.0, step: s.domain.as_str(), verdict: "" }
        }
        Statement::Credential(s) => {
            View { kind: "credential", about: [0; 32], step: s.kind.as_str(), verdict: "" }
        }
        Statement::Revocation(s) => View { kind: "revocation", about: s.credential.0, step: "", verdict: "" },
    }
}

pub(crate) fn signing_hash(statement: &Statement, digest: &AttestationDigest) -> [u8; 32] {
    let shown = view(statement);
    let (evidence, prev): (Vec<[u8; 32]>, Vec<[u8; 32]>) = match statement {
        Statement::Attestation(s) => {
            (s.evidence.iter().map(|e| e.0).collect(), s.prev.iter().map(|p| p.0).collect())
        }
        _ => (Vec::new(), Vec::new()),
    };
    let claims: Vec<[u8; 32]> = statement.claims().iter().map(|c| c.0).collect();
    let (issued, expires) = statement.issued_expires();
    let words = [
        string_word(shown.kind),
        string_word(statement.party().as_str()),
        shown.about,
        string_word(shown.step),
        string_word(shown.verdict),
        array_word(&claims),
        array_word(&evidence),
        array_word(&prev),
        uint_word(issued.ms()),
        uint_word(expires.ms()),
        digest.0,
    ];
    let domain = domain_separator(&statement.ledger().0);
    hash(&domain, &struct_hash(&STATEMENT_TYPE_HASH, &words))
}
