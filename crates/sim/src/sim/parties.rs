//! What parties do: open cases, take steps in and out of order, refuse, withdraw, hand in twice, read the
//! supply.

use super::town::{Town, Wrong};
use crate::cast::{Said, name, texts};
use crate::sim::check;
use lockstep_kernel::{Phase, Request};
use lockstep_node::Answer;
use lockstep_node::client::Texts;
use lockstep_types::{CaseId, Digest, Name};

/// Most cases that are open at a time.
const OPEN_MAX: usize = 10;
/// Payments that there are: two cases may well claim the same one.
const PAYMENTS: u64 = 12;
/// Steps of the stablecoin's policy.
const STEPS: [&str; 6] = ["request", "payment", "reserve", "audit", "screen", "approve"];
/// When the balance was struck, and the payments booked.
const AS_OF: &str = "2026-11-21T00:00:00.000Z";

impl Town {
    pub(super) fn party_acts(&mut self) -> Result<(), Wrong> {
        let request = match self.chance.below(20) {
            0..3 => self.opens(),
            3 => self.withdraws(),
            4 => Some(self.reads()),
            5 => self.again(),
            _ => self.takes_step(),
        };
        match request {
            Some(request) => self.hand_in(request),
            None => Ok(()),
        }
    }

    fn opens(&mut self) -> Option<Request> {
        if self.kernel().cases().filter(|(_, case)| case.phase == Phase::Open).count() >= OPEN_MAX {
            return None;
        }
        let jurisdiction = if self.chance.one_in(6) { "KP" } else { "DE" };
        let params = texts(&[
            ("amount", "1000.00"),
            ("beneficiary", "0x52908400098527886E0F7030069857D2E4169EE7"),
            ("jurisdiction", jurisdiction),
        ]);
        let pen = self.pen();
        self.cast.opening(pen, self.kernel(), &params).ok()
    }

    fn any_case(&mut self) -> Option<CaseId> {
        let cases: Vec<CaseId> = self.kernel().cases().map(|(id, _)| *id).collect();
        self.chance.pick(&cases).copied()
    }

    /// Mostly a step that is ready, and sometimes any.
    fn takes_step(&mut self) -> Option<Request> {
        let case = self.any_case()?;
        let taken = &self.kernel().case(&case)?.steps;
        let missing: Vec<Name> =
            STEPS.map(name).into_iter().filter(|step| !taken.contains_key(step)).collect();
        let any = self.chance.one_in(6);
        let step = if any { name(self.chance.pick(&STEPS)?) } else { missing.first()?.clone() };
        let said = match self.chance.below(25) {
            0 => Said::Refused("not today".to_owned()),
            _ => Said::Done(self.claims(step.as_str())),
        };
        let pen = self.pen();
        self.cast.step(pen, (self.kernel(), &()), (case, &step), &said).ok()
    }

    fn claims(&mut self, step: &str) -> Texts {
        let odd = self.chance.one_in(12);
        let ledger = if odd { Digest([1; 32]).to_string() } else { self.ledger.to_string() };
        let reference = format!("E2E-{}", self.chance.below(PAYMENTS));
        let amount = if odd { "999.00" } else { "1000.00" };
        let sanctions = Digest([9; 32]).to_string();
        match step {
            "payment" => texts(&[
                ("amount", amount),
                ("servicer", "ACMEUS33"),
                ("account", "US-1"),
                ("servicer_ref", &reference),
                ("entry_ref", "1"),
                ("debtor", "A Customer"),
                ("booked", "true"),
                ("booked_at", AS_OF),
            ]),
            "reserve" => texts(&[
                ("balance", "5000.00"),
                ("as_of", AS_OF),
                ("segregated", "true"),
                ("earmarked_for", &ledger),
            ]),
            "audit" => {
                let haircut = if odd { "-1" } else { "0" };
                texts(&[("agrees", "true"), ("balance", "5000.00"), ("haircut_bps", haircut)])
            }
            "screen" => {
                let hits = if odd { "1" } else { "0" };
                texts(&[("provider", "Acme AML"), ("hits", hits), ("list", &sanctions)])
            }
            _ => texts(&[]),
        }
    }

    fn withdraws(&mut self) -> Option<Request> {
        let case = self.any_case()?;
        let taken: Vec<Name> = self.kernel().case(&case)?.steps.keys().cloned().collect();
        let step = self.chance.pick(&taken)?.clone();
        let pen = self.pen();
        self.cast.withdrawal(pen, self.kernel(), (case, &step)).ok()
    }

    pub(super) fn reads(&mut self) -> Request {
        let pen = self.pen();
        let since = pen.now.ms().saturating_sub(40 * 3_600_000);
        let since = lockstep_types::Time::from_ms(since).unwrap_or(pen.now);
        self.cast.reading(pen, (pen.number, 0), since)
    }

    /// Something that was handed in before, whatever became of it.
    fn again(&mut self) -> Option<Request> {
        let sent = std::mem::take(&mut self.sent);
        let request = self.chance.pick(&sent).cloned();
        self.sent = sent;
        request
    }

    /// Hands a request in; the receipt may get lost on its way back.
    pub(super) fn hand_in(&mut self, request: Request) -> Result<(), Wrong> {
        let now = self.appender_time();
        self.sent.push(request.clone());
        let answers = match self.appender.submit(vec![request], now) {
            Ok(answers) => answers,
            Err(error) => return self.appender_fails(&error),
        };
        let lost = self.chance.one_in(8);
        for answer in answers {
            match &answer {
                Answer::Malformed(error) => return Err(format!("a good signature is refused: {error}")),
                Answer::Refused(refusal) => self.note(&refusal.to_string()),
                Answer::OnRecord(accepted) if !lost => check::receipt(self, accepted)?,
                Answer::OnRecord(_) => {}
            }
        }
        check::headroom(self)
    }
}
