//! Openings of claims against what a policy declares: one slot each, in order, in canonical text.

use crate::refusal::Refusal;
use lockstep_attest::Claim;
use lockstep_policy::{ClaimDecl, ClaimKind, ClaimValue, Layout};
use lockstep_types::Name;
use std::collections::BTreeMap;

/// Canonical texts by name; nothing where the opening is withheld.
pub(crate) type Texts = BTreeMap<Name, Option<String>>;
/// Typed values by name.
pub(crate) type Values = BTreeMap<Name, Option<ClaimValue>>;

/// What a checked policy mentions exists; if not, the step is refused rather than guessed.
pub(crate) fn declared<'a, T>(found: Option<&'a T>, name: &Name) -> Result<&'a T, Refusal> {
    found.ok_or_else(|| Refusal::StepUnknown { step: name.clone() })
}

/// The parameters of a case.
pub(crate) fn param_texts(layout: &Layout, openings: &[Option<Claim>]) -> Result<Texts, Refusal> {
    if openings.len() != layout.params.len() {
        let (expected, found) = (layout.params.len(), openings.len());
        return Err(Refusal::ClaimCount { step: "open".to_owned(), expected, found });
    }
    let mut texts = Texts::new();
    for (param, opening) in layout.params.iter().zip(openings) {
        let text = named(&param.name, opening.as_ref())?;
        if let Some(text) = &text {
            let refused = |what: String| Refusal::ClaimForm { claim: param.name.clone(), what };
            param.parse(text).map_err(|error| refused(error.to_string()))?;
        }
        texts.insert(param.name.clone(), text);
    }
    Ok(texts)
}

/// The claims of a step, as canonical texts.
pub(crate) fn claim_texts(
    step: &Name,
    claims: &[ClaimDecl],
    openings: &[Option<Claim>],
) -> Result<Texts, Refusal> {
    Ok(stated(step, claims, openings)?.0)
}

/// The claims of a step, as canonical texts and as typed values.
pub(crate) fn stated(
    step: &Name,
    claims: &[ClaimDecl],
    openings: &[Option<Claim>],
) -> Result<(Texts, Values), Refusal> {
    if openings.len() != claims.len() {
        let (expected, found) = (claims.len(), openings.len());
        return Err(Refusal::ClaimCount { step: step.to_string(), expected, found });
    }
    let (mut texts, mut values) = (Texts::new(), Values::new());
    for (claim, opening) in claims.iter().zip(openings) {
        let text = named(&claim.name, opening.as_ref())?;
        let refused = |what: String| Refusal::ClaimForm { claim: claim.name.clone(), what };
        let value = text.as_ref().map(|text| claim.kind.parse(text)).transpose();
        values.insert(claim.name.clone(), value.map_err(|error| refused(error.to_string()))?);
        texts.insert(claim.name.clone(), text);
    }
    Ok((texts, values))
}

fn named(expected: &Name, opening: Option<&Claim>) -> Result<Option<String>, Refusal> {
    match opening {
        None => Ok(None),
        Some(claim) if claim.name == expected.as_str() => Ok(Some(claim.value.clone())),
        Some(claim) => {
            let found: String = claim.name.chars().take(80).collect();
            let what = format!("its slot holds a claim named `{found}`");
            Err(Refusal::ClaimForm { claim: expected.clone(), what })
        }
    }
}

/// Parameters as typed values. The texts were read once when they were accepted.
pub(crate) fn param_values(layout: &Layout, texts: &Texts) -> Values {
    let kind_of = |name: &Name| layout.param(name.as_str()).map(|param| param.kind);
    typed(texts, kind_of)
}

/// Claims as typed values.
pub(crate) fn claim_values(claims: &[ClaimDecl], texts: &Texts) -> Values {
    let kind_of = |name: &Name| claims.iter().find(|claim| claim.name == *name).map(|claim| claim.kind);
    typed(texts, kind_of)
}

fn typed(texts: &Texts, kind_of: impl Fn(&Name) -> Option<ClaimKind>) -> Values {
    let value = |name: &Name, text: &Option<String>| {
        text.as_ref().and_then(|text| kind_of(name).and_then(|kind| kind.parse(text).ok()))
    };
    texts.iter().map(|(name, text)| (name.clone(), value(name, text))).collect()
}
