//! A policy in numbered English sentences, for those who sign off a process and do not read its files.

mod audience;

use crate::Policy;
use crate::claim::ClaimKind;
use crate::duration::words;
use crate::guard::GuardText;
use crate::model::{Expiry, Hold, Layout, ListKind, Outcome, Param, Reading, Role, Step, Target};
use core::fmt::Display;

/// The process in sentences, numbered from 1, in the order in which things happen.
#[must_use]
pub fn explain(policy: &Policy) -> Vec<String> {
    let layout = policy.layout();
    let mut sentences = vec![beginning(layout)];
    sentences.extend(parameters(layout));
    sentences.extend(layout.roles.iter().map(|role| office(layout, role)));
    for step in in_order(layout) {
        sentences.push(step_sentence(layout, step));
        sentences.push(conditions(policy, step));
        sentences
            .extend(layout.holds_at(step.name.as_str()).into_iter().map(|hold| hold_sentence(layout, hold)));
    }
    sentences.extend(layout.outcomes.iter().map(|outcome| outcome_sentence(layout, outcome)));
    sentences.push(ending(layout));
    sentences.extend(audience::sentences(layout));
    let numbered = sentences.into_iter().enumerate();
    numbered.map(|(index, sentence)| format!("{}. {sentence}", index.saturating_add(1))).collect()
}

/// The steps, each after all that it waits for; steps of one rank in declared order.
fn in_order(layout: &Layout) -> Vec<&Step> {
    let mut ranked: Vec<(usize, &Step)> = layout.steps.iter().map(|step| (layout.rank(step), step)).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, step)| step).collect()
}

fn beginning(layout: &Layout) -> String {
    format!(
        "{}. A case of this process is opened by the role {}, belongs to the programme {}, and is over if it is not decided \
         within {}.",
        layout.title,
        layout.opened_by,
        layout.programme,
        words(layout.lasts_ms)
    )
}

fn parameters(layout: &Layout) -> Option<String> {
    if layout.params.is_empty() {
        return None;
    }
    let params: Vec<String> = layout.params.iter().map(parameter).collect();
    Some(format!("Opening it fixes {}; none of it can be changed later.", and(&params)))
}

fn parameter(param: &Param) -> String {
    let mut text = format!("the {} ({}", said(&param.name), kind(param.kind));
    match (param.bound(param.min), param.bound(param.max)) {
        (Some(min), Some(max)) => text.push_str(&format!(", from {min} to {max}")),
        (Some(min), None) => text.push_str(&format!(", {min} or more")),
        (None, Some(max)) => text.push_str(&format!(", {max} or less")),
        (None, None) => {}
    }
    if let Some(domain) = &param.domain {
        text.push_str(&format!(" on {domain}"));
    }
    text.push(')');
    text
}

fn office(layout: &Layout, role: &Role) -> String {
    let mut text = format!("Role {}: an institution with the credential {}", role.name, role.credential);
    if role.keys > 1 {
        text.push_str(&format!(", acting only by {} different persons who sign together", role.keys));
    }
    let rivals: Vec<String> =
        layout.rivals(role.name.as_str()).iter().map(|rival| rival.name.to_string()).collect();
    if !rivals.is_empty() {
        text.push_str(&format!("; in one case never the same institution as {}", or(&rivals)));
    }
    text.push('.');
    text
}

fn step_sentence(layout: &Layout, step: &Step) -> String {
    let before: Vec<String> = step.after.iter().map(|name| format!("“{name}”")).collect();
    let order = if before.is_empty() { "at any time".to_owned() } else { format!("after {}", and(&before)) };
    let mut text = format!("Step “{}”, by the role {}, {order}: {}", step.name, step.by, step.title);
    if let Some(within) = step.within_ms {
        text.push_str(&format!(", at the latest {} after the case was opened", words(within)));
    }
    if let Some(due) = step.due_ms {
        text.push_str(&format!(
            ", due {} after the case was opened (later it counts all the same)",
            words(due)
        ));
    }
    let claims: Vec<String> =
        step.claims.iter().map(|claim| format!("{} ({})", said(&claim.name), kind(claim.kind))).collect();
    if !claims.is_empty() {
        text.push_str(&format!("; it states {}", and(&claims)));
    }
    let evidence: Vec<String> = step.evidence.iter().map(|name| format!("a {}", said(name))).collect();
    if !evidence.is_empty() {
        text.push_str(&format!("; it names as evidence {}", and(&evidence)));
    }
    text.push('.');
    text.push_str(&once_and_fresh(layout, step));
    text
}

fn once_and_fresh(layout: &Layout, step: &Step) -> String {
    let mut text = String::new();
    if let Some(single) = &step.single_use {
        let claims: Vec<String> = single.claims.iter().map(said).collect();
        text.push_str(&format!(
            " What {} name together can carry one case of the programme {}, ever.",
            and(&claims),
            layout.programme
        ));
    }
    if let Some(pays) = &step.pays {
        text.push_str(&format!(" Its {} has left the reserve.", said(pays)));
    }
    if step.commits {
        text.push_str(&format!(
            " Once “{}” is done the case has no deadline: it ends by its last step, done or refused.",
            step.name
        ));
    }
    if let Some(fresh) = &step.fresh {
        text.push_str(&format!(
            " It is stale {} after {}; nothing may build on it then.",
            words(fresh.max_age_ms),
            said(&fresh.claim)
        ));
    }
    text
}

fn conditions(policy: &Policy, step: &Step) -> String {
    let (permits, forbids) = policy.guard_texts(step.name.as_str());
    let mut text = format!("“{}” counts ", step.name);
    let ways: Vec<String> = permits.iter().map(permit_words).collect();
    text.push_str(&ways.join(", or "));
    text.push('.');
    for forbid in forbids {
        let words = forbid.words.as_deref().unwrap_or("the step is tried at all");
        text.push_str(&format!(" It is refused if {words} [{}].", forbid.id));
    }
    text
}

fn permit_words(permit: &GuardText) -> String {
    match &permit.words {
        Some(words) => format!("only if {words} [{}]", permit.id),
        None => format!("by the role alone [{}]", permit.id),
    }
}

fn hold_sentence(layout: &Layout, hold: &Hold) -> String {
    let mut sum = format!("{} stated in “{}”", said(&hold.reserve.claim), hold.reserve.step);
    for credit in &hold.credits {
        sum.push_str(&format!(
            ", plus {} of “{}” if booked after that balance",
            said(&credit.claim),
            credit.step
        ));
    }
    let reading = layout.reading(hold.reading.as_str()).map(reading_words).unwrap_or_default();
    format!(
        "“{}” takes the {} from the headroom for {} and is refused if there is less: {sum}, minus {reading}, minus \
         all that is held or owed already.",
        hold.at,
        said(&hold.amount),
        hold.domain
    )
}

fn reading_words(reading: &Reading) -> String {
    let domains: Vec<String> = reading.domains.iter().map(ToString::to_string).collect();
    let parties = match reading.quorum {
        1 => format!("one {}", reading.by),
        quorum => format!("{quorum} institutions of the role {}", reading.by),
    };
    format!(
        "the token supply on {} at the time of that balance, as read by {parties}, not more than {} old",
        and(&domains),
        words(reading.max_age_ms)
    )
}

fn outcome_sentence(layout: &Layout, outcome: &Outcome) -> String {
    let domain = layout.domain(outcome.domain.as_str());
    let place = domain.map(|domain| format!("{} ({})", domain.name, domain.chain)).unwrap_or_default();
    let args: Vec<String> = outcome.call.args.iter().map(|arg| format!("the {}", arg.said())).collect();
    let with = if args.is_empty() { String::new() } else { format!(" with {}", and(&args)) };
    let until = match outcome.expires {
        Expiry::AfterMs(ms) => format!("within {} of the decision", words(ms)),
        Expiry::Never => "at any time".to_owned(),
    };
    let of = match outcome.call.target {
        Target::Token => "",
        Target::Escrow => " of its Escrow",
    };
    format!(
        "Outcome “{}”: {}, the Gate on {place} may, {until} and once, call {}{of}{with}, on its line {}.",
        outcome.name,
        unlocked(outcome),
        outcome.call.signature,
        outcome.line
    )
}

/// When an outcome is unlocked.
fn unlocked(outcome: &Outcome) -> String {
    if let Some(step) = &outcome.returns {
        return format!(
            "if the case is refused or over while “{step}” stands, or when “{step}” is shown after the end"
        );
    }
    let after: Vec<String> = outcome.after.iter().map(|name| format!("“{name}”")).collect();
    format!("once {} {} done", and(&after), if after.len() == 1 { "is" } else { "are" })
}

fn ending(layout: &Layout) -> String {
    let lists: Vec<String> = layout
        .lists
        .iter()
        .map(|list| match list.kind {
            ListKind::Digest => format!("{} (a document)", said(&list.name)),
            ListKind::Set => format!("{} (a set)", said(&list.name)),
        })
        .collect();
    let lists = match lists.as_slice() {
        [] => String::new(),
        _ => format!(" The lists {} are adopted by governance, not by the parties.", and(&lists)),
    };
    format!(
        "Nothing else counts. A condition that cannot be evaluated refuses, whichever it is. Whoever may take a step \
         may also refuse it, on the record.{lists}"
    )
}

/// A name as a person says it.
fn said(name: &impl Display) -> String {
    name.to_string().replace(['_', '-'], " ")
}

fn kind(kind: ClaimKind) -> String {
    match kind {
        ClaimKind::Bool => "yes or no".to_owned(),
        ClaimKind::Int => "a whole number".to_owned(),
        ClaimKind::Money(currency) => format!("an amount of {currency}"),
        ClaimKind::Time => "a time".to_owned(),
        ClaimKind::Text => "text".to_owned(),
        ClaimKind::Bic => "a BIC".to_owned(),
        ClaimKind::Country => "a country".to_owned(),
        ClaimKind::Digest => "a digest".to_owned(),
        ClaimKind::Account => "an account".to_owned(),
        ClaimKind::Lei => "an LEI".to_owned(),
        ClaimKind::Name => "a name".to_owned(),
    }
}

fn and(items: &[String]) -> String {
    joined(items, "and")
}

fn or(items: &[String]) -> String {
    joined(items, "or")
}

fn joined(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests;
