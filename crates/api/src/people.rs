//! People, as a server knows them: by an ID token of one provider (OpenID Connect), for some minutes, to look
//! and never to sign. `specs/http.md` §2.

use crate::openapi::{Hash, LeiText, TimeMs};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lockstep_types::{CaseId, Digest, Lei, Time, sha256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a person may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonRole {
    /// Cases and policies, as the person's party may see them.
    Viewer,
    /// What a viewer sees, and what waits for the party.
    Approver,
    /// Who read what, and how the ledger stands; no case.
    Administrator,
}

impl core::fmt::Display for PersonRole {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Viewer => "viewer",
            Self::Approver => "approver",
            Self::Administrator => "administrator",
        })
    }
}

/// What a sign-in begins with: who the people's provider is, and a challenge that this server takes once.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Challenge {
    /// To be shown again with the ID token, whose `nonce` is made of it.
    pub challenge: String,
    /// The client as which this server is known to the provider.
    pub client: String,
    /// Until when the challenge is taken.
    #[schemars(with = "TimeMs")]
    pub expires: Time,
    /// The provider: the issuer of ID tokens.
    pub issuer: String,
    /// What to ask the provider for.
    pub scopes: Vec<String>,
}

/// What a sign-in ends with.
#[derive(Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The challenge.
    pub challenge: String,
    /// The provider's word, signed by it.
    pub id_token: String,
}

/// A token for a person.
#[derive(Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonToken {
    /// Until when it counts.
    #[schemars(with = "TimeMs")]
    pub expires: Time,
    /// As whose people one looks.
    #[schemars(with = "LeiText")]
    pub party: Lei,
    /// What it lets one look at.
    pub roles: Vec<PersonRole>,
    /// To be sent as `Authorization: Bearer …`.
    pub token: String,
}

impl core::fmt::Debug for PersonToken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PersonToken").field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// Somebody read something of a case.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadRow {
    /// The case.
    #[schemars(with = "Hash")]
    pub case: CaseId,
    /// The person, by a digest; none where a key has asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Hash>")]
    pub person: Option<Digest>,
    /// The party.
    #[schemars(with = "LeiText")]
    pub reader: Lei,
    /// When, by the server's clock.
    #[schemars(with = "TimeMs")]
    pub time: Time,
    /// What was read.
    pub what: String,
}

/// The `nonce` that an ID token must have for a challenge: it is good at one server only (its name and port
/// as in [`crate::signing`]), and tells whoever sees it nothing of the challenge.
#[must_use]
pub fn nonce(challenge: &str, authority: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(format!("lockstep-sign-in\n{authority}\n{challenge}").as_bytes()))
}

/// A person, by a digest of what the provider calls it: the same for the same one, and no name.
#[must_use]
pub fn person(issuer: &str, subject: &str) -> Digest {
    Digest(sha256(format!("lockstep-person\n{issuer}\n{subject}").as_bytes()))
}
