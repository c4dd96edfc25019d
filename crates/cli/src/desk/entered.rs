//! What became of something that was handed in.

use crate::records;
use anyhow::Result;
use lockstep_api::answer::{self, RecordRow};
use lockstep_api::{Kind, Problem};
use lockstep_ledger::receipt::{ItemResult, Receipt};
use lockstep_node::Accepted;
use lockstep_types::{LedgerId, canonical};
use serde_json::{Value, json};

/// What became of a request that is on record.
pub struct Entered {
    ledger: LedgerId,
    records: Vec<RecordRow>,
    receipt: Option<Box<Receipt>>,
    refused: Option<Refused>,
}

/// Why a request on record does not count.
pub struct Refused {
    /// The rule that was broken.
    pub code: String,
    /// What it says.
    pub text: String,
    /// What to do about it.
    pub hint: String,
}

impl Entered {
    /// What the appender of this process answered.
    pub fn here(ledger: LedgerId, accepted: Accepted) -> Self {
        let row = |(index, record): (u64, &lockstep_ledger::Record)| RecordRow {
            index,
            kind: records::kind(record),
            leaf: record.leaf_hash(),
        };
        let refused = accepted.refused.map(|refusal| Refused {
            code: refusal.code().as_text(),
            hint: refusal.code().hint().to_owned(),
            text: refusal.to_string(),
        });
        Self {
            ledger,
            records: (accepted.index..).zip(&accepted.records).map(row).collect(),
            receipt: accepted.receipt.map(|receipt| Box::new(Receipt::Accepted(receipt))),
            refused,
        }
    }

    /// What a server answered; its receipt has been checked.
    pub fn there(entered: answer::Entered) -> Self {
        let answer::Entered { ledger, receipt, records } = entered;
        Self { ledger, records, receipt: receipt.map(Box::new), refused: None }
    }

    /// A server's refusal, when a receipt shows that it is on record.
    pub fn refusal(ledger: LedgerId, problem: &Problem) -> Option<Self> {
        let receipt = problem.receipt.as_deref()?;
        let Receipt::Accepted(accepted) = receipt else { return None };
        let ItemResult::Refused(item) = &accepted.item.result else { return None };
        let place = item.record.as_ref()?;
        let record = RecordRow { index: place.index, kind: "attempted".to_owned(), leaf: place.leaf };
        let refused = Refused {
            code: item.code.to_string(),
            hint: problem.hint.clone().unwrap_or_default(),
            text: problem.detail.clone(),
        };
        let receipt = Some(Box::new(receipt.clone()));
        (problem.kind != Kind::Internal).then(|| Self {
            ledger,
            records: vec![record],
            receipt,
            refused: Some(refused),
        })
    }

    /// Why it does not count, when it was refused on record.
    pub const fn refused(&self) -> Option<&Refused> {
        self.refused.as_ref()
    }

    /// Number of its first record.
    pub fn index(&self) -> u64 {
        self.records.first().map(|record| record.index).unwrap_or_default()
    }

    /// Leaf hash of its first record, in hexadecimal: the id of a case that it opened.
    pub fn leaf(&self) -> String {
        self.records.first().map(|record| record.leaf.to_string()).unwrap_or_default()
    }

    /// What every record says, by its kind.
    pub fn kinds(&self) -> Vec<String> {
        self.records.iter().map(|record| record.kind.clone()).collect()
    }

    /// True when one of its records is of this kind.
    pub fn has(&self, kind: &str) -> bool {
        self.records.iter().any(|record| record.kind == kind)
    }

    /// For `--json`.
    pub fn json(&self) -> Result<Value> {
        let receipt = match &self.receipt {
            None => None,
            Some(receipt) => {
                let bytes = receipt.to_bytes()?;
                Some(canonical::value_from_slice(&bytes, bytes.len())?)
            }
        };
        Ok(json!({
            "ledger": self.ledger,
            "receipt": receipt,
            "records": self.records,
            "refused": self.refused.as_ref().map(|refused| &refused.code),
        }))
    }
}
