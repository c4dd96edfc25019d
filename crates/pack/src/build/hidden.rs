//! What the reader of a pack is not to see: parts withheld by name, and what the policy grants no audience of
//! this kind. Both withhold.

use super::{BuildError, Options};
use crate::pack::PackedCommand;
use crate::showing::About;
use lockstep_attest::{Statement, Submission};
use lockstep_policy::{Layout, View};
use lockstep_types::Lei;
use std::collections::BTreeSet;

/// The step under which an opening is withheld.
const OPEN: &str = "open";

/// What is withheld from one pack.
pub(super) struct Hidden<'o> {
    withhold: &'o [String],
    /// Names given that nothing had so far.
    unused: BTreeSet<&'o str>,
    view: Option<View>,
    /// Who sees all that it has said itself.
    own: Option<Lei>,
}

impl<'o> Hidden<'o> {
    /// `layout` is that of the policy under which the case was opened, whatever is in force now.
    pub(super) fn new(options: &'o Options, layout: Option<&Layout>) -> Result<Self, BuildError> {
        let view = match options.audience {
            None => None,
            Some(audience) => {
                let view = layout.and_then(|layout| layout.view(audience));
                // Whom the policy grants nothing still sees its own words.
                let view = view.or_else(|| options.own.map(|_| View::default()));
                Some(view.ok_or_else(|| BuildError::NotAnAudience {
                    audience,
                    named: layout.map(named).unwrap_or_default(),
                })?)
            }
        };
        let unused = options.withhold.iter().map(String::as_str).collect();
        Ok(Self { withhold: &options.withhold, unused, view, own: options.own })
    }

    /// A party's word as the reader sees it.
    pub(super) fn show(
        &mut self,
        mut submission: Box<Submission>,
        (said, about): (&Statement, Option<&About>),
    ) -> PackedCommand {
        let Some(about) = about else { return PackedCommand::Submit(submission) };
        let own = self.is_own(said);
        let step = match about {
            About::Opening => Some(OPEN),
            About::Step(step) | About::Refusal(step) => Some(step.as_str()),
            About::Withdrawal(_) => None,
        };
        let named = step.is_some_and(|step| self.named(step));
        if named || !(own || self.view.as_ref().is_none_or(|view| about.word_shown(view))) {
            return PackedCommand::Withheld;
        }
        for opening in &mut submission.openings {
            let Some(claim) = opening else { continue };
            let named = step.is_some_and(|step| self.named(&format!("{step}.{}", claim.name)));
            let granted = own || self.view.as_ref().is_none_or(|view| about.claim_shown(view, &claim.name));
            if named || !granted {
                *opening = None;
            }
        }
        PackedCommand::Submit(submission)
    }

    /// True for a word of the party that the pack is for.
    pub(super) fn is_own(&self, said: &Statement) -> bool {
        self.own == Some(said.party())
    }

    /// True when the document in a slot is for the reader.
    pub(super) fn shows_document(&self, about: &About, layout: Option<&Layout>, at: usize) -> bool {
        match (&self.view, layout) {
            (None, _) => true,
            (Some(view), Some(layout)) => about.document_shown(view, layout, at),
            (Some(_), None) => false,
        }
    }

    fn named(&mut self, what: &str) -> bool {
        self.unused.remove(what);
        self.withhold.iter().any(|named| named == what)
    }

    /// Whoever withholds what is not there may believe that something else is hidden.
    pub(super) fn all_used(&self) -> Result<(), BuildError> {
        match self.unused.first() {
            Some(what) => Err(BuildError::NothingToWithhold { what: (*what).to_owned() }),
            None => Ok(()),
        }
    }
}

/// The audiences that a policy names, for the text of an error.
fn named(layout: &Layout) -> String {
    let names: Vec<String> =
        layout.audiences.iter().map(|granted| format!("`{}`", granted.audience)).collect();
    names.join(", ")
}
