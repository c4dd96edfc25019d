//! The contracts of `contracts/`, as their compiler describes them: calls, events, errors, creation code.
#![expect(missing_docs, reason = "the compiler's description of a contract becomes items without a page")]

use alloy_primitives::Bytes;
use alloy_sol_types::{SolError, SolInterface};

/// A module a contract: each describes the structs that it takes.
macro_rules! contract {
    ($($(#[$doc:meta])* $module:ident $name:ident $path:literal;)*) => {$(
        $(#[$doc])*
        pub mod $module {
            alloy_sol_types::sol!(
                #[derive(Debug)]
                $name,
                $path
            );

            /// What the compiler wrote.
            pub const ARTIFACT: &str = include_str!(concat!("../", $path));
        }
    )*};
}

contract! {
    /// Keeps certified roots.
    anchor Anchor "../../contracts/artifacts/Anchor.json";
    /// Executes outcomes.
    gate Gate "../../contracts/artifacts/Gate.json";
    /// Holds deposits of open cases.
    escrow Escrow "../../contracts/artifacts/Escrow.json";
    /// The demo's coin.
    token Token "../../contracts/artifacts/Token.json";
}

pub use anchor::Anchor;
pub use escrow::Escrow;
pub use gate::Gate;
pub use token::Token;

/// Creation code of a contract, from what the compiler wrote, without arguments.
///
/// # Errors
/// What is wrong with the text.
pub fn creation_code(artifact: &str) -> Result<Bytes, String> {
    #[derive(serde::Deserialize)]
    struct Artifact {
        bytecode: Bytes,
    }
    serde_json::from_str::<Artifact>(artifact).map(|artifact| artifact.bytecode).map_err(|e| e.to_string())
}

/// The error that a contract answered with, as its source names it, with its fields.
#[must_use]
pub fn reason(answer: &[u8]) -> String {
    // A Gate wraps what the contract answered that it called; that is no Gate.
    match gate::Gate::CallFailed::abi_decode(answer) {
        Ok(failed) => format!("CallFailed: {}", own_reason(&failed.answer)),
        Err(_) => own_reason(answer),
    }
}

fn own_reason(answer: &[u8]) -> String {
    shown::<Gate::GateErrors>(answer)
        .or_else(|| shown::<Anchor::AnchorErrors>(answer))
        .or_else(|| shown::<Token::TokenErrors>(answer))
        .or_else(|| shown::<Escrow::EscrowErrors>(answer))
        .unwrap_or_else(|| format!("an answer of {} bytes that is no known error", answer.len()))
}

/// One of a contract's errors, without the name of the enum's variant around it.
fn shown<E: SolInterface + core::fmt::Debug>(answer: &[u8]) -> Option<String> {
    let text = format!("{:?}", E::abi_decode(answer).ok()?);
    let inner = text.split_once('(').and_then(|(_, inner)| inner.strip_suffix(')'));
    Some(inner.unwrap_or(&text).to_owned())
}

/// The name alone of the error that a contract answered with; of the inner one where a Gate's call failed.
#[must_use]
pub fn error_name(answer: &[u8]) -> String {
    let text = reason(answer);
    let inner = text.rsplit("CallFailed: ").next().unwrap_or_default();
    inner.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}
