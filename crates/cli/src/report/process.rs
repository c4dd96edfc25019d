//! The process as a drawing, with what was done marked in it.

use lockstep_pack::Report;
use lockstep_pack::report::StepFact;
use lockstep_policy::{Policy, draw};
use maud::{Markup, PreEscaped, html};

/// The drawing that the policy gives; each name that the verified records reach is marked.
pub fn drawing(policy: &Policy, report: &Report) -> String {
    let mut svg = draw(policy);
    for name in done(policy, report) {
        svg = svg.replace(&format!(">{name}</text>"), &format!(">✓ {name}</text>"));
    }
    svg
}

/// Steps that count; and holds and outcomes that followed from them.
fn done(policy: &Policy, report: &Report) -> Vec<String> {
    let Some(facts) = &report.facts else { return Vec::new() };
    let counts = |step: &&StepFact| step.kind == "attested";
    let steps = facts.steps.iter().filter(counts).filter_map(|step| step.step.as_ref());
    let mut done: Vec<String> = steps.map(ToString::to_string).collect();
    let layout = policy.layout();
    let held = layout.holds.iter().filter(|hold| done.iter().any(|step| *step == hold.at.as_str()));
    let held: Vec<String> = held.map(|hold| format!("hold {}", hold.name)).collect();
    done.extend(held);
    if facts.outcome.as_ref().is_some_and(|case| !case.outcomes.is_empty()) {
        done.extend(layout.outcomes.iter().map(|outcome| outcome.name.to_string()));
    }
    done
}

/// The style sheet inside a drawing.
pub fn style_of(svg: &str) -> String {
    let inside = svg.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
    inside.map(|(css, _)| css.to_owned()).unwrap_or_default()
}

/// The section.
pub fn section(drawing: &str) -> Markup {
    html! {
        section {
            h2 { "The process" }
            p.lead { "From left to right, a lane a role. " strong { "✓" } " marks what the verified records \
                show as done: the \
                      steps that count, the headroom that is held, the outcome that is unlocked." }
            p.lead { "The observer's reading is a record of the whole programme, not of this case: that \
                there was headroom \
                      rests on the co-signers, below." }
            div.drawing tabindex="0" role="group" aria-label="the process as a drawing, scrolls sideways" {
                (PreEscaped(drawing)) }
        }
    }
}
