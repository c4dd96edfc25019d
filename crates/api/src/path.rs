//! Where everything is. A path names its ledger, so that a signed request is for one ledger only.

use lockstep_types::{CaseId, LedgerId};

/// Templates, as the router and the OpenAPI document write them.
pub mod route {
    /// The ledgers of this server.
    pub const LEDGERS: &str = "/v1/ledgers";
    /// One ledger: its head, its certificate, its limits.
    pub const LEDGER: &str = "/v1/ledgers/{ledger}";
    /// The first record, from which everything else about a ledger follows.
    pub const GENESIS: &str = "/v1/ledgers/{ledger}/genesis";
    /// Hand one request in.
    pub const SUBMISSIONS: &str = "/v1/ledgers/{ledger}/submissions";
    /// Hand several requests in.
    pub const BATCHES: &str = "/v1/ledgers/{ledger}/batches";
    /// What the ledger says of an attestation.
    pub const ATTESTATION: &str = "/v1/ledgers/{ledger}/attestations/{attestation}";
    /// Cases that the asking party takes part in.
    pub const CASES: &str = "/v1/ledgers/{ledger}/cases";
    /// One case.
    pub const CASE: &str = "/v1/ledgers/{ledger}/cases/{case}";
    /// What becomes of a case, as it happens.
    pub const CASE_EVENTS: &str = "/v1/ledgers/{ledger}/cases/{case}/events";
    /// Credentials that the asking party holds or gave.
    pub const CREDENTIALS: &str = "/v1/ledgers/{ledger}/credentials";
    /// What a case unlocks.
    pub const OUTCOMES: &str = "/v1/ledgers/{ledger}/cases/{case}/outcomes";
    /// Domains of programmes, and what is waited for there.
    pub const DOMAINS: &str = "/v1/ledgers/{ledger}/domains";
    /// What would become of a request.
    pub const TRIALS: &str = "/v1/ledgers/{ledger}/trials";
    /// The evidence pack of a case.
    pub const PACK: &str = "/v1/ledgers/{ledger}/cases/{case}/pack";
    /// What becomes of every case that the asking party may see, as it happens.
    pub const CASES_EVENTS: &str = "/v1/ledgers/{ledger}/events/cases";
    /// Steps that wait for the asking party.
    pub const WAITING: &str = "/v1/ledgers/{ledger}/waiting";
    /// What waits for the asking party, as it changes.
    pub const WAITING_EVENTS: &str = "/v1/ledgers/{ledger}/waiting/events";
    /// Changes of the ledger that wait for others to agree.
    pub const PROPOSALS: &str = "/v1/ledgers/{ledger}/proposals";
    /// Policies under which cases may be open.
    pub const POLICIES: &str = "/v1/ledgers/{ledger}/policies";
    /// Whose key it is.
    pub const KEY: &str = "/v1/ledgers/{ledger}/keys/{key}";
    /// Seals and certificates, as they happen.
    pub const EVENTS: &str = "/v1/ledgers/{ledger}/events";
    /// Records with their commands, for co-signers.
    pub const RECORDS: &str = "/v1/ledgers/{ledger}/records";
    /// Co-signers' signatures.
    pub const COSIGNATURES: &str = "/v1/ledgers/{ledger}/cosignatures";
    /// What a co-signer has signed last; co-signers answer it, not the server.
    pub const SIGNED: &str = "/v1/ledgers/{ledger}/signed";
    /// Handovers from one committee to the next, with the records that name them.
    pub const HANDOVERS: &str = "/v1/ledgers/{ledger}/handovers";
    /// The newest quorum certificate.
    pub const CERTIFICATE: &str = "/v1/ledgers/{ledger}/certificate";
    /// The quorum certificate over a size.
    pub const CERTIFICATE_AT: &str = "/v1/ledgers/{ledger}/certificates/{size}";
    /// A token for the key that signed the request.
    pub const TOKENS: &str = "/v1/ledgers/{ledger}/tokens";
    /// Begin a person's sign-in.
    pub const PEOPLE_CHALLENGES: &str = "/v1/ledgers/{ledger}/people/challenges";
    /// A token for a person whom the provider vouches for.
    pub const PEOPLE_TOKENS: &str = "/v1/ledgers/{ledger}/people/tokens";
    /// Who read what of cases.
    pub const READS: &str = "/v1/ledgers/{ledger}/reads";
    /// Figures of one ledger, for administrators.
    pub const FIGURES: &str = "/v1/ledgers/{ledger}/figures";
    /// The log's signed head, as C2SP clients read it.
    pub const CHECKPOINT: &str = "/v1/ledgers/{ledger}/log/checkpoint";
    /// The log's tiles, as C2SP clients read them.
    pub const TILE: &str = "/v1/ledgers/{ledger}/log/tile/{*tile}";
    /// This interface, in OpenAPI 3.1.
    pub const OPENAPI: &str = "/v1/openapi.json";
    /// Is the process alive?
    pub const HEALTHZ: &str = "/healthz";
    /// Does it take work?
    pub const READYZ: &str = "/readyz";
    /// Figures for Prometheus.
    pub const METRICS: &str = "/metrics";
}

/// A path under a ledger.
#[must_use]
pub fn of_ledger(template: &str, ledger: &LedgerId) -> String {
    template.replace("{ledger}", &ledger.to_string())
}

/// A path under a case.
#[must_use]
pub fn of_case(template: &str, ledger: &LedgerId, case: &CaseId) -> String {
    of_ledger(template, ledger).replace("{case}", &case.to_string())
}
