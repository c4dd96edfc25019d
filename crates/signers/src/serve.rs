//! One line in, one answer out: the program's side of the protocol.

use crate::fit::{Encoding, FitError, fit};
use lockstep_attest::signer::{REQUEST_BYTES_MAX, Request, SignerError, Wanted, signature_line};
use lockstep_crypto::suite::PublicKey;
use lockstep_types::KeyId;
use std::io::{BufRead, BufReader, Read, Write};

/// What has a key, and can be asked for signatures.
pub trait Device {
    /// Why it does not sign.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Its public key.
    ///
    /// # Errors
    /// Its own.
    fn public(&mut self) -> Result<PublicKey, Self::Error>;

    /// A signature in its own form.
    ///
    /// # Errors
    /// Its own.
    fn sign(&mut self, wanted: &Wanted) -> Result<(Encoding, Vec<u8>), Self::Error>;
}

/// Why nothing is answered, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum ServeError<E> {
    /// Standard input or output.
    #[error("the caller is gone")]
    Caller(#[source] std::io::Error),
    /// What was asked is no request.
    #[error("what was asked is refused")]
    Request(#[source] SignerError),
    /// The device.
    #[error(transparent)]
    Device(E),
    /// The caller means another key.
    #[error("asked for a signature of key `{asked}`, this is key `{found}`")]
    OtherKey {
        /// Asked for.
        asked: KeyId,
        /// The device's.
        found: KeyId,
    },
    /// What the device gave does not hold; it is given to nobody.
    #[error("a signature came that does not hold under key `{key}`, and was not given out")]
    Signature {
        /// The device's key.
        key: KeyId,
        /// Why not.
        source: FitError,
    },
}

/// Answers the one request on `input`.
///
/// # Errors
/// [`ServeError`]; nothing has been written then, unless writing failed.
pub fn serve<D: Device>(
    device: &mut D,
    input: impl Read,
    mut output: impl Write,
) -> Result<(), ServeError<D::Error>> {
    let mut line = Vec::new();
    let limit = REQUEST_BYTES_MAX as u64 + 1;
    BufReader::new(input.take(limit)).read_until(b'\n', &mut line).map_err(ServeError::Caller)?;
    let request = Request::from_slice(&line).map_err(ServeError::Request)?;
    let key = device.public().map_err(ServeError::Device)?;
    let answer = match request {
        Request::Public => public_line(&key).map_err(ServeError::Request)?,
        Request::Sign(wanted) => {
            // The suite of a key is part of its id.
            if wanted.keyid != key.id() || wanted.suite != key.suite() {
                return Err(ServeError::OtherKey { asked: wanted.keyid, found: key.id() });
            }
            let (encoding, given) = device.sign(&wanted).map_err(ServeError::Device)?;
            let fitted = fit(&key, wanted.payload.message(), (encoding, &given));
            signature_line(&fitted.map_err(|source| ServeError::Signature { key: key.id(), source })?)
        }
    };
    writeln!(output, "{answer}").and_then(|()| output.flush()).map_err(ServeError::Caller)
}

/// A public key as the command line reads it.
///
/// # Errors
/// [`SignerError::Form`], should JSON not be written.
pub fn public_line(key: &PublicKey) -> Result<String, SignerError> {
    serde_json::to_string(key).map_err(SignerError::Form)
}
