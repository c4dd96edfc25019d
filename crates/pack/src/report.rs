//! What a verifier answers, and on whom the answer rests (specs/report.md).

pub mod on_chain;
mod rule;
mod text;

pub use on_chain::{DepositFact, OnChain, OutcomeFact, OutcomeKind, Said};
pub use rule::{Failure, Flag, Missing, Reliance, Rule};

use lockstep_crypto::tree::TreeHead;
use lockstep_kernel::Rules;
use lockstep_policy::Audience;
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::{CaseId, Digest, LeafHash, LedgerId, Lei, Name, PolicyDigest, Time};
use serde::Serialize;
use std::collections::BTreeMap;

/// The answer to one question: did this happen as the pack says?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything the pack says was re-run or proven, and leads to a head that the trust file vouches for.
    Verified,
    /// A rule is broken: the first, in the order of [`Rule`].
    Failed(Failure),
    /// Nothing is broken, but something is missing.
    CannotTell(Vec<Missing>),
}

/// The answer with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The answer.
    pub verdict: Verdict,
    /// What is beyond this pack, and who answers for it. As far as the checks got.
    pub rests_on: Vec<Reliance>,
    /// What a reader must not miss, whatever the answer is.
    pub flags: Vec<Flag>,
    /// What the pack is about; none when its form is broken.
    pub facts: Option<Facts>,
}

/// What the pack is about. Believed only as far as the verdict says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The ledger: leaf hash of record 0 of the pack.
    pub ledger: LedgerId,
    /// What people call it.
    pub name: Name,
    /// The case.
    pub case: CaseId,
    /// The certified head.
    pub head: TreeHead,
    /// Ledger time of the seal in which it ends.
    pub sealed: Time,
    /// Who certified it; none when the certificate was not reached or does not hold.
    pub certified: Option<Certified>,
    /// What it says of chains, none of which was asked; nothing when the re-run was not reached.
    pub on_chain: OnChain,
    /// The case as re-run; none when the re-run was not reached.
    pub outcome: Option<CaseFacts>,
    /// Records of the case, in order.
    pub steps: Vec<StepFact>,
    /// Who may see all that the pack shows, by the policy of the case; none when it names no audiences, or
    /// when the re-run was not reached.
    pub audiences: Option<Vec<Audience>>,
}

/// A certificate that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certified {
    /// The committee's number.
    pub epoch: u64,
    /// Co-signers in the committee.
    pub members: usize,
    /// Institutions that signed.
    pub signed: Vec<Name>,
    /// How many had to.
    pub threshold: u8,
}

/// The case as re-run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseFacts {
    /// Number of the last record of the case.
    pub last: u64,
    /// Outcome records, by number in the log.
    pub outcomes: Vec<u64>,
    /// How it stands.
    pub phase: String,
    /// Its policy.
    pub policy: PolicyDigest,
    /// The policy's name.
    pub policy_name: Name,
    /// The programme.
    pub programme: Name,
    /// Records of the case.
    pub records: u64,
    /// The rules under which it was opened; left out for the first.
    #[serde(skip_serializing_if = "Rules::is_first")]
    pub rules: Rules,
}

/// A record of the case, with what is known of its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepFact {
    /// Ledger time: the appender's word.
    pub at: Time,
    /// Claims by name, where shown; parameters for an opening.
    pub claims: BTreeMap<String, String>,
    /// Claims of a shown word that are not shown, in declared order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims_withheld: Vec<String>,
    /// Slots of a shown word whose documents are not in the pack, in declared order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents_not_shown: Vec<String>,
    /// Not earlier than this, by the clocks of those who signed the checkpoint that the signer had seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earliest: Option<Bound>,
    /// Number in the log.
    pub index: u64,
    /// What kind of record.
    pub kind: &'static str,
    /// Not later than this, by the clocks of those who signed a checkpoint that holds it.
    pub latest: Bound,
    /// Its name in the log.
    pub leaf: LeafHash,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<Lei>,
    /// The code of the refusal, for an attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// How far it was re-run.
    pub shown: Shown,
    /// Keys that signed, by suite.
    pub signatures: Vec<SignatureFact>,
    /// The step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Name>,
}

/// A signature that verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignatureFact {
    /// The key.
    pub keyid: lockstep_types::KeyId,
    /// Its suite.
    pub suite: &'static str,
}

/// One end of an interval of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// The institutions whose clocks say so.
    pub by: Vec<Name>,
    /// When.
    pub time: Time,
}

/// How far a record was re-run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Decided again from the signed command, with an equal result.
    Rerun,
    /// Decided again with claims that are not shown.
    InPart,
    /// Taken as recorded: settled by readings of a chain, which other cases share.
    AsRecorded,
    /// The command is withheld.
    Withheld,
    /// The command is erased.
    Erased,
}

/// The JSON form of a report.
#[derive(Serialize)]
struct ReportText<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<FactsText<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureText<'a>>,
    flags: Vec<Item>,
    format: &'static str,
    missing: Vec<Item>,
    rests_on: Vec<Item>,
    verdict: &'static str,
}

#[derive(Serialize)]
struct FactsText<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    audiences: Option<Vec<&'static str>>,
    case: CaseId,
    #[serde(skip_serializing_if = "Option::is_none")]
    certified: Option<&'a Certified>,
    ledger: LedgerId,
    name: &'a Name,
    on_chain_not_checked: &'a OnChain,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'a CaseFacts>,
    root: Digest,
    sealed: Time,
    size: u64,
    steps: &'a [StepFact],
}

#[derive(Serialize)]
struct FailureText<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<u64>,
    rule: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct Item {
    code: &'static str,
    records: Vec<u64>,
    text: String,
}

impl Verdict {
    /// `verified`, `failed` or `cannot_tell`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Failed(_) => "failed",
            Self::CannotTell(_) => "cannot_tell",
        }
    }

    /// 0 verified, 1 failed, 2 cannot tell.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Failed(_) => 1,
            Self::CannotTell(_) => 2,
        }
    }
}

impl Report {
    pub(crate) const fn failed(failure: Failure) -> Self {
        Self { verdict: Verdict::Failed(failure), rests_on: Vec::new(), flags: Vec::new(), facts: None }
    }

    /// Canonical JSON.
    ///
    /// # Errors
    /// Never for this type; the error is that of the JSON writer.
    pub fn to_json(&self) -> Result<Vec<u8>, CanonicalError> {
        let facts = self.facts.as_ref().map(|facts| FactsText {
            audiences: facts.audiences.as_ref().map(|all| all.iter().map(|one| one.as_str()).collect()),
            case: facts.case,
            certified: facts.certified.as_ref(),
            ledger: facts.ledger,
            name: &facts.name,
            on_chain_not_checked: &facts.on_chain,
            outcome: facts.outcome.as_ref(),
            root: Digest(facts.head.root.0),
            sealed: facts.sealed,
            size: facts.head.size,
            steps: &facts.steps,
        });
        let failure = match &self.verdict {
            Verdict::Failed(f) => Some(FailureText { record: f.record, rule: f.rule.code(), text: &f.text }),
            _ => None,
        };
        let missing = match &self.verdict {
            Verdict::CannotTell(missing) => missing.as_slice(),
            _ => &[],
        };
        let item = |code, records: Vec<u64>, text: String| Item { code, records, text };
        canonical::to_vec(&ReportText {
            facts,
            failure,
            flags: self.flags.iter().map(|f| item(f.code(), f.records(), f.to_string())).collect(),
            format: "lockstep-report/1",
            missing: missing.iter().map(|m| item(m.code(), m.records(), m.to_string())).collect(),
            rests_on: self.rests_on.iter().map(|r| item(r.code(), r.records(), r.to_string())).collect(),
            verdict: self.verdict.code(),
        })
    }

    /// Lines for people: verdict first, then what is missing or broken, flags, and on whom the rest rests.
    #[must_use]
    pub fn to_lines(&self) -> Vec<String> {
        text::lines(self)
    }
}
