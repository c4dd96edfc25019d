//! What a pack leaves out of the words that it shows, by name, and for which readers it is fit.

use super::open::Opened;
use super::rerun::Rerun;
use super::signatures::Admitted;
use crate::pack::{Pack, PackedCommand};
use crate::report::Facts;
use crate::showing::{About, documents};
use lockstep_attest::{Signed, Statement};
use lockstep_kernel::Body;
use lockstep_policy::{Audience, Layout, View};
use lockstep_types::{EvidenceDigest, LeafHash, Name};
use std::collections::{BTreeMap, BTreeSet};

/// A shown word of the case.
struct Word<'a> {
    about: About,
    signed: &'a Signed,
}

/// Adds to the facts what is not shown, and to whom the rest may be.
pub(super) fn tell(facts: &mut Facts, pack: (&Pack, &Opened), (admitted, rerun): (&Admitted, &Rerun<'_>)) {
    let Some(layout) = rerun.layout() else { return };
    let (words, shown) = (words(pack, admitted), documents(pack.0));
    for step in &mut facts.steps {
        if let Some(word) = words.get(&step.index) {
            step.claims_withheld = claims_withheld(word, layout);
            step.documents_not_shown = documents_not_shown(word, layout, &shown);
        }
    }
    if !layout.audiences.is_empty() {
        let fit = |audience: &Audience| {
            layout.view(*audience).is_some_and(|view| may_see(&view, &words, (layout, &shown)))
        };
        facts.audiences = Some(Audience::ALL.into_iter().filter(fit).collect());
    }
}

/// By the number of the record that came of it.
fn words<'a>((pack, opened): (&Pack, &Opened), admitted: &'a Admitted) -> BTreeMap<u64, Word<'a>> {
    let records = pack.records().zip(opened.groups.iter().flatten());
    let step = |(packed, record): (&crate::PackedRecord, &lockstep_ledger::Record)| {
        let Some(Body::Attested(body)) = packed.record_body() else { return None };
        Some((record.leaf_hash(), body.step.clone()))
    };
    let steps: BTreeMap<LeafHash, Name> = records.filter_map(step).collect();
    let word = |(at, signed): (usize, &'a Signed)| {
        let group = pack.excerpt.get(at)?;
        // A proposal is an opening too, of a governance case: those are public.
        let submitted = matches!(group.command, PackedCommand::Submit(_));
        let about = About::of(signed.statement(), pack.case, &steps).filter(|_| submitted)?;
        Some((group.records.first()?.index, Word { about, signed }))
    };
    admitted.all().filter_map(word).collect()
}

/// Names by the policy's order of declaration; a claim beyond it by its place.
fn claims_withheld(word: &Word<'_>, layout: &Layout) -> Vec<String> {
    let declared: Vec<&Name> = match &word.about {
        About::Opening => layout.params.iter().map(|param| &param.name).collect(),
        About::Step(step) => {
            let claims = layout.step(step.as_str()).map(|step| step.claims.as_slice()).unwrap_or_default();
            claims.iter().map(|claim| &claim.name).collect()
        }
        About::Refusal(_) | About::Withdrawal(_) => Vec::new(),
    };
    let openings = word.signed.submission().openings.iter().enumerate();
    openings
        .filter(|(_, opening)| opening.is_none())
        .map(|(at, _)| named(declared.get(at), "claim", at))
        .collect()
}

fn documents_not_shown(word: &Word<'_>, layout: &Layout, shown: &BTreeSet<EvidenceDigest>) -> Vec<String> {
    let (About::Step(step), Statement::Attestation(said)) = (&word.about, word.signed.statement()) else {
        return Vec::new();
    };
    let slots = layout.step(step.as_str()).map(|step| step.evidence.as_slice()).unwrap_or_default();
    let missing = said.evidence.iter().enumerate().filter(|(_, digest)| !shown.contains(*digest));
    missing.map(|(at, _)| named(slots.get(at).as_ref(), "document", at)).collect()
}

fn named(name: Option<&&Name>, what: &str, at: usize) -> String {
    name.map_or_else(|| format!("{what} {}", at.saturating_add(1)), |name| name.to_string())
}

/// True when an audience may see all that is shown. A document may be named in several slots: one is enough.
fn may_see(
    view: &View,
    words: &BTreeMap<u64, Word<'_>>,
    (layout, shown): (&Layout, &BTreeSet<EvidenceDigest>),
) -> bool {
    let mut granted = BTreeSet::new();
    for word in words.values() {
        let mut claims = word.signed.submission().openings.iter().flatten();
        if !word.about.word_shown(view) || !claims.all(|claim| word.about.claim_shown(view, &claim.name)) {
            return false;
        }
        if let Statement::Attestation(said) = word.signed.statement() {
            let slots = said.evidence.iter().enumerate();
            let slots = slots.filter(|(at, _)| word.about.document_shown(view, layout, *at));
            granted.extend(slots.map(|(_, digest)| *digest));
        }
    }
    shown.is_subset(&granted)
}
