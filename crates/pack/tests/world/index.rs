//! The files of `vectors/pack`: each pack, the trust file, and what a verifier says.

use crate::small::vectors;
use lockstep_pack::{Missing, Verdict, verify};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Index {
    cases: Vec<Entry>,
    format: &'static str,
}

#[derive(Serialize)]
struct Entry {
    file: String,
    flags: Vec<&'static str>,
    missing: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<u64>,
    rests_on: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    trust: bool,
    verdict: &'static str,
}

/// Name and content of every file.
pub fn files() -> BTreeMap<String, Vec<u8>> {
    let (all, trust) = vectors();
    let mut files = BTreeMap::from([("trust.json".to_owned(), trust.to_vec().unwrap())]);
    let mut cases = Vec::new();
    for vector in all {
        let report = verify(&vector.bytes, Some(&trust).filter(|_| vector.trusted));
        let (rule, record) = match &report.verdict {
            Verdict::Failed(failure) => (Some(failure.rule.code()), failure.record),
            _ => (None, None),
        };
        let missing = match &report.verdict {
            Verdict::CannotTell(missing) => missing.iter().map(Missing::code).collect(),
            _ => Vec::new(),
        };
        // The same bytes with and without trust need one file.
        let file = format!("{}.json", vector.name.trim_end_matches("_without_trust"));
        cases.push(Entry {
            file: file.clone(),
            flags: report.flags.iter().map(|flag| flag.code()).collect(),
            missing,
            record,
            rests_on: report.rests_on.iter().map(|reliance| reliance.code()).collect(),
            rule,
            trust: vector.trusted,
            verdict: report.verdict.code(),
        });
        files.insert(file, vector.bytes);
    }
    let index = serde_json::to_vec_pretty(&Index { cases, format: "lockstep-vectors/1" }).unwrap();
    files.insert("index.json".to_owned(), index);
    files
}
