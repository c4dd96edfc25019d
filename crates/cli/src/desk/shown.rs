//! Cases and changes as they are shown, wherever they were looked at.

use crate::folder::latest_certificate;
use crate::records;
use anyhow::Result;
use lockstep_kernel::Case;
use lockstep_kernel::state::Proposal;
use lockstep_node::Replica;
use lockstep_types::{CaseId, Lei, Name, PolicyDigest, Time};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A case with its records.
pub struct CaseShown {
    /// Its id.
    pub case: CaseId,
    /// Records that k co-signers have signed.
    pub certified: u64,
    /// When it must have been decided; none once it is closed.
    pub deadline: Option<Time>,
    /// Steps that could be taken now, and by which role.
    pub next: Vec<(Name, Name)>,
    /// Its parameters; none inside where they are withheld or erased, none once it is closed.
    pub params: Option<BTreeMap<Name, Option<String>>>,
    /// How it stands.
    pub phase: String,
    /// Its policy.
    pub policy: Option<PolicyDigest>,
    /// Version of the rules that it is under, where that is known.
    pub rules: Option<u32>,
    /// Its records, for programs and for people.
    pub records: Vec<(Value, String)>,
}

/// A case in a list.
pub struct CaseRow {
    /// Its id.
    pub case: CaseId,
    /// Ledger time of its opening, where it is known.
    pub opened: Option<Time>,
    /// Who opened it.
    pub opener: Lei,
    /// How it stands.
    pub phase: String,
}

/// A change that waits for others to agree.
pub struct ProposalShown {
    /// The governance case.
    pub case: CaseId,
    /// What kind of change.
    pub action: String,
    /// Administrators who agree.
    pub approvals: BTreeSet<Lei>,
    /// Co-signers' institutions that agree.
    pub consents: BTreeSet<Lei>,
    /// Nobody can agree after it.
    pub deadline: Time,
    /// When it takes effect, once enough agree.
    pub effective: Option<Time>,
    /// Whether co-signers must consent and the notice runs.
    pub loosens: bool,
}

impl CaseShown {
    /// A case of a folder's ledger.
    pub fn of(replica: &Replica, case: CaseId) -> Result<Self> {
        let all = records::of_case(replica, case)?;
        let row = |(index, record): &(u64, lockstep_ledger::Record)| {
            (records::json(*index, record), records::line(*index, record))
        };
        let open = replica.kernel().case(&case);
        Ok(Self {
            case,
            certified: latest_certificate(replica)?.map_or(0, |certificate| certificate.size),
            deadline: open.map(|open| open.deadline),
            next: open.map(|open| next_steps(replica, open)).unwrap_or_default(),
            params: open.map(|open| open.params.clone()),
            phase: phase(replica, &case),
            policy: open.map(|open| open.policy),
            rules: replica.case_entry(&case).map(|entry| entry.rules.version()),
            records: all.iter().map(row).collect(),
        })
    }
}

/// How a case stands, whether it is open or closed.
fn phase(replica: &Replica, case: &CaseId) -> String {
    replica.case_entry(case).map_or_else(|| "unknown".to_owned(), |entry| entry.phase)
}

/// Steps that can be taken now, and by which role.
fn next_steps(replica: &Replica, case: &Case) -> Vec<(Name, Name)> {
    let Some(adopted) = replica.kernel().policy(&case.policy) else { return Vec::new() };
    let done: BTreeSet<Name> = case.steps.keys().cloned().collect();
    let ready = adopted.policy.layout().steps_ready(&done);
    ready.into_iter().map(|step| (step.name.clone(), step.by.clone())).collect()
}

/// All cases of a folder's ledger.
pub fn cases(replica: &Replica) -> Result<Vec<CaseRow>> {
    let openings = records::openings(replica)?.into_iter().filter(|opening| !opening.governance);
    let row = |opening: records::Opening| {
        Ok(CaseRow {
            case: opening.case,
            opened: records::at(replica, opening.index)?.map(|record| record.time()),
            opener: opening.party,
            phase: phase(replica, &opening.case),
        })
    };
    openings.map(row).collect()
}

impl CaseRow {
    /// For programs.
    pub fn json(&self) -> Value {
        json!({ "case": self.case, "opened": self.opened, "opener": self.opener, "phase": self.phase })
    }

    /// For people.
    pub fn line(&self) -> String {
        format!("{}  {:<8}  opened by {}", short(&self.case), self.phase, self.opener)
    }
}

impl ProposalShown {
    /// One of a folder's ledger.
    pub fn of((case, proposal): (&CaseId, &Proposal)) -> Self {
        Self {
            case: *case,
            action: proposal.action.kind().to_string(),
            approvals: proposal.approvals.clone(),
            consents: proposal.consents.clone(),
            deadline: proposal.deadline,
            effective: proposal.effective,
            loosens: proposal.loosens,
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "action": self.action, "approvals": self.approvals, "case": self.case, "consents": self.consents,
            "deadline": self.deadline, "effective": self.effective, "loosens": self.loosens,
        })
    }

    /// For people.
    pub fn line(&self) -> String {
        let (approved, consented) = (self.approvals.len(), self.consents.len());
        let when = self
            .effective
            .map_or_else(|| format!("until {}", self.deadline), |at| format!("takes effect at {at}"));
        let need = if self.loosens { "loosens: needs consent and notice" } else { "tightens" };
        format!(
            "{}  {:<13}  {approved} approved, {consented} consented, {when}; {need}",
            short(&self.case),
            self.action
        )
    }
}

/// The first letters of an id, as lists show it.
pub fn short(case: &CaseId) -> String {
    case.to_string().chars().take(12).collect()
}
