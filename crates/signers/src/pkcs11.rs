//! Keys in a PKCS#11 token: an HSM, a smart card, SoftHSM.

mod key;
mod make;

pub use make::make;

use crate::fit::Encoding;
use crate::serve::Device;
use crate::settings::{self, SettingsError};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::ObjectHandle;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use lockstep_attest::signer::Wanted;
use lockstep_crypto::suite::{KeyError, PublicKey, Suite};
use lockstep_types::sha256;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Which key of which token, and through which library.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    /// The token's library.
    pub module: PathBuf,
    /// The token's label.
    pub token: String,
    /// The key's label (`CKA_LABEL`).
    pub label: Option<String>,
    /// The key's id (`CKA_ID`), in hexadecimal.
    pub id: Option<String>,
    /// A file with the PIN, mode 0600; without one it is asked for.
    pub pin_file: Option<PathBuf>,
    /// A file with the public key, for tokens that hold none beside the private key.
    pub public: Option<PathBuf>,
}

/// Why a token does not sign, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// A file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The settings name no key.
    #[error("the settings name no key: expected `label`, or `id` in hexadecimal, or both")]
    NoKeyNamed,
    /// The library cannot be loaded.
    #[error("`{}` cannot be loaded as a PKCS#11 module", module.display())]
    Module {
        /// The file named.
        module: PathBuf,
        /// Why not.
        source: Error,
    },
    /// No such token, or more than one.
    #[error("{found} tokens are called `{token}`, expected one; there are {known}")]
    Token {
        /// The label named.
        token: String,
        /// How many have it.
        found: usize,
        /// The labels there are.
        known: String,
    },
    /// It takes no PIN any more.
    #[error("token `{token}` is locked: too many wrong PINs; its security officer unlocks it")]
    Locked {
        /// The token.
        token: String,
    },
    /// One wrong PIN more would lock it, and a program must not be what does that.
    #[error("token `{token}` has one try left before it locks: log in by hand with the right PIN first")]
    FinalTry {
        /// The token.
        token: String,
    },
    /// Nobody has set its PIN.
    #[error("token `{token}` has no user PIN yet: its security officer sets one")]
    NoPinSet {
        /// The token.
        token: String,
    },
    /// There is no terminal to ask for the PIN on.
    #[error("no PIN was given: name a file with `pin_file`, or run this on a terminal")]
    NotAsked(#[source] std::io::Error),
    /// Another PIN.
    #[error("token `{token}` refuses the PIN")]
    Pin {
        /// The token.
        token: String,
    },
    /// No such key, or more than one.
    #[error("token `{token}` has {found} private keys with {key}, expected one")]
    Key {
        /// The token.
        token: String,
        /// How it was named.
        key: String,
        /// How many there are.
        found: usize,
    },
    /// There is one already where one is to be made.
    #[error("token `{token}` has a key with {key} already: nothing was made")]
    KeyExists {
        /// The token.
        token: String,
        /// How it was named.
        key: String,
    },
    /// A key that signs in none of our suites.
    #[error(
        "the key with {key} signs in none of the suites: expected a key on P-256, secp256k1 or edwards25519 that \
         asks for no PIN of its own"
    )]
    KeyKind {
        /// How it was named.
        key: String,
    },
    /// The public key is not beside the private one.
    #[error("token `{token}` holds no public key with {key}: name a file that has it with `public`")]
    NoPublicKey {
        /// The token.
        token: String,
        /// How it was named.
        key: String,
    },
    /// Its public key is none.
    #[error("the public key with {key} is refused")]
    PublicKey {
        /// How it was named.
        key: String,
        /// Why.
        source: KeyError,
    },
    /// Whatever else the token says.
    #[error("token `{token}` did not do it")]
    Device {
        /// The token.
        token: String,
        /// What it said.
        source: Error,
    },
}

/// A token, opened once something is asked that it alone can answer: nobody is asked for a PIN in vain.
pub struct Token {
    settings: TokenSettings,
    public: Option<PublicKey>,
    open: Option<(Session, ObjectHandle)>,
}

impl Token {
    /// Reads the settings; the token is not touched yet.
    ///
    /// # Errors
    /// [`TokenError::Settings`], [`TokenError::NoKeyNamed`].
    pub fn new(path: &Path) -> Result<Self, TokenError> {
        let settings = read(path)?;
        let public = settings.public.as_deref().map(settings::public_in).transpose()?;
        Ok(Self { settings, public, open: None })
    }

    /// The open session, and the key in it.
    fn opened(&mut self) -> Result<&(Session, ObjectHandle), TokenError> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let session = login(&self.settings, false)?;
                let key = key::private(&session, &self.settings)?;
                (session, key)
            }
        };
        Ok(self.open.insert(open))
    }
}

impl Device for Token {
    type Error = TokenError;

    fn public(&mut self) -> Result<PublicKey, TokenError> {
        if let Some(public) = &self.public {
            return Ok(public.clone());
        }
        let settings = self.settings.clone();
        let (session, key) = self.opened()?;
        let public = key::public(session, &settings, *key)?;
        Ok(self.public.insert(public).clone())
    }

    fn sign(&mut self, wanted: &Wanted) -> Result<(Encoding, Vec<u8>), TokenError> {
        let bytes = wanted.payload.bytes();
        // The hash is made here: every token signs a hash on its curve, not every one makes it.
        let (mechanism, input) = match wanted.suite {
            Suite::Ed25519 => {
                let plain = EddsaParams::new(EddsaSignatureScheme::Ed25519);
                (Mechanism::Eddsa(plain), bytes.to_vec())
            }
            Suite::Es256 => (Mechanism::Ecdsa, sha256(bytes).to_vec()),
            Suite::Eip712 => (Mechanism::Ecdsa, bytes.to_vec()),
        };
        let refused = device(&self.settings);
        let (session, key) = self.opened()?;
        Ok((Encoding::Raw, session.sign(&mechanism, *key, &input).map_err(refused)?))
    }
}

/// The settings, with the files that they name found from where they stand.
fn read(path: &Path) -> Result<TokenSettings, TokenError> {
    let mut settings: TokenSettings = settings::read(path)?;
    let named = settings.label.as_ref().map(|label| !label.is_empty());
    let id = settings.id.as_ref().map(|id| hex::decode(id).is_ok_and(|id| !id.is_empty()));
    if named.or(id).is_none() || named == Some(false) || id == Some(false) {
        return Err(TokenError::NoKeyNamed);
    }
    settings.pin_file = settings.pin_file.map(|file| settings::beside(path, &file));
    settings.public = settings.public.map(|file| settings::beside(path, &file));
    Ok(settings)
}

/// A session with the token, logged in as its user; one that may write, if something is to be made.
fn login(settings: &TokenSettings, writes: bool) -> Result<Session, TokenError> {
    let no_module = |source| TokenError::Module { module: settings.module.clone(), source };
    let module = Pkcs11::new(&settings.module).map_err(no_module)?;
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).map_err(no_module)?;
    let (slot, state) = find(&module, settings)?;
    let token = || settings.token.clone();
    if state.user_pin_locked() {
        return Err(TokenError::Locked { token: token() });
    }
    if state.user_pin_final_try() {
        return Err(TokenError::FinalTry { token: token() });
    }
    if !state.user_pin_initialized() {
        return Err(TokenError::NoPinSet { token: token() });
    }
    let session = match writes {
        true => module.open_rw_session(slot),
        false => module.open_ro_session(slot),
    };
    let session = session.map_err(device(settings))?;
    let pin = pin(settings)?;
    session.login(UserType::User, Some(&pin)).map_err(|error| refused(settings, error))?;
    Ok(session)
}

fn find(module: &Pkcs11, settings: &TokenSettings) -> Result<(Slot, TokenInfo), TokenError> {
    let mut found = Vec::new();
    for slot in module.get_slots_with_initialized_token().map_err(device(settings))? {
        found.push((slot, module.get_token_info(slot).map_err(device(settings))?));
    }
    let labels: Vec<String> = found.iter().map(|(_, token)| format!("`{}`", token.label())).collect();
    found.retain(|(_, token)| token.label() == settings.token);
    match <[_; 1]>::try_from(found) {
        Ok([one]) => Ok(one),
        Err(found) => {
            let known = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
            Err(TokenError::Token { token: settings.token.clone(), found: found.len(), known })
        }
    }
}

fn pin(settings: &TokenSettings) -> Result<AuthPin, TokenError> {
    if let Some(file) = &settings.pin_file {
        return Ok(AuthPin::from(settings::secret(file)?.as_str().to_owned()));
    }
    let asked = rpassword::prompt_password(format!("PIN of token `{}`: ", settings.token));
    asked.map(AuthPin::from).map_err(TokenError::NotAsked)
}

/// What a refused login means.
fn refused(settings: &TokenSettings, error: Error) -> TokenError {
    let token = settings.token.clone();
    match error {
        Error::Pkcs11(RvError::PinLocked, _) => TokenError::Locked { token },
        Error::Pkcs11(RvError::UserPinNotInitialized, _) => TokenError::NoPinSet { token },
        Error::Pkcs11(
            RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange | RvError::PinExpired,
            _,
        ) => TokenError::Pin { token },
        source => TokenError::Device { token, source },
    }
}

fn device(settings: &TokenSettings) -> impl Fn(Error) -> TokenError + use<> {
    let token = settings.token.clone();
    move |source| TokenError::Device { token: token.clone(), source }
}

#[cfg(test)]
mod tests;
