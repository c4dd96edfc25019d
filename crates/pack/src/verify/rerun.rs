//! The machine again: every command of the excerpt is decided once more and its records are compared, leaf by
//! leaf.

use super::open::Opened;
use super::sealed::UseEntry;
use super::signatures::{Admitted, hides_claims};
use super::{fail, fail_at};
use crate::pack::{Pack, PackedBody, PackedCommand, PackedGroup, PackedRecord};
use crate::report::{CaseFacts, Failure, Rule, Shown};
use lockstep_attest::Statement;
use lockstep_kernel::governance::governance_policy;
use lockstep_kernel::{Body, Command, Entity, Kernel, RecordedFacts, Refusal, outcome};
use lockstep_ledger::{Machine, Record, Scribe, Tag};
use lockstep_policy::Layout;
use lockstep_types::{CaseId, LeafHash, PolicyDigest};
use std::collections::BTreeMap;

/// The re-run so far.
pub(super) struct Rerun<'a> {
    pack: &'a Pack,
    opened: &'a Opened,
    kernel: Kernel,
    policy: Option<PolicyDigest>,
    /// The last record of every case and governance case.
    heads: BTreeMap<CaseId, LeafHash>,
    /// How far each group was decided again.
    shown: Vec<Shown>,
    /// Records of the case, by number.
    of_case: Vec<u64>,
    /// True once some part was not shown: what asks for it later cannot be decided again.
    hidden: bool,
}

/// A group on its way through the machine.
struct Turn<'a> {
    at: usize,
    group: &'a PackedGroup,
    records: &'a [Record],
    first: u64,
}

impl<'a> Rerun<'a> {
    pub(super) fn new(pack: &'a Pack, opened: &'a Opened) -> Self {
        let (heads, shown, of_case) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { pack, opened, kernel: Kernel::default(), policy: None, heads, shown, of_case, hidden: false }
    }

    pub(super) const fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// How far a group was decided again; nothing for those not reached.
    pub(super) fn shown(&self, at: usize) -> Option<Shown> {
        self.shown.get(at).copied()
    }

    /// Number of the case's last record.
    pub(super) fn last_of_case(&self) -> Option<u64> {
        self.of_case.last().copied()
    }

    /// Records of the case, as far as the re-run got.
    pub(super) fn of_case(&self) -> &[u64] {
        &self.of_case
    }

    /// The layout of the case's policy.
    pub(super) fn layout(&self) -> Option<&Layout> {
        Some(self.kernel.policy(&self.policy?)?.policy.layout())
    }

    /// Decides and applies everything, in the order of the log.
    pub(super) fn run(&mut self, admitted: &Admitted) -> Result<(), Failure> {
        let (pack, opened) = (self.pack, self.opened);
        for (at, (group, records)) in pack.excerpt.iter().zip(&opened.groups).enumerate() {
            let first = group.records.first().map_or(0, |record| record.index);
            let turn = Turn { at, group, records, first };
            self.check_case(&turn)?;
            let shown = self.decide(&turn, admitted.command(at))?;
            self.shown.push(shown);
        }
        if self.of_case.is_empty() {
            return fail(Rule::LeftOut, format!("no record of case `{}` is in the pack", pack.case));
        }
        Ok(())
    }

    /// Ordinary cases are this one; a pack says nothing of others. Changes of Gates are governance, which it
    /// does show.
    fn check_case(&self, turn: &Turn<'_>) -> Result<(), Failure> {
        for (packed, record) in turn.group.records.iter().zip(turn.records) {
            let other = match &packed.body {
                PackedBody::Outcome(body) => !outcome_belongs(body, self.pack.case),
                PackedBody::Record(body) => match &**body {
                    Body::Opened(_) => record.leaf_hash().0 != self.pack.case.0,
                    _ => false,
                },
            };
            if other {
                let text = format!("a record of another case than `{}`", self.pack.case);
                return fail_at(Rule::Order, packed.index, text);
            }
        }
        Ok(())
    }

    fn decide(&mut self, turn: &Turn<'_>, command: Option<&Command>) -> Result<Shown, Failure> {
        match (&turn.group.command, command) {
            (_, Some(command)) => self.again(turn, command),
            (PackedCommand::Genesis, _) if turn.at == 0 => {
                self.again(turn, &Command::Genesis(Box::new(self.opened.genesis.clone())))
            }
            (PackedCommand::Tick, _) => self.tick(turn),
            (PackedCommand::Recorded, _) => self.recorded(turn),
            (PackedCommand::Withheld, _) => self.unseen(turn, Shown::Withheld),
            (PackedCommand::Erased, _) => self.unseen(turn, Shown::Erased),
            _ => {
                fail_at(Rule::Order, turn.first, "genesis stands in another place than the first".to_owned())
            }
        }
    }

    /// Decides a command again, at the recorded time and with the recorded salts.
    fn again(&mut self, turn: &Turn<'_>, command: &Command) -> Result<Shown, Failure> {
        let hidden = hides_claims(&turn.group.command);
        self.hidden |= hidden;
        self.check_single_use(turn)?;
        let (expected, refused) = self.decided(turn, command);
        let shown = match refused {
            Some(Refusal::Withheld { .. }) if self.hidden => {
                // What the rule asks for is not shown: the record must at least be of this very envelope.
                check_names(turn, command)?;
                self.check_links(turn)?;
                Shown::InPart
            }
            Some(refusal) if expected.is_empty() => {
                return fail_at(
                    Rule::Refused,
                    turn.first,
                    format!("{}: {refusal}", refusal.code().as_text()),
                );
            }
            _ => {
                compare(turn, &expected)?;
                if hidden { Shown::InPart } else { Shown::Rerun }
            }
        };
        self.apply(turn)?;
        self.kernel.learn(command, turn.records);
        Ok(shown)
    }

    fn decided(&mut self, turn: &Turn<'_>, command: &Command) -> (Vec<Record>, Option<Refusal>) {
        let refused = turn.group.records.first().and_then(|record| match record.record_body() {
            Some(Body::Attempted(body)) if body.code.across_cases() => Some(body.code),
            _ => None,
        });
        // Whether another case used an act, and how much headroom there was, is under the certificate.
        self.kernel.take_as_recorded(RecordedFacts { refused });
        let salts = turn.group.records.iter().map(|record| record.salt).collect();
        let mut scribe = Scribe::with_salts(turn.group.time, salts);
        let refused = self.kernel.decide(&(), command, &mut scribe).err();
        (scribe.finish(), refused)
    }

    /// A tick writes what is due in every case; the records of this one are among what it writes again. Which
    /// deposit a case returns at its end is not known where its claims are not shown.
    fn tick(&mut self, turn: &Turn<'_>) -> Result<Shown, Failure> {
        let (expected, refused) = self.decided(turn, &Command::Tick);
        let in_part = self.hidden && matches!(refused, Some(Refusal::Withheld { .. }));
        let mut due = expected.iter();
        for (packed, record) in turn.group.records.iter().zip(turn.records) {
            let again =
                due.any(|expected| expected.tag() == record.tag() && expected.body() == record.body());
            let unseen = in_part && follows(packed);
            if !again && !unseen {
                let text = "by its time nothing of the kind was due: no decision behind it".to_owned();
                return fail_at(Rule::NoDecision, packed.index, text);
            }
        }
        if in_part {
            self.check_links(turn)?;
        }
        self.apply(turn)?;
        Ok(if in_part { Shown::InPart } else { Shown::Rerun })
    }

    /// Only what a chain showed is taken as recorded; any other record needs a command.
    fn recorded(&mut self, turn: &Turn<'_>) -> Result<Shown, Failure> {
        for packed in &turn.group.records {
            if !matches!(packed.record_body(), Some(Body::Settled(_))) {
                return fail_at(Rule::NoDecision, packed.index, no_decision(packed));
            }
        }
        self.unseen(turn, Shown::AsRecorded)
    }

    /// Applies records whose command is not shown.
    fn unseen(&mut self, turn: &Turn<'_>, shown: Shown) -> Result<Shown, Failure> {
        self.hidden |= shown != Shown::AsRecorded;
        self.check_links(turn)?;
        self.check_single_use(turn)?;
        self.apply(turn)?;
        Ok(shown)
    }

    /// Each record names the one before it in its case, which an opening or a proposal begins.
    fn check_links(&self, turn: &Turn<'_>) -> Result<(), Failure> {
        let mut heads: BTreeMap<CaseId, LeafHash> = BTreeMap::new();
        for (packed, record) in turn.group.records.iter().zip(turn.records) {
            let Some((case, prev)) = link(packed) else {
                if matches!(packed.record_body(), Some(Body::Opened(_) | Body::Proposed(_))) {
                    heads.insert(CaseId(record.leaf_hash().0), record.leaf_hash());
                }
                continue;
            };
            let before = heads.get(&case).or_else(|| self.heads.get(&case));
            if before != Some(&prev) {
                let text = format!("it follows `{prev}`, which is not the case's last record");
                return fail_at(Rule::Chain, packed.index, text);
            }
            heads.insert(case, record.leaf_hash());
        }
        Ok(())
    }

    /// Within the pack it is known who has an act: nobody may claim it again.
    fn check_single_use(&self, turn: &Turn<'_>) -> Result<(), Failure> {
        for packed in &turn.group.records {
            let Some(Body::Attested(body)) = packed.record_body() else { continue };
            let Some(key) = body.use_key else { continue };
            let entry = self.kernel.entry(&Entity::Use(key));
            let holder = entry.as_deref().and_then(UseEntry::read).and_then(|used| used.case);
            if let Some(case) = holder {
                let text = format!("single-use act `{key}` carries case `{case}` already");
                return fail_at(Rule::SingleUse, packed.index, text);
            }
        }
        Ok(())
    }

    fn apply(&mut self, turn: &Turn<'_>) -> Result<(), Failure> {
        for (packed, record) in turn.group.records.iter().zip(turn.records) {
            let applied = self.kernel.apply(&(), record);
            applied.or_else(|error| fail_at(Rule::NoDecision, packed.index, error.to_string()))?;
            self.follow(packed, record);
        }
        Ok(())
    }

    /// Keeps the heads of cases and the numbers of this case's records.
    fn follow(&mut self, packed: &PackedRecord, record: &Record) {
        let own = CaseId(record.leaf_hash().0);
        let case = match packed.record_body() {
            Some(Body::Opened(body)) => {
                self.policy = Some(body.policy);
                Some(own)
            }
            Some(Body::Proposed(_)) => Some(own),
            _ => link(packed).map(|(case, _)| case),
        };
        if let Some(case) = case {
            self.heads.insert(case, record.leaf_hash());
            if case == self.pack.case {
                self.of_case.push(packed.index);
            }
        }
    }

    /// How the case stands, as far as the re-run got.
    pub(super) fn case_facts(&self) -> Option<CaseFacts> {
        let (case, layout) = (self.kernel.case(&self.pack.case)?, self.layout()?);
        let outcomes = self.pack.records().filter(|record| matches!(record.body, PackedBody::Outcome(_)));
        Some(CaseFacts {
            last: self.last_of_case()?,
            outcomes: outcomes.map(|r| r.index).filter(|index| self.of_case.contains(index)).collect(),
            phase: case.phase.as_str().to_owned(),
            policy: case.policy,
            policy_name: layout.name.clone(),
            programme: layout.programme.clone(),
            records: case.touched.count,
            rules: case.rules,
        })
    }
}

/// Of this case, or of a governance case: whether that one gave it, the re-run finds out.
fn outcome_belongs(body: &[u8], case: CaseId) -> bool {
    outcome::decode(body)
        .is_ok_and(|found| found.policy.0 == governance_policy().0 || found.caseId.0 == case.0)
}

/// The case of a record, and the record before it there.
fn link(packed: &PackedRecord) -> Option<(CaseId, LeafHash)> {
    match &packed.body {
        PackedBody::Record(body) => body.link(),
        PackedBody::Outcome(body) => {
            let outcome = outcome::decode(body).ok()?;
            Some((CaseId(outcome.caseId.0), LeafHash(outcome.prev.0)))
        }
    }
}

fn no_decision(packed: &PackedRecord) -> String {
    match packed.body {
        PackedBody::Outcome(_) => "an outcome with no decision behind it".to_owned(),
        PackedBody::Record(_) => {
            "a record with no decision behind it: no command is shown that leads to it".to_owned()
        }
    }
}

/// Compares what was decided again with what is recorded, and names the first difference.
fn compare(turn: &Turn<'_>, expected: &[Record]) -> Result<(), Failure> {
    let mut again = expected.iter();
    for (packed, found) in turn.group.records.iter().zip(turn.records) {
        let Some(expected) = again.next() else {
            return fail_at(Rule::NoDecision, packed.index, no_decision(packed));
        };
        if expected.leaf() == found.leaf() {
            continue;
        }
        if follows(packed) && kind(expected) != kind(found) {
            return fail_at(Rule::NoDecision, packed.index, no_decision(packed));
        }
        let text = format!("decided again: `{}`, recorded: `{}`", shown(expected), shown(found));
        return fail_at(Rule::Differs, packed.index, text);
    }
    match again.next() {
        Some(expected) => {
            let last = turn.group.records.last().map_or(turn.first, |record| record.index);
            let text = format!("decided again, `{}` follows: the pack leaves it out", shown(expected));
            fail_at(Rule::LeftOut, last, text)
        }
        None => Ok(()),
    }
}

/// The tag, and of a body in JSON its variant: what stands before the second quotation mark.
fn kind(record: &Record) -> (u8, &[u8]) {
    let body = record.body();
    if record.tag() == Tag::Outcome {
        return (record.tag().byte(), &[]);
    }
    let end = body.iter().skip(2).position(|byte| *byte == b'"').unwrap_or(0);
    (record.tag().byte(), body.get(2..end.saturating_add(2)).unwrap_or(&[]))
}

/// The beginning of a body, for people to compare.
fn shown(record: &Record) -> String {
    match core::str::from_utf8(record.body()) {
        Ok(text) => text.chars().take(200).collect(),
        Err(_) => format!("{} bytes", record.body().len()),
    }
}

/// A decision or an outcome: what follows from a record and nobody has signed.
fn follows(packed: &PackedRecord) -> bool {
    matches!(packed.body, PackedBody::Outcome(_)) || matches!(packed.record_body(), Some(Body::Decided(_)))
}

/// The records of a command that cannot be decided again name its envelope, party and step all the same.
fn check_names(turn: &Turn<'_>, command: &Command) -> Result<(), Failure> {
    let Some(signed) = command.signed() else { return Ok(()) };
    let body = turn.group.records.first().and_then(PackedRecord::record_body);
    let (digest, envelope, party) = (signed.digest(), signed.envelope_digest(), signed.statement().party());
    let named = match (body, signed.statement()) {
        (Some(Body::Attested(body)), Statement::Attestation(said)) => {
            (body.attestation, body.envelope, body.party, &body.step, body.case)
                == (digest, envelope, party, &said.step, said.case)
        }
        (Some(Body::Attempted(body)), Statement::Attestation(said)) => {
            (body.attestation, body.envelope, body.party, &body.step, body.case)
                == (digest, envelope, party, &said.step, said.case)
        }
        _ => false,
    };
    if !named {
        return fail_at(
            Rule::NoDecision,
            turn.first,
            "the record is not of the envelope that is shown".to_owned(),
        );
    }
    // One step, and if it was the last one, the decision and its outcomes: nothing else can follow.
    let odd = turn.group.records.iter().skip(1).find(|packed| !follows(packed));
    match odd {
        Some(packed) => fail_at(Rule::NoDecision, packed.index, no_decision(packed)),
        None => Ok(()),
    }
}
