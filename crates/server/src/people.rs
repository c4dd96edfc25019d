//! People of the institution that runs a ledger: known by an ID token of its provider (OpenID Connect Core),
//! for some minutes, to look. Nobody signs anything this way: an attestation has a key's signature or none.

mod challenge;
mod id_token;
mod provider;

use crate::reply::{Failed, Replied, internal, json, missing};
use crate::routes::{On, body, hosted, paging_from, signer};
use crate::service::{Hosted, Service};
use crate::who::{Asks, Person, Roles, Who};
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use challenge::Challenges;
use id_token::IdTokenError;
use lockstep_api::answer::Page;
use lockstep_api::limits::{COSIGNED_BYTES_MAX, PERSON_TOKEN_MS, SIGN_IN_BYTES_MAX};
use lockstep_api::people::{Challenge, PersonRole, PersonToken, SignIn, nonce, person};
use lockstep_api::{Kind, Problem};
use lockstep_types::{Lei, Time};
use provider::{Provider, ProviderError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Reads what stands at an address of the provider: over TLS, in bounded time and length, without redirects.
pub type Fetch = Arc<dyn Fn(&str) -> Result<Vec<u8>, String> + Send + Sync>;

/// Whom a ledger takes for its people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleSettings {
    /// The provider, exactly as its ID tokens name it.
    pub issuer: String,
    /// The client as which the server is known there: the one audience that is taken.
    pub client: String,
    /// What to ask for at a sign-in.
    pub scopes: Vec<String>,
    /// The claim of an ID token that says what a person is: a text, or a list of texts.
    pub claim: String,
    /// What such a text lets a person look at.
    pub roles: BTreeMap<String, BTreeSet<PersonRole>>,
    /// As whose people they look.
    pub party: Lei,
}

/// The people of a ledger.
pub struct People {
    settings: PeopleSettings,
    challenges: Challenges,
    provider: Provider,
}

impl People {
    /// Nothing is asked of the provider before somebody signs in.
    ///
    /// # Errors
    /// This machine gives no randomness.
    pub fn new(settings: PeopleSettings, fetch: Fetch) -> Result<Self, getrandom::Error> {
        let provider = Provider::new(settings.issuer.clone(), fetch);
        Ok(Self { settings, challenges: Challenges::new()?, provider })
    }

    /// Whom a sign-in is of, and what it lets one look at.
    async fn signed_in(&self, sign_in: &SignIn, authority: &str, now: Time) -> Result<Person, Failed> {
        let challenge = self.challenges.holds(&sign_in.challenge, now).map_err(no_sign_in)?;
        let head = id_token::head(&sign_in.id_token).map_err(|error| no_sign_in(error.to_string()))?;
        let key = self.provider.key(&head.kid, now).await.map_err(|error| match error {
            ProviderError::Down => {
                let text = "the people's provider does not answer with keys that can be used";
                Failed::from(Problem::new(Kind::Retry, "provider-away", text).hint("try again in a minute"))
            }
            ProviderError::Unknown => no_sign_in(IdTokenError::Key.to_string()),
        })?;
        let expected = id_token::Expected {
            issuer: &self.settings.issuer,
            client: &self.settings.client,
            nonce: &nonce(&sign_in.challenge, authority),
            now_s: now.seconds_round_down(),
        };
        let claims = id_token::claims((&sign_in.id_token, &head), &key, &expected);
        let claims = claims.map_err(|error| no_sign_in(error.to_string()))?;
        let roles = self.roles(&claims.texts(&self.settings.claim));
        let id = person(&self.settings.issuer, &claims.sub);
        if roles == Roles::default() {
            tracing::info!(person = %id, "signed in, and has no role here");
            let text = "the provider vouches for this person, and nothing here is for it to look at";
            let hint = "whoever runs the server maps values of a claim to roles in `lockstep.toml`";
            return Err(Problem::new(Kind::Unauthorised, "no-role", text).hint(hint).into());
        }
        // Last: what does not hold spends nothing.
        self.challenges.spend(challenge, now).map_err(no_sign_in)?;
        let until = now.saturating_add_ms(PERSON_TOKEN_MS).min(claims.expires());
        Ok(Person { id, roles, until })
    }

    fn roles(&self, texts: &[&str]) -> Roles {
        let all = texts.iter().filter_map(|text| self.settings.roles.get(*text)).flatten();
        all.fold(Roles::default(), |roles, role| roles.with(*role))
    }
}

fn no_sign_in(what: impl Into<String>) -> Failed {
    let what = what.into();
    tracing::info!(%what, "a sign-in was refused");
    Problem::new(Kind::Unauthorised, "sign-in", what).hint("sign in anew: `lockstep login`").into()
}

/// What a person must be to ask at a path; none where no person may ask. A path that is not here is for keys.
pub(crate) fn role_for(path: &str) -> Option<PersonRole> {
    let mut parts = path.strip_prefix("/v1/ledgers/")?.split('/');
    let rest: Vec<&str> = parts.by_ref().skip(1).collect();
    match rest.as_slice() {
        ["cases" | "policies"] | ["cases", _] | ["cases", _, "events"] => Some(PersonRole::Viewer),
        ["waiting" | "proposals"] | ["waiting", "events"] => Some(PersonRole::Approver),
        ["reads" | "figures"] => Some(PersonRole::Administrator),
        _ => None,
    }
}

/// The name by which the server was asked, where it is one of its own.
fn authority(service: &Service, parts: &Parts) -> Result<String, Failed> {
    let named = crate::who::authority(parts);
    if service.is_own(&named) { Ok(named) } else { Err(no_sign_in("this server has another name")) }
}

/// `POST L/people/challenges`.
pub(crate) async fn challenges(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    body(&service, request.into_body(), COSIGNED_BYTES_MAX).await?;
    let people = people(hosted)?;
    let (challenge, expires) = people.challenges.give(service.now()).map_err(|error| internal(&error))?;
    let PeopleSettings { issuer, client, scopes, .. } = people.settings.clone();
    Ok(json(&Challenge { challenge, client, expires, issuer, scopes }))
}

/// `POST L/people/tokens`.
pub(crate) async fn tokens(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, content) = request.into_parts();
    let bytes = body(&service, content, SIGN_IN_BYTES_MAX).await?;
    let people = people(hosted)?;
    let refused = |_| Failed::from(Problem::new(Kind::Invalid, "sign-in-form", "this ends no sign-in"));
    let sign_in: SignIn = serde_json::from_slice(&bytes).map_err(refused)?;
    let authority = authority(&service, &parts)?;
    let now = service.now();
    let person = people.signed_in(&sign_in, &authority, now).await?;
    let party = people.settings.party;
    let (token, expires) =
        hosted.tokens.give((Who { party, asks: Asks::Person(person) }, person.until), now)?;
    tracing::info!(person = %person.id, roles = ?person.roles.list(), "signed in");
    Ok(json(&PersonToken { expires, party, roles: person.roles.list(), token }))
}

fn people(hosted: &Hosted) -> Result<&People, Failed> {
    hosted.parts.people.as_ref().ok_or_else(|| missing("people"))
}

/// That whoever asks administers: a person, whose role its path has asked for, or a key of an administrator.
pub(crate) fn administers(hosted: &Hosted, who: Who, what: &str) -> Result<(), Failed> {
    let is_person = matches!(who.asks, Asks::Person(_));
    if is_person || hosted.administrators.contains(&who.party) { Ok(()) } else { Err(missing(what)) }
}

/// `GET L/reads`: for people who administer, and for keys of the ledger's administrators.
pub(crate) async fn reads(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = Arc::clone(hosted(&service, &ledger)?);
    let (parts, _) = request.into_parts();
    let asks = signer(&service, &hosted, &parts)?;
    administers(&hosted, asks, "list of reads")?;
    let (from, max) = paging_from(&parts)?;
    let read = tokio::task::spawn_blocking(move || hosted.parts.reads.rows(from, max)).await;
    let read = read.map_err(|error| internal(&error))?;
    let (items, next) = read.map_err(|what| internal(&std::io::Error::other(what)))?;
    Ok(json(&Page { items, next: next.map(|next| next.to_string()) }))
}
