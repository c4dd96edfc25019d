//! `gate.toml`: what no policy says of a Gate, which is how much of each line passes in which time, and who
//! may pause it.

use super::{Wanted, WantedLine};
use crate::claim::cut;
use crate::finding::{Finding, SETUP_FILE};
use crate::layout;
use crate::layout::raw::Ordered;
use crate::layout::typing::Reader;
use crate::model::{AbiType, Call};
use lockstep_types::{Address, Name, PolicyDigest};
use serde::Deserialize;

/// The `format` that this module reads.
const FORMAT: &str = "lockstep-gate/1";
/// In place of an argument: every call counts one.
const CALLS: &str = "calls";
/// Largest cap: a Gate keeps 56 bits.
const CAP_MAX: u64 = (1 << 56) - 1;
/// Largest unit of a cap, as a power of ten of the token's smallest unit.
const EXPONENT_MAX: i64 = 30;
/// A line that only moves deposits takes no ordinary call.
const DEPOSITS_WINDOW_S: u32 = 86_400;

/// What a Gate is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateSetup {
    /// Who may pause it; nobody, where none is named.
    pub guardian: Option<Address>,
    /// Its lines, in the order of [`Wanted::lines`].
    pub lines: Vec<LineSetup>,
}

/// A line and its cap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineSetup {
    /// Its name.
    pub name: Name,
    /// The policies that may use it.
    pub policies: Vec<PolicyDigest>,
    /// Signatures of the token's calls that belong to it.
    pub signatures: Vec<String>,
    /// What the cap counts.
    pub counted: Counted,
    /// Units of the cap: 10 to this power of what is counted.
    pub exponent: u8,
    /// Most in one window, in those units.
    pub cap: u64,
    /// Seconds.
    pub window_s: u32,
}

/// What a cap counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Calls.
    Calls,
    /// The argument at this place of every call, from 0.
    Word(u8),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSetup {
    format: String,
    guardian: Option<String>,
    #[serde(default)]
    line: Ordered<RawLine>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLine {
    counts: String,
    cap: i64,
    unit: Option<i64>,
    window: String,
}

impl GateSetup {
    /// Reads `gate.toml` for what policies want of a Gate.
    ///
    /// # Errors
    /// All findings that could be made, sorted by place.
    pub fn from_file(wanted: &Wanted, bytes: &[u8]) -> Result<Self, Vec<Finding>> {
        let source = layout::text(SETUP_FILE, bytes)?;
        let (raw, places) = layout::parse::<RawSetup>(source)?;
        let mut reading = Reading { wanted, reader: Reader::new(source, places) };
        let setup = reading.setup(&raw);
        let mut findings = reading.reader.findings;
        findings.sort();
        match setup {
            Some(setup) if findings.is_empty() => Ok(setup),
            _ => Err(findings),
        }
    }
}

struct Reading<'a> {
    wanted: &'a Wanted,
    reader: Reader<'a>,
}

impl Reading<'_> {
    fn setup(&mut self, raw: &RawSetup) -> Option<GateSetup> {
        if raw.format != FORMAT {
            let text = format!("`{}` is not a known format: expected `{FORMAT}`", cut(&raw.format, 40));
            self.reader.fault("/format", "unknown-format", text);
        }
        let guardian = raw.guardian.as_deref().map(|text| self.guardian(text));
        for (name, _) in &raw.line.0 {
            let known = self.wanted.lines.iter().any(|line| line.name.as_str() == name);
            if !known {
                let text = format!("no outcome of the policies uses line `{}`", cut(name, 64));
                self.reader.fault(&format!("/line/{name}"), "unknown-line", text);
            }
        }
        let wanted: Vec<WantedLine> = self.wanted.lines.clone();
        let lines: Vec<Option<LineSetup>> = wanted.into_iter().map(|line| self.line(line, raw)).collect();
        let guardian = match guardian {
            None => None,
            Some(found) => Some(found?),
        };
        Some(GateSetup { guardian, lines: lines.into_iter().collect::<Option<_>>()? })
    }

    fn guardian(&mut self, text: &str) -> Option<Address> {
        let address: Address = self.reader.parse("/guardian", "address", text)?;
        if address.0 == [0; 20] {
            self.reader.fault("/guardian", "address", "nobody has the zero address: leave `guardian` away");
            return None;
        }
        Some(address)
    }

    fn line(&mut self, wanted: WantedLine, raw: &RawSetup) -> Option<LineSetup> {
        let found = raw.line.0.iter().find(|(name, _)| name == wanted.name.as_str()).map(|(_, line)| line);
        let path = format!("/line/{}", wanted.name);
        let signatures = wanted.signatures().into_iter().map(str::to_owned).collect();
        let (counted, exponent, cap, window_s) = match (found, wanted.calls.is_empty()) {
            (None, true) => (Counted::Calls, 0, 0, DEPOSITS_WINDOW_S),
            (Some(_), true) => {
                let text = format!("line `{}` only moves deposits, which know no cap", wanted.name);
                self.reader.fault(&path, "no-cap", text);
                return None;
            }
            (None, false) => {
                let finding = self.reader.missing(format!("line `{}` has no cap", wanted.name));
                let hint = format!("add `[line.{}]` with `counts`, `cap` and `window`", wanted.name);
                self.reader.findings.push(finding.hint(hint));
                return None;
            }
            (Some(line), false) => self.cap(&path, line, &wanted.calls)?,
        };
        Some(LineSetup {
            name: wanted.name,
            policies: wanted.policies,
            signatures,
            counted,
            exponent,
            cap,
            window_s,
        })
    }

    fn cap(&mut self, path: &str, line: &RawLine, calls: &[Call]) -> Option<(Counted, u8, u64, u32)> {
        let counted = self.counted(&format!("{path}/counts"), &line.counts, calls);
        let exponent = match (line.unit, counted) {
            (None, Some(Counted::Word(_))) => Some(u32::from(self.wanted.domain.decimals)),
            (None, _) => Some(0),
            (Some(found), _) => self.reader.count(&format!("{path}/unit"), found, 0..=EXPONENT_MAX),
        };
        let cap = u64::try_from(line.cap).ok().filter(|cap| (1..=CAP_MAX).contains(cap));
        if cap.is_none() {
            let text = format!("{} lies outside 1 to {CAP_MAX}", line.cap);
            self.reader.fault(&format!("{path}/cap"), "number", text);
        }
        let window = format!("{path}/window");
        let seconds = self.reader.duration(&window, &line.window).map(|ms| ms / 1_000);
        let seconds = seconds.and_then(|seconds| u32::try_from(seconds).ok());
        Some((counted?, exponent.and_then(|exponent| u8::try_from(exponent).ok())?, cap?, seconds?))
    }

    /// The argument's place, which has to be an amount in every call of the line.
    fn counted(&mut self, path: &str, text: &str, calls: &[Call]) -> Option<Counted> {
        if text == CALLS {
            return Some(Counted::Calls);
        }
        let at = calls.iter().find_map(|call| call.args.iter().position(|arg| arg.text() == text));
        let Some(at) = at else {
            let known: Vec<String> = calls.iter().flat_map(amounts).map(|text| format!("`{text}`")).collect();
            let text = format!(
                "`{}` is no argument of the line's calls: expected `{CALLS}` or one of {}",
                cut(text, 80),
                known.join(", ")
            );
            self.reader.fault(path, "unknown-argument", text);
            return None;
        };
        if let Some(call) = calls.iter().find(|call| call.types.get(at) != Some(&AbiType::Uint256)) {
            let text = format!(
                "argument {at} of `{}` is no amount: all calls of a line count alike",
                call.signature
            );
            self.reader.fault(path, "not-an-amount", text);
            return None;
        }
        u8::try_from(at).ok().map(Counted::Word)
    }
}

/// The arguments of a call that are amounts, as its policy writes them.
fn amounts(call: &Call) -> impl Iterator<Item = String> + '_ {
    let typed = call.args.iter().zip(&call.types);
    typed.filter(|(_, kind)| **kind == AbiType::Uint256).map(|(arg, _)| arg.text())
}
