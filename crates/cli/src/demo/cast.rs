//! Who takes part: institutions with keys of their own, made for this one run.

use crate::{os, report};
use anyhow::Result;
use lockstep_attest::CredentialKey;
use lockstep_attest::sign::Sign;
use lockstep_crypto::suite::{Message, PublicKey, Suite};
use lockstep_crypto::{SecretError, SecretKey};
use lockstep_types::{Digest, Lei, Name};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A key made for this run.
#[derive(Clone)]
pub struct DemoKey(Arc<SecretKey>);

impl DemoKey {
    /// A fresh key.
    pub fn draw(suite: Suite) -> Result<Self> {
        loop {
            // One in 2^32 draws or fewer is no key of the curve.
            if let Ok(secret) = SecretKey::from_bytes(suite, &os::random32()?) {
                return Ok(Self(Arc::new(secret)));
            }
        }
    }

    /// The key with this secret.
    pub fn from_secret(suite: Suite, secret: &[u8; 32]) -> Result<Self> {
        Ok(Self(Arc::new(SecretKey::from_bytes(suite, secret)?)))
    }

    /// The secret key itself, for those who sign what they should not.
    pub fn secret(&self) -> &SecretKey {
        &self.0
    }
}

impl Sign for DemoKey {
    type Error = SecretError;
    fn public(&self) -> &PublicKey {
        self.0.public()
    }
    fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, SecretError> {
        self.0.sign(message)
    }
}

/// A key and the person who holds it.
#[derive(Clone)]
pub struct HeldKey {
    /// The key.
    pub key: DemoKey,
    /// Tells persons apart.
    pub person: Digest,
}

/// An institution.
#[derive(Clone)]
pub struct Institution {
    /// What people call it.
    pub name: &'static str,
    /// Its identifier.
    pub lei: Lei,
    /// The credential that its role asks for.
    pub kind: Option<&'static str>,
    /// Its keys; the ones it signs a step with.
    pub keys: Vec<HeldKey>,
}

impl Institution {
    /// The keys with which it signs.
    pub fn signers(&self) -> Vec<&DemoKey> {
        self.keys.iter().map(|held| &held.key).collect()
    }

    /// Its suites, as people read them.
    pub fn suites(&self) -> String {
        let suites: Vec<&str> = self.keys.iter().map(|held| held.key.public().suite().as_str()).collect();
        suites.join(" + ")
    }

    /// The one key, as records of governance hold it.
    pub fn plain_keys(&self) -> Vec<CredentialKey> {
        self.keys.iter().map(|held| CredentialKey { key: held.key.public().clone(), person: None }).collect()
    }
}

/// Keys as a credential names them: ascending by key id.
pub fn credential_keys(keys: &[HeldKey]) -> Vec<CredentialKey> {
    let of = |held: &HeldKey| CredentialKey { key: held.key.public().clone(), person: Some(held.person) };
    let mut keys: Vec<CredentialKey> = keys.iter().map(of).collect();
    keys.sort_by_key(|key| key.key.id());
    keys
}

/// Role in the policy, name, first letters of the LEI, credential, suites of the persons who sign together.
type Part = (&'static str, &'static str, &'static str, Option<&'static str>, &'static [Suite]);

const PARTS: [Part; 10] = [
    ("issuer", "Acme Money", "ACMEMONEYISSUER000", Some("e-money-institution"), &[Suite::Ed25519]),
    (
        "custodian",
        "Harbour Custody Trust",
        "HARBOURCUSTODY0000",
        Some("qualified-custodian"),
        &[Suite::Es256],
    ),
    ("screening", "Clear Screening", "CLEARSCREENING0000", Some("aml-provider"), &[Suite::Ed25519]),
    ("auditor", "Fair & Partners", "FAIRANDPARTNERS000", Some("registered-auditor"), &[Suite::Eip712]),
    ("observer", "Chain Watch", "CHAINWATCH00000000", Some("chain-observer"), &[Suite::Ed25519]),
    (
        "compliance",
        "Northstar Compliance",
        "NORTHSTARCOMPLY000",
        Some("compliance-officer"),
        &[Suite::Es256, Suite::Ed25519],
    ),
    (COUNSEL, "Lowell Dane Counsel", "LOWELLDANECOUNSEL0", Some("legal-counsel"), &[Suite::Eip712]),
    ("trustee", "Meridian Trustees", "MERIDIANTRUSTEES00", None, &[Suite::Ed25519]),
    ("administrator", "Acme Money", "ACMEMONEYISSUER000", None, &[Suite::Ed25519]),
    ("registrar", "Registrar of Licences", "REGISTRARLICENCE00", None, &[Suite::Ed25519]),
];

/// The six roles of the process, in the order in which they are introduced.
pub const ROLES: [&str; 6] = ["issuer", "custodian", "screening", "auditor", "observer", "compliance"];
/// Who is served orders of courts; no role of the issuance.
pub const COUNSEL: &str = "counsel";
/// The co-signers: who they are in the cast.
pub const COSIGNERS: [&str; 4] = ["issuer", "custodian", "auditor", "trustee"];
/// How many co-signers must sign.
pub const THRESHOLD: u8 = 3;

/// Everybody, by role.
pub struct Cast(BTreeMap<&'static str, Institution>);

impl Cast {
    /// Makes everybody's keys.
    pub fn make() -> Result<Self> {
        let mut cast = BTreeMap::new();
        for (role, name, stem, kind, suites) in PARTS {
            let mut keys = Vec::new();
            for suite in suites {
                keys.push(HeldKey { key: DemoKey::draw(*suite)?, person: Digest(os::random32()?) });
            }
            cast.insert(role, Institution { name, lei: Lei::with_check_digits(stem)?, kind, keys });
        }
        Ok(Self(cast))
    }

    /// Who plays a role.
    pub fn of(&self, role: &str) -> &Institution {
        let found = self.0.get(role);
        found.unwrap_or_else(|| panic!("the cast has no `{role}`"))
    }

    /// What people call an institution.
    pub fn name_of(&self, lei: &Lei) -> String {
        let found = self.0.values().find(|institution| institution.lei == *lei);
        found.map_or_else(|| lei.to_string(), |institution| institution.name.to_owned())
    }
}

impl Cast {
    /// Everybody as the board page shows them: the six roles, counsel, the trustee, the registrar.
    pub fn parts(&self) -> Vec<report::Part> {
        let shown = ROLES.into_iter().chain([COUNSEL, "trustee", "registrar"]);
        shown.map(|role| self.part(role)).collect()
    }

    fn part(&self, role: &str) -> report::Part {
        let who = self.of(role);
        let does = match role {
            "trustee" => "administers".to_owned(),
            "registrar" => "gives and takes licences".to_owned(),
            "issuer" => "issuer, administers".to_owned(),
            role => role.to_owned(),
        };
        let (cosigns, checkpoints) =
            if COSIGNERS.contains(&role) { (", co-signs", "; checkpoints: eip712") } else { ("", "") };
        report::Part {
            name: who.name.to_owned(),
            lei: who.lei,
            does: format!("{does}{cosigns}"),
            credential: who.kind.unwrap_or("none").to_owned(),
            suites: format!("{}{checkpoints}", who.suites()),
        }
    }
}

/// A short name for something of this program that is one by construction.
pub fn name(text: &str) -> Name {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}
