//! Bodies of records: what has happened, as far as `apply` needs it (specs/bodies.md). Never personal
//! data.

use lockstep_attest::CredentialKey;
use lockstep_crypto::suite::PublicKey;
use lockstep_ledger::{Member, Record, SealBody};
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::limits::BODY_BYTES_MAX;
use lockstep_types::{
    Amount, AttestationDigest, CaseId, CredentialDigest, Digest, DocumentDigest, EnvelopeDigest, LeafHash,
    Lei, Name, PolicyDigest, Salt, Time, UseKey,
};
use serde::{Deserialize, Serialize};

use crate::governance::Action;
use crate::refusal::RefusalCode;

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A step was taken, or its party refused it.
    Attested(Attested),
    /// An entitled party tried and was refused; nothing else changed.
    Attempted(Attempted),
    /// A case was opened.
    Opened(Opened),
    /// All steps of an outcome are taken: it is unlocked. Outcome leaves follow.
    Decided(Decided),
    /// A party took an attestation back.
    Withdrawn(Withdrawn),
    /// The deadline passed.
    Expired(Expired),
    /// An observer's reading counts.
    Read(Read),
    /// A domain showed a decided outcome as executed, or as lapsed.
    Settled(Settled),
    /// A credential was given.
    Credentialed(Credentialed),
    /// A credential was taken back.
    Revoked(Revoked),
    /// A governance case was opened by an administrator, whose approval it counts as.
    Proposed(Proposed),
    /// Another administrator approved.
    Approved(Backed),
    /// A co-signer's institution consented.
    Consented(Backed),
    /// Enough have agreed; it takes effect at the time named.
    Resolved(Resolved),
    /// It has taken effect.
    Enacted(Enacted),
    /// The ledger began.
    Genesis(Box<Genesis>),
    /// The state map had this root.
    Seal(SealBody),
}

/// An administrator of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Administrator {
    /// Its keys, in ascending order of key id.
    pub keys: Vec<CredentialKey>,
    /// The institution.
    pub lei: Lei,
}

/// Record 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// How many administrators must approve a governance case.
    pub administrator_threshold: u8,
    /// Who may administer.
    pub administrators: Vec<Administrator>,
    /// Ed25519 key that signs *accepted* receipts.
    pub appender: PublicKey,
    /// How many co-signers must sign: more than two thirds.
    pub cosigner_threshold: u8,
    /// The co-signers of epoch 0.
    pub cosigners: Vec<Member>,
    /// Ed25519 key of the log's checkpoint line; authorises nothing.
    pub log: PublicKey,
    /// What people call the ledger; with the nonce it makes the log's origin.
    pub name: Name,
    /// Makes two ledgers of one name differ.
    pub nonce: Salt,
    /// How long after its consent a loosening governance case takes effect.
    pub notice_ms: u64,
    /// Version of the kernel's rules.
    pub rules: u32,
}

/// See [`Body::Opened`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Identity of the opening attestation; it opens one case.
    pub attestation: AttestationDigest,
    /// The credentials under which its keys counted, ascending.
    pub credentials: Vec<CredentialDigest>,
    /// When the case must have been decided.
    pub deadline: Time,
    /// Envelope, signatures included.
    pub envelope: EnvelopeDigest,
    /// Who opened.
    pub party: Lei,
    /// The policy.
    pub policy: PolicyDigest,
}

/// What a step states about the programme's account: a custodian's balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// Minor units.
    pub amount: Amount,
    /// When it held.
    pub as_of: Time,
}

/// Money that a step states as booked: a credit, or a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credit {
    /// Minor units.
    pub amount: Amount,
    /// When it was booked.
    pub booked: Time,
}

/// An amount reserved against headroom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldTaken {
    /// Minor units.
    pub amount: Amount,
    /// Where it will appear.
    pub domain: Name,
}

/// See [`Body::Attested`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attested {
    /// Identity of the attestation.
    pub attestation: AttestationDigest,
    /// The balance it states, if the policy's hold counts one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Balance>,
    /// The case.
    pub case: CaseId,
    /// The credentials under which its keys counted, ascending.
    pub credentials: Vec<CredentialDigest>,
    /// The credit it states, if the policy's hold counts one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Credit>,
    /// Envelope, signatures included.
    pub envelope: EnvelopeDigest,
    /// The amount that this step reserves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldTaken>,
    /// Who.
    pub party: Lei,
    /// The payout it states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payout: Option<Credit>,
    /// The case's record before this one.
    pub prev: LeafHash,
    /// True when the party refused the step: the case ends.
    pub refused: bool,
    /// Which step.
    pub step: Name,
    /// The single-use act that it claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_key: Option<UseKey>,
}

/// See [`Body::Attempted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempted {
    /// Identity of the attestation.
    pub attestation: AttestationDigest,
    /// The case.
    pub case: CaseId,
    /// Which rule was broken.
    pub code: RefusalCode,
    /// Envelope, signatures included.
    pub envelope: EnvelopeDigest,
    /// Who.
    pub party: Lei,
    /// The case's record before this one.
    pub prev: LeafHash,
    /// Which step.
    pub step: Name,
}

/// See [`Body::Decided`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// The case.
    pub case: CaseId,
    /// The first decision of a case is 0.
    pub ordinal: u32,
    /// One for each outcome leaf that follows, in the policy's order.
    pub outcomes: Vec<OutcomeDue>,
    /// The case's record before this one.
    pub prev: LeafHash,
}

/// An outcome that a decision unlocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeDue {
    /// Where it can be executed.
    pub domain: Name,
    /// Until when, inclusive, in whole seconds; none: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Time>,
}

/// See [`Body::Withdrawn`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawn {
    /// The case.
    pub case: CaseId,
    /// Envelope, signatures included.
    pub envelope: EnvelopeDigest,
    /// The steps that fall: the one taken back and every one that builds on it, in the policy's order.
    pub fallen: Vec<Name>,
    /// The record taken back.
    pub leaf: LeafHash,
    /// Who.
    pub party: Lei,
    /// The case's record before this one.
    pub prev: LeafHash,
}

/// See [`Body::Expired`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expired {
    /// The case.
    pub case: CaseId,
    /// The case's record before this one.
    pub prev: LeafHash,
}

/// See [`Body::Read`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Time of the block.
    pub block_time: Time,
    /// What was read, without who read it and when: observers agree when this is equal.
    pub content: Digest,
    /// Where.
    pub domain: Name,
    /// Envelope, signatures included.
    pub envelope: EnvelopeDigest,
    /// When the observer says it signed: a reading is as fresh as its word.
    pub issued: Time,
    /// Time of the next finalized block.
    pub next_block_time: Time,
    /// Who.
    pub party: Lei,
    /// Until when the last pause of the domain's Gate lasts, or lasted, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<Time>,
    /// Which programme.
    pub programme: Name,
    /// Parties that have now read the same, out of those the policies ask for.
    pub quorum_reached: bool,
    /// Supply in minor units, rounded up.
    pub supply: Amount,
}

/// See [`Body::Settled`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settled {
    /// The case.
    pub case: CaseId,
    /// When the chain executed the outcome; none: a finalized block after `not_after` shows that it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumed: Option<Time>,
    /// On which domain.
    pub domain: Name,
    /// Which decision.
    pub ordinal: u32,
    /// The case's record before this one.
    pub prev: LeafHash,
}

/// See [`Body::Credentialed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentialed {
    /// The credential: digest of its own statement.
    pub credential: CredentialDigest,
    /// Envelope, signatures included.
    pub envelope: EnvelopeDigest,
    /// Who gave it.
    pub issuer: Lei,
    /// The keys it names.
    pub keys: Vec<CredentialKey>,
    /// Its kind.
    pub kind: Name,
    /// Who holds it.
    pub subject: Lei,
    /// Valid from, inclusive.
    pub valid_from: Time,
    /// Valid until, inclusive.
    pub valid_until: Time,
}

/// See [`Body::Revoked`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// The credential.
    pub credential: CredentialDigest,
    /// Envelope, signatures included.
    pub envelope: EnvelopeDigest,
    /// Who revoked.
    pub issuer: Lei,
    /// Steps taken since then under this credential are suspect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspect_since: Option<Time>,
}

/// See [`Body::Proposed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposed {
    /// What is proposed, in full: trust records are public.
    pub action: Action,
    /// Identity of the opening attestation; it opens one case.
    pub attestation: AttestationDigest,
    /// After this time nobody can agree any more.
    pub deadline: Time,
    /// Envelope, signatures included.
    pub envelope: EnvelopeDigest,
    /// True when k co-signers must consent and the notice runs: the action may loosen what is enforced.
    pub loosens: bool,
    /// Who proposed.
    pub party: Lei,
}

/// See [`Body::Approved`] and [`Body::Consented`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backed {
    /// The governance case.
    pub case: CaseId,
    /// Envelope, signatures included.
    pub envelope: EnvelopeDigest,
    /// Who.
    pub party: Lei,
    /// The case's record before this one.
    pub prev: LeafHash,
}

/// See [`Body::Resolved`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolved {
    /// The governance case.
    pub case: CaseId,
    /// When it takes effect.
    pub effective: Time,
    /// The case's record before this one.
    pub prev: LeafHash,
}

/// See [`Body::Enacted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enacted {
    /// SHA-256 of the action's canonical JSON.
    pub action: DocumentDigest,
    /// The governance case.
    pub case: CaseId,
    /// The case's record before this one.
    pub prev: LeafHash,
}

impl Body {
    /// What kind of record it is: the name under which its JSON stands.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Attested(_) => "attested",
            Self::Attempted(_) => "attempted",
            Self::Opened(_) => "opened",
            Self::Decided(_) => "decided",
            Self::Withdrawn(_) => "withdrawn",
            Self::Expired(_) => "expired",
            Self::Read(_) => "read",
            Self::Settled(_) => "settled",
            Self::Credentialed(_) => "credentialed",
            Self::Revoked(_) => "revoked",
            Self::Proposed(_) => "proposed",
            Self::Approved(_) => "approved",
            Self::Consented(_) => "consented",
            Self::Resolved(_) => "resolved",
            Self::Enacted(_) => "enacted",
            Self::Genesis(_) => "genesis",
            Self::Seal(_) => "seal",
        }
    }

    /// The canonical JSON that stands in the record.
    ///
    /// # Errors
    /// [`CanonicalError`] never in practice: every body has a JSON form.
    pub fn to_vec(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_vec(self)
    }

    /// Decodes the body of a record with tag 1.
    ///
    /// # Errors
    /// [`CanonicalError`] when it is not the canonical JSON of a body.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, CanonicalError> {
        canonical::from_slice(bytes, BODY_BYTES_MAX)
    }

    /// Decodes a body without asking for its canonical form: to look things up. Whoever applies it asks.
    #[must_use]
    pub fn peek(record: &Record) -> Option<Self> {
        serde_json::from_slice(record.body()).ok()
    }

    /// The case the record belongs to and the record before it in that case; nothing for openings and for
    /// records that belong to no case.
    #[must_use]
    pub const fn link(&self) -> Option<(CaseId, LeafHash)> {
        match self {
            Self::Attested(b) => Some((b.case, b.prev)),
            Self::Attempted(b) => Some((b.case, b.prev)),
            Self::Decided(b) => Some((b.case, b.prev)),
            Self::Withdrawn(b) => Some((b.case, b.prev)),
            Self::Expired(b) => Some((b.case, b.prev)),
            Self::Settled(b) => Some((b.case, b.prev)),
            Self::Approved(b) | Self::Consented(b) => Some((b.case, b.prev)),
            Self::Resolved(b) => Some((b.case, b.prev)),
            Self::Enacted(b) => Some((b.case, b.prev)),
            Self::Opened(_) | Self::Proposed(_) | Self::Read(_) | Self::Credentialed(_) => None,
            Self::Revoked(_) | Self::Genesis(_) | Self::Seal(_) => None,
        }
    }
}
