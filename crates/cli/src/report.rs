//! The board page: one self-contained file, no script, nothing fetched. It shows what the verifier says of
//! the pack, and what the demonstration has tried; it proves nothing by itself, and says so.

mod process;
mod style;
mod when;

use crate::demo::{Losses, Story};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockstep_pack::report::{Facts, StepFact};
use lockstep_pack::{Report, Verdict};
use lockstep_policy::{Policy, explain};
use lockstep_types::{Lei, Money, Time, sha256};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// What the page is made from.
pub struct Page<'a> {
    /// In one line: what was issued to whom.
    pub title: String,
    /// What the verifier said of the written pack.
    pub report: &'a Report,
    /// What was told.
    pub story: &'a Story,
    /// Who takes part.
    pub parts: Vec<Part>,
    /// What can be lost.
    pub losses: &'a Losses,
    /// What the chain did with it: a line each, what and how.
    pub on_chain: Vec<(&'static str, String)>,
    /// The process.
    pub policy: &'a Policy,
    /// Set when times are not of this day.
    pub simulated: bool,
    /// What people call an institution.
    pub name_of: &'a dyn Fn(&Lei) -> String,
}

/// An institution that takes part.
pub struct Part {
    /// What people call it.
    pub name: String,
    /// Its identifier.
    pub lei: Lei,
    /// What it does here: its role in the process, co-signing.
    pub does: String,
    /// The credential that its role asks for.
    pub credential: String,
    /// What it signs with.
    pub suites: String,
}

/// The page.
pub fn page(page: &Page<'_>) -> String {
    let drawing = process::drawing(page.policy, page.report);
    let styles = [style::PAGE.to_owned(), process::style_of(&drawing)];
    let sources: Vec<String> =
        styles.iter().map(|css| format!("'sha256-{}'", STANDARD.encode(sha256(css.as_bytes())))).collect();
    // Only these two style sheets; no script, no image, no font, no frame, no connection.
    let csp =
        format!("default-src 'none'; style-src {}; base-uri 'none'; form-action 'none'", sources.join(" "));
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(csp);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) " — evidence" }
                style { (PreEscaped(style::PAGE)) }
            }
            body {
                (head(page))
                main {
                    (process::section(&drawing))
                    (when::section(page))
                    (on_chain(&page.on_chain))
                    (parts(&page.parts))
                    (rests_on(page))
                    (refusals(page))
                    (losses(page.losses))
                    (remarks(page))
                }
                (foot(page))
            }
        }
    };
    markup.into_string()
}

fn verdict(verdict: &Verdict) -> (&'static str, &'static str, String) {
    match verdict {
        Verdict::Verified => {
            let text = "Every step was decided again from what its parties signed, with the same result, and \
                the log that \
                        holds them is certified.";
            ("good", "Verified", text.to_owned())
        }
        Verdict::Failed(failure) => ("bad", "Failed", failure.to_string()),
        Verdict::CannotTell(missing) => {
            let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
            ("open", "Cannot tell", missing.join("; "))
        }
    }
}

fn head(page: &Page<'_>) -> Markup {
    let (class, word, text) = verdict(&page.report.verdict);
    let case = page.report.facts.as_ref().and_then(|facts| facts.outcome.as_ref());
    html! {
        header {
            p.kicker { "Evidence of one case" }
            h1 { (page.title) }
            @if page.simulated {
                p.warning { strong { "Simulated clock. " } "The statement is old; everything ran by a clock \
                    set to its days. \
                     No time on this page is of the day it was made." }
            }
            div class=(format!("verdict {class}")) {
                span.mark aria-hidden="true" { @if class == "good" { "✓" } @else if class == "bad" { "✗" }
                    @else { "?" } }
                div { p.word { (word) } p { (text) } }
            }
            @for flag in &page.report.flags { p.warning { (flag) } }
            @if case.is_some_and(|case| case.phase == "decided") {
                p.lead { "Decided, not yet executed: the mint is unlocked, and no chain has been asked to \
                    carry it out." }
            }
            @if let Some(facts) = &page.report.facts { (at_a_glance(facts)) }
        }
    }
}

fn at_a_glance(facts: &Facts) -> Markup {
    let outcome = facts.outcome.as_ref();
    html! {
        dl.facts {
            @if let Some(case) = outcome {
                div { dt { "Case" } dd { strong { (case.phase) } ", " (case.records) " records" } }
                div { dt { "Policy" } dd { (case.policy_name) " of " (case.programme) } }
            }
            @if let Some(certified) = &facts.certified {
                div {
                    dt { "Certified by" }
                    dd { (certified.signed.len()) " of " (certified.members) " co-signers; \
                        " (certified.threshold) " are needed" }
                }
            }
            div { dt { "Sealed" } dd { (moment(&facts.sealed)) } }
            div.wide { dt { "Case id" } dd.mono { (facts.case) } }
            div.wide { dt { "Ledger" } dd.mono { (facts.ledger) } }
        }
    }
}

fn parts(parts: &[Part]) -> Markup {
    html! {
        section {
            h2 { "Who takes part" }
            div.scroll tabindex="0" {
                table.parts {
                    thead {
                        tr {
                            th { "Institution" } th { "LEI" } th { "Does" } th { "Licence" }
                            th { "Signs with" }
                        }
                    }
                    tbody {
                        @for part in parts {
                            tr {
                                th scope="row" { (part.name) }
                                td.mono { (part.lei) }
                                td { (part.does) }
                                td { (part.credential) }
                                td { (part.suites) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn rests_on(page: &Page<'_>) -> Markup {
    html! {
        section {
            h2 { "What this rests on" }
            p.lead { "Signatures and rules were re-run. What follows was not, and somebody answers for it." }
            ul.rests { @for reliance in &page.report.rests_on { li { (coded(&reliance.to_string())) "." } } }
            @if let Some(certified) = page.report.facts.as_ref().and_then(|facts| facts.certified.as_ref()) {
                p { "Co-signers that signed: "
                    @for (at, name) in certified.signed.iter().enumerate() { @if at > 0 { ", " } strong {
                        (name) } } "." }
            }
        }
    }
}

fn refusals(page: &Page<'_>) -> Markup {
    let failings = &page.story.failings;
    let wrong = page.story.surprises();
    html! {
        section {
            h2 { "What was refused" }
            p.lead {
                "Each of these was really tried in the run that made this page, on the same ledger, in cases \
                    beside this one. "
                @if wrong == 0 { (failings.len()) " attempts, none succeeded." }
                @else { strong.bad-text { (wrong) " of " (failings.len()) " did not end as they should." } }
            }
            div.refusals {
                @for failing in failings {
                    article class=(if failing.as_expected { "refusal" } else { "refusal surprise" }) {
                        h3 { (coded(&failing.title)) }
                        p { (coded(&failing.tried)) "." }
                        p.reason { span.code { (failing.found) } " " (coded(&cut(&failing.reason))) }
                        @if !failing.as_expected { p.bad-text { "expected: " (failing.expected) } }
                        @if let Some(receipt) = &failing.receipt { p.receipt { "Receipt: " (receipt) } }
                    }
                }
            }
        }
    }
}

fn on_chain(facts: &[(&'static str, String)]) -> Markup {
    html! {
        section {
            h2 { "On the chain" }
            p.lead { "What contracts did with the outcome. The evidence pack does not show it: whoever doubts it \
                asks the chain." }
            dl { @for (what, how) in facts { dt { (what) } dd { (how) } } }
        }
    }
}

fn losses(losses: &Losses) -> Markup {
    html! {
        section {
            h2 { "What can be lost at most" }
            p.lead { "If keys fall into other hands, while everybody else does their part. Computed from \
                this policy and this \
                      set of co-signers." }
            div.scroll tabindex="0" {
                table {
                    thead { tr { th { "Compromised" } th { "At most" } th { "Why" } } }
                    tbody { @for row in &losses.rows { tr { th scope="row" { (row.who) } td { (row.at_most)
                        } td { (row.why) } } } }
                }
            }
        }
    }
}

fn remarks(page: &Page<'_>) -> Markup {
    html! {
        section {
            h2 { "What was made up" }
            ul { @for remark in &page.story.remarks { li { (coded(remark)) "." } } }
            details {
                summary { "The process in sentences" }
                ol.plain { @for sentence in explain(page.policy) { li { (sentence) } } }
            }
        }
    }
}

fn foot(page: &Page<'_>) -> Markup {
    html! {
        footer {
            p { "This page is a view, not the evidence. The evidence is " code { "case.evidence.json" } "; \
                anybody can check it \
                 without a network:" }
            pre { code { "lockstep verify case.evidence.json --trust trust.json" } }
            @if let Some(facts) = &page.report.facts {
                p { "Log of " (facts.head.size) " records, root " code.mono { (facts.head.root) } "." }
            }
        }
    }
}

/// The beginning of a long text: two bodies that differ are shown in full where they are compared.
fn cut(text: &str) -> String {
    const LETTERS_MAX: usize = 280;
    let short: String = text.chars().take(LETTERS_MAX).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

/// A text whose values stand in backticks.
fn coded(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() { @if at % 2 == 1 { code { (part) } } @else { (part)
            } }
    }
}

/// Who a record is by.
fn who_of(page: &Page<'_>, step: &StepFact) -> String {
    step.party.as_ref().map_or_else(|| "the ledger's rules".to_owned(), |party| (page.name_of)(party))
}

/// An amount as people read it: `1,000,000.00 USD`.
pub fn grouped(money: &Money) -> String {
    let decimal = money.decimal();
    let (whole, fraction) = decimal.split_once('.').map_or((decimal.as_str(), None), |(w, f)| (w, Some(f)));
    let digits = whole.chars().rev().enumerate();
    let spaced = digits.flat_map(|(at, digit)| {
        (at > 0 && at % 3 == 0 && digit != '-').then_some(',').into_iter().chain([digit])
    });
    let whole: String = spaced.collect::<Vec<char>>().into_iter().rev().collect();
    let fraction = fraction.map(|fraction| format!(".{fraction}")).unwrap_or_default();
    format!("{whole}{fraction} {}", money.currency)
}

/// A time as people read it: day, and time of day to the millisecond.
fn moment(time: &Time) -> String {
    time.to_string().replacen('T', " ", 1).replace('Z', " UTC")
}
