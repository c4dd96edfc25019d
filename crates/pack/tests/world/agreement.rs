//! Two readers, one answer: packs of every kind, changed at random, are verified here and by the reader in
//! TypeScript, which knows the specifications and nothing of this code.

use crate::mutate::{Random, change_bytes, change_structure};
use crate::reforge::reforge;
use crate::specimens::{Specimen, of_every_kind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockstep_pack::{Trust, verify};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Readers that work side by side.
const READERS: u64 = 2;
/// Packs that are kept.
const KEPT_MAX: usize = 40;

/// The other reader: a pack and a trust file a line, a report a line.
struct Reader {
    child: Child,
    input: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Reader {
    fn start(program: &Path) -> std::io::Result<Self> {
        let mut child =
            Command::new("node").arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (Some(input), Some(output)) = (input, output) else {
            return Err(std::io::Error::other("the reader has no pipes"));
        };
        Ok(Self { child, input, answers: BufReader::new(output).lines() })
    }

    fn ask(&mut self, pack: &[u8], trust: Option<&[u8]>) -> std::io::Result<Value> {
        let question = json!({ "pack": STANDARD.encode(pack), "trust": trust.map(|t| STANDARD.encode(t)) });
        writeln!(self.input, "{question}")?;
        self.input.flush()?;
        let answer = self.answers.next().ok_or_else(|| std::io::Error::other("the reader has ended"))??;
        Ok(serde_json::from_str(&answer)?)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What two readers must say alike: of a pack that fails, how; of any other, everything but texts.
fn binding(report: Value) -> Value {
    let report = without_texts(report);
    if report["verdict"] == "failed" {
        return json!({ "failure": report["failure"], "verdict": "failed" });
    }
    report
}

fn without_texts(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(key, _)| key != "text");
            Value::Object(kept.map(|(key, value)| (key, without_texts(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_texts).collect()),
        other => other,
    }
}

/// A changed pack, and what its reader trusts.
fn changed(
    specimen: &Specimen,
    value: &Value,
    random: &mut Random,
) -> (&'static str, Vec<u8>, Option<Trust>) {
    let trust = specimen.trust.clone();
    match random.below(8) {
        0 => ("bytes", change_bytes(&specimen.pack, random), trust),
        1 | 2 => ("structure", change_structure(value, random), trust),
        _ => {
            let mut inner = value.clone();
            let part = if random.below(6) == 0 { "map" } else { "excerpt" };
            let piece = serde_json::from_slice(&change_structure(&value[part], random));
            inner[part] = piece.unwrap_or(Value::Null);
            let bytes = serde_json::to_vec(&inner).unwrap_or_default();
            match reforge(&specimen.world, &bytes) {
                Some((pack, trust)) => ("forged", pack, Some(trust)),
                None => ("structure", bytes, trust),
            }
        }
    }
}

/// What was seen.
#[derive(Default)]
pub struct Seen {
    /// How a pack was changed, what was said of it, and how often.
    pub answers: BTreeMap<String, usize>,
    /// Where the two said something else.
    pub apart: Vec<String>,
}

/// What is compared.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The other reader's program.
    pub reader: PathBuf,
    /// Where packs on which the two part are kept.
    pub keep: PathBuf,
    /// How many packs.
    pub count: u64,
    /// Where the generator begins.
    pub seed: u64,
}

/// Compares, with readers side by side.
pub fn compare(plan: &Plan) -> std::io::Result<Seen> {
    std::fs::create_dir_all(&plan.keep)?;
    let runs = (0..READERS).map(|first| {
        let plan = plan.clone();
        std::thread::spawn(move || plan.go(first))
    });
    let mut all = Seen::default();
    for run in runs.collect::<Vec<_>>() {
        let seen = run.join().map_err(|_| std::io::Error::other("a run has ended in a panic"))??;
        seen.answers.into_iter().for_each(|(answer, count)| *all.answers.entry(answer).or_default() += count);
        all.apart.extend(seen.apart);
    }
    Ok(all)
}

impl Plan {
    /// Every so manieth pack.
    fn go(&self, first: u64) -> std::io::Result<Seen> {
        let specimens = of_every_kind();
        let values: Vec<Value> =
            specimens.iter().map(|s| serde_json::from_slice(&s.pack)).collect::<Result<_, _>>()?;
        let (mut reader, mut seen) = (Reader::start(&self.reader)?, Seen::default());
        for number in (first..self.count).step_by(READERS as usize) {
            let seed = self.seed.wrapping_add(number);
            let which = (number as usize) % specimens.len();
            let Some((specimen, value)) = specimens.get(which).zip(values.get(which)) else { continue };
            // The first round is of the packs as they are.
            let fresh = (number as usize) < specimens.len();
            let (how, pack, trust) = if fresh {
                ("unchanged", specimen.pack.clone(), specimen.trust.clone())
            } else {
                changed(specimen, value, &mut Random(seed))
            };
            let trust_bytes = trust.as_ref().and_then(|trust| trust.to_vec().ok());
            let theirs = binding(reader.ask(&pack, trust_bytes.as_deref())?);
            let ours = verify(&pack, trust.as_ref()).to_json().map_err(std::io::Error::other)?;
            let ours = binding(serde_json::from_slice(&ours)?);
            let rule = ours["failure"]["rule"].as_str().unwrap_or_default();
            let verdict = ours["verdict"].as_str().unwrap_or_default();
            *seen.answers.entry(format!("{how}: {verdict} {rule}")).or_default() += 1;
            if ours != theirs {
                let place = self.keep.join(format!("{seed}"));
                if seen.apart.len() < KEPT_MAX {
                    std::fs::write(place.with_extension("pack.json"), &pack)?;
                    std::fs::write(place.with_extension("trust.json"), trust_bytes.unwrap_or_default())?;
                }
                let part = first_difference(&ours, &theirs);
                seen.apart.push(format!("seed {seed}, {} ({how}): {part}", specimen.name));
            }
        }
        Ok(seen)
    }
}

/// Where two reports part, first of verdict and failure, then of the rest.
fn first_difference(ours: &Value, theirs: &Value) -> String {
    let fields = ["verdict", "failure", "missing", "rests_on", "flags", "facts", "format"];
    let parted = fields.iter().find(|field| ours[**field] != theirs[**field]);
    let short = |value: &Value| value.to_string().chars().take(400).collect::<String>();
    match parted {
        Some(field) => {
            format!("{field}\n   here  {}\n   there {}", short(&ours[*field]), short(&theirs[*field]))
        }
        None => "in a field that one of them does not have".to_owned(),
    }
}
