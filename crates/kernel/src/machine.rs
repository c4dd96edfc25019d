//! The kernel as a ledger's machine.

use crate::command::{Command, Request};
use crate::decide::Desk;
use crate::refusal::Refusal;
use crate::state::{Kernel, case_mut};
use crate::values::{claim_texts, param_texts};
use lockstep_attest::{Attestation, Signed, Statement};
use lockstep_ledger::{CorruptBody, CorruptCommand, Machine, Record, Scribe, View};
use lockstep_types::{CaseId, LeafHash, MapKey};
use std::collections::BTreeMap;

impl Machine for Kernel {
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, view: &dyn View, command: &Command, scribe: &mut Scribe) -> Result<(), Refusal> {
        self.decide_command(command, &mut Desk { view, scribe })
    }

    fn apply(&mut self, view: &dyn View, record: &Record) -> Result<(), CorruptBody> {
        self.apply_record(view, record)
    }

    /// Keeps the texts of parameters and claims for the guards of later steps.
    fn learn(&mut self, command: &Command, records: &[Record]) {
        let Command::Submit(signed) = command else { return };
        let Some(leaf) = records.first().map(Record::leaf_hash) else { return };
        match signed.statement() {
            Statement::Opening(_) => self.learn_params(&CaseId(leaf.0), signed),
            Statement::Attestation(attestation) => self.learn_claims(attestation, leaf, signed),
            _ => {}
        }
    }

    fn touched(&mut self) -> BTreeMap<MapKey, Vec<u8>> {
        let dirty = core::mem::take(&mut self.dirty);
        let entry = |entity: &crate::Entity| Some((entity.key(), self.entry(entity)?));
        // What has ended stays here until the seal is applied: until then the map does not answer for it.
        dirty.iter().filter_map(entry).collect()
    }

    fn encode_command(command: &Command) -> Vec<u8> {
        command.request().to_vec().unwrap_or_default()
    }

    fn decode_command(&self, bytes: &[u8]) -> Result<Command, CorruptCommand> {
        let corrupt = |what: String| CorruptCommand { what };
        let request = Request::from_slice(bytes).map_err(|error| corrupt(error.to_string()))?;
        let admitted = self.admit(vec![request]).pop();
        let admitted = admitted.ok_or_else(|| corrupt("nothing was asked".to_owned()))?;
        admitted.map_err(|error| corrupt(error.to_string()))
    }
}

impl Kernel {
    fn learn_params(&mut self, id: &CaseId, signed: &Signed) {
        let Some(case) = case_mut(&mut self.cases, id) else { return };
        let Some(adopted) = self.policies.get(&case.policy) else { return };
        if let Ok(texts) = param_texts(adopted.policy.layout(), &signed.submission().openings) {
            case.params = texts;
        }
    }

    /// A step stands under the leaf of the command's first record, or the word was no step that counts.
    fn learn_claims(&mut self, attestation: &Attestation, leaf: LeafHash, signed: &Signed) {
        let Some(case) = case_mut(&mut self.cases, &attestation.case) else { return };
        let Some(adopted) = self.policies.get(&case.policy) else { return };
        let Some(declared) = adopted.policy.layout().step(attestation.step.as_str()) else { return };
        let Some(taken) = case.steps.get_mut(&attestation.step).filter(|taken| taken.leaf == leaf) else {
            return;
        };
        if let Ok(texts) = claim_texts(&attestation.step, &declared.claims, &signed.submission().openings) {
            taken.claims = texts;
        }
    }
}
