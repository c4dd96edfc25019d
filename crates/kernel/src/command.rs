//! What may be asked of the kernel, and the bytes that are kept with the records a command made.

use crate::body::Genesis;
use crate::governance::Action;
use crate::state::{Kernel, KeyEntry};
use lockstep_attest::submission::{Decoded, check_signatures};
use lockstep_attest::{Signed, Submission, SubmissionError};
use lockstep_types::KeyId;
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::limits::COMMAND_BYTES_MAX;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A command as it travels: nothing in it has been checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Begin the ledger.
    Genesis(Box<Genesis>),
    /// An envelope with its openings.
    Submit(Box<Submission>),
    /// A governance case: the action, and the envelope that names its digest.
    Propose(Box<Proposing>),
    /// Let time pass: deadlines and notices.
    Tick,
}

/// See [`Request::Propose`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposing {
    /// What is proposed.
    pub action: Action,
    /// An opening whose one claim, `action`, is the digest of it.
    pub submission: Submission,
}

/// A command whose signatures hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Begin the ledger.
    Genesis(Box<Genesis>),
    /// A party's word.
    Submit(Box<Signed>),
    /// A governance case.
    Propose(Box<Action>, Box<Signed>),
    /// Let time pass.
    Tick,
}

impl Request {
    /// The canonical JSON that is kept and sent.
    ///
    /// # Errors
    /// [`CanonicalError`] never in practice: every request has a JSON form.
    pub fn to_vec(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_vec(self)
    }

    /// Decodes canonical JSON.
    ///
    /// # Errors
    /// [`CanonicalError`] when it is not a request.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, CanonicalError> {
        canonical::from_slice(bytes, COMMAND_BYTES_MAX)
    }

    /// The submission in it.
    #[must_use]
    pub fn submission(&self) -> Option<&Submission> {
        match self {
            Self::Submit(submission) => Some(submission),
            Self::Propose(proposing) => Some(&proposing.submission),
            Self::Genesis(_) | Self::Tick => None,
        }
    }
}

impl Command {
    /// The request that this command came from.
    #[must_use]
    pub fn request(&self) -> Request {
        match self {
            Self::Genesis(genesis) => Request::Genesis(genesis.clone()),
            Self::Submit(signed) => Request::Submit(Box::new(signed.submission().clone())),
            Self::Propose(action, signed) => Request::Propose(Box::new(Proposing {
                action: (**action).clone(),
                submission: signed.submission().clone(),
            })),
            Self::Tick => Request::Tick,
        }
    }

    /// The signed statement in it.
    #[must_use]
    pub fn signed(&self) -> Option<&Signed> {
        match self {
            Self::Submit(signed) | Self::Propose(_, signed) => Some(signed),
            Self::Genesis(_) | Self::Tick => None,
        }
    }
}

/// What is left of a request when its submission is taken out for checking.
enum Shell {
    Done(Command),
    Submit,
    Propose(Box<Action>),
}

/// The keys registered at some moment, to check signatures with while the kernel decides something else.
///
/// A key once registered stays, so an older directory accepts nothing that a later one refuses: it only knows
/// fewer keys.
#[derive(Debug, Clone, Default)]
pub struct Directory(Arc<BTreeMap<KeyId, KeyEntry>>);

impl Kernel {
    /// The keys registered by now.
    #[must_use]
    pub fn directory(&self) -> Directory {
        Directory(Arc::clone(&self.keys))
    }

    /// [`Directory::admit`] against the keys registered by now.
    ///
    /// # Errors
    /// Per request, the first thing that is wrong with its submission.
    #[must_use]
    pub fn admit(&self, requests: Vec<Request>) -> Vec<Result<Command, SubmissionError>> {
        self.directory().admit(requests)
    }
}

impl Directory {
    /// A registered key.
    #[must_use]
    pub fn key(&self, id: &KeyId) -> Option<&KeyEntry> {
        self.0.get(id)
    }

    /// Checks form, openings and signatures of requests, in one batch, against the keys registered here.
    ///
    /// Several threads can check parts of a queue. The answers do not depend on what else is in the batch.
    ///
    /// # Errors
    /// Per request, the first thing that is wrong with its submission.
    #[must_use]
    pub fn admit(&self, requests: Vec<Request>) -> Vec<Result<Command, SubmissionError>> {
        let mut shells: Vec<Result<Shell, SubmissionError>> = Vec::with_capacity(requests.len());
        let mut decoded: Vec<Decoded> = Vec::with_capacity(requests.len());
        for request in requests {
            let (shell, submission) = match request {
                Request::Genesis(genesis) => (Shell::Done(Command::Genesis(genesis)), None),
                Request::Tick => (Shell::Done(Command::Tick), None),
                Request::Submit(submission) => (Shell::Submit, Some(*submission)),
                Request::Propose(proposing) => {
                    (Shell::Propose(Box::new(proposing.action)), Some(proposing.submission))
                }
            };
            match submission.map(Submission::decode).transpose() {
                Ok(found) => {
                    decoded.extend(found);
                    shells.push(Ok(shell));
                }
                Err(error) => shells.push(Err(error)),
            }
        }
        let key_of = |id: &KeyId| self.0.get(id).map(|entry| entry.key.clone());
        let mut signed = check_signatures(decoded, &key_of).into_iter();
        let answer = |shell: Result<Shell, SubmissionError>| match shell? {
            Shell::Done(command) => Ok(command),
            Shell::Submit => next(&mut signed).map(Command::Submit),
            Shell::Propose(action) => next(&mut signed).map(|signed| Command::Propose(action, signed)),
        };
        shells.into_iter().map(answer).collect()
    }
}

/// One answer a submission, in order: `check_signatures` returns as many as it was given.
fn next(
    signed: &mut impl Iterator<Item = Result<Signed, SubmissionError>>,
) -> Result<Box<Signed>, SubmissionError> {
    match signed.next() {
        Some(answer) => answer.map(Box::new),
        None => Err(SubmissionError::OpeningCount { found: 0, expected: 1 }),
    }
}
