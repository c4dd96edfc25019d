//! Why a mapping is none, and why a message proposes nothing.

use crate::iso::{AmountError, DateError};
use crate::message::{ItemError, MessageKind};
use crate::payment::PaymentError;
use lockstep_types::canonical::CanonicalError;
use lockstep_types::{Currency, Digest, Name};

/// Why a text is no mapping. Variants stand in the order of the checks.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MappingError {
    /// Longer than a mapping may be.
    #[error("the mapping has {found} bytes, at most {max} are accepted")]
    TooLong {
        /// Bytes found.
        found: usize,
        /// Bytes accepted.
        max: usize,
    },
    /// Not TOML, or not of the form of a mapping.
    #[error("the mapping is not of its form")]
    Toml(#[source] Box<toml::de::Error>),
    /// Another format.
    #[error("the mapping calls itself `{found}`, expected `lockstep-mapping/1`")]
    Format {
        /// The name found.
        found: String,
    },
    /// A message that is not read.
    #[error(
        "step `{step}` maps `{found}`, expected `camt.053`, `camt.054`, `pacs.002`, `pacs.008` or `json`"
    )]
    Message {
        /// The step.
        step: Name,
        /// The name found.
        found: String,
    },
    /// A field that no message has.
    #[error(
        "step `{step}` names the field `{found}`, which no message has; `docs/reading-messages.md` lists them"
    )]
    Field {
        /// The step.
        step: Name,
        /// The name found.
        found: String,
    },
    /// A claim that is not filled from one source in one form.
    #[error("claim `{claim}` of step `{step}`: {expected}")]
    Claim {
        /// The step.
        step: Name,
        /// The claim.
        claim: Name,
        /// What would be one.
        expected: &'static str,
    },
    /// A step that is not filled from JSON in its form.
    #[error("step `{step}`: {expected}")]
    Json {
        /// The step.
        step: Name,
        /// What would be one.
        expected: &'static str,
    },
    /// Something that must be required is not.
    #[error("step `{step}` must `require` a `{field}`: {message} speaks of every kind of it")]
    Open {
        /// The step.
        step: Name,
        /// The field.
        field: &'static str,
        /// The message.
        message: MessageKind,
    },
    /// Not an offset from UTC.
    #[error(transparent)]
    Offset(#[from] crate::iso::UtcOffsetError),
}

/// Why a message proposes nothing, or a draft is not what it says. Variants stand in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// Not a draft's bytes.
    #[error("the draft is not of its form")]
    Form(#[from] CanonicalError),
    /// Another format.
    #[error("the draft calls itself `{found}`, expected `lockstep-draft/1`")]
    Format {
        /// The name found.
        found: String,
    },
    /// Longer than a draft may be.
    #[error("the draft has {found} bytes, at most 262144 are accepted")]
    TooLong {
        /// Bytes found.
        found: usize,
    },
    /// The file is not the one that the draft was made from.
    #[error("the origin has the digest `{found}`, the draft was made from `{expected}`")]
    Changed {
        /// The file's.
        found: Digest,
        /// The draft's.
        expected: Digest,
    },
    /// The mapping is none.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The mapping says nothing of the step.
    #[error("the mapping has no step `{step}`; its steps are {known}")]
    Step {
        /// The step.
        step: Name,
        /// Those it has.
        known: String,
    },
    /// JSON proposes nothing.
    #[error(transparent)]
    Json(#[from] super::json::JsonError),
    /// The message does not show one item.
    #[error(transparent)]
    Item(#[from] ItemError),
    /// Another message.
    #[error("the file is a {found}, the step is filled from a {expected}")]
    Message {
        /// The file's.
        found: MessageKind,
        /// The mapping's.
        expected: MessageKind,
    },
    /// The item does not say what it must.
    #[error("`{field}` is {found}, the mapping requires `{expected}`")]
    Require {
        /// The field.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it must say.
        expected: String,
    },
    /// The statement does not show the credit.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// The item does not carry a field.
    #[error("the message gives no `{field}` for claim `{claim}`")]
    Absent {
        /// The claim.
        claim: Name,
        /// The field.
        field: &'static str,
    },
    /// An amount that is not exact money.
    #[error("claim `{claim}`")]
    Amount {
        /// The claim.
        claim: Name,
        /// Why.
        #[source]
        source: AmountError,
    },
    /// Another currency.
    #[error("claim `{claim}`: the amount is in `{found}`, expected `{expected}`")]
    Currency {
        /// The claim.
        claim: Name,
        /// The message's.
        found: Currency,
        /// The mapping's.
        expected: Currency,
    },
    /// A date outside the ledger's time line.
    #[error("claim `{claim}`")]
    Date {
        /// The claim.
        claim: Name,
        /// Why.
        #[source]
        source: DateError,
    },
    /// The message and the mapping give another draft.
    #[error("the origin gives another draft: {what} is not what it proposes")]
    Differs {
        /// The first difference.
        what: String,
    },
}
