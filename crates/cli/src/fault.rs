//! Errors at the edge: a stable code, a kind, the text with what caused it, and what to do about it.

mod chain;

use lockstep_api::Kind as ApiKind;
use lockstep_attest::SubmissionError;
use lockstep_client::{ClientError, HttpError};
use lockstep_kernel::Refusal;
use lockstep_kernel::refusal::Kind as RefusalKind;
use lockstep_ledger::DeclarationError;
use lockstep_node::cosigner::CosignerError;
use lockstep_node::{AppenderError, ReplicaError, SignerError};
use lockstep_store::StoreError;
use serde::Serialize;

/// What sort of error it is: whether trying again, or asking for something else, can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What was asked cannot be understood, or a file is not what it should be.
    Invalid,
    /// It was understood, and a rule says no.
    Refused,
    /// It does not fit what others have done since.
    Conflict,
    /// Somebody else is at work; the same again may succeed.
    Retry,
    /// This program or this machine failed.
    Internal,
}

/// An error that this crate words itself.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Told {
    code: String,
    kind: Kind,
    text: String,
    hint: Option<String>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// An error with its stable code.
pub fn told(kind: Kind, code: impl Into<String>, text: impl Into<String>) -> Told {
    Told { code: code.into(), kind, text: text.into(), hint: None, source: None }
}

/// Shorthand for what a user got wrong.
pub fn invalid(code: &'static str, text: impl Into<String>) -> Told {
    told(Kind::Invalid, code, text)
}

impl Told {
    /// What to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What caused it.
    pub fn source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

/// An error as it is shown.
#[derive(Debug, Serialize)]
pub struct Fault {
    /// Stable; see `docs/cli-errors.md` and `docs/errors.md`.
    pub code: String,
    /// What sort of error.
    pub kind: Kind,
    /// The text, lower case, without a full stop.
    pub text: String,
    /// What caused it, outermost first.
    pub causes: Vec<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// True when a rule said no, whatever may help.
    #[serde(skip)]
    no: bool,
}

impl Fault {
    /// Finds code, kind and hint in a chain of errors.
    pub fn of(error: &anyhow::Error) -> Self {
        let text = error.to_string();
        let mut causes: Vec<String> = Vec::new();
        for cause in error.chain().skip(1).map(ToString::to_string) {
            if cause != text && causes.last() != Some(&cause) {
                causes.push(cause);
            }
        }
        let (code, kind, hint) = error.chain().find_map(known).unwrap_or_else(|| {
            let io = error.chain().find_map(|e| e.downcast_ref::<std::io::Error>());
            match io.map(std::io::Error::kind) {
                Some(std::io::ErrorKind::NotFound) => ("file-missing".to_owned(), Kind::Invalid, None),
                Some(std::io::ErrorKind::AlreadyExists) => ("file-exists".to_owned(), Kind::Invalid, None),
                Some(_) => ("input-output".to_owned(), Kind::Internal, None),
                None => ("invalid".to_owned(), Kind::Invalid, None),
            }
        });
        let no = matches!(kind, Kind::Refused) || error.chain().any(|e| e.is::<Refusal>());
        Self { code, kind, text, causes, hint, no }
    }

    /// 1 when a rule says no, 2 when this program could not find out.
    pub const fn exit_code(&self) -> u8 {
        if self.no { 1 } else { 2 }
    }
}

type Known = (String, Kind, Option<String>);

fn known(error: &(dyn std::error::Error + 'static)) -> Option<Known> {
    if let Some(told) = error.downcast_ref::<Told>() {
        return Some((told.code.clone(), told.kind, told.hint.clone()));
    }
    if let Some(refusal) = error.downcast_ref::<Refusal>() {
        let code = refusal.code();
        return Some((code.as_text(), kind_of(code.kind()), Some(code.hint().to_owned())));
    }
    if let Some(error) = error.downcast_ref::<SubmissionError>() {
        let code = match error {
            SubmissionError::UnknownKey { .. } => "key-unknown",
            SubmissionError::Signature { .. } => "signature",
            _ => "submission",
        };
        return Some((code.to_owned(), Kind::Refused, None));
    }
    chain::known(error)
        .or_else(|| error.downcast_ref::<ClientError>().and_then(client_error))
        .or_else(|| node_error(error))
        .or_else(|| error.downcast_ref::<StoreError>().map(store_error))
}

fn client_error(error: &ClientError) -> Option<Known> {
    let plain = |code: &str, kind: Kind, hint: &str| Some((code.to_owned(), kind, Some(hint.to_owned())));
    match error {
        ClientError::Problem(problem) => {
            let kind = match problem.kind {
                ApiKind::Invalid | ApiKind::Limit => Kind::Invalid,
                ApiKind::Unauthorised | ApiKind::Missing | ApiKind::Refused => Kind::Refused,
                ApiKind::Conflict => Kind::Conflict,
                ApiKind::Retry => Kind::Retry,
                ApiKind::Internal => Kind::Internal,
            };
            Some((problem.code.clone(), kind, problem.hint.clone()))
        }
        ClientError::Http(HttpError::Down(_)) => {
            plain("server-down", Kind::Retry, "see that `lockstep serve` runs there, and that `--roots` fits")
        }
        ClientError::Http(HttpError::Answer(_)) => plain(
            "server-answer",
            Kind::Refused,
            "what answers there is no `lockstep serve`, or one that does not keep to its form",
        ),
        ClientError::Http(HttpError::Tls(_)) => {
            plain("tls", Kind::Invalid, "expected certificates and keys in PEM")
        }
        ClientError::Http(_) => plain("server-address", Kind::Invalid, "expected `https://HOST:PORT`"),
        ClientError::WhichLedger { .. } => plain("which-ledger", Kind::Invalid, "name it with `--ledger ID`"),
        ClientError::OtherLedger { .. }
        | ClientError::OtherCase { .. }
        | ClientError::OtherCount { .. }
        | ClientError::NoReceipt => {
            plain("server-differs", Kind::Refused, "do not go on with this server before you know why")
        }
        ClientError::Receipt(_) | ClientError::Certificate(_) | ClientError::Rotation(_) => {
            plain("server-differs", Kind::Refused, "keep what it sent: it is evidence against the server")
        }
        ClientError::SignIn(_) => plain("sign-in", Kind::Refused, "sign in anew: `lockstep login`"),
        ClientError::Signing(_) | ClientError::Write(_) => None,
    }
}

fn node_error(error: &(dyn std::error::Error + 'static)) -> Option<Known> {
    let plain = |code: &str, kind: Kind| Some((code.to_owned(), kind, None));
    if let Some(error) = error.downcast_ref::<AppenderError>() {
        return match error {
            AppenderError::ClockBehind { .. } => plain("clock-behind", Kind::Internal),
            AppenderError::Quorum(_) => plain("cosignature", Kind::Refused),
            _ => None,
        };
    }
    if let Some(error) = error.downcast_ref::<CosignerError>() {
        return match error {
            CosignerError::OtherLedger { .. } => plain("other-ledger", Kind::Refused),
            CosignerError::Rejected { .. } => plain("records-refused", Kind::Refused),
            CosignerError::Replica(ReplicaError::Erased { .. }) => {
                let hint = "what was erased by order cannot be decided again: with `--with-erased` a copy \
                            that begins after it takes it over; else the appender withholds something"
                    .to_owned();
                Some(("records-erased".to_owned(), Kind::Refused, Some(hint)))
            }
            CosignerError::Undecided { .. } => plain("records-erased", Kind::Refused),
            CosignerError::Certificate(_) | CosignerError::OtherEpoch { .. } => {
                plain("cosignature", Kind::Refused)
            }
            CosignerError::OldCopy { .. } => plain("old-copy", Kind::Conflict),
            CosignerError::NothingToSign => plain("nothing-to-sign", Kind::Conflict),
            _ => None,
        };
    }
    if error.is::<DeclarationError>() {
        return plain("cosignature", Kind::Refused);
    }
    if let Some(error) = error.downcast_ref::<SignerError>() {
        return match error {
            SignerError::Suite { .. } => plain("key-suite", Kind::Invalid),
            SignerError::Refused(_) => plain("signing-refused", Kind::Refused),
            SignerError::Memory(_) => plain("signer-memory", Kind::Conflict),
            SignerError::Key { .. } | SignerError::Signature(_) => plain("signer", Kind::Internal),
        };
    }
    match error.downcast_ref::<ReplicaError>()? {
        ReplicaError::HeadMoved { .. } => plain("head-moved", Kind::Retry),
        ReplicaError::Unknown => plain("append-unknown", Kind::Retry),
        ReplicaError::Replay { .. } | ReplicaError::Command { .. } => plain("records-differ", Kind::Refused),
        ReplicaError::Record { .. } | ReplicaError::Input { .. } | ReplicaError::Apply { .. } => {
            plain("records-damaged", Kind::Refused)
        }
        ReplicaError::Kernel(_) | ReplicaError::Restore(_) | ReplicaError::SnapshotForm => {
            let hint =
                "remove `store/index` in the ledger's folder: the next start runs the log again".to_owned();
            Some(("snapshot".to_owned(), Kind::Internal, Some(hint)))
        }
        _ => None,
    }
}

fn store_error(error: &StoreError) -> Known {
    match error {
        StoreError::Locked { .. } => {
            let hint = "another `lockstep` has this folder open; try again when it is done".to_owned();
            ("store-locked".to_owned(), Kind::Retry, Some(hint))
        }
        StoreError::Format { .. } => ("store-format".to_owned(), Kind::Invalid, None),
        StoreError::Limit { .. } => ("store-limit".to_owned(), Kind::Invalid, None),
        StoreError::Damaged { .. } | StoreError::IndexDamaged { .. } => {
            let hint = "run `lockstep fsck` to see how far the folder is whole".to_owned();
            ("store-damaged".to_owned(), Kind::Internal, Some(hint))
        }
        _ => ("store".to_owned(), Kind::Internal, None),
    }
}

const fn kind_of(kind: RefusalKind) -> Kind {
    match kind {
        RefusalKind::Invalid => Kind::Invalid,
        RefusalKind::Refused => Kind::Refused,
        RefusalKind::Conflict => Kind::Conflict,
        RefusalKind::Retry => Kind::Retry,
    }
}

#[cfg(test)]
mod tests;
