//! Who did what, when, and on whose clock.

use super::{Page, moment, who_of};
use lockstep_pack::report::{Bound, Facts, Shown, StepFact};
use lockstep_types::{Name, Time};
use maud::{Markup, html};

/// Width of an interval's strip, in its own units.
const STRIP: u64 = 1_000;

/// The section.
pub fn section(page: &Page<'_>) -> Markup {
    let Some(facts) = &page.report.facts else { return html! {} };
    let members = facts.certified.as_ref().map_or(0, |certified| certified.signed.len());
    let span = span(facts);
    html! {
        section {
            h2 { "Who did what, and when" }
            p.lead {
                "The time in bold is the appender's clock. The bar is what can be proven: not before a \
                    checkpoint that the \
                 signer had seen, not after the first checkpoint that holds the record, each by the clocks \
                 of the co-signers \
                 who signed it, give or take what they allow."
            }
            ol.steps { @for step in &facts.steps { (card(page, step, (span, members))) } }
        }
    }
}

/// From the earliest bound to the latest.
fn span(facts: &Facts) -> (Time, Time) {
    let first = |step: &StepFact| step.earliest.as_ref().map_or(step.at, |bound| bound.time);
    let from = facts.steps.iter().map(first).min().unwrap_or_default();
    let to = facts.steps.iter().map(|step| step.latest.time).max().unwrap_or_default();
    (from, to)
}

fn card(page: &Page<'_>, step: &StepFact, (span, members): ((Time, Time), usize)) -> Markup {
    let layout = page.policy.layout();
    let said = |name: &Name| layout.step(name.as_str()).map(|step| step.title.clone()).unwrap_or_default();
    let title = match (&step.step, step.kind) {
        (Some(name), "attested") => said(name),
        (Some(name), kind) => format!("{name}: {kind}"),
        (None, "opened") => "opens the case".to_owned(),
        (None, "decided") => "the case is decided".to_owned(),
        (None, "outcome") => "the outcome is unlocked".to_owned(),
        (None, kind) => kind.to_owned(),
    };
    let suites: Vec<&str> = step.signatures.iter().map(|signature| signature.suite).collect();
    html! {
        li class=(if step.refusal.is_some() { "step refused" } else { "step" }) {
            div.step-head {
                p.who { strong { (who_of(page, step)) } @if let Some(name) = &step.step { span.tag { (name)
                    } } }
                h3 { (title) }
                p.at { strong { (moment(&step.at)) } }
            }
            (strip(step, span))
            p.bounds {
                @match &step.earliest {
                    Some(bound) => { "not before " (moment(&bound.time)) " " (clocks(bound, members)) }
                    None => { "no lower bound: nothing was certified yet when it was signed" }
                }
                br;
                "not after " (moment(&step.latest.time)) " " (clocks(&step.latest, members))
            }
            @if !step.claims.is_empty() {
                dl.claims { @for (name, value) in &step.claims { div { dt { (name.replace('_', " ")) } dd {
                    (value) } } } }
            }
            @if !step.claims_withheld.is_empty() {
                p.small { "withheld: " (step.claims_withheld.join(", ").replace('_', " ")) }
            }
            @if !step.documents_not_shown.is_empty() {
                p.small { "documents not shown: " (step.documents_not_shown.join(", ")) }
            }
            p.small {
                "record " (step.index) " · leaf " span.mono {
                    (step.leaf.to_string().chars().take(16).collect::<String>()) "…" }
                @if !suites.is_empty() { " · signed with " (suites.join(" + ")) }
                " · " (shown(step.shown))
            }
        }
    }
}

fn clocks(bound: &Bound, members: usize) -> String {
    if bound.by.len() >= members && members > 0 {
        return format!("(clocks of all {members} co-signers that signed)");
    }
    let names: Vec<String> = bound.by.iter().map(ToString::to_string).collect();
    format!("(clocks of {})", names.join(", "))
}

const fn shown(shown: Shown) -> &'static str {
    match shown {
        Shown::Rerun => "decided again, same result",
        Shown::InPart => "decided again in part: claims are not shown",
        Shown::AsRecorded => "taken as recorded",
        Shown::Withheld => "withheld",
        Shown::Erased => "erased",
    }
}

/// The interval as a bar between the earliest and the latest bound of the case, with the appender's time in
/// it.
fn strip(step: &StepFact, (from, to): (Time, Time)) -> Markup {
    let whole = to.ms_since(from).max(1);
    let place = |time: Time| time.ms_since(from).saturating_mul(STRIP) / whole;
    let left = step.earliest.as_ref().map_or(0, |bound| place(bound.time));
    let right = place(step.latest.time).max(left + 4);
    let at = place(step.at).clamp(3, STRIP - 3);
    html! {
        svg.strip viewBox=(format!("0 0 {STRIP} 14")) preserveAspectRatio="none" aria-hidden="true" {
            rect.strip-ground x="0" y="5" width=(STRIP) height="4" rx="2" {}
            rect.strip-bar x=(left) y="3" width=(right - left) height="8" rx="4" {}
            rect.strip-at x=(at - 3) y="0" width="6" height="14" rx="2" {}
        }
    }
}
