//! A ledger that goes from rules 1 to rules 2 while a case is open. Then the opener's key turns out to be
//! suspect since before, and the custodian refuses its step in that case and in one that was opened later.

use super::{ACME, NORTHBANK, START, Scene, lei, name, time};
use lockstep_attest::{Attestation, Revocation, Statement, StepVerdict};
use lockstep_kernel::governance::LaterRules;
use lockstep_kernel::{Action, Request};
use lockstep_types::LeafHash;

const DAY_MS: u64 = 86_400_000;

impl Scene {
    /// Its case is the later one.
    pub fn of_rules() -> Self {
        let mut scene = Self::empty();
        scene.begin();
        scene.open_for(3 * DAY_MS);
        let before = scene.case;
        let change = scene.propose("set-rules", Action::SetRules(LaterRules { rules: 2 }));
        scene.consent(change);
        scene.now += DAY_MS;
        scene.send("tick", Request::Tick);
        scene.open_for(DAY_MS);
        let after = scene.case;
        scene.seal();
        scene.suspect_opener();
        for case in [before, after] {
            scene.case = case;
            scene.refuse_payment();
        }
        scene.seal();
        scene
    }

    fn suspect_opener(&mut self) {
        let mut held = self.ledger.machine().credentials();
        let found = held.find(|(_, held)| held.subject == lei(ACME));
        let credential = *found.expect("a credential").0;
        drop(held);
        let statement = Statement::Revocation(Revocation {
            credential,
            expires: time(self.now + 3_600_000),
            issued: time(self.now),
            ledger: self.id(),
            party: lei(ACME),
            reason: "stolen".to_owned(),
            seen: None,
            suspect_since: Some(time(START)),
        });
        self.submit("revoke", statement, Vec::new());
    }

    fn refuse_payment(&mut self) {
        let statement = Statement::Attestation(Attestation {
            case: self.case,
            claims: Vec::new(),
            evidence: Vec::new(),
            expires: time(self.now + 3_600_000),
            issued: time(self.now),
            ledger: self.id(),
            party: lei(NORTHBANK),
            prev: vec![LeafHash(self.case.0)],
            reason: Some("the opener's key was stolen".to_owned()),
            seen: None,
            step: name("payment"),
            verdict: StepVerdict::Refused,
        });
        self.submit("refuse", statement, Vec::new());
    }
}
