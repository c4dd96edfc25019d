//! Administration as a case: who must agree to which change, and when it takes effect (specs/governance.md).
//!
//! An action that may loosen what is enforced needs the administrators' threshold, the consent of k
//! co-signers' institutions, and the notice: otherwise the administrators' keys would be able to mint.
//! Tightening needs the administrators alone and takes effect at once.

use crate::decide::currency_of;
use crate::gate::GateChange;
use crate::refusal::Refusal;
use crate::replacement::GateReplacement;
use crate::rules::Rules;
use crate::state::{Kernel, Programme, StoredList};
use lockstep_attest::CredentialKey;
use lockstep_ledger::{Committee, Member, View};
use lockstep_policy::{Domain, Finding, Layout, ListKind, Outcome};
use lockstep_types::{Address, CaseId, DocumentDigest, Lei, Name, PolicyDigest, canonical, sha256};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a governance case changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Put a policy in force in the programme that it names.
    Adopt(Files),
    /// Take a policy out of force: no case can be opened under it any more.
    Retire(Retired),
    /// Let a party attest credentials of some kinds, with these keys; replaces what it had.
    NameIssuer(Issuer),
    /// Let a party attest credentials no more; those it gave stay until revoked or replaced.
    RemoveIssuer(Removed),
    /// Put a version of a list in force.
    SetList(NewList),
    /// Put other co-signers in force.
    Rotate(Rotation),
    /// Order that claims and evidence of a closed case be erased.
    Erase(Erasure),
    /// Change what a Gate lets outcomes do.
    Gate(GateChange),
    /// Let another Gate take the place of one.
    ReplaceGate(GateReplacement),
    /// Put cases that are opened from then on under later rules.
    SetRules(LaterRules),
}

/// The two files of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// `guards.cedar`.
    pub guards: String,
    /// `policy.toml`.
    pub layout: String,
}

/// A policy that goes out of force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retired {
    /// Its name.
    pub policy: Name,
    /// Its programme.
    pub programme: Name,
}

/// A credential issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Its keys, in ascending order of key id.
    pub keys: Vec<CredentialKey>,
    /// Kinds of credential that it may attest, ascending.
    pub kinds: BTreeSet<Name>,
    /// Who.
    pub lei: Lei,
}

/// An issuer that is removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// Who.
    pub lei: Lei,
}

/// A version of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewList {
    /// Its name.
    pub list: Name,
    /// Its programme.
    pub programme: Name,
    /// What it holds from now on.
    pub value: StoredList,
}

/// Other co-signers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// The co-signers of the next epoch.
    pub cosigners: Vec<Member>,
    /// How many must sign.
    pub threshold: u8,
}

/// An order to erase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// The closed case.
    pub case: CaseId,
    /// SHA-256 of the order.
    pub order: DocumentDigest,
}

/// Later rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaterRules {
    /// Their version.
    pub rules: u32,
}

/// Most strings in a set list.
pub const SET_ENTRIES_MAX: usize = 1_024;
/// Most kinds that one issuer may attest.
const KINDS_MAX: usize = 64;
/// The text whose SHA-256 stands where a case names its policy, for governance cases.
const GOVERNANCE: &[u8] = b"lockstep-governance/1";
/// The claim that an administrator signs: the digest of the action.
pub const ACTION_CLAIM: &str = "action";
/// The step by which administrators agree.
pub const APPROVE: &str = "approve";
/// The step by which co-signers' institutions agree.
pub const CONSENT: &str = "consent";

/// Digest of the built-in governance policy.
#[must_use]
pub fn governance_policy() -> PolicyDigest {
    PolicyDigest(sha256(GOVERNANCE))
}

impl Action {
    /// SHA-256 of the action's canonical JSON: what an administrator's claim names.
    #[must_use]
    pub fn digest(&self) -> DocumentDigest {
        DocumentDigest(canonical::to_vec(self).map(|json| sha256(&json)).unwrap_or_default())
    }

    /// What people call it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Adopt(_) => "adopt",
            Self::Retire(_) => "retire",
            Self::NameIssuer(_) => "name-issuer",
            Self::RemoveIssuer(_) => "remove-issuer",
            Self::SetList(_) => "set-list",
            Self::Rotate(_) => "rotate",
            Self::Erase(_) => "erase",
            Self::Gate(_) => "gate",
            Self::ReplaceGate(_) => "replace-gate",
            Self::SetRules(_) => "set-rules",
        }
    }
}

impl Kernel {
    /// True when the action may loosen what is enforced: then k co-signers consent and the notice runs.
    ///
    /// The first policy of a programme loosens nothing, since nothing was enforced there; nor does naming
    /// issuers before any policy is in force. A change of a set list loosens when it drops an entry.
    pub(crate) fn loosens(&self, action: &Action) -> bool {
        match action {
            Action::Adopt(files) => match Layout::from_file(files.layout.as_bytes()) {
                Ok(layout) => self.programmes.get(&layout.programme).is_some_and(|p| !p.policies.is_empty()),
                Err(_) => true,
            },
            Action::NameIssuer(_) => self.programmes.values().any(|p| !p.policies.is_empty()),
            Action::Rotate(_) | Action::ReplaceGate(_) | Action::SetRules(_) => true,
            Action::SetList(new) => self.drops_entries(new),
            Action::Gate(change) => change.loosens(),
            Action::Retire(_) | Action::RemoveIssuer(_) | Action::Erase(_) => false,
        }
    }

    fn drops_entries(&self, new: &NewList) -> bool {
        let before = self.programmes.get(&new.programme).and_then(|p| p.lists.get(&new.list));
        match (before, &new.value) {
            (Some((StoredList::Set(old), _)), StoredList::Set(set)) => !old.is_subset(set),
            (Some((StoredList::Set(_), _)), StoredList::Digest(_)) => true,
            _ => false,
        }
    }

    /// Says what is wrong with an action that is proposed: with itself, or as the ledger stands.
    pub(crate) fn check_action(&self, action: &Action, view: &dyn View) -> Result<(), String> {
        if let Action::Adopt(files) = action {
            self.compiled.check(files).map_err(first)?;
        }
        self.check_effect(action, view)
    }

    /// Says what is wrong with an action as the ledger stands; checked once more when it takes effect.
    pub(crate) fn check_effect(&self, action: &Action, view: &dyn View) -> Result<(), String> {
        match action {
            Action::Adopt(files) => self.check_adoption(files),
            Action::Retire(retired) => {
                let found =
                    self.programmes.get(&retired.programme).and_then(|p| p.policies.get(&retired.policy));
                let in_force = found.is_some_and(|(digest, _)| *digest != PolicyDigest::default());
                if in_force { Ok(()) } else { Err(format!("policy `{}` is not in force", retired.policy)) }
            }
            Action::NameIssuer(issuer) => self.check_issuer(issuer),
            Action::RemoveIssuer(removed) => {
                let named = self.issuers.get(&removed.lei).is_some_and(|(issuer, _)| issuer.is_some());
                if named { Ok(()) } else { Err(format!("`{}` is no credential issuer", removed.lei)) }
            }
            Action::SetList(new) => self.check_list(new),
            Action::Rotate(rotation) => self.check_rotation(rotation),
            Action::Gate(change) => self.check_gate(change),
            Action::ReplaceGate(change) => self.check_replacement(change),
            Action::SetRules(later) => self.rules.check_next(later.rules),
            Action::Erase(erasure) => match self.find_case(&erasure.case, view) {
                Err(Refusal::CaseClosed { .. }) => Ok(()),
                Ok(case) if case.phase.is_closed() => Ok(()),
                Ok(_) => Err(format!("case `{}` is not closed", erasure.case)),
                Err(unknown) => Err(unknown.to_string()),
            },
        }
    }

    fn check_adoption(&self, files: &Files) -> Result<(), String> {
        let layout = &Layout::from_file(files.layout.as_bytes()).map_err(first)?;
        if layout.holds.len() > 1 {
            return Err("these rules know at most one hold a policy".to_owned());
        }
        let place = |outcome: &Outcome| (outcome.returns.is_some(), outcome.domain.clone());
        let places: BTreeSet<(bool, Name)> = layout.outcomes.iter().map(place).collect();
        if places.len() < layout.outcomes.len() {
            return Err(
                "these rules know at most one outcome a domain, and one that returns deposits".to_owned()
            );
        }
        // Every policy there ever was counts: its cases may still be open, its tokens still in circulation.
        fits(layout, layout)?;
        self.policies.values().try_for_each(|other| fits(layout, other.policy.layout()))?;
        self.check_gates_in_force(layout)
    }

    fn check_issuer(&self, issuer: &Issuer) -> Result<(), String> {
        if issuer.kinds.is_empty() || issuer.kinds.len() > KINDS_MAX {
            return Err(format!("{} kinds of credential, expected 1 to {KINDS_MAX}", issuer.kinds.len()));
        }
        check_keys(&issuer.keys)?;
        self.check_owner(&issuer.keys, &issuer.lei)
    }

    /// Says which key belongs to somebody else: a key signs for one party.
    pub(crate) fn check_owner(&self, keys: &[CredentialKey], owner: &Lei) -> Result<(), String> {
        let foreign =
            keys.iter().find_map(|key| self.keys.get(&key.key.id()).filter(|entry| entry.owner != *owner));
        match foreign {
            Some(entry) => Err(format!("key `{}` belongs to `{}`", entry.key.id(), entry.owner)),
            None => Ok(()),
        }
    }

    fn check_list(&self, new: &NewList) -> Result<(), String> {
        if let StoredList::Set(set) = &new.value {
            let long = set.iter().any(|entry| entry.len() > lockstep_types::limits::CLAIM_VALUE_BYTES_MAX);
            if set.len() > SET_ENTRIES_MAX || long {
                return Err(format!("a set list has at most {SET_ENTRIES_MAX} entries of 512 bytes"));
            }
        }
        let kind = match new.value {
            StoredList::Digest(_) => ListKind::Digest,
            StoredList::Set(_) => ListKind::Set,
        };
        let programme = self.programmes.get(&new.programme);
        let policies = programme.into_iter().flat_map(|p| p.policies.values());
        let declared = policies.filter_map(|(digest, _)| self.policies.get(digest));
        for adopted in declared {
            if adopted.policy.layout().list(new.list.as_str()).is_some_and(|list| list.kind != kind) {
                return Err(format!(
                    "policy `{}` declares `{}` of the other kind",
                    adopted.policy.layout().name,
                    new.list
                ));
            }
        }
        Ok(())
    }

    fn check_rotation(&self, rotation: &Rotation) -> Result<(), String> {
        let epoch = self.committee.as_ref().map_or(0, Committee::epoch).saturating_add(1);
        let committee = Committee::new(epoch, rotation.cosigners.clone(), rotation.threshold);
        committee.map_err(|error| error.to_string())?;
        crate::trust::check_cosigners(self, &rotation.cosigners)
    }

    /// Whether enough have agreed.
    pub(crate) fn agreed(&self, proposal: &crate::state::Proposal) -> bool {
        let Some(genesis) = self.genesis.as_ref() else { return false };
        let Some(committee) = self.committee.as_ref() else { return false };
        let approved = proposal.approvals.len() >= usize::from(genesis.administrator_threshold);
        let members: BTreeSet<Lei> = committee.members().iter().map(|m| m.lei).collect();
        let consents = proposal.consents.intersection(&members).count();
        approved && (!proposal.loosens || consents >= usize::from(committee.threshold()))
    }

    /// Carries an action out. What was checked when it was proposed is checked again by the caller.
    pub(crate) fn carry_out(&mut self, action: &Action, by: lockstep_types::LeafHash) {
        use crate::entry::Entity;
        match action {
            Action::Adopt(files) => self.adopt(files, by),
            Action::Retire(retired) => {
                if let Some(programme) = self.programmes.get_mut(&retired.programme)
                    && let Some((digest, touched)) = programme.policies.get_mut(&retired.policy)
                {
                    *digest = PolicyDigest::default();
                    touched.touch(by);
                    self.dirty.insert(Entity::Policy(retired.programme.clone(), retired.policy.clone()));
                }
            }
            Action::NameIssuer(issuer) => {
                for key in &issuer.keys {
                    self.register(key, issuer.lei);
                }
                let place = self.issuers.entry(issuer.lei).or_default();
                place.0 = Some(issuer.clone());
                place.1.touch(by);
                self.dirty.insert(Entity::Issuer(issuer.lei));
            }
            Action::RemoveIssuer(removed) => {
                let place = self.issuers.entry(removed.lei).or_default();
                place.0 = None;
                place.1.touch(by);
                self.dirty.insert(Entity::Issuer(removed.lei));
            }
            Action::SetList(new) => {
                let programme = self.programmes.entry(new.programme.clone()).or_default();
                let fresh = || (new.value.clone(), crate::state::Touched::default());
                let place = programme.lists.entry(new.list.clone()).or_insert_with(fresh);
                place.0 = new.value.clone();
                place.1.touch(by);
                self.dirty.insert(Entity::List(new.programme.clone(), new.list.clone()));
            }
            Action::Rotate(rotation) => self.rotate(rotation, by),
            // The order stands in the log, the change in the outcome that follows; others carry them out.
            Action::ReplaceGate(change) => self.replace_gate(change, by),
            // INVARIANT: rules that are not known were refused when they were proposed.
            Action::SetRules(later) => self.rules = Rules::of(later.rules).unwrap_or(self.rules),
            Action::Erase(_) | Action::Gate(_) => {}
        }
    }

    fn adopt(&mut self, files: &Files, by: lockstep_types::LeafHash) {
        let Ok(policy) = self.compiled.take(files) else { return };
        let (digest, name) = (policy.digest(), policy.layout().name.clone());
        let programme_name = policy.layout().programme.clone();
        let programme: &mut Programme = self.programmes.entry(programme_name.clone()).or_default();
        let place = programme.policies.entry(name.clone()).or_default();
        place.0 = digest;
        place.1.touch(by);
        self.dirty.insert(crate::entry::Entity::Policy(programme_name, name));
        let (layout, guards) = (files.layout.clone(), files.guards.clone());
        self.policies.insert(digest, crate::state::Adopted { policy, layout, guards });
    }

    fn rotate(&mut self, rotation: &Rotation, by: lockstep_types::LeafHash) {
        let epoch = self.committee.as_ref().map_or(0, Committee::epoch).saturating_add(1);
        if let Ok(committee) = Committee::new(epoch, rotation.cosigners.clone(), rotation.threshold) {
            self.register_cosigners(&committee);
            self.committee = Some(committee);
            self.committee_touched.touch(by);
            self.dirty.insert(crate::entry::Entity::Committee);
        }
    }
}

/// The first finding, in words.
fn first(findings: Vec<Finding>) -> String {
    findings.first().map_or_else(|| "no finding".to_owned(), ToString::to_string)
}

/// Says what keeps two policies from standing on one ledger. Within a programme a domain is one place and
/// money is of one currency, else each would count half the supply; a Gate and a token belong to one
/// programme.
fn fits(layout: &Layout, other: &Layout) -> Result<(), String> {
    let same_programme = layout.programme == other.programme;
    let (ours, theirs) = (currency_of(layout), currency_of(other));
    if same_programme && ours.is_some() && theirs.is_some() && ours != theirs {
        return Err(format!("policy `{}` of the programme counts in another currency", other.name));
    }
    for domain in &layout.domains {
        for known in &other.domains {
            let shared =
                domain.chain == known.chain && (domain.gate == known.gate || domain.token == known.token);
            let differs = domain.name == known.name && !is_same(domain, known);
            if same_programme && differs {
                return Err(format!("domain `{}` differs from policy `{}`", domain.name, other.name));
            }
            if shared && !same_programme {
                return Err(format!(
                    "gate or token of `{}` belongs to programme `{}`",
                    domain.name, other.programme
                ));
            }
            if shared && domain.name != known.name {
                return Err(format!("gate or token of `{}` is domain `{}` already", domain.name, known.name));
            }
        }
    }
    Ok(())
}

/// Whether two policies mean one domain: one token, and for each Gate that it has had one Escrow, which a
/// policy that moves no deposits need not name. Which Gate is in force is asked apart.
fn is_same(domain: &Domain, known: &Domain) -> bool {
    let place = |domain: &Domain| Domain { gate: Address::default(), escrow: None, ..domain.clone() };
    let one_gate = domain.gate == known.gate;
    let escrows = domain.escrow.zip(known.escrow);
    place(domain) == place(known) && escrows.is_none_or(|(ours, theirs)| (ours == theirs) == one_gate)
}

/// Keys of a party: at least one, ascending, so that one list has one form.
pub(crate) fn check_keys(keys: &[CredentialKey]) -> Result<(), String> {
    let ascending = keys.is_sorted_by(|a, b| a.key.id() < b.key.id());
    let max = lockstep_attest::statement::CREDENTIAL_KEYS_MAX;
    if keys.is_empty() || keys.len() > max || !ascending {
        return Err(format!("1 to {max} different keys are expected, in ascending order of key id"));
    }
    match keys.iter().find(|key| key.key.has_small_order()) {
        Some(key) => Err(format!("with key `{}` anybody can sign: its order is small", key.key.id())),
        None => Ok(()),
    }
}
