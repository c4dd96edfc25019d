//! A service that signs over HTTP, perhaps hours later: asked once, looked at until it has decided.

pub mod wire;

mod address;

use crate::fit::Encoding;
use crate::serve::Device;
use crate::settings::{self, SettingsError};
use address::{Address, Down};
use lockstep_attest::signer::Wanted;
use lockstep_crypto::suite::PublicKey;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use wire::{Answer, AnswerError, State};
use zeroize::Zeroizing;

/// How long one question may take, connecting included.
const QUESTION: Duration = Duration::from_secs(30);
/// How long an approval is waited for, at most: what is signed is void after 7 days.
const PATIENCE_S_MAX: u64 = 7 * 86_400;
/// Limits of the pause between two looks.
const POLL_MS: std::ops::RangeInclusive<u64> = 10..=600_000;

/// Which key of which service, and how long it is waited for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSettings {
    /// Where requests are put; `https://`, or `http://` on this machine.
    pub url: String,
    /// What the service calls the key.
    pub key: String,
    /// A file with the public key: ours, PEM or DER.
    pub public: PathBuf,
    /// A file with the bearer token, mode 0600.
    pub token_file: PathBuf,
    /// How long an approval is waited for, in seconds.
    #[serde(default = "patience_s")]
    pub patience_s: u64,
    /// Pause between two looks, in milliseconds.
    #[serde(default = "poll_ms")]
    pub poll_ms: u64,
}

const fn patience_s() -> u64 {
    90
}

const fn poll_ms() -> u64 {
    2_000
}

/// Why a service does not sign, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A number outside its limits.
    #[error("`{field}` is {found}, expected {} to {}", expected.start(), expected.end())]
    Limit {
        /// The field.
        field: &'static str,
        /// Its value.
        found: u64,
        /// What it may be.
        expected: std::ops::RangeInclusive<u64>,
    },
    /// The address.
    #[error("`url`: {0}")]
    Url(String),
    /// Whoever answers does not prove to be the host; nothing was asked.
    #[error("whoever answers for `{host}` is not known by the roots of this machine: {why}")]
    Stranger {
        /// Whom.
        host: String,
        /// What TLS says.
        why: String,
    },
    /// It says no, and would again.
    #[error("`{host}` answers HTTP {status}: {words}")]
    Refused {
        /// Whom.
        host: String,
        /// The status.
        status: u16,
        /// The beginning of what it says.
        words: String,
    },
    /// What it says makes no sense.
    #[error("the answer of `{host}` makes no sense")]
    Nonsense {
        /// Whom.
        host: String,
        /// Why not.
        source: AnswerError,
    },
    /// Somebody, or a policy, has said no.
    #[error("request `{id}` at `{host}` is denied: {reason}")]
    Denied {
        /// Whom.
        host: String,
        /// The request.
        id: String,
        /// What the service says of it.
        reason: String,
    },
    /// Nobody has decided in the service's own time.
    #[error("request `{id}` at `{host}` has expired there: {reason}")]
    Expired {
        /// Whom.
        host: String,
        /// The request.
        id: String,
        /// What the service says of it.
        reason: String,
    },
    /// Nobody has decided in the time that was given here.
    #[error(
        "no decision of `{host}` within {waited} s ({last}); asked again for the same bytes, it goes on with the \
         same request"
    )]
    Patience {
        /// Whom.
        host: String,
        /// How long.
        waited: u64,
        /// How it stood.
        last: String,
    },
}

/// A service, and one of its keys.
pub struct Service {
    settings: ServiceSettings,
    address: Address,
    public: PublicKey,
    token: Zeroizing<String>,
}

impl Service {
    /// Reads settings and token; nothing is asked yet.
    ///
    /// # Errors
    /// [`ServiceError`] up to [`ServiceError::Url`].
    pub fn open(path: &Path) -> Result<Self, ServiceError> {
        let settings: ServiceSettings = settings::read(path)?;
        within("patience_s", settings.patience_s, 1..=PATIENCE_S_MAX)?;
        within("poll_ms", settings.poll_ms, POLL_MS)?;
        let address = Address::new(&settings.url, QUESTION).map_err(ServiceError::Url)?;
        let public = settings::public_in(&settings::beside(path, &settings.public))?;
        let token = settings::secret(&settings::beside(path, &settings.token_file))?;
        Ok(Self { settings, address, public, token })
    }

    /// The public key.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.public
    }

    /// One question. `None`: the service cannot say now, for the reason noted.
    fn ask(&self, question: &Question<'_>, last: &mut String) -> Result<Option<Answer>, ServiceError> {
        let host = || self.address.host().to_owned();
        let asked = match question {
            Question::Put { body, key } => self.address.put(&self.token, key, body),
            Question::Look { id } => self.address.look(&self.token, id),
        };
        let (status, body) = match asked {
            Ok(answered) => answered,
            Err(Down::Now(why)) => {
                *last = why;
                return Ok(None);
            }
            Err(Down::Stranger(why)) => return Err(ServiceError::Stranger { host: host(), why }),
        };
        match status {
            200..=299 => {
                let read = Answer::from_slice(&body, question.id());
                read.map(Some).map_err(|source| ServiceError::Nonsense { host: host(), source })
            }
            // Too early, too many, and whatever is its own fault: the same question later is no other one.
            408 | 425 | 429 | 500..=599 => {
                *last = format!("HTTP {status}");
                Ok(None)
            }
            status => {
                let words = wire::words(&String::from_utf8_lossy(&body));
                Err(ServiceError::Refused { host: host(), status, words })
            }
        }
    }
}

enum Question<'a> {
    Put { body: String, key: &'a str },
    Look { id: String },
}

impl Question<'_> {
    fn id(&self) -> Option<&str> {
        match self {
            Self::Put { .. } => None,
            Self::Look { id } => Some(id),
        }
    }
}

impl Device for Service {
    type Error = ServiceError;

    fn public(&mut self) -> Result<PublicKey, ServiceError> {
        Ok(self.public.clone())
    }

    fn sign(&mut self, wanted: &Wanted) -> Result<(Encoding, Vec<u8>), ServiceError> {
        let host = self.address.host().to_owned();
        let key = wire::idempotency_key(wanted);
        let mut question = Question::Put { body: wire::body(&self.settings.key, wanted), key: &key };
        let until = Instant::now() + Duration::from_secs(self.settings.patience_s);
        let (mut last, mut told) = (String::new(), String::new());
        loop {
            match self.ask(&question, &mut last)? {
                Some(Answer { state: State::Signed { encoding, signature }, .. }) => {
                    return Ok((encoding, signature));
                }
                Some(Answer { state: State::Denied { reason }, id }) => {
                    return Err(ServiceError::Denied { host, id, reason });
                }
                Some(Answer { state: State::Expired { reason }, id }) => {
                    return Err(ServiceError::Expired { host, id, reason });
                }
                Some(Answer { state: State::Pending, id }) => {
                    last = format!("request `{id}` is pending");
                    question = Question::Look { id };
                }
                None => {}
            }
            if last != told {
                eprintln!("waiting for `{host}`: {last}");
                told.clone_from(&last);
            }
            let pause = Duration::from_millis(self.settings.poll_ms);
            if Instant::now() + pause >= until {
                return Err(ServiceError::Patience { host, waited: self.settings.patience_s, last });
            }
            thread::sleep(pause);
        }
    }
}

fn within(
    field: &'static str,
    found: u64,
    expected: std::ops::RangeInclusive<u64>,
) -> Result<(), ServiceError> {
    match expected.contains(&found) {
        true => Ok(()),
        false => Err(ServiceError::Limit { field, found, expected }),
    }
}
