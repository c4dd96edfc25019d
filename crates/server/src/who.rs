//! Who asks: a signature over the request (RFC 9421), or a token that was got with one.

use crate::reply::Failed;
use crate::service::{Hosted, Service};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lockstep_api::answer::Token;
use lockstep_api::limits::{SIGNED_AGE_S_MAX, TOKEN_MS};
use lockstep_api::signing::{Headers, Parts as SignedParts, Presented, read};
use lockstep_api::{Kind, Problem};
use lockstep_crypto::suite::{PublicKey, Suite};
use lockstep_kernel::state::Held;
use lockstep_kernel::{Directory, Kernel};
use lockstep_ledger::Committee;
use lockstep_types::{Address, KeyId, Lei, Time, sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError, RwLock};

/// Tokens that count at once, and nonces that are remembered.
const REMEMBERED_MAX: usize = 100_000;

/// Whoever signed a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Who {
    /// Whose key it is.
    pub(crate) party: Lei,
    /// The key.
    pub(crate) key: KeyId,
    /// True for the key with which a co-signer signs checkpoints.
    pub(crate) cosigner: bool,
}

/// The keys that a ledger knows: of parties, and of co-signers.
#[derive(Default)]
pub(crate) struct Keys(RwLock<Known>);

#[derive(Default)]
struct Known {
    parties: Directory,
    cosigners: BTreeMap<KeyId, (PublicKey, Lei)>,
    /// Keys whose every credential was revoked: their holder may be a thief.
    revoked: BTreeSet<KeyId>,
}

fn revoked(kernel: &Kernel) -> BTreeSet<KeyId> {
    let keys = |held: &Held| held.keys.iter().map(|held| held.key.id()).collect::<Vec<_>>();
    let all = || kernel.credentials().map(|(_, held)| held);
    let mut revoked: BTreeSet<KeyId> = all().filter(|held| held.revoked.is_some()).flat_map(keys).collect();
    if !revoked.is_empty() {
        let good: BTreeSet<KeyId> = all().filter(|held| held.revoked.is_none()).flat_map(keys).collect();
        revoked.retain(|key| !good.contains(key));
    }
    revoked
}

impl Keys {
    /// Takes the keys that are registered now; of co-signers also those who have still to hand over.
    pub(crate) fn update(&self, kernel: &Kernel, leaving: Option<&Committee>) {
        let parties = kernel.directory();
        let members = [kernel.committee(), leaving].into_iter().flatten().flat_map(Committee::members);
        let key_of = |address: &Address| PublicKey::new(Suite::Eip712, &address.0).ok();
        let cosigner = |(key, lei): (PublicKey, Lei)| (key.id(), (key, lei));
        let cosigners =
            members.filter_map(|member| Some((key_of(&member.address)?, member.lei))).map(cosigner);
        let known = Known { parties, cosigners: cosigners.collect(), revoked: revoked(kernel) };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// Whose key it is, whether it was revoked or not.
    pub(crate) fn owner(&self, id: &KeyId) -> Option<Lei> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.parties.key(id).map(|entry| entry.owner)
    }

    /// True while a key counts.
    pub(crate) fn is_good(&self, id: &KeyId) -> bool {
        self.find(id).is_some()
    }

    fn find(&self, id: &KeyId) -> Option<(PublicKey, Who)> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((key, party)) = known.cosigners.get(id) {
            return Some((key.clone(), Who { party: *party, key: *id, cosigner: true }));
        }
        let entry = known.parties.key(id).filter(|_| !known.revoked.contains(id))?;
        Some((entry.key.clone(), Who { party: entry.owner, key: *id, cosigner: false }))
    }
}

/// What was signed lately: a signature counts once.
#[derive(Default)]
pub(crate) struct Nonces(Mutex<BTreeSet<(u64, KeyId, String)>>);

impl Nonces {
    /// Takes note of a signature that holds.
    fn spend(&self, presented: &Presented, now: u64) -> Result<(), Failed> {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What is older is refused for its age.
        let oldest = now.saturating_sub(2 * SIGNED_AGE_S_MAX);
        while spent.first().is_some_and(|(created, ..)| *created < oldest) {
            spent.pop_first();
        }
        if spent.len() >= REMEMBERED_MAX {
            let text = "too many signed requests within two minutes";
            return Err(Problem::new(Kind::Retry, "too-many", text).into());
        }
        let new = spent.insert((presented.created, presented.key, presented.nonce.clone()));
        if new { Ok(()) } else { Err(unknown("the signature has been used")) }
    }
}

/// Tokens that count, by their digest: whoever reads this memory learns none.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<BTreeMap<[u8; 32], (Time, Who)>>);

impl Tokens {
    /// A new token for whoever has signed.
    pub(crate) fn give(&self, who: Who, now: Time) -> Result<Token, Failed> {
        let mut secret = [0u8; 32];
        getrandom::fill(&mut secret)
            .map_err(|_| Problem::new(Kind::Internal, "randomness", "this machine gives no randomness"))?;
        let (token, expires) = (URL_SAFE_NO_PAD.encode(secret), now.saturating_add_ms(TOKEN_MS));
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        given.retain(|_, (expires, _)| *expires > now);
        if given.len() >= REMEMBERED_MAX {
            return Err(Problem::new(Kind::Retry, "too-many-tokens", "too many tokens count at once").into());
        }
        given.insert(sha256(token.as_bytes()), (expires, who));
        Ok(Token { expires, token })
    }

    fn find(&self, token: &str, now: Time) -> Option<Who> {
        let given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked up by digest: how long it takes says nothing of the token.
        given.get(&sha256(token.as_bytes())).filter(|(expires, _)| *expires > now).map(|(_, who)| *who)
    }
}

fn unknown(what: &str) -> Failed {
    let hint = "sign the request with a registered key (docs/how-to/ask-a-server.md), or send a token";
    Problem::new(Kind::Unauthorised, "not-signed", what).hint(hint).into()
}

fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let mut values = parts.headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        // Two of one header: whoever is between us may have read the other.
        _ => None,
    }
}

/// Who signed a question, or whose token it carries.
///
/// # Errors
/// [`Kind::Retry`], too often; [`Kind::Unauthorised`], the same for a key that is unknown and for a signature
/// that does not hold.
pub(crate) fn who(
    (service, hosted): (&Service, &Hosted),
    parts: &Parts,
    body: Option<&[u8]>,
) -> Result<Who, Failed> {
    if let Some(bearer) = header(parts, AUTHORIZATION.as_str()) {
        let token = bearer.strip_prefix("Bearer ").unwrap_or_default();
        let known = hosted.tokens.find(token, service.now());
        // A token lasts no longer than the key that got it.
        let known = known.filter(|who| hosted.keys.is_good(&who.key));
        let who = known.ok_or_else(|| unknown("the token does not count, or not any more"))?;
        service.paces.reads(who.party)?;
        return Ok(who);
    }
    let headers = Headers {
        content_digest: header(parts, "content-digest").map(str::to_owned),
        signature: header(parts, "signature").unwrap_or_default().to_owned(),
        signature_input: header(parts, "signature-input")
            .ok_or_else(|| unknown("the request is not signed"))?
            .to_owned(),
    };
    let authority = parts.uri.authority().map(|named| named.as_str()).or_else(|| header(parts, "host"));
    let authority = authority.unwrap_or_default().to_ascii_lowercase();
    if !service.is_own(&authority) {
        return Err(unknown("the request was signed for another server"));
    }
    let signed = SignedParts {
        method: parts.method.as_str(),
        authority: &authority,
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        body,
    };
    let presented = read(&signed, &headers).map_err(|error| unknown(&error.to_string()))?;
    let now = service.now().seconds_round_down();
    if presented.created.abs_diff(now) > SIGNED_AGE_S_MAX {
        return Err(unknown("the signature is not of the last minute, by this server's clock"));
    }
    let wrong = || unknown("the key is not registered on this ledger, or its signature does not hold");
    let (key, who) = hosted.keys.find(&presented.key).ok_or_else(wrong)?;
    presented.verify(&key, &hosted.ledger).map_err(|_| wrong())?;
    // Before it is remembered: nobody fills the memory of all.
    service.paces.reads(who.party)?;
    service.nonces.spend(&presented, now)?;
    Ok(who)
}
