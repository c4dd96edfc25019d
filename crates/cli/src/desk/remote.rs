//! A ledger on a server, as one key sees it. What the server says is checked as far as it can be: the first
//! record against the ledger's id, cases against theirs, policies against their digests, certificates against
//! the co-signers, receipts against the appender's key.

use super::Stands;
use super::entered::Entered;
use super::shown::{CaseRow, CaseShown, ProposalShown};
use crate::fault::{Kind, told};
use crate::key::Holder;
use crate::out::Out;
use crate::server::seconds;
use crate::words;
use anyhow::{Context, Result};
use lockstep_api::answer::{Case, CredentialRow, DomainRow, OutcomeRow, Page, PolicyRow, WaitingRow};
use lockstep_api::people::ReadRow;
use lockstep_attest::Seen;
use lockstep_attest::sign::Sign;
use lockstep_client::{Client, ClientError, PackAsked, Signer, WaitingEvent};
use lockstep_kernel::state::Phase;
use lockstep_kernel::{Body, Request};
use lockstep_ledger::Certificate;
use lockstep_node::replica::Documents;
use lockstep_pack::{Options, Trust, Verdict, verify};
use lockstep_policy::{Audience, Policy};
use lockstep_types::{CaseId, LedgerId, Lei, Name, PolicyDigest};
use serde_json::json;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two attempts to hand the same in; doubled each time.
const AWAY: Duration = Duration::from_millis(250);
/// A server that is away for longer than this is reported.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pages of one list that are read.
const PAGES_MAX: usize = 1_000;

/// A ledger on a server.
pub struct Remote {
    client: Client,
    asks: Asker,
    out: Out,
}

/// How a stream has ended.
pub enum Followed {
    /// As it does.
    Ended,
    /// The server is away, or has no place for it.
    Away(String),
}

/// Who asks a server.
pub enum Asker {
    /// Whoever holds a key.
    Key(Rc<Holder>),
    /// Whoever is signed in, by a token.
    Person(String),
}

/// Whose key it is, by the server's word; a wrong word makes an envelope that no ledger takes.
pub fn owner(client: &Client, holder: &Holder) -> Result<Lei> {
    Ok(client.key(holder.public().id(), &Signer::new(holder, seconds))?.owner)
}

/// What the first record, handovers and a certificate prove together, to whoever has the ledger's id from
/// elsewhere.
pub fn trust(client: &Client) -> Result<Trust> {
    let committee = client.committee()?;
    let named = client.ledger()?.committee.epoch();
    if named > committee.epoch() {
        let text = format!("nobody has handed over to the co-signers of epoch {named} yet");
        return Err(told(Kind::Conflict, "not-handed-over", text)
            .hint("ask again once co-signers of the epoch before have signed the handover")
            .into());
    }
    let certificate = client.certificate(&committee)?.ok_or_else(|| {
        told(Kind::Conflict, "nothing-certified", "nothing of this ledger is certified yet")
    })?;
    Ok(Trust::from_certificate(client.genesis().name.clone(), committee, &certificate)?)
}

/// A pack that has been checked.
pub struct Checked {
    /// The pack.
    pub bytes: Vec<u8>,
    /// Records that are certified in it.
    pub size: u64,
    /// What a verifier says of it.
    pub verdict: &'static str,
}

pub fn differs(what: String) -> anyhow::Error {
    told(Kind::Refused, "server-differs", what)
        .hint("do not go on with this server before you know why")
        .into()
}

/// True when nobody has looked at what was handed in. A rule that says "later" has.
fn is_away(error: &ClientError) -> bool {
    match error {
        ClientError::Problem(problem) => ["busy", "slow", "stopping"].contains(&problem.code.as_str()),
        other => other.is_passing(),
    }
}

/// True for what can be the name of a step, or of a claim in it.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

impl Remote {
    pub const fn new(client: Client, asks: Asker, out: Out) -> Self {
        Self { client, asks, out }
    }

    pub const fn ledger(&self) -> LedgerId {
        self.client.id()
    }

    /// The way to the server.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Domains of programmes, by the server's word: a wrong one makes a reading that the ledger refuses, or
    /// none.
    pub fn domains(&self) -> Result<Vec<DomainRow>> {
        Ok(self.client.domains(&self.signer())?)
    }

    /// The code of the rule that would refuse a request, and what it says.
    pub fn would_refuse(&self, request: &Request) -> Result<Option<(String, String)>> {
        let tried = self.client.try_out(request, &self.signer())?;
        Ok(tried.refused.map(|refused| (refused.code, refused.detail)))
    }

    /// A claim of a step that stands, where it is shown.
    pub fn stated(&self, case: CaseId, (step, claim): (&Name, &str)) -> Result<Option<String>> {
        let seen = self.case(case)?;
        let claims = seen.steps.get(step).map(|step| &step.claims);
        Ok(claims.and_then(|claims| claims.get(claim).cloned().flatten()))
    }

    /// What a case unlocks, by the server's word so far.
    pub fn outcomes(&self, case: CaseId) -> Result<Vec<OutcomeRow>> {
        Ok(self.client.outcomes(&case, &self.signer())?)
    }

    fn signer(&self) -> Signer<'_> {
        match &self.asks {
            Asker::Key(holder) => Signer::new(&**holder, seconds),
            Asker::Person(token) => Signer::person(token),
        }
    }

    /// The newest certificate, as statements name it.
    pub fn seen(&self) -> Result<Option<Seen>> {
        let certificate = self.certificate()?;
        let seen = |c: Certificate| Ok(Seen { certificate: c.digest()?, size: c.size });
        certificate.map(seen).transpose()
    }

    /// The newest certificate, by the committee to which handovers lead.
    pub fn certificate(&self) -> Result<Option<Certificate>> {
        let (known, named) = (self.client.committee()?, self.client.ledger()?.committee);
        if named.epoch() == known.epoch() && named != known {
            let text = format!("the server names other co-signers of epoch {} than it shows", known.epoch());
            return Err(differs(text));
        }
        match self.client.certificate(&known) {
            // One by a committee to which nobody has handed over yet is not believed.
            Err(ClientError::Certificate(_)) if named.epoch() > known.epoch() => {
                let epoch = named.epoch();
                self.out.note(format!("note: nobody has handed over to the co-signers of epoch {epoch} yet"));
                Ok(None)
            }
            found => Ok(found?),
        }
    }

    /// Whom this reader believes: the co-signers in force, and the newest certificate. Nothing before there
    /// is one.
    fn trust(&self) -> Result<Option<Trust>> {
        let Some(certificate) = self.certificate()? else { return Ok(None) };
        let committee = self.client.committee()?;
        let name = self.client.genesis().name.clone();
        Ok(Some(Trust::from_certificate(name, committee, &certificate)?))
    }

    /// The pack of a case. It is verified, under `trust` where that is given: what fails is not taken.
    pub fn pack(&self, case: CaseId, options: Options, trust: Option<Trust>) -> Result<Checked> {
        let trust = match trust {
            Some(trust) => Some(trust),
            None => self.trust()?,
        };
        if let Some(name) = options.withhold.iter().find(|name| !is_plain(name)) {
            let text = format!("there is no `{name}` in this case to withhold");
            return Err(told(Kind::Invalid, "withhold", text).into());
        }
        let asked = PackAsked {
            audience: options.audience.map(Audience::as_str),
            withhold: &options.withhold,
            evidence: options.evidence,
            pinned: trust.as_ref().map(Trust::head),
        };
        let bytes = self.client.pack(&case, &asked, &self.signer())?;
        let report = verify(&bytes, trust.as_ref());
        let verdict = match &report.verdict {
            Verdict::Verified => "verified",
            Verdict::CannotTell(_) => "cannot tell",
            Verdict::Failed(failure) => {
                return Err(differs(format!("the server's pack is refused: {failure}")));
            }
        };
        match report.facts {
            Some(facts) if (facts.ledger, facts.case) == (self.ledger(), case) => {
                Ok(Checked { bytes, size: facts.head.size, verdict })
            }
            _ => Err(differs(format!("the server's pack is of another case than `{case}`"))),
        }
    }

    fn read_policy(row: &PolicyRow) -> Result<Arc<Policy>> {
        let read = Policy::from_files(row.layout.as_bytes(), row.guards.as_bytes());
        match read {
            Ok(policy) if policy.digest() == row.policy => Ok(Arc::new(policy)),
            _ => Err(differs(format!("what the server gives as policy `{}` are other files", row.policy))),
        }
    }

    /// Policies under which cases are opened, with programme and name.
    pub fn policies_in_force(&self) -> Result<Vec<(Name, Name, Arc<Policy>)>> {
        let rows = self.client.policies(&self.signer())?;
        let named = |row: &PolicyRow| {
            let policy = Self::read_policy(row)?;
            let layout = policy.layout();
            Ok((layout.programme.clone(), layout.name.clone(), policy))
        };
        rows.iter().filter(|row| row.in_force).map(named).collect()
    }

    fn policy(&self, digest: &PolicyDigest) -> Result<Arc<Policy>> {
        let rows = self.client.policies(&self.signer())?;
        let row = rows.iter().find(|row| row.policy == *digest);
        Self::read_policy(row.with_context(|| format!("the server has no policy `{digest}`"))?)
    }

    /// A whole id as it is; fewer letters among open cases and changes that wait.
    pub fn case_id(&self, prefix: &str) -> Result<CaseId> {
        if let Ok(whole) = prefix.parse() {
            return Ok(whole);
        }
        let proposals = self.client.proposals(&self.signer())?;
        let ids = self.cases(false)?.into_iter().map(|row| row.case);
        words::one(prefix, "case", ids.chain(proposals.into_iter().map(|row| row.case)))
    }

    fn case(&self, case: CaseId) -> Result<Case> {
        Ok(self.client.case(&case, &self.signer())?)
    }

    pub fn stands(&self, case: CaseId) -> Result<Stands> {
        let seen = self.case(case)?;
        let unknown = lockstep_node::client::DraftError::Case { case };
        let policy = self.policy(&seen.policy.ok_or(unknown)?)?;
        let open = Phase::from_text(&seen.phase).is_some_and(|phase| !phase.is_closed());
        let steps = seen.steps.into_iter().filter(|_| open);
        Ok(Stands { case, policy, standing: steps.map(|(name, step)| (name, step.leaf)).collect() })
    }

    /// The same; nothing where there is no such case, or not for this reader.
    pub fn stands_if_any(&self, case: CaseId) -> Result<Option<Stands>> {
        match self.client.case(&case, &self.signer()) {
            Err(ClientError::Problem(problem)) if problem.kind == lockstep_api::Kind::Missing => Ok(None),
            Err(error) => Err(error.into()),
            Ok(seen) if seen.policy.is_none() => Ok(None),
            Ok(_) => self.stands(case).map(Some),
        }
    }

    pub fn shown(&self, case: CaseId) -> Result<CaseShown> {
        let seen = self.case(case)?;
        let of_step = |leaf| seen.steps.iter().find(|(_, step)| step.leaf == leaf);
        let row = |record: &lockstep_api::answer::RecordRow| {
            let by = of_step(record.leaf).map(|(name, step)| format!("  `{name}` by {}", step.party));
            let line = format!("{:>6}  {}{}", record.index, record.kind, by.unwrap_or_default());
            (json!(record), line)
        };
        Ok(CaseShown {
            case,
            certified: self.certificate()?.map_or(0, |certificate| certificate.size),
            deadline: seen.deadline,
            next: seen.next.iter().map(|next| (next.step.clone(), next.role.clone())).collect(),
            params: seen.deadline.map(|_| seen.params.clone()),
            phase: seen.phase.clone(),
            policy: seen.policy,
            rules: None,
            records: seen.records.iter().map(row).collect(),
        })
    }

    /// Open cases, or all of them.
    pub fn cases(&self, all: bool) -> Result<Vec<CaseRow>> {
        let (mut rows, mut cursor) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let page = self.client.cases((all, cursor.as_deref()), &self.signer())?;
            let row = |row: lockstep_api::answer::CaseRow| CaseRow {
                case: row.case,
                opened: Some(row.opened),
                opener: row.opener,
                phase: row.phase,
            };
            rows.extend(page.items.into_iter().map(row));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(rows)
    }

    /// Credentials that the reader's party holds or gave; all of them for administrators.
    pub fn credentials(&self) -> Result<Vec<CredentialRow>> {
        let (mut rows, mut cursor) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let page = self.client.credentials(cursor.as_deref(), &self.signer())?;
            rows.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(rows)
    }

    /// Steps that wait for the reader's party.
    pub fn waiting(&self) -> Result<Vec<WaitingRow>> {
        let (mut rows, mut cursor) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let page = self.client.waiting(cursor.as_deref(), &self.signer())?;
            rows.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(rows)
    }

    /// Follows what waits, until the stream ends; see [`Client::follow_waiting`].
    pub fn follow_waiting(
        &self,
        seen: &mut Option<String>,
        told: &mut dyn FnMut(WaitingEvent) -> bool,
    ) -> Result<Followed> {
        match self.client.follow_waiting(seen, &self.signer(), told) {
            Ok(()) => Ok(Followed::Ended),
            Err(error) if error.is_passing() => Ok(Followed::Away(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// Figures, for administrators.
    pub fn figures(&self) -> Result<String> {
        Ok(self.client.figures(&self.signer())?)
    }

    /// Who read what of cases: one page.
    pub fn reads(&self, from: Option<&str>) -> Result<Page<ReadRow>> {
        Ok(self.client.reads(from, &self.signer())?)
    }

    pub fn proposals(&self) -> Result<Vec<ProposalShown>> {
        let rows = self.client.proposals(&self.signer())?;
        let shown = |row: lockstep_api::answer::ProposalRow| match Body::from_slice(row.record.body()) {
            Ok(Body::Proposed(body)) => Ok(ProposalShown {
                case: row.case,
                action: body.action.kind().to_string(),
                approvals: row.approvals,
                consents: row.consents,
                deadline: body.deadline,
                effective: row.effective,
                loosens: body.loosens,
            }),
            _ => Err(differs(format!("case `{}` is no change of the ledger", row.case))),
        };
        rows.into_iter().map(shown).collect()
    }

    /// Hands in, and while the server is away the very same again: it is taken once.
    pub fn submit(&self, request: &Request, documents: Documents) -> Result<Entered> {
        let documents: Vec<Vec<u8>> = documents.into_iter().map(|(_, document)| document).collect();
        let (begun, mut away) = (Instant::now(), AWAY);
        loop {
            match self.client.submit(request, &documents) {
                Ok(entered) => return Ok(Entered::there(entered)),
                Err(error) if is_away(&error) && begun.elapsed() < PATIENCE => {
                    self.out.note(format!("waiting: {error}"));
                    std::thread::sleep(away);
                    away *= 2;
                }
                Err(ClientError::Problem(problem)) => {
                    let on_record = Entered::refusal(self.ledger(), &problem);
                    return on_record.ok_or_else(|| ClientError::Problem(problem).into());
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
