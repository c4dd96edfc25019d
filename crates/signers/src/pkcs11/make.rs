//! A key pair that is made inside the token, and never leaves it.

use super::key::{ED25519, EDWARDS25519, P256, SECP256K1, names, public};
use super::{TokenError, TokenSettings, device, key, login, read};
use cryptoki::error::Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use lockstep_crypto::suite::{PublicKey, Suite};
use std::path::Path;

/// Makes a key pair of `suite` under the name in the settings.
///
/// # Errors
/// [`TokenError`]; a key that has the name already stays as it is.
pub fn make(path: &Path, suite: Suite) -> Result<PublicKey, TokenError> {
    let mut settings = read(path)?;
    // The two halves need one id, to be found together.
    if let (None, Some(label)) = (&settings.id, &settings.label) {
        settings.id = Some(hex::encode(label));
    }
    let session = login(&settings, true)?;
    let there = |class| {
        let wanted = [vec![Attribute::Class(class)], names(&settings)].concat();
        session.find_objects(&wanted).map_err(device(&settings))
    };
    if !there(ObjectClass::PRIVATE_KEY)?.is_empty() || !there(ObjectClass::PUBLIC_KEY)?.is_empty() {
        return Err(TokenError::KeyExists { token: settings.token.clone(), key: key::named(&settings) });
    }
    let (_, private) = pair(&session, &settings, suite).map_err(device(&settings))?;
    public(&session, &settings, private)
}

fn pair(
    session: &Session,
    settings: &TokenSettings,
    suite: Suite,
) -> Result<(ObjectHandle, ObjectHandle), Error> {
    let (mechanism, curves): (_, &[&[u8]]) = match suite {
        Suite::Es256 => (Mechanism::EccKeyPairGen, &[P256]),
        Suite::Eip712 => (Mechanism::EccKeyPairGen, &[SECP256K1]),
        // Tokens take one of the two spellings.
        Suite::Ed25519 => (Mechanism::EccEdwardsKeyPairGen, &[EDWARDS25519, ED25519]),
    };
    let private = [
        names(settings),
        vec![
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ],
    ]
    .concat();
    let mut last = Error::NotSupported;
    for curve in curves {
        let own = vec![
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Verify(true),
            Attribute::EcParams(curve.to_vec()),
        ];
        match session.generate_key_pair(&mechanism, &[names(settings), own].concat(), &private) {
            Ok(pair) => return Ok(pair),
            Err(error) => last = error,
        }
    }
    Err(last)
}
