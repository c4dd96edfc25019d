//! Errors as they travel: RFC 9457, with the stable codes that the command line uses too.

use crate::openapi::ReceiptObject;
use lockstep_attest::SubmissionError;
use lockstep_kernel::Refusal;
use lockstep_kernel::refusal::Kind as RefusalKind;
use lockstep_ledger::receipt::Receipt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The media type of a problem.
pub const PROBLEM_TYPE: &str = "application/problem+json";

/// What sort of error it is: whether trying again, or asking for something else, can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What was asked cannot be understood.
    Invalid,
    /// Nobody known has signed the question.
    Unauthorised,
    /// There is no such thing, or not for whoever asks.
    Missing,
    /// It was understood, and a rule says no.
    Refused,
    /// It does not fit what others have done since.
    Conflict,
    /// Too long, or too many.
    Limit,
    /// Somebody else is at work; the same again may succeed.
    Retry,
    /// The server failed.
    Internal,
}

impl Kind {
    /// The status that an answer of this kind has.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthorised => 401,
            Self::Missing => 404,
            Self::Refused => 422,
            Self::Conflict => 409,
            Self::Limit => 413,
            Self::Retry => 503,
            Self::Internal => 500,
        }
    }
}

impl From<RefusalKind> for Kind {
    fn from(kind: RefusalKind) -> Self {
        match kind {
            RefusalKind::Invalid => Self::Invalid,
            RefusalKind::Refused => Self::Refused,
            RefusalKind::Conflict => Self::Conflict,
            RefusalKind::Retry => Self::Retry,
        }
    }
}

/// A problem (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Problem {
    /// Stable; see `docs/errors.md` and `docs/cli-errors.md`.
    pub code: String,
    /// What happened, in a sentence without names of persons or amounts.
    pub detail: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What sort of error it is.
    pub kind: Kind,
    /// The appender's receipt, when the refusal is on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ReceiptObject>")]
    pub receipt: Option<Box<Receipt>>,
    /// The HTTP status.
    pub status: u16,
    /// The code as a title.
    pub title: String,
    /// `urn:lockstep:error:CODE`.
    #[serde(rename = "type")]
    pub about: String,
}

impl Problem {
    /// A problem of this code.
    #[must_use]
    pub fn new(kind: Kind, code: &str, detail: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            detail: detail.into(),
            hint: None,
            kind,
            receipt: None,
            status: kind.status(),
            title: code.replace(['-', '_'], " "),
            about: format!("urn:lockstep:error:{code}"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A rule of the ledger said no; `receipt` when that is on record.
    #[must_use]
    pub fn refused(refusal: &Refusal, receipt: Option<Receipt>) -> Self {
        let code = refusal.code();
        let mut problem = Self::new(code.kind().into(), &code.as_text(), refusal.to_string());
        if problem.kind == Kind::Retry {
            // Nobody between is to send it again by itself, or to take the server for a failing one.
            problem.status = Kind::Conflict.status();
        }
        problem.receipt = receipt.map(Box::new);
        problem.hint(code.hint())
    }

    /// Form, openings or signatures do not hold.
    #[must_use]
    pub fn malformed(error: &SubmissionError) -> Self {
        let (kind, code) = match error {
            SubmissionError::UnknownKey { .. } => (Kind::Refused, "key-unknown"),
            SubmissionError::Signature { .. } => (Kind::Refused, "signature"),
            _ => (Kind::Invalid, "submission"),
        };
        let mut detail = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            detail.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        Self::new(kind, code, detail)
    }
}

impl core::fmt::Display for Problem {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Problem {}
