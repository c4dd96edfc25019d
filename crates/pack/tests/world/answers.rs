//! What must be said of a pack for ever, beside the pack.

use lockstep_pack::{Missing, Report, Trust, Verdict, verify};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A pack with its name.
pub struct Named {
    pub name: &'static str,
    pub pack: Vec<u8>,
}

/// What must be said of a pack for ever.
pub fn answer(report: &Report) -> Value {
    let mut answer = json!({ "verdict": report.verdict.code() });
    match &report.verdict {
        Verdict::Verified => {}
        Verdict::Failed(failure) => {
            answer["rule"] = failure.rule.code().into();
            if let Some(record) = failure.record {
                answer["record"] = record.into();
            }
        }
        Verdict::CannotTell(missing) => {
            answer["missing"] = missing.iter().map(Missing::code).collect::<Vec<_>>().into();
        }
    }
    answer
}

/// Trust files, the packs that are asked about under each, and `index.json` with the answers.
pub fn named_files(all: &[(&str, Trust, Vec<Named>)]) -> BTreeMap<String, Vec<u8>> {
    let (mut files, mut cases) = (BTreeMap::new(), Vec::new());
    for (file, trust, packs) in all {
        files.insert((*file).to_owned(), trust.to_vec().unwrap());
        for Named { name, pack } in packs {
            let report = verify(pack, Some(trust));
            let mut case =
                json!({ "answer": answer(&report), "file": format!("{name}.json"), "trust": file });
            if let Some(outcome) = report.facts.as_ref().and_then(|facts| facts.outcome.as_ref()) {
                case["phase"] = outcome.phase.clone().into();
                case["rules"] = outcome.rules.version().into();
            }
            cases.push(case);
            files.insert(format!("{name}.json"), pack.clone());
        }
    }
    let index = json!({ "cases": cases, "format": "lockstep-vectors/1" });
    files.insert("index.json".to_owned(), serde_json::to_vec_pretty(&index).unwrap());
    files
}
