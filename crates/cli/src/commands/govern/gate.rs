//! Calls of a Gate to itself, as people write them.

use crate::desk::Desk;
use crate::fault::invalid;
use crate::words;
use anyhow::{Context, Result};
use lockstep_kernel::gate::{
    Dropped, Function, GateCall, GateChange, NewGuardian, NewLine, Permitted, PolicyOnLine, Tighter,
};
use lockstep_kernel::governance::governance_policy;
use lockstep_types::{Address, Digest, PolicyDigest};
use std::str::FromStr;

/// The policy of governance cases, by name: a Gate that is to be replaced accepts it for that line.
const GOVERNANCE: &str = "lockstep-governance/1";
/// What can be written, for the hint.
const FORMS: &str = "tighten LINE CAP WINDOW; retire POLICY LINE; forbid CONTRACT SIGNATURE; drop CHANGE; \
                     accept POLICY LINE; permit CONTRACT SIGNATURE LINE; \
                     set-line LINE WORD EXPONENT CAP WINDOW; set-guardian ADDRESS";

/// The change of the Gate at `PROGRAMME/DOMAIN`.
pub fn change(desk: &Desk, gate: &str, calls: &[String]) -> Result<GateChange> {
    let (programme, domain) = words::two_names(gate)?;
    let read = |text: &String| call(desk, text).with_context(|| format!("`{text}` is refused"));
    Ok(GateChange { calls: calls.iter().map(read).collect::<Result<_>>()?, domain, programme })
}

fn call(desk: &Desk, text: &str) -> Result<GateCall> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    Ok(match parts.as_slice() {
        ["accept", named, line] => GateCall::Accept(on_line(desk, named, line)?),
        ["retire", named, line] => GateCall::Retire(on_line(desk, named, line)?),
        ["drop", change] => GateCall::Drop(Dropped { change: read::<Digest>(without_0x(change))? }),
        ["forbid", target, signature] => {
            let (target, signature) = (read(target)?, (*signature).to_owned());
            GateCall::Forbid(Function { signature, target })
        }
        ["permit", target, signature, line] => {
            let (target, signature) = (read(target)?, (*signature).to_owned());
            GateCall::Permit(Permitted { line: read(line)?, signature, target })
        }
        ["set-guardian", guardian] => {
            GateCall::SetGuardian(NewGuardian { guardian: Address::from_user_text(guardian)? })
        }
        ["set-line", line, word, exponent, cap, window] => {
            let (cap, exponent, word) = (read(cap)?, read(exponent)?, read(word)?);
            GateCall::SetLine(NewLine { cap, exponent, line: read(line)?, window_s: seconds(window)?, word })
        }
        ["tighten", line, cap, window] => {
            GateCall::Tighten(Tighter { cap: read(cap)?, line: read(line)?, window_s: seconds(window)? })
        }
        _ => return Err(invalid("gate-call", "not a call of a Gate to itself").hint(FORMS).into()),
    })
}

/// A policy by its digest, or one in force by its name; by its own name, the one of governance cases.
fn on_line(desk: &Desk, named: &str, line: &str) -> Result<PolicyOnLine> {
    let policy = match named.parse::<PolicyDigest>() {
        Ok(digest) => digest,
        Err(_) if named == GOVERNANCE => governance_policy(),
        Err(_) => desk.policy(named)?.digest(),
    };
    Ok(PolicyOnLine { line: read(line)?, policy })
}

fn read<T: FromStr>(text: &str) -> Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error: T::Err| {
        invalid("gate-call", format!("`{text}` has another form than expected"))
            .source(error)
            .hint(FORMS)
            .into()
    })
}

fn without_0x(text: &str) -> &str {
    text.strip_prefix("0x").unwrap_or(text)
}

/// A window: whole seconds.
fn seconds(text: &str) -> Result<u32> {
    let ms = words::duration_ms(text)?;
    let whole = ms.checked_div(1_000).filter(|seconds| seconds.checked_mul(1_000) == Some(ms));
    whole.and_then(|seconds| u32::try_from(seconds).ok()).ok_or_else(|| {
        let text = format!("`{text}` is no window: expected whole seconds, {} s at most", u32::MAX);
        invalid("gate-call", text).into()
    })
}
