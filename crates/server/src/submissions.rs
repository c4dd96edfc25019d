//! Requests handed in: one, or several at once. What is handed in says who it is from, so nobody signs the
//! HTTP request; and it is its own idempotency key: the same envelope again is answered as the first time.

use crate::engine::Busy;
use crate::reply::{Failed, internal};
use crate::service::{Hosted, Service};
use crate::traces::Trace;
use lockstep_api::answer::{Entered, RecordRow};
use lockstep_api::limits::{DOCUMENT_BYTES_MAX, DOCUMENTS_MAX};
use lockstep_api::{Kind, Problem};
use lockstep_attest::sign::Sign;
use lockstep_attest::{Signature, Statement};
use lockstep_crypto::suite::Message;
use lockstep_kernel::{Body, Refusal, Request};
use lockstep_ledger::Record;
use lockstep_ledger::receipt::{
    AcceptedBatch, AcceptedReceipt, Item, ItemResult, Place, Receipt, RefusedItem,
};
use lockstep_node::replica::Documents;
use lockstep_node::{Accepted, Answer, Asked, index, records};
use lockstep_types::{AttestationDigest, Digest, Lei, sha256};
use std::collections::BTreeSet;
use std::time::Instant;

/// Why nothing was taken.
pub(crate) fn busy(busy: Busy) -> Failed {
    let code = match busy {
        Busy::Full => "busy",
        Busy::Stopped => "stopping",
    };
    Problem::new(Kind::Retry, code, busy.to_string()).hint("try again in a moment").into()
}

/// Hands one request in.
pub(crate) async fn submit(
    service: &Service,
    hosted: &Hosted,
    asked: Asked,
    trace: Option<Trace>,
) -> Result<Entered, Failed> {
    let traced = service.traces.as_ref().zip(trace);
    let kept = asked.bytes.clone();
    let told = async {
        may_submit(service, hosted, &kept)?;
        let begun = Instant::now();
        let timed = hosted.engine.ask(asked).await.map_err(busy)?;
        service.figures.took(begun.elapsed());
        if let Some((traces, trace)) = &traced {
            traces.answered(trace, &timed);
        }
        told(service, hosted, &kept, timed.answer)
    };
    let told = told.await;
    if let Some((traces, trace)) = traced {
        traces.end(trace, hosted, &kept, &told);
    }
    told
}

/// Whether those whose keys have signed a request may hand it in: a party of which much was refused waits.
pub(crate) fn may_submit(service: &Service, hosted: &Hosted, request: &[u8]) -> Result<(), Failed> {
    if !service.paces.is_any_waiting() {
        return Ok(());
    }
    let Some((_, signers)) = signed(hosted, request) else { return Ok(()) };
    signers.into_iter().try_for_each(|party| service.paces.may_submit(party))
}

/// The attestation in a request, and whose keys are said to have signed it. Whom it names as the party is not
/// asked: a statement in another's name counts against whoever signs it.
fn signed(hosted: &Hosted, request: &[u8]) -> Option<(AttestationDigest, BTreeSet<Lei>)> {
    let request = Request::from_slice(request).ok()?;
    let envelope = &request.submission()?.envelope;
    let owner = |signature: &Signature| hosted.keys.owner(&signature.keyid);
    let attestation = AttestationDigest(sha256(&envelope.pae()));
    Some((attestation, envelope.signatures.iter().filter_map(owner).collect()))
}

/// Whose a request is said to be, for what the server remembers by party, and a digest of all of it.
pub(crate) fn claimed(hosted: &Hosted, asked: &Asked) -> Option<(Lei, [u8; 32])> {
    let (_, signers) = signed(hosted, &asked.bytes)?;
    let mut all = sha256(&asked.bytes).to_vec();
    all.extend(asked.documents.iter().flat_map(|(digest, _)| digest.0));
    Some((signers.into_iter().next()?, sha256(&all)))
}

/// What an answer says to whoever asked.
pub(crate) fn told(
    service: &Service,
    hosted: &Hosted,
    request: &[u8],
    answer: Answer,
) -> Result<Entered, Failed> {
    let malformed = matches!(answer, Answer::Malformed(_));
    let told = match answer {
        Answer::OnRecord(accepted) => on_record(hosted, *accepted),
        Answer::Malformed(error) => Err(Problem::malformed(&error).into()),
        // A word that was taken back is on record, and does not stand.
        Answer::Refused(refusal) if matches!(*refusal, Refusal::TakenBack { .. }) => {
            Err(Problem::refused(&refusal, None).into())
        }
        Answer::Refused(refusal) => match before(hosted, request) {
            Ok(Before::Counts(known)) => on_record(hosted, *known),
            Ok(Before::Refused(receipt)) => {
                Err(Problem::refused(&refusal, receipt.map(|receipt| *receipt)).into())
            }
            Err(failed) => Err(failed),
        },
    };
    match &told {
        Ok(_) => service.figures.accepted(),
        Err(failed) => {
            service.figures.refused(&failed.0.code);
            // Signatures of what is malformed may be anybody's.
            if let Some((attempt, signers)) = signed(hosted, request).filter(|_| !malformed) {
                signers.into_iter().for_each(|party| service.paces.refused(party, attempt));
            }
        }
    }
    told
}

fn on_record(hosted: &Hosted, accepted: Accepted) -> Result<Entered, Failed> {
    let receipt = accepted.receipt.map(Receipt::Accepted);
    if let Some(refusal) = accepted.refused {
        return Err(Problem::refused(&refusal, receipt).into());
    }
    Ok(Entered { ledger: hosted.ledger, receipt, records: rows(accepted.index, &accepted.records) })
}

/// Records as they are told of.
pub(crate) fn rows(first: u64, all: &[Record]) -> Vec<RecordRow> {
    let row = |(index, record): (u64, &Record)| row(index, record);
    (first..).zip(all).map(row).collect()
}

/// A record as it is told of.
pub(crate) fn row(index: u64, record: &Record) -> RecordRow {
    RecordRow { index, kind: records::kind(record), leaf: record.leaf_hash() }
}

/// What the ledger has on record of a request that it refuses now.
enum Before {
    /// It was handed in before, and counts.
    Counts(Box<Accepted>),
    /// It does not count; with a receipt when that is on record.
    Refused(Option<Box<Receipt>>),
}

/// Looks a request up that may have been handed in before; the receipt is made now.
fn before(hosted: &Hosted, request: &[u8]) -> Result<Before, Failed> {
    let unknown = Before::Refused(None);
    let Ok(request) = Request::from_slice(request) else { return Ok(unknown) };
    let Some(submission) = request.submission() else { return Ok(unknown) };
    let attestation = AttestationDigest(sha256(&submission.envelope.pae()));
    let store = &**hosted.engine.store();
    let index = index::record_of(store, &attestation).map_err(|error| internal(&error))?;
    let Some(index) = index else { return Ok(unknown) };
    let records = records::of_command(store, index).map_err(|error| internal(&error))?;
    let Some(first) = records.first() else { return Ok(unknown) };
    let receipt = receipt(hosted, attestation, (index, first))?;
    if matches!(Body::from_slice(first.body()), Ok(Body::Attempted(_))) {
        return Ok(Before::Refused(Some(Box::new(Receipt::Accepted(receipt)))));
    }
    Ok(Before::Counts(Box::new(Accepted { records, index, refused: None, receipt: Some(receipt) })))
}

/// What the ledger says of an attestation: a receipt, also of a refusal that is on record.
pub(crate) fn receipt_of(hosted: &Hosted, attestation: AttestationDigest) -> Result<Option<Receipt>, Failed> {
    let store = &**hosted.engine.store();
    let Some(index) = index::record_of(store, &attestation).map_err(|error| internal(&error))? else {
        return Ok(None);
    };
    let record = records::at(store, index).map_err(|error| internal(&error))?;
    let receipt = |record: Record| receipt(hosted, attestation, (index, &record));
    Ok(record.map(receipt).transpose()?.map(Receipt::Accepted))
}

fn receipt(
    hosted: &Hosted,
    attestation: AttestationDigest,
    (index, record): (u64, &Record),
) -> Result<AcceptedReceipt, Failed> {
    let place = Place { index, leaf: record.leaf_hash() };
    let result = match Body::from_slice(record.body()) {
        Ok(Body::Attempted(body)) => match body.code.as_text().parse() {
            Ok(code) => ItemResult::Refused(RefusedItem { code, record: Some(place) }),
            Err(error) => return Err(internal(&error)),
        },
        _ => ItemResult::Recorded(place),
    };
    let item = Item { attestation, result, time: record.time() };
    let batch = AcceptedBatch::new(hosted.ledger, vec![item]).map_err(|error| internal(&error))?;
    let signature = hosted.parts.receipts.sign(Message::Bytes(&batch.message()));
    let signature = signature.map_err(|error| internal(&error))?;
    let receipts = batch.receipts(&signature).map_err(|error| internal(&error))?;
    receipts.into_iter().next().ok_or_else(|| Problem::new(Kind::Internal, "internal", "no receipt").into())
}

/// Documents as they are kept: 32 bytes of salt, then the document; the SHA-256 of both stands in the
/// attestation.
pub(crate) fn with_documents(request: Vec<u8>, documents: Vec<Vec<u8>>) -> Result<Asked, Failed> {
    if documents.is_empty() {
        return Ok(Asked { bytes: request, documents: Documents::new() });
    }
    let refused = |text: String| Failed::from(Problem::new(Kind::Invalid, "evidence", text));
    if documents.len() > DOCUMENTS_MAX {
        return Err(refused(format!("{} documents: at most {DOCUMENTS_MAX} are taken", documents.len())));
    }
    let named = named(&request).map_err(refused)?;
    let mut kept = Documents::new();
    for document in documents {
        if document.len() > DOCUMENT_BYTES_MAX.saturating_add(32) {
            let text =
                format!("a document of {} bytes: at most {DOCUMENT_BYTES_MAX} are taken", document.len());
            return Err(refused(text));
        }
        let digest = Digest(sha256(&document));
        if !named.contains(&digest) {
            return Err(refused(format!("the attestation names no document `{digest}`")));
        }
        kept.push((digest, document));
    }
    Ok(Asked { bytes: request, documents: kept })
}

fn named(request: &[u8]) -> Result<Vec<Digest>, String> {
    let parsed = Request::from_slice(request).map_err(|error| error.to_string())?;
    let submission = parsed.submission().ok_or("a request without an attestation names no document")?;
    match submission.clone().decode().map_err(|error| error.to_string())?.statement {
        Statement::Attestation(said) => Ok(said.evidence.iter().map(|digest| Digest(digest.0)).collect()),
        _ => Err("only steps name documents".to_owned()),
    }
}
