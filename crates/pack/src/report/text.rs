//! A report in lines for people.

use super::{Bound, Failure, Flag, Missing, Reliance, Report, Shown, StepFact, Verdict};
use core::fmt;
use lockstep_policy::Audience;
use lockstep_types::Name;

/// Most record numbers that one line lists.
const SHOWN_MAX: usize = 12;

fn list(records: &[u64]) -> String {
    let shown: Vec<String> = records.iter().take(SHOWN_MAX).map(ToString::to_string).collect();
    let word = if records.len() == 1 { "record" } else { "records" };
    let more = records.len().saturating_sub(SHOWN_MAX);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{word} {}{tail}", shown.join(", "))
}

fn names(names: &[Name]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.record {
            Some(record) => write!(f, "record {record} breaks `{}`: {}", self.rule.code(), self.text),
            None => write!(f, "the pack breaks `{}`: {}", self.rule.code(), self.text),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trust => f.write_str(
                "no trust file: nothing says which co-signers to believe, so this may be anybody's ledger",
            ),
            Self::Rules { version } => {
                write!(
                    f,
                    "rules {version} are in force for this case or were, which this verifier does not know"
                )
            }
            Self::Consistency { size, pinned } => write!(
                f,
                "the certificate over {size} records is of an earlier epoch than the trust file's, and no \
                 proof leads to the pinned head of {pinned} records"
            ),
            Self::Handover { from, to } => {
                write!(f, "no certificate by both committees hands over from epoch {from} to epoch {to}")
            }
            Self::Withheld { records } => {
                write!(f, "{}: the signed command is withheld; only rests on the certificate", list(records))
            }
            Self::Claims { records } => write!(
                f,
                "{}: claims are not shown; where a rule asks for them, only rests on the certificate",
                list(records)
            ),
            Self::Erased { records, order: Some(order) } => write!(
                f,
                "{}: the signed command is erased by order `{order}`; only rests on the certificate",
                list(records)
            ),
            Self::Erased { records, order: None } => write!(
                f,
                "{}: the signed command is erased, no order is shown; only rests on the certificate",
                list(records)
            ),
        }
    }
}

impl fmt::Display for Reliance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trust { epoch, size } => {
                write!(f, "the trust file: committee of epoch {epoch}, head of {size} records")
            }
            Self::NotCompared { size, pinned } => write!(
                f,
                "the head of {size} records was not compared with the pinned one of {pinned}: that both are \
                 of one log rests on the co-signers"
            ),
            Self::Certificate { signed, threshold, members } => write!(
                f,
                "{} (at least {threshold} of {members}): that they re-ran what this case alone cannot show",
                names(signed)
            ),
            Self::SingleUse { records } => write!(
                f,
                "{}: no other case had used the act before; by seal, under the certificate",
                list(records)
            ),
            Self::Headroom { records } => {
                write!(f, "{}: there was headroom; by seal, under the certificate", list(records))
            }
            Self::RefusedAcross { records } => {
                write!(
                    f,
                    "{}: refused for what other cases did; by seal, under the certificate",
                    list(records)
                )
            }
            Self::Settled { records } => {
                write!(f, "{}: what a chain showed; by seal, under the certificate", list(records))
            }
            Self::OnCertificate { records } => {
                write!(f, "{}: not re-run, applied as recorded; under the certificate", list(records))
            }
            Self::Open { record, size } => {
                write!(f, "the case is open: verified up to record {record} at size {size}")
            }
            Self::AppenderClock => f.write_str("ledger time is the appender's word, within the bounds given"),
            Self::Keys => f.write_str("that no key which signed was stolen"),
        }
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suspect { records } => write!(
                f,
                "{}: taken under a credential that was revoked later and is suspect since before",
                list(records)
            ),
            Self::Revoked { credential, at } => write!(f, "credential `{credential}` was revoked at {at}"),
            Self::SingleCosigner => {
                f.write_str("one co-signer certifies alone: no institution checks another")
            }
            Self::DecidedAgain { records } => {
                write!(f, "{}: decided again after an outcome had lapsed", list(records))
            }
            Self::NoOrder { case } => {
                write!(f, "parts are said to be erased, no order to erase case `{case}` is shown")
            }
            Self::Attempts { records, codes } => {
                let codes: Vec<String> = codes.iter().map(|code| code.as_text()).collect();
                write!(f, "{}: refused attempts ({})", list(records), codes.join(", "))
            }
        }
    }
}

fn verdict(report: &Report) -> Vec<String> {
    match &report.verdict {
        Verdict::Verified => vec!["VERIFIED".to_owned()],
        Verdict::Failed(failure) => vec![format!("FAILED: {failure}")],
        Verdict::CannotTell(missing) => {
            let missing = missing.iter().map(|missing| format!("  missing: {missing}"));
            core::iter::once("CANNOT TELL".to_owned()).chain(missing).collect()
        }
    }
}

fn bound(bound: &Bound) -> String {
    format!("{} (clocks of {})", bound.time, names(&bound.by))
}

fn step(step: &StepFact) -> String {
    let earliest = step.earliest.as_ref().map_or_else(|| "no lower bound".to_owned(), bound);
    let what = step.step.as_ref().map_or_else(String::new, |name| format!(" `{name}`"));
    let who = step.party.map_or_else(String::new, |party| format!(" by {party}"));
    let shown = match step.shown {
        Shown::Rerun => "re-run",
        Shown::InPart => "re-run in part",
        Shown::AsRecorded => "as recorded",
        Shown::Withheld => "withheld",
        Shown::Erased => "erased",
    };
    let refusal = step.refusal.as_ref().map_or_else(String::new, |code| format!(" ({code})"));
    let latest = bound(&step.latest);
    format!(
        "  {} {}{what}{refusal}{who}: {shown}; appender's clock {}; from {earliest} to {latest}",
        step.index, step.kind, step.at
    )
}

/// What is not there of a word that is, and on whom it rests then.
fn not_shown(step: &StepFact) -> Vec<String> {
    let mut lines = Vec::new();
    if !step.claims_withheld.is_empty() {
        let claims = step.claims_withheld.join(", ");
        lines.push(format!("      withheld: {claims}; what a rule asks of it rests on the certificate"));
    }
    if !step.documents_not_shown.is_empty() {
        let documents = step.documents_not_shown.join(", ");
        lines.push(format!("      documents not shown: {documents}; that they exist is the party's word"));
    }
    lines
}

/// For whom a pack is fit, where the policy says who may see what.
fn audiences(audiences: &[Audience]) -> String {
    let names: Vec<&str> = audiences.iter().map(|audience| audience.as_str()).collect();
    match names.as_slice() {
        [] => "its policy names nobody who may see all that is shown here".to_owned(),
        names => format!("by its policy, what is shown here may be seen by: {}", names.join(", ")),
    }
}

pub(super) fn lines(report: &Report) -> Vec<String> {
    let mut lines = verdict(report);
    lines.extend(report.flags.iter().map(|flag| format!("  WARNING: {flag}")));
    let Some(facts) = &report.facts else { return lines };
    let (size, root) = (facts.head.size, facts.head.root);
    lines.push(format!(
        "ledger {} ({}), {size} records, root {root}, sealed {}",
        facts.name, facts.ledger, facts.sealed
    ));
    match &facts.certified {
        Some(c) => {
            let (count, members) = (c.signed.len(), c.members);
            lines.push(format!(
                "certified by {} ({count} of {members}, {} needed), epoch {}",
                names(&c.signed),
                c.threshold,
                c.epoch
            ));
        }
        None => lines.push("no certificate that holds".to_owned()),
    }
    lines.push(format!("case {}", facts.case));
    if let Some(case) = &facts.outcome {
        let outcomes = if case.outcomes.is_empty() {
            String::new()
        } else {
            format!(", outcomes: {}", list(&case.outcomes))
        };
        let (policy, programme, records) = (&case.policy_name, &case.programme, case.records);
        let version = case.rules.version();
        let rules = if case.rules.is_first() { String::new() } else { format!(", under rules {version}") };
        let phase = &case.phase;
        lines.push(format!("policy {policy} of {programme}, {phase}, {records} records{outcomes}{rules}"));
    }
    lines.extend(facts.audiences.as_deref().map(audiences));
    lines.extend(facts.steps.iter().flat_map(|fact| core::iter::once(step(fact)).chain(not_shown(fact))));
    if !facts.on_chain.is_empty() {
        lines.push("on chain, not checked here".to_owned());
        lines.extend(facts.on_chain.deposits.iter().map(|deposit| format!("  {deposit}")));
        lines.extend(facts.on_chain.outcomes.iter().map(|outcome| format!("  {outcome}")));
    }
    if !report.rests_on.is_empty() {
        lines.push("rests on".to_owned());
        lines.extend(report.rests_on.iter().map(|reliance| format!("  {reliance}")));
    }
    lines
}
