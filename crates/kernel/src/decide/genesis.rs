//! Record 0.

use super::Desk;
use crate::body::{Body, Genesis};
use crate::governance::check_keys;
use crate::refusal::Refusal;
use crate::rules::Rules;
use crate::state::Kernel;
use crate::trust::check_cosigners;
use lockstep_attest::CredentialKey;
use lockstep_crypto::suite::Suite;
use lockstep_ledger::Committee;
use std::collections::BTreeSet;

/// Most administrators of a ledger.
const ADMINISTRATORS_MAX: usize = 16;
/// Longest notice: 90 days.
const NOTICE_MS_MAX: u64 = 90 * 24 * 3_600_000;

impl Kernel {
    pub(super) fn decide_genesis(&self, genesis: &Genesis, desk: &mut Desk<'_>) -> Result<(), Refusal> {
        if self.genesis.is_some() || !desk.scribe.records().is_empty() {
            return Err(Refusal::GenesisPlace {});
        }
        check(genesis).map_err(|what| Refusal::GenesisForm { what })?;
        desk.write(&Body::Genesis(Box::new(genesis.clone())));
        Ok(())
    }
}

fn check(genesis: &Genesis) -> Result<(), String> {
    Rules::of(genesis.rules).map_err(|unknown| unknown.to_string())?;
    if genesis.notice_ms > NOTICE_MS_MAX {
        return Err(format!("a notice of {} ms, at most {NOTICE_MS_MAX} are allowed", genesis.notice_ms));
    }
    let ed25519 = [("appender", &genesis.appender), ("log", &genesis.log)];
    if let Some((which, key)) = ed25519.iter().find(|(_, key)| key.suite() != Suite::Ed25519) {
        return Err(format!("the {which} key is `{}`, expected `ed25519`", key.suite().as_str()));
    }
    Committee::new(0, genesis.cosigners.clone(), genesis.cosigner_threshold)
        .map_err(|error| error.to_string())?;
    if let Some((which, _)) = ed25519.iter().find(|(_, key)| key.has_small_order()) {
        return Err(format!("with the {which} key anybody can sign: its order is small"));
    }
    check_cosigners(&Kernel::default(), &genesis.cosigners)?;
    check_administrators(genesis)
}

fn check_administrators(genesis: &Genesis) -> Result<(), String> {
    let count = genesis.administrators.len();
    if count == 0 || count > ADMINISTRATORS_MAX {
        return Err(format!("{count} administrators, expected 1 to {ADMINISTRATORS_MAX}"));
    }
    let threshold = usize::from(genesis.administrator_threshold);
    if threshold == 0 || threshold > count {
        return Err(format!("{threshold} of {count} administrators must approve: expected 1 to {count}"));
    }
    let (mut leis, mut keys) = (BTreeSet::new(), BTreeSet::new());
    for administrator in &genesis.administrators {
        if !leis.insert(administrator.lei) {
            return Err(format!("administrator `{}` is named twice", administrator.lei));
        }
        check_keys(&administrator.keys)?;
        let address = |key: &CredentialKey| key.key.address();
        let cosigns = |key: &CredentialKey| {
            genesis.cosigners.iter().any(|m| Some(m.address) == address(key) && m.lei != administrator.lei)
        };
        if let Some(foreign) = administrator.keys.iter().find(|key| cosigns(key)) {
            return Err(format!("key `{}` belongs to a co-signer of another institution", foreign.key.id()));
        }
        if let Some(twice) = administrator.keys.iter().find(|key| !keys.insert(key.key.id())) {
            return Err(format!("key `{}` is named twice", twice.key.id()));
        }
    }
    Ok(())
}
