//! Verifying a pack: form, certificate, proofs, then the machine again (specs/pack.md §4). The order of the
//! checks is the order of [`Rule`](crate::Rule), so that two verifiers name the same first failure.

mod committees;
mod on_chain;
mod open;
mod rerun;
mod sealed;
mod seen;
mod signatures;
mod tell;
mod trusted;
mod unshown;

use crate::pack::Pack;
use crate::report::{Certified, Facts, Failure, Flag, Missing, OnChain, Reliance, Report, Rule, Verdict};
use crate::trust::Trust;
use committees::Committees;
use lockstep_crypto::tree::TreeHead;
use lockstep_kernel::{Action, Body, Rules};
use lockstep_ledger::Committee;
use lockstep_types::CaseId;
use open::Opened;
use rerun::Rerun;
use seen::SeenHeads;
use signatures::Admitted;

/// How far a certified record may run ahead of a co-signer's clock (specs/certificate.md §4).
pub const AHEAD_MS_MAX: u64 = 2_000;
/// How far it may lie behind that clock.
pub const BEHIND_MS_MAX: u64 = 60_000;

/// Says what a pack shows, and on whom that rests. Never panics, whatever the bytes.
#[must_use]
pub fn verify(bytes: &[u8], trust: Option<&Trust>) -> Report {
    let pack = match open::read(bytes) {
        Ok(pack) => pack,
        Err(failure) => return Report::failed(failure),
    };
    let opened = match open::open(&pack) {
        Ok(opened) => opened,
        Err(failure) => return Report::failed(failure),
    };
    let mut verifier = Verifier::new(&pack, &opened, trust);
    let failure = verifier.check().err();
    verifier.report(failure)
}

/// What has been found so far.
struct Verifier<'a> {
    pack: &'a Pack,
    opened: &'a Opened,
    trust: Option<&'a Trust>,
    facts: Facts,
    missing: Vec<Missing>,
    rests_on: Vec<Reliance>,
    flags: Vec<Flag>,
}

impl<'a> Verifier<'a> {
    fn new(pack: &'a Pack, opened: &'a Opened, trust: Option<&'a Trust>) -> Self {
        let facts = Facts {
            ledger: opened.ledger,
            name: opened.genesis.name.clone(),
            case: pack.case,
            head: opened.head,
            sealed: opened.seal.time(),
            certified: None,
            on_chain: OnChain::default(),
            outcome: None,
            steps: Vec::new(),
            audiences: None,
        };
        Self { pack, opened, trust, facts, missing: Vec::new(), rests_on: Vec::new(), flags: Vec::new() }
    }

    /// Every check, in order; the first that fails ends it.
    fn check(&mut self) -> Result<(), Failure> {
        self.check_ledger()?;
        let committees = Committees::of(self.opened)?;
        let committee = self.check_committee(&committees)?.clone();
        self.check_certificate(&committee)?;
        self.check_trusted(&committees)?;
        self.opened.check_inclusion(self.pack)?;
        sealed::check_proofs(self.pack)?;
        if let Some(version) = self.unknown_rules() {
            self.missing.push(Missing::Rules { version });
            return Ok(());
        }
        let admitted = Admitted::check(self.pack)?;
        let seen = SeenHeads::check(self.pack, self.opened, &committees, &admitted)?;
        let mut rerun = Rerun::new(self.pack, self.opened);
        let ran = rerun.run(&admitted);
        self.facts.outcome = rerun.case_facts();
        self.facts.on_chain = on_chain::facts(self.pack, &rerun);
        self.facts.steps = tell::steps(self.pack, self.opened, &admitted, &seen, &rerun, &committee);
        unshown::tell(&mut self.facts, (self.pack, self.opened), (&admitted, &rerun));
        ran?;
        sealed::check_complete(self.pack, &rerun)?;
        admitted.check_evidence(self.pack)?;
        seen.check_used(&admitted)?;
        self.facts.on_chain.heads = self.proven_heads();
        self.tell(&rerun);
        Ok(())
    }

    fn check_ledger(&self) -> Result<(), Failure> {
        let (ledger, certificate) = (self.facts.ledger, self.pack.certificate.ledger);
        if certificate != ledger {
            return fail(
                Rule::Ledger,
                format!("the certificate is of ledger `{certificate}`, the records of `{ledger}`"),
            );
        }
        match self.trust {
            Some(trust) if trust.ledger() != ledger => {
                let text =
                    format!("the pack is of ledger `{ledger}`, the trust file of `{}`", trust.ledger());
                fail(Rule::Ledger, text)
            }
            _ => Ok(()),
        }
    }

    /// The committee in force at the seal; only it can certify what ends there.
    fn check_committee<'c>(&self, committees: &'c Committees) -> Result<&'c Committee, Failure> {
        let (found, last) = (self.pack.certificate.epoch, committees.last());
        if last.epoch() != found {
            let text =
                format!("the certificate is of epoch {found}, the history ends in epoch {}", last.epoch());
            return fail(Rule::Committee, text);
        }
        Ok(last)
    }

    fn check_certificate(&mut self, committee: &Committee) -> Result<(), Failure> {
        let certificate = &self.pack.certificate;
        let verified = certificate.verify(&self.facts.ledger, committee);
        verified.map_err(|error| Failure {
            rule: Rule::Certificate,
            record: None,
            text: error.to_string(),
        })?;
        let signed = certificate.signatures.iter().filter_map(|s| committee.member(s.member));
        let certified = Certified {
            epoch: committee.epoch(),
            members: committee.members().len(),
            signed: signed.map(|member| member.name.clone()).collect(),
            threshold: committee.threshold(),
        };
        if certified.members == 1 {
            self.flags.push(Flag::SingleCosigner);
        }
        self.facts.certified = Some(certified);
        Ok(())
    }

    /// The first version that genesis or an enactment of the excerpt names and nobody knows here.
    fn unknown_rules(&self) -> Option<u32> {
        let records = || self.pack.records().zip(self.opened.groups.iter().flatten());
        let bodies = || records().filter_map(|(packed, record)| Some((packed.record_body()?, record)));
        let proposed = bodies().filter_map(|(body, record)| match body {
            Body::Proposed(proposed) => match &proposed.action {
                Action::SetRules(later) => Some((CaseId(record.leaf_hash().0), later.rules)),
                _ => None,
            },
            _ => None,
        });
        let enacted = |case: &CaseId| {
            bodies().any(|(body, _)| matches!(body, Body::Enacted(enacted) if enacted.case == *case))
        };
        let later = proposed.filter(|(case, _)| enacted(case)).map(|(_, version)| version);
        let mut named = core::iter::once(self.opened.genesis.rules).chain(later);
        named.find(|version| Rules::of(*version).is_err())
    }

    fn report(self, failure: Option<Failure>) -> Report {
        let verdict = match failure {
            Some(failure) => Verdict::Failed(failure),
            None if self.missing.is_empty() => Verdict::Verified,
            None => Verdict::CannotTell(self.missing),
        };
        Report { verdict, rests_on: self.rests_on, flags: self.flags, facts: Some(self.facts) }
    }

    const fn head(&self) -> TreeHead {
        self.facts.head
    }
}

/// A failure that is not at one record.
fn fail<T>(rule: Rule, text: String) -> Result<T, Failure> {
    Err(Failure { rule, record: None, text })
}

/// A failure at a record.
fn fail_at<T>(rule: Rule, record: u64, text: String) -> Result<T, Failure> {
    Err(Failure { rule, record: Some(record), text })
}
