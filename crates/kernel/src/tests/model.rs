//! What must be true of every history, checked against a second, simpler account of what the records say.

use super::world::{Args, Live, World};
use crate::headroom::Asked;
use crate::state::Case;
use crate::{Body, Kernel, Phase};
use lockstep_ledger::{Record, Tag};
use lockstep_types::{CaseId, LeafHash, Name, UseKey};
use std::collections::{BTreeMap, BTreeSet};

/// A small policy of the same programme: a payment that can be used once, a balance, an approval that holds.
pub(crate) const LAYOUT: &str = include_str!("../../examples/vectors/policy.toml");

pub(crate) const GUARDS: &str = include_str!("../../examples/vectors/guards.cedar");

/// What may happen. Two cases want the same payment and, with one balance, the same headroom.
pub(crate) const ALPHABET: [&str; 17] = [
    "open",
    "open@b deadline=2h",
    "payment servicer_ref=p booked_at=2026-11-19T23:00:00.000Z",
    "payment@b servicer_ref=p booked_at=2026-11-20T08:00:00.000Z",
    "payment@b booked_at=2026-11-19T23:00:00.000Z",
    "reserve balance=1500000.00",
    "reserve@b balance=1400000.00 as_of=2026-11-20T00:00:01.000Z",
    "reserve@b refuse",
    "approve keys=0",
    "approve@b keys=0",
    "withdraw payment",
    "again payment",
    "again approve",
    "supply units=0",
    "late",
    "executed",
    "lapsed",
];

/// A history under examination: the live ledger, one that decides everything again, and what the records have
/// said.
#[derive(Clone)]
pub(crate) struct Watched {
    pub world: World,
    again: Live,
    seen: usize,
    standing: BTreeMap<CaseId, BTreeMap<Name, Option<UseKey>>>,
    holders: BTreeMap<UseKey, CaseId>,
    closed: BTreeMap<CaseId, String>,
    executed: BTreeSet<(CaseId, u32)>,
}

impl Watched {
    pub(crate) fn new(sealing: bool) -> Self {
        let mut world = World::with(LAYOUT, GUARDS);
        world.sealing = sealing;
        world.seal();
        let (again, seen) = (world.rerun(), world.log.len());
        let (standing, holders) = (BTreeMap::new(), BTreeMap::new());
        Self { world, again, seen, standing, holders, closed: BTreeMap::new(), executed: BTreeSet::new() }
    }

    /// Does what `act` says. True when it left a record; what needs a case that is not there does nothing.
    pub(crate) fn act(&mut self, act: &str) -> bool {
        self.world.now = self.world.now.saturating_add_ms(1_000);
        let Some(act) = self.translated(act) else { return false };
        let before = self.world.ledger.machine().clone();
        let refused = self.world.act(&Args::new(&act)).is_err();
        let steady = |kernel: &Kernel| {
            let bare =
                |case: &Case| (case.phase, case.steps.clone(), case.pending.clone(), case.taken_back.clone());
            let cases: Vec<_> = kernel.cases.iter().map(|(id, case)| (*id, bare(case))).collect();
            (cases, kernel.programmes.clone(), kernel.uses.clone(), kernel.deadlines.clone())
        };
        if refused {
            assert_eq!(steady(&before), steady(self.world.ledger.machine()), "`{act}` was refused");
        }
        let grew = self.world.log.len() > self.seen;
        self.check(refused);
        if self.world.sealing {
            self.world.seal();
            self.check(false);
        }
        grew
    }

    /// The acts that depend on what is there: executed or lapsed decisions, and the clock.
    fn translated(&mut self, act: &str) -> Option<String> {
        let now = self.world.now;
        let pending: Vec<&str> = ["a", "b"].into_iter().filter(|label| self.pending(label)).collect();
        match act {
            "late" => {
                self.world.now = now.saturating_add_ms(7_300_000);
                Some("tick".to_owned())
            }
            "executed" | "lapsed" if pending.is_empty() => None,
            "executed" => Some(format!("supply block=0s span=1ms units=0 executed={}", pending.join("+"))),
            "lapsed" => {
                self.world.now = now.saturating_add_ms(1_900_000);
                Some("supply block=-1s span=1s units=0".to_owned())
            }
            _ => {
                let args = Args::new(act);
                let known = self.world.cases.contains_key(&args.label);
                let fits = match args.head.as_str() {
                    "open" => !known,
                    "again" => {
                        self.world.handed_in.keys().any(|(l, step)| *l == args.label && act.ends_with(step))
                    }
                    "supply" => true,
                    _ => known,
                };
                fits.then(|| act.to_owned())
            }
        }
    }

    fn pending(&self, label: &str) -> bool {
        let case = self.world.cases.get(label).and_then(|id| self.world.kernel().case(id));
        case.is_some_and(|case| !case.pending.is_empty())
    }

    fn check(&mut self, refused: bool) {
        let written: Vec<_> = self.world.log.get(self.seen..).unwrap_or_default().to_vec();
        self.seen = self.world.log.len();
        for (input, records) in &written {
            self.again.replay(input, records).unwrap();
            if refused {
                assert_eq!(records.len(), 1);
                assert!(matches!(Body::from_slice(records[0].body()), Ok(Body::Attempted(_))));
            }
            records.iter().for_each(|record| self.note(record));
        }
        assert_eq!(self.again.root(), self.world.ledger.root());
        assert_eq!(self.again.map_root(), self.world.ledger.map_root());
        self.check_money();
        self.check_phases();
    }

    fn note(&mut self, record: &Record) {
        if record.tag() == Tag::Outcome {
            return;
        }
        match Body::from_slice(record.body()).unwrap() {
            Body::Opened(_) => drop(self.standing.insert(CaseId(record.leaf_hash().0), BTreeMap::new())),
            Body::Attested(body) if body.refused => self.end(&body.case),
            Body::Attested(body) => {
                if let Some(key) = body.use_key {
                    let holder = self.holders.insert(key, body.case);
                    assert_eq!(holder, None, "a single-use act twice");
                }
                let before = self.standing.get_mut(&body.case).unwrap().insert(body.step, body.use_key);
                assert_eq!(before, None);
            }
            Body::Decided(body) => {
                let steps: Vec<&str> = self.standing[&body.case].keys().map(Name::as_str).collect();
                assert_eq!(steps, ["approve", "payment", "reserve"], "a decision before all steps stand");
                assert!(
                    self.executed.iter().all(|(case, _)| *case != body.case),
                    "decided after it was executed"
                );
            }
            Body::Withdrawn(body) => body.fallen.iter().for_each(|step| self.fell(&body.case, step)),
            Body::Expired(body) => self.end(&body.case),
            Body::Settled(body) if body.consumed.is_some() => {
                assert!(self.executed.insert((body.case, body.ordinal)));
            }
            Body::Settled(body) => match self.world.kernel().case(&body.case).map(|case| case.phase) {
                Some(Phase::Open) => self.fell(&body.case, &super::world::name("approve")),
                _ => self.end(&body.case),
            },
            _ => {}
        }
    }

    fn fell(&mut self, case: &CaseId, step: &Name) {
        if let Some(Some(key)) = self.standing.get_mut(case).unwrap().remove(step) {
            assert_eq!(self.holders.remove(&key), Some(*case));
        }
    }

    fn end(&mut self, case: &CaseId) {
        let steps: Vec<Name> = self.standing[case].keys().cloned().collect();
        steps.iter().for_each(|step| self.fell(case, step));
    }

    fn check_money(&self) {
        let Some(programme) = self.world.kernel().programme("acme-usd") else { return };
        let asked = Asked { domains: &[], reading_age_ms_max: u64::MAX, now: self.world.now };
        if let Ok(headroom) = programme.account.headroom(&asked) {
            assert!(headroom >= 0, "{headroom}");
        }
    }

    fn check_phases(&mut self) {
        for (label, id) in &self.world.cases {
            let phase = self.world.phase(label);
            if let Some(closed) = self.closed.get(id) {
                assert_eq!(*closed, phase, "a closed case came back");
            } else if !matches!(phase.as_str(), "open" | "decided") {
                self.closed.insert(*id, phase);
            }
        }
        // What the model says of steps is what the kernel holds.
        for (id, case) in self.world.kernel().cases().filter(|(_, case)| case.phase == Phase::Open) {
            assert!(case.steps.keys().eq(self.standing[id].keys()));
            assert!(case.steps.values().all(|taken| taken.leaf != LeafHash::default()));
        }
    }
}
