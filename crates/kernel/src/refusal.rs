//! Why a command was not accepted. The variants stand in the order of the checks: two operators that run the
//! same rules refuse for the same reason.

mod hint;

pub use hint::Kind;
use lockstep_types::{CaseId, CredentialDigest, KeyId, LedgerId, Lei, Name, PolicyDigest, Time};
use serde::{Deserialize, Serialize};

macro_rules! refusals {
    ($($(#[doc = $doc:literal])* #[error($text:literal)] $name:ident {
        $($(#[doc = $fdoc:literal])* $field:ident: $kind:ty),* $(,)?
    };)*) => {
        /// A refusal: which rule, with what was expected and found.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        pub enum Refusal {$(
            $(#[doc = $doc])*
            #[error($text)]
            $name { $($(#[doc = $fdoc])* $field: $kind),* },
        )*}

        /// The stable name of a rule; it stands in records and in `docs/errors/`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum RefusalCode {$(
            $(#[doc = $doc])*
            $name,
        )*}

        impl Refusal {
            /// The stable name of the rule.
            #[must_use]
            pub const fn code(&self) -> RefusalCode {
                match self {$(Self::$name { .. } => RefusalCode::$name,)*}
            }
        }

        impl RefusalCode {
            /// Every code, in the order of the checks.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The text of the refusal, with the names of its fields where their values will stand.
            #[must_use]
            pub const fn text_form(self) -> &'static str {
                match self {$(Self::$name => $text,)*}
            }
        }
    };
}

refusals! {
    /// The first record of a ledger is its genesis, and there is one.
    #[error("genesis is the first record of a ledger and of no other place")]
    GenesisPlace {};
    /// Genesis breaks a rule of its own.
    #[error("genesis is refused: {what}")]
    GenesisForm {
        /// Which rule.
        what: String
    };
    /// Meant for another ledger.
    #[error("the envelope names ledger `{found}`, this is `{expected}`")]
    OtherLedger {
        /// This ledger.
        expected: LedgerId,
        /// The ledger named.
        found: LedgerId
    };
    /// Signed later than now.
    #[error("the envelope says it was issued at {issued}, later than ledger time {now}")]
    IssuedInFuture {
        /// When it says it was signed.
        issued: Time,
        /// Ledger time.
        now: Time
    };
    /// Void by now.
    #[error("the envelope expired at {expires}, ledger time is {now}")]
    EnvelopeExpired {
        /// When it became void.
        expires: Time,
        /// Ledger time.
        now: Time
    };
    /// Valid for longer than an envelope may be.
    #[error("the envelope is valid for longer than seven days")]
    EnvelopeLife {};
    /// A key that signs for somebody else.
    #[error("key `{key}` belongs to `{owner}`, the envelope is by `{party}`")]
    KeyOwner {
        /// The key.
        key: KeyId,
        /// Whose it is.
        owner: Lei,
        /// Who is said to sign.
        party: Lei
    };
    /// The policy is not adopted.
    #[error("policy `{policy}` is not adopted on this ledger")]
    PolicyUnknown {
        /// The policy named.
        policy: PolicyDigest
    };
    /// No such case on this ledger.
    #[error("case `{case}` does not exist on this ledger")]
    CaseUnknown {
        /// The case named.
        case: CaseId
    };
    /// The policy has no such step.
    #[error("the policy has no step `{step}`")]
    StepUnknown {
        /// The step named.
        step: Name
    };
    /// The keys hold no credential of the kind that the role asks for.
    #[error("`{party}` holds no credential `{credential}` with key `{key}`, which role `{role}` asks for")]
    NotEntitled {
        /// Who signed.
        party: Lei,
        /// The role.
        role: Name,
        /// The kind of credential.
        credential: Name,
        /// The key without one.
        key: KeyId
    };
    /// The credential was revoked.
    #[error("credential `{credential}` was revoked at {at}")]
    CredentialRevoked {
        /// Which.
        credential: CredentialDigest,
        /// Ledger time of the revocation.
        at: Time
    };
    /// The credential is not valid at this time.
    #[error("credential `{credential}` is valid from {from} until {until}, ledger time is {now}")]
    CredentialNotValid {
        /// Which.
        credential: CredentialDigest,
        /// First moment.
        from: Time,
        /// Last moment.
        until: Time,
        /// Ledger time.
        now: Time
    };
    /// The case has ended.
    #[error("case `{case}` is {phase}")]
    CaseClosed {
        /// Which.
        case: CaseId,
        /// How it stands.
        phase: String
    };
    /// By ledger time the deadline has passed, whether or not that is recorded yet.
    #[error("the case had to be decided by {deadline}, ledger time is {now}")]
    CaseLate {
        /// The deadline.
        deadline: Time,
        /// Ledger time.
        now: Time
    };
    /// A key that signed in this case is suspect.
    #[error("the case is suspended: `{step}` was taken under credential `{credential}`, which is suspect since \
             {since}; a step can be withdrawn and taken again, an opening cannot")]
    Suspended {
        /// The suspect step, or `open`.
        step: String,
        /// The revoked credential.
        credential: CredentialDigest,
        /// Since when.
        since: Time
    };
    /// The attestation has been used to open a case.
    #[error("this opening has already opened case `{case}`")]
    OpenedBefore {
        /// Which.
        case: CaseId
    };
    /// Fewer persons than the role asks for.
    #[error("role `{role}` asks for {expected} persons on one envelope, found {found}")]
    Persons {
        /// The role.
        role: Name,
        /// Persons asked for.
        expected: u32,
        /// Different persons that signed.
        found: u32
    };
    /// The step has been taken.
    #[error("step `{step}` has been taken")]
    StepTaken {
        /// The step.
        step: Name
    };
    /// A word that has been taken back, or that an earlier decision has used up.
    #[error("this attestation of step `{step}` has fallen: the step is to be signed anew")]
    TakenBack {
        /// The step.
        step: Name
    };
    /// One institution in two roles that must be apart.
    #[error("`{party}` has acted as `{other}` in this case, which role `{role}` must be distinct from")]
    NotDistinct {
        /// Who.
        party: Lei,
        /// The role of this step.
        role: Name,
        /// The role it had before.
        other: Name
    };
    /// A step before its predecessor.
    #[error("step `{step}` waits for `{missing}`")]
    Order {
        /// The step.
        step: Name,
        /// The first step it waits for.
        missing: Name
    };
    /// `prev` does not name the records of all predecessors, in the policy's order.
    #[error("`prev` of step `{step}` must name the records of its predecessors in the policy's order")]
    Prev {
        /// The step.
        step: Name
    };
    /// Later than the policy allows for this step.
    #[error("step `{step}` had to be taken by {by}, ledger time is {now}")]
    StepLate {
        /// The step.
        step: Name,
        /// Its latest time.
        by: Time,
        /// Ledger time.
        now: Time
    };
    /// Another deadline than the policy allows.
    #[error("the deadline {deadline} lies outside {now} to {latest}")]
    Deadline {
        /// Asked for.
        deadline: Time,
        /// Ledger time.
        now: Time,
        /// The latest that the policy allows.
        latest: Time
    };
    /// Another number of claims than the policy declares.
    #[error("{found} claims, `{step}` declares {expected}")]
    ClaimCount {
        /// The step, or `open`.
        step: String,
        /// Declared.
        expected: usize,
        /// Found.
        found: usize
    };
    /// A claim of another name or form than declared.
    #[error("claim `{claim}` is refused: {what}")]
    ClaimForm {
        /// The claim declared.
        claim: Name,
        /// What is wrong.
        what: String
    };
    /// Another number of documents than the policy declares.
    #[error("{found} evidence digests, step `{step}` declares {expected}")]
    EvidenceCount {
        /// The step.
        step: Name,
        /// Declared.
        expected: usize,
        /// Found.
        found: usize
    };
    /// What the step states is too old, or later than now.
    #[error("`{claim}` of step `{step}` is {as_of}: at most {max_age_ms} ms before ledger time {now} count")]
    Stale {
        /// The step that states it.
        step: Name,
        /// The claim that dates it.
        claim: Name,
        /// Its date.
        as_of: Time,
        /// Most age.
        max_age_ms: u64,
        /// Ledger time.
        now: Time
    };
    /// A guard said no.
    #[error("the guards of step `{step}` refuse: {by}")]
    Guard {
        /// The step.
        step: Name,
        /// Which guards.
        by: String
    };
    /// A guard could not be evaluated.
    #[error("a guard of step `{step}` cannot be evaluated, which refuses: {what}")]
    GuardError {
        /// The step.
        step: Name,
        /// Why.
        what: String
    };
    /// The act has been used for another case.
    #[error("the act that step `{step}` names carries case `{case}` already")]
    SingleUse {
        /// The step.
        step: Name,
        /// The case that has it.
        case: CaseId
    };
    /// Headroom cannot be known.
    #[error("headroom is unknown: {what}")]
    HeadroomUnknown {
        /// What is missing.
        what: String
    };
    /// Not enough headroom.
    #[error("headroom is {headroom}, the case asks for {asked} (minor units)")]
    HeadroomShort {
        /// What may still be minted, minor units; negative when tokens are not covered.
        headroom: i64,
        /// Asked for, minor units.
        asked: i64
    };
    /// An amount that the outcome cannot express exactly.
    #[error("outcome `{outcome}` cannot be formed: {what}")]
    OutcomeForm {
        /// The outcome.
        outcome: Name,
        /// Why.
        what: String
    };
    /// Nothing of that name was attested and still stands.
    #[error("record `{leaf}` is no standing step of this case by `{party}`")]
    NothingToWithdraw {
        /// The record named.
        leaf: lockstep_types::LeafHash,
        /// Who asked.
        party: Lei
    };
    /// The programme has no reading on this domain.
    #[error("programme `{programme}` has no reading of domain `{domain}`")]
    ReadingUnknown {
        /// The programme named.
        programme: Name,
        /// The domain named.
        domain: Name
    };
    /// Not later than what the observer has read before, or of times or amounts that cannot be.
    #[error("the reading is refused: {what}")]
    ReadingForm {
        /// What is wrong.
        what: String
    };
    /// Not a credential issuer for this kind.
    #[error("`{party}` may not attest credentials of kind `{kind}`")]
    NotIssuer {
        /// Who.
        party: Lei,
        /// The kind.
        kind: Name
    };
    /// The credential is on the ledger, or names a key of somebody else.
    #[error("the credential is refused: {what}")]
    CredentialForm {
        /// What is wrong.
        what: String
    };
    /// No such credential.
    #[error("credential `{credential}` does not exist on this ledger")]
    CredentialUnknown {
        /// The credential named.
        credential: CredentialDigest
    };
    /// Not an administrator, or not a co-signer in force.
    #[error("`{party}` may not {what}")]
    NotGovernor {
        /// Who.
        party: Lei,
        /// What was tried.
        what: &'static str
    };
    /// The action cannot be carried out.
    #[error("the action is refused: {what}")]
    ActionForm {
        /// What is wrong.
        what: String
    };
    /// The party has agreed before.
    #[error("`{party}` has agreed to this case already")]
    AgreedBefore {
        /// Who.
        party: Lei
    };
    /// A claim that the rule needs is withheld or erased: a verifier cannot re-run it.
    #[error("`{what}` is withheld")]
    Withheld {
        /// What is missing.
        what: String
    };
}

impl RefusalCode {
    /// True for refusals that follow from other cases: one case alone cannot show them.
    #[must_use]
    pub const fn across_cases(self) -> bool {
        matches!(self, Self::SingleUse | Self::HeadroomUnknown | Self::HeadroomShort)
    }

    /// The code as it stands in records.
    #[must_use]
    pub fn as_text(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
}
