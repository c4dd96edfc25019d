//! Keys as objects in a token: how one is named, and what its public key is.

use super::{TokenError, TokenSettings, device};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use lockstep_crypto::suite::{KeyError, PublicKey, Suite};

/// `prime256v1` (RFC 5480 §2.1.1.1).
pub(super) const P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
/// `secp256k1` (SEC 2).
pub(super) const SECP256K1: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x0a";
/// `id-Ed25519` (RFC 8410 §3).
pub(super) const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";
/// The same curve as a name (PKCS#11 v3.0 §2.3.10).
pub(super) const EDWARDS25519: &[u8] = b"\x13\x0cedwards25519";

/// How the settings name the key, for errors.
pub(super) fn named(settings: &TokenSettings) -> String {
    let label = settings.label.as_ref().map(|label| format!("label `{label}`"));
    let id = settings.id.as_ref().map(|id| format!("id `{id}`"));
    label.into_iter().chain(id).collect::<Vec<_>>().join(" and ")
}

/// The attributes by which the settings name the key.
pub(super) fn names(settings: &TokenSettings) -> Vec<Attribute> {
    let label = settings.label.as_ref().map(|label| Attribute::Label(label.clone().into_bytes()));
    let id = settings.id.as_ref().and_then(|id| hex::decode(id).ok()).map(Attribute::Id);
    label.into_iter().chain(id).collect()
}

/// The one private key that is named so.
pub(super) fn private(session: &Session, settings: &TokenSettings) -> Result<ObjectHandle, TokenError> {
    let wanted = [vec![Attribute::Class(ObjectClass::PRIVATE_KEY)], names(settings)].concat();
    let found = session.find_objects(&wanted).map_err(device(settings))?;
    match found.as_slice() {
        [one] => Ok(*one),
        found => {
            Err(TokenError::Key { token: settings.token.clone(), key: named(settings), found: found.len() })
        }
    }
}

/// The public key that lies beside a private one.
pub(super) fn public(
    session: &Session,
    settings: &TokenSettings,
    private: ObjectHandle,
) -> Result<PublicKey, TokenError> {
    let asked = [
        AttributeType::AlwaysAuthenticate,
        AttributeType::EcParams,
        AttributeType::Id,
        AttributeType::KeyType,
    ];
    let (mut suite, mut id, mut kind) = (None, Vec::new(), None);
    for attribute in session.get_attributes(private, &asked).map_err(device(settings))? {
        match attribute {
            Attribute::AlwaysAuthenticate(true) => return Err(no_suite(settings)),
            Attribute::EcParams(curve) => suite = suite_of(&curve),
            Attribute::Id(found) => id = found,
            Attribute::KeyType(found) => kind = Some(found),
            _ => {}
        }
    }
    let expected = if suite == Some(Suite::Ed25519) { KeyType::EC_EDWARDS } else { KeyType::EC };
    let suite = suite.filter(|_| kind == Some(expected)).ok_or_else(|| no_suite(settings))?;
    // The two halves of a pair have one id; where the token gave none, they have the name that was asked for.
    let names = if id.is_empty() { names(settings) } else { vec![Attribute::Id(id)] };
    let wanted =
        [vec![Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::KeyType(expected)], names].concat();
    let found = session.find_objects(&wanted).map_err(device(settings))?;
    let [public] = found.as_slice() else {
        return Err(TokenError::NoPublicKey { token: settings.token.clone(), key: named(settings) });
    };
    let asked = session.get_attributes(*public, &[AttributeType::EcPoint]).map_err(device(settings))?;
    let point = asked.into_iter().find_map(|attribute| match attribute {
        Attribute::EcPoint(point) => Some(point),
        _ => None,
    });
    let refused = |source| TokenError::PublicKey { key: named(settings), source };
    from_point(suite, &point.unwrap_or_default()).map_err(refused)
}

fn no_suite(settings: &TokenSettings) -> TokenError {
    TokenError::KeyKind { key: named(settings) }
}

fn suite_of(curve: &[u8]) -> Option<Suite> {
    let known = [
        (P256, Suite::Es256),
        (SECP256K1, Suite::Eip712),
        (ED25519, Suite::Ed25519),
        (EDWARDS25519, Suite::Ed25519),
    ];
    known.into_iter().find(|(params, _)| *params == curve).map(|(_, suite)| suite)
}

/// `CKA_EC_POINT`: the point in an OCTET STRING (PKCS#11 v2.40 §2.3.3), or bare, as some tokens give it.
pub(super) fn from_point(suite: Suite, point: &[u8]) -> Result<PublicKey, KeyError> {
    let length = if suite == Suite::Ed25519 { 32 } else { 65 };
    let bare = match point {
        [0x04, said, rest @ ..] if rest.len() == length && usize::from(*said) == length => rest,
        other => other,
    };
    match suite {
        Suite::Eip712 => {
            let bare = bare.try_into().map_err(|_| KeyError::Length { suite, found: bare.len() })?;
            PublicKey::of_secp256k1_point(bare)
        }
        _ => PublicKey::new(suite, bare),
    }
}
