//! How a request is signed by a party's key: HTTP Message Signatures (RFC 9421) over method, authority, path,
//! query and, where there is a body, its digest (RFC 9530).
//!
//! ```text
//! Content-Digest: sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:
//! Signature-Input: lockstep=("@method" "@authority" "@path" "@query" "content-digest");created=1795000000;\
//!                  keyid="53c2…";nonce="…";tag="lockstep"
//! Signature: lockstep=:…:
//! ```
//!
//! Keys of the suites `ed25519` and `es256` sign the base itself, as the RFC's `ed25519` and
//! `ecdsa-p256-sha256` do. Keys of `eip712` sign typed data, as wallets can: `Request(string base)` under the
//! ledger's domain. The algorithm follows from the key; none is named.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lockstep_attest::sign::Sign;
use lockstep_crypto::eip712::{domain_separator, signing_hash, string_word, struct_hash, type_hash};
use lockstep_crypto::suite::{Message, PublicKey, SignatureError, Suite, normalise, verify};
use lockstep_types::{KeyId, LedgerId, sha256};
use sfv::{BareItem, Dictionary, InnerList, ListEntry, Parser};

/// The label of the one signature.
const LABEL: &str = "lockstep";
/// What the signature is for.
const TAG: &str = "lockstep";
/// The EIP-712 type that wallets show.
const REQUEST_TYPE: &str = "Request(string base)";
/// Longest header that is read.
const HEADER_BYTES_MAX: usize = 1_024;
/// Shortest and longest nonce.
const NONCE_BYTES: core::ops::RangeInclusive<usize> = 16..=64;

/// The parts of a request that are signed.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// Host and port as the client wrote them, lower case; without the port where it is the scheme's own.
    pub authority: &'a str,
    /// The path.
    pub path: &'a str,
    /// What follows the question mark; empty when nothing does.
    pub query: &'a str,
    /// The body, when there is one.
    pub body: Option<&'a [u8]>,
}

/// The headers of a signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    /// `Content-Digest`, when there is a body.
    pub content_digest: Option<String>,
    /// `Signature`.
    pub signature: String,
    /// `Signature-Input`.
    pub signature_input: String,
}

/// Why a request is not taken as signed, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// A header is longer than any that is signed so.
    #[error("`{header}` is longer than {HEADER_BYTES_MAX} bytes")]
    TooLong {
        /// Which.
        header: &'static str,
    },
    /// A header is no structured field.
    #[error("`{header}` is no dictionary of structured fields (RFC 9651)")]
    Form {
        /// Which.
        header: &'static str,
    },
    /// Not one signature.
    #[error("there must be one signature, labelled `{LABEL}`")]
    Label,
    /// Something else is signed than must be.
    #[error("the signature must cover {expected}")]
    Components {
        /// What must be signed.
        expected: &'static str,
    },
    /// A parameter is missing or of another form.
    #[error("the parameter `{name}` is missing or of another form")]
    Parameter {
        /// Which.
        name: &'static str,
    },
    /// The body is not the one that was signed.
    #[error("`Content-Digest` is not the SHA-256 of the body")]
    Digest,
    /// The signature does not hold.
    #[error("the signature does not hold")]
    Signature(#[from] SignatureError),
    /// The key's holder failed.
    #[error("the key cannot sign: {what}")]
    Key {
        /// What it said.
        what: String,
    },
}

/// A signature as it came, not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    base: String,
    signature: Vec<u8>,
    /// When it says it was signed, in seconds since 1970.
    pub created: u64,
    /// Which key is said to have signed.
    pub key: KeyId,
    /// Nobody signs with one twice.
    pub nonce: String,
}

const fn components(body: bool) -> (&'static [&'static str], &'static str) {
    if body {
        (
            &["@method", "@authority", "@path", "@query", "content-digest"],
            "`@method`, `@authority`, `@path`, `@query` and `content-digest`",
        )
    } else {
        (&["@method", "@authority", "@path", "@query"], "`@method`, `@authority`, `@path` and `@query`")
    }
}

fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256(body)))
}

fn line(parts: &Parts<'_>, component: &str) -> String {
    let value = match component {
        "@method" => parts.method.to_owned(),
        "@authority" => parts.authority.to_ascii_lowercase(),
        "@path" => parts.path.to_owned(),
        "@query" => format!("?{}", parts.query),
        _ => content_digest(parts.body.unwrap_or_default()),
    };
    format!("\"{component}\": {value}\n")
}

/// The signature base (RFC 9421, section 2.5).
fn base(parts: &Parts<'_>, covered: &[&str], params: &str) -> String {
    let mut base: String = covered.iter().map(|component| line(parts, component)).collect();
    base.push_str("\"@signature-params\": ");
    base.push_str(params);
    base
}

fn typed_hash(base: &str, ledger: &LedgerId) -> [u8; 32] {
    let request = struct_hash(&type_hash(REQUEST_TYPE), &[string_word(base)]);
    signing_hash(&domain_separator(&ledger.0), &request)
}

fn message<'a>(suite: Suite, base: &'a str, hash: &'a [u8; 32]) -> Message<'a> {
    if suite == Suite::Eip712 { Message::Hash(hash) } else { Message::Bytes(base.as_bytes()) }
}

/// Signs a request for a ledger. `created` is in seconds since 1970, `nonce` 16 to 64 printable characters
/// that nobody can guess and that are used once.
///
/// # Errors
/// [`SigningError::Key`], [`SigningError::Signature`].
pub fn sign<S: Sign>(
    (parts, ledger): (&Parts<'_>, &LedgerId),
    signer: &S,
    (created, nonce): (u64, &str),
) -> Result<Headers, SigningError>
where
    S::Error: core::fmt::Display,
{
    let (covered, _) = components(parts.body.is_some());
    let names = covered.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" ");
    let key = signer.public();
    let params =
        format!("({names});created={created};keyid=\"{}\";nonce=\"{nonce}\";tag=\"{TAG}\"", key.id());
    let base = base(parts, covered, &params);
    let hash = typed_hash(&base, ledger);
    let message = message(key.suite(), &base, &hash);
    let raw = signer.sign(message).map_err(|error| SigningError::Key { what: error.to_string() })?;
    let signature = normalise(key.suite(), &raw)?;
    verify(key, message, &signature)?;
    Ok(Headers {
        content_digest: parts.body.map(content_digest),
        signature: format!("{LABEL}=:{}:", STANDARD.encode(signature)),
        signature_input: format!("{LABEL}={params}"),
    })
}

/// Reads the signature of a request. Nothing is verified yet but that the digest is the body's.
///
/// # Errors
/// [`SigningError`], in the order of the checks.
pub fn read(parts: &Parts<'_>, headers: &Headers) -> Result<Presented, SigningError> {
    let input = dictionary(&headers.signature_input, "Signature-Input")?;
    let signature = dictionary(&headers.signature, "Signature")?;
    let (Some(ListEntry::InnerList(covered)), 1) = (input.get(LABEL), input.len()) else {
        return Err(SigningError::Label);
    };
    let (Some(ListEntry::Item(signature)), 1) = (signature.get(LABEL), signature.len()) else {
        return Err(SigningError::Label);
    };
    let signature =
        signature.bare_item.as_byte_sequence().ok_or(SigningError::Form { header: "Signature" })?;
    let (wanted, expected) = components(parts.body.is_some());
    let names: Option<Vec<&str>> = covered
        .items
        .iter()
        .map(|item| item.bare_item.as_string().filter(|_| item.params.is_empty()).map(|name| name.as_str()))
        .collect();
    let names = names.ok_or(SigningError::Components { expected })?;
    if names.len() != wanted.len() || !wanted.iter().all(|name| names.contains(name)) {
        return Err(SigningError::Components { expected });
    }
    if let Some(body) = parts.body {
        let told = headers.content_digest.as_deref().unwrap_or_default();
        let told = dictionary(told, "Content-Digest")?;
        let told = match told.get("sha-256") {
            Some(ListEntry::Item(item)) if told.len() == 1 => item.bare_item.as_byte_sequence(),
            _ => None,
        };
        if told != Some(sha256(body).as_slice()) {
            return Err(SigningError::Digest);
        }
    }
    let base = base(parts, &names, &params_text(covered));
    let key = text(covered, "keyid")?.parse().map_err(|_| SigningError::Parameter { name: "keyid" })?;
    let nonce = text(covered, "nonce")?.to_owned();
    if !NONCE_BYTES.contains(&nonce.len()) {
        return Err(SigningError::Parameter { name: "nonce" });
    }
    if text(covered, "tag")? != TAG {
        return Err(SigningError::Parameter { name: "tag" });
    }
    let created = covered.params.get("created").and_then(BareItem::as_integer);
    let created = created.and_then(|created| u64::try_from(i64::from(created)).ok());
    let created = created.ok_or(SigningError::Parameter { name: "created" })?;
    Ok(Presented { base, signature: signature.to_vec(), created, key, nonce })
}

fn text<'a>(covered: &'a InnerList, name: &'static str) -> Result<&'a str, SigningError> {
    let value = covered.params.get(name).and_then(BareItem::as_string);
    value.map(|value| value.as_str()).ok_or(SigningError::Parameter { name })
}

/// The inner list and its parameters, as RFC 9651 writes them.
fn params_text(covered: &InnerList) -> String {
    let mut list = sfv::ListSerializer::new();
    list.members([&ListEntry::InnerList(covered.clone())]);
    list.finish().unwrap_or_default()
}

fn dictionary(text: &str, header: &'static str) -> Result<Dictionary, SigningError> {
    if text.len() > HEADER_BYTES_MAX {
        return Err(SigningError::TooLong { header });
    }
    Parser::new(text).parse().map_err(|_| SigningError::Form { header })
}

impl Presented {
    /// Verifies it under the key that it names.
    ///
    /// # Errors
    /// [`SigningError::Signature`].
    pub fn verify(&self, key: &PublicKey, ledger: &LedgerId) -> Result<(), SigningError> {
        let hash = typed_hash(&self.base, ledger);
        Ok(verify(key, message(key.suite(), &self.base, &hash), &self.signature)?)
    }
}

#[cfg(test)]
mod tests;
