//! What people write on the command line, turned into the one canonical form.

use crate::fault::invalid;
use crate::os;
use crate::records;
use anyhow::{Context, Result};
use lockstep_node::Replica;
use lockstep_node::client::Texts;
use lockstep_policy::{ClaimError, ClaimKind, Policy};
use lockstep_types::{Address, CaseId, CredentialDigest, LedgerId, Money, Name, Time};
use std::path::PathBuf;
use std::sync::Arc;

/// A time: `2026-11-21T06:10:15.000Z`; milliseconds may be left out, and a date alone is its first moment in
/// UTC.
pub fn time(text: &str) -> Result<Time> {
    let candidates = [
        text.to_owned(),
        text.strip_suffix('Z').map(|rest| format!("{rest}.000Z")).unwrap_or_default(),
        format!("{text}T00:00:00.000Z"),
    ];
    candidates.iter().find_map(|candidate| candidate.parse().ok()).ok_or_else(|| {
        let text = format!("`{text}` is not a time: expected a form such as `2026-11-21T06:10:15.000Z`");
        invalid("time", text).into()
    })
}

/// A duration: a number and `ms`, `s`, `m`, `h` or `d`; in milliseconds.
pub fn duration_ms(text: &str) -> Result<u64> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let read = |(unit, ms): &(&str, u64)| text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(*ms);
    units.iter().find_map(read).ok_or_else(|| {
        invalid(
            "duration",
            format!("`{text}` is not a duration: expected a form such as `30s`, `36h` or `7d`"),
        )
        .into()
    })
}

/// A time, or a duration from now.
pub fn time_or_in(text: &str, now: Time) -> Result<Time> {
    match duration_ms(text) {
        Ok(ms) => Ok(now.saturating_add_ms(ms)),
        Err(_) => time(text),
    }
}

/// `name=value`.
pub fn pair(text: &str) -> Result<(String, String)> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| invalid("pair", format!("`{text}` is not of the form `name=value`")))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// `name=FILE`, one for each name.
pub fn files(pairs: &[String]) -> Result<Vec<(String, PathBuf)>> {
    pairs.iter().map(|text| pair(text).map(|(name, file)| (name, PathBuf::from(file)))).collect()
}

/// Values as people write them, by declared kind; names that are not declared pass through and are refused
/// later, together with the list of those that are.
pub fn texts(
    pairs: &[String],
    kind_of: impl Fn(&str) -> Option<ClaimKind>,
    ledger: &LedgerId,
) -> Result<Texts> {
    let mut texts = Texts::new();
    for text in pairs {
        let (name, value) = pair(text)?;
        let canonical = match kind_of(&name) {
            Some(kind) => canonical(kind, &value, ledger).with_context(|| format!("`{name}` is refused"))?,
            None => value,
        };
        if texts.insert(name.clone(), canonical).is_some() {
            return Err(invalid("pair", format!("`{name}` is given twice")).into());
        }
    }
    Ok(texts)
}

/// The one canonical text of what a person wrote for a value of this kind. Nothing is guessed: only letters
/// of another case, missing zeros, and the word `ledger` for the id of this ledger.
pub fn canonical(kind: ClaimKind, text: &str, ledger: &LedgerId) -> Result<String, ClaimError> {
    let text = text.trim();
    let written = match kind {
        ClaimKind::Money(currency) => {
            Money::from_decimal(&with_decimals(text, currency.decimals()), currency)
                .map_or_else(|_| text.to_owned(), |money| money.decimal())
        }
        ClaimKind::Time => time(text).map_or_else(|_| text.to_owned(), |time| time.to_string()),
        ClaimKind::Account => {
            Address::from_user_text(text).map_or_else(|_| text.to_owned(), |a| a.to_string())
        }
        ClaimKind::Digest if text == "ledger" => ledger.to_string(),
        ClaimKind::Digest | ClaimKind::Bool | ClaimKind::Name => text.to_ascii_lowercase(),
        ClaimKind::Bic | ClaimKind::Country | ClaimKind::Lei => text.to_ascii_uppercase(),
        ClaimKind::Int | ClaimKind::Text => text.to_owned(),
    };
    kind.parse(&written)?;
    Ok(written)
}

/// `1000000` and `1000000.5` with the zeros that the currency asks for.
fn with_decimals(text: &str, decimals: u16) -> String {
    let decimals = usize::from(decimals);
    let fraction = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    if decimals == 0 || fraction >= decimals || text.ends_with('.') {
        return text.to_owned();
    }
    let point = if fraction == 0 { "." } else { "" };
    format!("{text}{point}{}", "0".repeat(decimals - fraction))
}

/// The one item whose id begins with `prefix`.
pub fn one<T: Copy + ToString + Ord>(prefix: &str, what: &str, ids: impl Iterator<Item = T>) -> Result<T> {
    let wanted = prefix.to_ascii_lowercase();
    let mut found: Vec<T> = ids.filter(|id| id.to_string().starts_with(&wanted)).collect();
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(invalid("unknown-id", format!("no {what} begins with `{prefix}`"))
            .hint(format!("`lockstep {what} list DIR` shows them"))
            .into()),
        more => {
            let text =
                format!("{} of them begin with `{prefix}`: give more letters of the {what}", more.len());
            Err(invalid("ambiguous-id", text).into())
        }
    }
}

/// A case, by the letters its id begins with.
pub fn case(replica: &Replica, prefix: &str) -> Result<CaseId> {
    one(prefix, "case", records::openings(replica)?.into_iter().map(|opening| opening.case))
}

/// A credential, by the letters its id begins with.
pub fn credential(replica: &Replica, prefix: &str) -> Result<CredentialDigest> {
    one(prefix, "credential", replica.kernel().credentials().map(|(id, _)| *id))
}

/// A policy in force: its name, or `PROGRAMME/NAME` where two programmes have one of that name.
pub fn policy(replica: &Replica, text: &str) -> Result<Arc<Policy>> {
    policy_of(policies_in_force(replica), text)
}

/// Every policy in force, with programme and name.
pub fn policies_in_force(replica: &Replica) -> Vec<(Name, Name, Arc<Policy>)> {
    let kernel = replica.kernel();
    let in_force = kernel.programmes().flat_map(|(programme, p)| {
        p.policies.iter().map(move |(name, (digest, _))| (programme, name, digest))
    });
    let known = in_force.filter_map(|(programme, name, digest)| {
        let policy = Arc::clone(&kernel.policy(digest)?.policy);
        Some((programme.clone(), name.clone(), policy))
    });
    known.collect()
}

/// The one of these policies, by programme and name, that is meant.
pub fn policy_of(in_force: Vec<(Name, Name, Arc<Policy>)>, text: &str) -> Result<Arc<Policy>> {
    let (programme, name) = match text.split_once('/') {
        Some((programme, name)) => (Some(programme), name),
        None => (None, text),
    };
    let asked = in_force.into_iter().filter(|(found, _, _)| programme.is_none_or(|p| p == found.as_str()));
    let known: Vec<_> = asked.collect();
    let found: Vec<_> = known.iter().filter(|(_, found, _)| found.as_str() == name).collect();
    match found.as_slice() {
        [(_, _, policy)] => Ok(Arc::clone(policy)),
        [] => {
            let names: Vec<String> = known.iter().map(|(p, n, _)| format!("`{p}/{n}`")).collect();
            let there = if names.is_empty() { "there are none".to_owned() } else { names.join(", ") };
            Err(invalid("policy-unknown", format!("no policy `{text}` is in force: {there}"))
                .hint("adopt one with `lockstep govern adopt DIR POLICY-DIR --as KEY`")
                .into())
        }
        _ => Err(invalid(
            "policy-unknown",
            format!("`{name}` is in force in several programmes: say PROGRAMME/{name}"),
        )
        .into()),
    }
}

/// `PROGRAMME/NAME`.
pub fn two_names(text: &str) -> Result<(Name, Name)> {
    let (programme, name) = text
        .split_once('/')
        .ok_or_else(|| invalid("pair", format!("`{text}` is not of the form `PROGRAMME/NAME`")))?;
    Ok((programme.parse()?, name.parse()?))
}

/// The three files of a policy: layout, guards, and scenarios if there are any.
pub struct PolicyFiles {
    /// `policy.toml`.
    pub layout: Vec<u8>,
    /// `guards.cedar`.
    pub guards: Vec<u8>,
    /// `tests.toml`.
    pub tests: Option<Vec<u8>>,
}

/// Reads the files of a policy.
pub fn policy_files(dir: &std::path::Path) -> Result<PolicyFiles> {
    let read = |name: &str| os::read(&dir.join(name), os::SMALL_FILE_BYTES_MAX * 2);
    let tests = dir.join(lockstep_policy::finding::TESTS_FILE);
    Ok(PolicyFiles {
        layout: read(lockstep_policy::finding::LAYOUT_FILE)?,
        guards: read(lockstep_policy::finding::GUARDS_FILE)?,
        tests: tests.exists().then(|| os::read(&tests, os::FILE_BYTES_MAX)).transpose()?,
    })
}

#[cfg(test)]
mod tests;
