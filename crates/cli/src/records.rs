//! Records as people read them.

use anyhow::Result;
use lockstep_kernel::Body;
use lockstep_ledger::{Record, Tag};
use lockstep_node::Replica;
pub use lockstep_node::records::kind;
use lockstep_store::stream;
use lockstep_types::{CaseId, Lei};
use serde_json::{Value, json};

/// One line about a record of a case.
pub fn line(index: u64, record: &Record) -> String {
    let what = match Body::from_slice(record.body()) {
        Ok(Body::Opened(b)) => format!("opened by {}, deadline {}", b.party, b.deadline),
        Ok(Body::Attested(b)) if b.refused => format!("`{}` refused by {}", b.step, b.party),
        Ok(Body::Attested(b)) => format!("`{}` by {}", b.step, b.party),
        Ok(Body::Attempted(b)) => format!("`{}` tried by {}, refused: {}", b.step, b.party, b.code.as_text()),
        Ok(Body::Decided(b)) => format!("decided, {} outcome(s)", b.outcomes.len()),
        Ok(Body::Withdrawn(b)) => {
            let fallen: Vec<String> = b.fallen.iter().map(|step| format!("`{step}`")).collect();
            format!("{} withdrawn by {}", fallen.join(", "), b.party)
        }
        Ok(Body::Expired(_)) => "expired".to_owned(),
        Ok(Body::Settled(b)) => match b.consumed {
            Some(at) => format!("executed on {} at {at}", b.domain),
            None => format!("lapsed on {}", b.domain),
        },
        Ok(Body::Proposed(b)) => format!("{} proposed by {}", b.action.kind(), b.party),
        Ok(Body::Approved(b)) => format!("approved by {}", b.party),
        Ok(Body::Consented(b)) => format!("consented to by {}", b.party),
        Ok(Body::Resolved(b)) => format!("agreed; takes effect at {}", b.effective),
        Ok(Body::Enacted(_)) => "in effect".to_owned(),
        _ if record.tag() == Tag::Outcome => "outcome".to_owned(),
        _ => kind(record),
    };
    format!("{index:>6}  {}  {what}", record.time())
}

/// A record for programs.
pub fn json(index: u64, record: &Record) -> Value {
    let body = match record.tag() {
        Tag::Outcome => json!({ "outcome": hex::encode(record.body()) }),
        _ => serde_json::from_slice(record.body()).unwrap_or(Value::Null),
    };
    json!({ "body": body, "index": index, "leaf": record.leaf_hash(), "time": record.time() })
}

/// The record at a place of the log.
pub fn at(replica: &Replica, index: u64) -> Result<Option<Record>> {
    Ok(lockstep_node::records::at(&**replica.store(), index)?)
}

/// Every record of a case, governance cases too, in order.
pub fn of_case(replica: &Replica, case: CaseId) -> Result<Vec<(u64, Record)>> {
    Ok(lockstep_node::records::of_case(&**replica.store(), case)?)
}

/// Runs over every record of the log.
pub fn each(replica: &Replica, mut see: impl FnMut(u64, &Record)) -> Result<()> {
    let size = replica.ledger().size();
    for (index, stored) in (0..).zip(stream(&**replica.store(), 0, size)) {
        see(index, &lockstep_node::replica::record(index, &stored?)?);
    }
    Ok(())
}

/// A case as its opening shows it.
pub struct Opening {
    /// The case.
    pub case: CaseId,
    /// True for governance cases.
    pub governance: bool,
    /// Who opened it.
    pub party: Lei,
    /// Number of the record.
    pub index: u64,
}

/// Every case and governance case there is, closed ones too.
pub fn openings(replica: &Replica) -> Result<Vec<Opening>> {
    let mut found = Vec::new();
    each(replica, |index, record| {
        let case = CaseId(record.leaf_hash().0);
        match (record.tag() == Tag::Record).then(|| Body::from_slice(record.body())) {
            Some(Ok(Body::Opened(b))) => {
                found.push(Opening { case, governance: false, party: b.party, index })
            }
            Some(Ok(Body::Proposed(b))) => {
                found.push(Opening { case, governance: true, party: b.party, index })
            }
            _ => {}
        }
    })?;
    Ok(found)
}
