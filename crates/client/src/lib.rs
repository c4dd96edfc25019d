//! The client's half of the service: what an institution asks a server, and how it checks the answer. It
//! believes a server nothing that can be checked: the first record gives the ledger's id, its keys and its
//! co-signers; every receipt and certificate is verified against them.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use lockstep_client::{Client, Options};
//! let ledger = "d41d…".parse()?; // by another way than from the server
//! let client = Client::connect("https://ledger.example:7443", Some(ledger), &Options::default())?;
//! println!("{} has {:?}", client.genesis().name, client.ledger()?.head);
//! # Ok(())
//! # }
//! ```

mod error;
mod events;
mod form;
mod http;
mod people;
mod resolve;
mod rotation;
mod signer;
mod stream;

pub use error::ClientError;
pub use events::WaitingEvent;
pub use http::{HttpError, Options, fetched, may_be_asked, posted};
pub use people::{SignIn, SignInError};
pub use rotation::RotationError;
pub use signer::Signer;

use http::Http;
use lockstep_api::Kind;
use lockstep_api::answer::{
    BatchAnswer, Case, CaseRecord, CaseRow, CosignedAnswer, CredentialRow, DomainRow, Entered, GenesisRecord,
    HandoverRow, KeyRow, Ledger, LedgerRow, Outcome, OutcomeRow, Page, PolicyRow, ProposalRow, Token, Trial,
    WaitingRow,
};
use lockstep_api::path::{of_case, of_ledger, route};
use lockstep_api::people::{self as people_api, PersonToken, ReadRow};
use lockstep_crypto::tree::TreeHead;
use lockstep_kernel::{Body, Genesis, Request};
use lockstep_ledger::log::TilePath;
use lockstep_ledger::receipt::{AcceptedReceipt, ItemResult, Receipt};
use lockstep_ledger::{Certificate, Committee, Record};
use lockstep_types::{AttestationDigest, CaseId, KeyId, LedgerId, sha256};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One ledger on one server.
pub struct Client {
    http: Http,
    id: LedgerId,
    genesis: Genesis,
}

impl Client {
    /// Asks for the first record, and checks that it is the one of `ledger`. Without an id, the server's only
    /// ledger is taken at its word: compare the id with the other institutions then.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn connect(url: &str, ledger: Option<LedgerId>, options: &Options) -> Result<Self, ClientError> {
        let http = Http::new(url, options)?;
        let id = match ledger {
            Some(id) => id,
            None => {
                let rows: Page<LedgerRow> = http.get(route::LEDGERS, "", None)?;
                match rows.items.as_slice() {
                    [only] => only.ledger,
                    rows => return Err(ClientError::WhichLedger { found: rows.len() }),
                }
            }
        };
        let GenesisRecord { record } = http.get(&of_ledger(route::GENESIS, &id), "", None)?;
        // Salt and body were held against the leaf when the record was decoded.
        let genesis = match Body::from_slice(record.body()) {
            Ok(Body::Genesis(genesis)) if LedgerId(record.leaf_hash().0) == id => *genesis,
            _ => return Err(ClientError::OtherLedger { expected: id }),
        };
        Ok(Self { http, id, genesis })
    }

    /// The ledger.
    #[must_use]
    pub const fn id(&self) -> LedgerId {
        self.id
    }

    /// Its first record.
    #[must_use]
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// How the ledger stands, by the server's word.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn ledger(&self) -> Result<Ledger, ClientError> {
        self.public(route::LEDGER)
    }

    /// Hands a request in, with documents (32 bytes of salt, then the document). The receipt is checked, also
    /// that of a refusal that is on record. The same request again is answered as the first time.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn submit(&self, request: &Request, documents: &[Vec<u8>]) -> Result<Entered, ClientError> {
        let bytes = request.to_vec()?;
        let attestation = attestation(request);
        let path = of_ledger(route::SUBMISSIONS, &self.id);
        let answered = if documents.is_empty() {
            self.http.post(&path, "application/json", &bytes, None)
        } else {
            let boundary = form::boundary(&bytes, documents);
            let body = form::body(&boundary, &bytes, documents);
            self.http.post(&path, &format!("multipart/form-data; boundary={boundary}"), &body, None)
        };
        self.checked(answered, attestation)
    }

    /// Hands several requests in; one answer each, in their order.
    ///
    /// # Errors
    /// [`ClientError`] when the batch as a whole was not answered.
    pub fn submit_all(&self, requests: &[Request]) -> Result<Vec<Result<Entered, ClientError>>, ClientError> {
        let mut body = vec![b'['];
        for (at, request) in requests.iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            body.extend(request.to_vec()?);
        }
        body.push(b']');
        let path = of_ledger(route::BATCHES, &self.id);
        let BatchAnswer { answers } = self.http.post(&path, "application/json", &body, None)?;
        if answers.len() != requests.len() {
            return Err(ClientError::OtherCount { expected: requests.len(), found: answers.len() });
        }
        let each = answers.into_iter().zip(requests).map(|(answer, request)| {
            let answer = match answer {
                Outcome::Entered(entered) => Ok(entered),
                Outcome::Problem(problem) => Err(problem.into()),
            };
            self.checked(answer, attestation(request))
        });
        Ok(each.collect())
    }

    fn checked(
        &self,
        answered: Result<Entered, ClientError>,
        attestation: Option<AttestationDigest>,
    ) -> Result<Entered, ClientError> {
        let receipt = match &answered {
            Ok(entered) => entered.receipt.as_ref(),
            Err(ClientError::Problem(problem)) => problem.receipt.as_deref(),
            Err(_) => None,
        };
        match (receipt, attestation) {
            (Some(Receipt::Accepted(receipt)), Some(attestation)) => {
                self.check(receipt, attestation)?;
                // What is told beside the receipt is what the receipt is for.
                let same = match (&answered, &receipt.item.result) {
                    (Ok(entered), ItemResult::Recorded(place)) => {
                        let first = entered.records.first();
                        first.is_some_and(|first| (first.index, first.leaf) == (place.index, place.leaf))
                    }
                    (Err(_), ItemResult::Refused(_)) => true,
                    _ => false,
                };
                if !same {
                    return Err(ClientError::NoReceipt);
                }
            }
            // A refusal that is not on record has none.
            (_, Some(_)) if answered.is_ok() => return Err(ClientError::NoReceipt),
            _ => {}
        }
        answered
    }

    fn check(&self, receipt: &AcceptedReceipt, attestation: AttestationDigest) -> Result<(), ClientError> {
        receipt.verify(&self.id, &self.genesis.appender).map_err(ClientError::Receipt)?;
        if receipt.item.attestation == attestation { Ok(()) } else { Err(ClientError::NoReceipt) }
    }

    /// A receipt for what the ledger has on record of an attestation; checked.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn receipt(&self, attestation: AttestationDigest) -> Result<Receipt, ClientError> {
        let path = of_ledger(route::ATTESTATION, &self.id).replace("{attestation}", &attestation.to_string());
        let receipt = self.http.get(&path, "", None)?;
        if let Receipt::Accepted(accepted) = &receipt {
            self.check(accepted, attestation)?;
        }
        Ok(receipt)
    }

    /// The committee that certificates are checked by: from the co-signers of the first record, handover by
    /// handover, each of which is verified. One that was named and has not been handed over to is not told.
    ///
    /// # Errors
    /// [`ClientError`]: also when a handover does not hold.
    pub fn committee(&self) -> Result<Committee, ClientError> {
        let first = Committee::new(0, self.genesis.cosigners.clone(), self.genesis.cosigner_threshold);
        let first = first.map_err(RotationError::Committee)?;
        let Page { items, .. } = self.public::<Page<HandoverRow>>(route::HANDOVERS)?;
        items.iter().try_fold(first, |before, row| Ok(rotation::next(&self.id, &before, row)?))
    }

    /// The newest certificate, by the committee that the caller knows to be in force; none when nothing is
    /// certified yet.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn certificate(&self, committee: &Committee) -> Result<Option<Certificate>, ClientError> {
        let certificate: Certificate = match self.public(route::CERTIFICATE) {
            Ok(certificate) => certificate,
            Err(ClientError::Problem(problem)) if problem.kind == Kind::Missing => return Ok(None),
            Err(error) => return Err(error),
        };
        certificate.verify(&self.id, committee).map_err(ClientError::Certificate)?;
        Ok(Some(certificate))
    }

    /// A case, as the signer's party may see it. Its first record is checked against its id, its policy
    /// against that record.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn case(&self, case: &CaseId, signer: &Signer<'_>) -> Result<Case, ClientError> {
        let seen: Case = self.signed(&of_case(route::CASE, &self.id, case), "", signer)?;
        let told = seen.opening.as_ref().map(|opening| Body::from_slice(opening.body()));
        let of_policy = match told {
            Some(Ok(Body::Opened(opened))) => seen.policy == Some(opened.policy),
            Some(Ok(Body::Proposed(_))) => seen.policy.is_none(),
            _ => false,
        };
        let ids = [Some(seen.case), seen.opening.as_ref().map(opened)];
        if of_policy && ids == [Some(*case); 2] {
            Ok(seen)
        } else {
            Err(ClientError::OtherCase { case: *case })
        }
    }

    /// The evidence pack of a case, as the signer's party may see it; whoever takes it verifies it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn pack(
        &self,
        case: &CaseId,
        asked: &PackAsked<'_>,
        signer: &Signer<'_>,
    ) -> Result<Vec<u8>, ClientError> {
        let path = of_case(route::PACK, &self.id, case);
        self.http.get_bytes(&path, &asked.query(), Some((&self.id, signer)))
    }

    /// Open cases that the signer's party takes part in, or may, with `all` closed ones too: one page, which
    /// may be empty although another follows.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn cases(
        &self,
        (all, cursor): (bool, Option<&str>),
        signer: &Signer<'_>,
    ) -> Result<Page<CaseRow>, ClientError> {
        let all = all.then(|| "all=true".to_owned());
        let cursor = cursor.map(|_| paging(cursor));
        let query: Vec<String> = all.into_iter().chain(cursor).collect();
        self.signed(&of_ledger(route::CASES, &self.id), &query.join("&"), signer)
    }

    /// What a case unlocks: the records of its outcomes, opened. Whether they stand in the log, proofs show.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn outcomes(&self, case: &CaseId, signer: &Signer<'_>) -> Result<Vec<OutcomeRow>, ClientError> {
        let page: Page<OutcomeRow> = self.signed(&of_case(route::OUTCOMES, &self.id, case), "", signer)?;
        Ok(page.items)
    }

    /// Domains of programmes, and what is waited for there.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn domains(&self, signer: &Signer<'_>) -> Result<Vec<DomainRow>, ClientError> {
        let page: Page<DomainRow> = self.signed(&of_ledger(route::DOMAINS, &self.id), "", signer)?;
        Ok(page.items)
    }

    /// What would become of a request, by the server's word: nothing is recorded.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn try_out(&self, request: &Request, signer: &Signer<'_>) -> Result<Trial, ClientError> {
        let path = of_ledger(route::TRIALS, &self.id);
        self.http.post(&path, "application/json", &request.to_vec()?, Some((&self.id, signer)))
    }

    /// Credentials that the signer's party holds or gave; every one for administrators: one page.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn credentials(
        &self,
        cursor: Option<&str>,
        signer: &Signer<'_>,
    ) -> Result<Page<CredentialRow>, ClientError> {
        self.signed(&of_ledger(route::CREDENTIALS, &self.id), &paging(cursor), signer)
    }

    /// Records of all cases that the signer's party may see, from number `from` of the log on, as they are
    /// sealed: each is handed to `each`, which says whether to go on. Ends when it says no, or with the
    /// stream; whoever wants more asks again from where it was. What is told is the server's word.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn case_records(
        &self,
        from: u64,
        signer: &Signer<'_>,
        each: impl FnMut(CaseRecord) -> bool,
    ) -> Result<(), ClientError> {
        let path = of_ledger(route::CASES_EVENTS, &self.id);
        let stream = self.http.stream(&path, from, Some((&self.id, signer)))?;
        stream::read(stream, "record", each)
    }

    /// Steps that wait for the signer's party: one page.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn waiting(
        &self,
        cursor: Option<&str>,
        signer: &Signer<'_>,
    ) -> Result<Page<WaitingRow>, ClientError> {
        self.signed(&of_ledger(route::WAITING, &self.id), &paging(cursor), signer)
    }

    /// Follows what waits for the signer's party until the stream ends, as it does every minute: `told`
    /// learns of each change. `seen` is kept for the next time, so that nothing is told twice.
    ///
    /// # Errors
    /// [`ClientError`]; what was told counts.
    pub fn follow_waiting(
        &self,
        seen: &mut Option<String>,
        signer: &Signer<'_>,
        told: &mut dyn FnMut(WaitingEvent) -> bool,
    ) -> Result<(), ClientError> {
        let path = of_ledger(route::WAITING_EVENTS, &self.id);
        let last = seen.clone();
        let mut read = |event: events::Event| {
            let told_of = WaitingEvent::read(&event).map_err(HttpError::Answer)?;
            let goes_on = told_of.is_none_or(&mut *told);
            if let Some(id) = event.id {
                *seen = Some(id);
            }
            Ok(goes_on)
        };
        self.http.follow(&path, (&self.id, signer), last.as_deref(), &mut read)
    }

    /// Changes of the ledger that wait for others to agree. What is proposed is checked against the id of its
    /// case.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn proposals(&self, signer: &Signer<'_>) -> Result<Vec<ProposalRow>, ClientError> {
        let page: Page<ProposalRow> = self.signed(&of_ledger(route::PROPOSALS, &self.id), "", signer)?;
        match page.items.iter().find(|row| opened(&row.record) != row.case) {
            None => Ok(page.items),
            Some(other) => Err(ClientError::OtherCase { case: other.case }),
        }
    }

    /// Every policy under which cases may be open, as its files; whoever uses one checks its digest.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn policies(&self, signer: &Signer<'_>) -> Result<Vec<PolicyRow>, ClientError> {
        let page: Page<PolicyRow> = self.signed(&of_ledger(route::POLICIES, &self.id), "", signer)?;
        Ok(page.items)
    }

    /// Whose the signer's own key is.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn key(&self, key: KeyId, signer: &Signer<'_>) -> Result<KeyRow, ClientError> {
        let path = of_ledger(route::KEY, &self.id).replace("{key}", &key.to_string());
        self.signed(&path, "", signer)
    }

    /// Records with their commands from number `from` on, for a co-signer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn records(&self, from: u64, signer: &Signer<'_>) -> Result<Vec<u8>, ClientError> {
        let path = of_ledger(route::RECORDS, &self.id);
        self.http.get_bytes(&path, &format!("from={from}"), Some((&self.id, signer)))
    }

    /// Hands a co-signer's signature in.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn cosigned(&self, cosigned: &impl Serialize) -> Result<CosignedAnswer, ClientError> {
        let bytes = serde_json::to_vec(cosigned).map_err(|error| HttpError::Answer(error.to_string()))?;
        self.http.post(&of_ledger(route::COSIGNATURES, &self.id), "application/json", &bytes, None)
    }

    /// The log's signed head, as C2SP clients read it; not checked here.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn log_checkpoint(&self) -> Result<Vec<u8>, ClientError> {
        self.http.get_bytes(&of_ledger(route::CHECKPOINT, &self.id), "", None)
    }

    /// A tile of the log; none where there is none.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn tile(&self, path: &TilePath) -> Result<Option<Vec<u8>>, ClientError> {
        let path = path.to_string();
        let path = of_ledger(route::TILE, &self.id).replace("tile/{*tile}", &path);
        match self.http.get_bytes(&path, "", None) {
            Err(ClientError::Problem(problem)) if problem.kind == Kind::Missing => Ok(None),
            answered => answered.map(Some),
        }
    }

    /// A token that stands for the signer for some minutes.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn token(&self, signer: &Signer<'_>) -> Result<Token, ClientError> {
        let path = of_ledger(route::TOKENS, &self.id);
        self.http.post(&path, "application/json", b"{}", Some((&self.id, signer)))
    }

    /// Begins a person's sign-in: `redirect` is where the browser comes back to on this machine, `provider`
    /// how the people's provider is reached.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn begin_sign_in(&self, redirect: &str, provider: &Options) -> Result<SignIn, ClientError> {
        let path = of_ledger(route::PEOPLE_CHALLENGES, &self.id);
        let challenge = self.http.post(&path, "application/json", b"{}", None)?;
        SignIn::begin((&self.http, challenge), redirect, provider)
    }

    /// Ends a sign-in with the query with which the browser came back.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn end_sign_in(&self, begun: &SignIn, query: &str) -> Result<PersonToken, ClientError> {
        let shown =
            people_api::SignIn { challenge: begun.challenge.clone(), id_token: begun.id_token(query)? };
        let bytes = serde_json::to_vec(&shown).map_err(|error| HttpError::Answer(error.to_string()))?;
        self.http.post(&of_ledger(route::PEOPLE_TOKENS, &self.id), "application/json", &bytes, None)
    }

    /// Figures of the ledger as Prometheus reads them, for administrators.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn figures(&self, signer: &Signer<'_>) -> Result<String, ClientError> {
        let path = of_ledger(route::FIGURES, &self.id);
        let bytes = self.http.get_bytes(&path, "", Some((&self.id, signer)))?;
        String::from_utf8(bytes).map_err(|error| HttpError::Answer(error.to_string()).into())
    }

    /// Who read what of cases, for administrators: one page, from what `next` of the page before said.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn reads(&self, from: Option<&str>, signer: &Signer<'_>) -> Result<Page<ReadRow>, ClientError> {
        let query = from.map(|from| format!("from={from}")).unwrap_or_default();
        self.signed(&of_ledger(route::READS, &self.id), &query, signer)
    }

    fn public<T: DeserializeOwned>(&self, template: &str) -> Result<T, ClientError> {
        self.http.get(&of_ledger(template, &self.id), "", None)
    }

    fn signed<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &str,
        signer: &Signer<'_>,
    ) -> Result<T, ClientError> {
        self.http.get(path, query, Some((&self.id, signer)))
    }
}

/// What the co-signer that listens at `url` says it has signed last on a ledger; not checked here. None where
/// it has signed nothing, or follows another ledger.
///
/// # Errors
/// [`ClientError`].
pub fn signed<T: DeserializeOwned>(
    url: &str,
    ledger: &LedgerId,
    options: &Options,
) -> Result<Option<T>, ClientError> {
    match Http::new(url, options)?.get(&of_ledger(route::SIGNED, ledger), "", None) {
        Err(ClientError::Problem(problem)) if problem.kind == Kind::Missing => Ok(None),
        answered => answered.map(Some),
    }
}

fn attestation(request: &Request) -> Option<AttestationDigest> {
    request.submission().map(|submission| AttestationDigest(sha256(&submission.envelope.pae())))
}

/// The case that a record opens.
const fn opened(record: &Record) -> CaseId {
    CaseId(record.leaf_hash().0)
}

fn paging(cursor: Option<&str>) -> String {
    cursor.map(|cursor| format!("cursor={cursor}")).unwrap_or_default()
}

/// What of a case a pack is to show.
#[derive(Debug, Clone, Copy, Default)]
pub struct PackAsked<'a> {
    /// For whom; nobody named: for whoever asks.
    pub audience: Option<&'a str>,
    /// Steps and claims withheld besides, as `STEP` or `STEP.CLAIM`.
    pub withhold: &'a [String],
    /// With the documents.
    pub evidence: bool,
    /// A head with which it is to be proven consistent.
    pub pinned: Option<TreeHead>,
}

impl PackAsked<'_> {
    fn query(&self) -> String {
        let audience = self.audience.map(|audience| format!("audience={audience}"));
        let withhold = (!self.withhold.is_empty()).then(|| format!("withhold={}", self.withhold.join(",")));
        let evidence = self.evidence.then(|| "evidence=true".to_owned());
        let pinned = self.pinned.map(|head| format!("size={}&root={}", head.size, head.root));
        let parts: Vec<String> = audience.into_iter().chain(withhold).chain(evidence).chain(pinned).collect();
        parts.join("&")
    }
}
