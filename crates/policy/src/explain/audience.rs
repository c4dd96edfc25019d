//! Who sees what of a case, in sentences.

use super::{and, said};
use crate::audience::{Audience, Grant};
use crate::model::Layout;
use lockstep_types::Name;

/// What `*` grants.
const EVERYTHING: &str =
    "everything: every claim, every document, and the reasons of refusals and withdrawals";

/// One sentence on what everybody is shown, and one an audience. Nothing for a policy that names none.
pub(super) fn sentences(layout: &Layout) -> Vec<String> {
    if layout.audiences.is_empty() {
        return Vec::new();
    }
    let mut sentences = vec![
        "Whoever is given the pack of a case sees who took or refused which step, when and with which keys, and salted \
         digests of all that was said. What was said itself is shown as follows, and nothing of it that is not named."
            .to_owned(),
    ];
    let named = |audience: &Audience| layout.audiences.iter().find(|granted| granted.audience == *audience);
    let public = named(&Audience::Public).is_some_and(|granted| !granted.grants.is_empty());
    sentences.extend(Audience::ALL.iter().filter_map(named).map(|granted| {
        let who = who(granted.audience);
        let more = public && granted.audience != Audience::Public;
        match words(layout, &granted.grants) {
            _ if granted.grants.contains(&Grant::All) => format!("{who} sees {EVERYTHING}."),
            Some(words) if more => format!("{who} sees what the public sees, and {words}."),
            Some(words) => format!("{who} sees {words}."),
            None if more => format!("{who} sees what the public sees."),
            None => format!("{who} sees nothing of it."),
        }
    }));
    sentences
}

const fn who(audience: Audience) -> &'static str {
    match audience {
        Audience::Public => "The public",
        Audience::Counterparty => "A counterparty",
        Audience::Auditor => "An auditor",
        Audience::Supervisor => "A supervisor",
    }
}

/// The entries of one audience: parameters first, then step by step in declared order.
fn words(layout: &Layout, grants: &[Grant]) -> Option<String> {
    let mut items = Vec::new();
    if grants.contains(&Grant::Params) {
        items.push("all that opening the case fixes".to_owned());
    }
    let params: Vec<String> = grants.iter().filter_map(param).map(said).collect();
    if !params.is_empty() {
        items.push(format!("the {} of the case", and(&params)));
    }
    for step in &layout.steps {
        let parts: Vec<String> =
            grants.iter().filter_map(|grant| part(grant, &step.name)).map(said).collect();
        if grants.contains(&Grant::Step(step.name.clone())) {
            items.push(format!("all that “{}” says, with its documents and reasons", step.name));
        } else if !parts.is_empty() {
            items.push(format!("{} of “{}”", and(&parts), step.name));
        }
    }
    (!items.is_empty()).then(|| items.join("; "))
}

const fn param(grant: &Grant) -> Option<&Name> {
    match grant {
        Grant::Param(name) => Some(name),
        _ => None,
    }
}

fn part<'a>(grant: &'a Grant, of: &Name) -> Option<&'a Name> {
    match grant {
        Grant::Part(step, name) if step == of => Some(name),
        _ => None,
    }
}
