//! A statement of 100 MB takes the memory of a short one.

use lockstep_sources::statement::{Entry, Statement};
use lockstep_sources::{Limits, PaymentQuery, Visitor, find_payment, visit};
use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

const FILE_BYTES: u64 = 100_000_000;
const PIECE_BYTES: usize = 16_384;

/// Writes a statement while it is read: head, entries until [`FILE_BYTES`], closing tags.
struct Generated {
    pending: Vec<u8>,
    at: usize,
    given: Rc<Cell<u64>>,
    entries: u64,
    ended: bool,
}

impl Generated {
    fn new(given: Rc<Cell<u64>>) -> Self {
        let head = "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.08'><BkToCstmrStmt>\
            <GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S</Id><Acct><Id><Othr><Id>1</Id></Othr></Id><Svcr>\
            <FinInstnId><BICFI>HARBUS30</BICFI></FinInstnId></Svcr></Acct>";
        Self { pending: head.as_bytes().to_vec(), at: 0, given, entries: 0, ended: false }
    }

    fn more(&mut self) {
        self.at = 0;
        self.pending.clear();
        if self.given.get() >= FILE_BYTES {
            if !self.ended {
                self.pending.extend_from_slice(b"</Stmt></BkToCstmrStmt></Document>");
            }
            self.ended = true;
            return;
        }
        let n = self.entries;
        self.entries += 1;
        let entry = format!(
            "\n<Ntry><NtryRef>E{n}</NtryRef><Amt Ccy='USD'>{n}.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>\
             <Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt><AcctSvcrRef>R{n}</AcctSvcrRef><NtryDtls>\
             <TxDtls><RmtInf><Ustrd>{}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>",
            "invoice ".repeat(20)
        );
        self.pending.extend_from_slice(entry.as_bytes());
    }
}

impl Read for Generated {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.pending.len() {
            self.more();
        }
        let count = out.len().min(self.pending.len() - self.at);
        out[..count].copy_from_slice(&self.pending[self.at..self.at + count]);
        self.at += count;
        self.given.set(self.given.get() + u64::try_from(count).unwrap());
        Ok(count)
    }
}

/// Checks at every entry how far the reader has read ahead of it.
struct Ahead {
    given: Rc<Cell<u64>>,
    entries: u64,
    ahead_max: u64,
}

impl Visitor for Ahead {
    fn entry(&mut self, _: &Statement, entry: &Entry) {
        self.entries += 1;
        self.ahead_max = self.ahead_max.max(self.given.get() - entry.place.byte);
    }
}

/// Most memory that this process has held, in bytes; only Linux says so.
fn memory_peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1_024)
}

#[test]
fn a_statement_of_100_mb_is_read_in_constant_memory() {
    let before = memory_peak();
    let given = Rc::new(Cell::new(0));
    let mut ahead = Ahead { given: given.clone(), entries: 0, ahead_max: 0 };
    let input = BufReader::with_capacity(PIECE_BYTES, Generated::new(given.clone()));
    visit(input, &Limits::default(), &mut ahead).unwrap();
    assert!(given.get() >= FILE_BYTES);
    assert!(ahead.entries > 200_000, "{} entries", ahead.entries);
    // One piece of the input and the entry itself: nothing is read that is not shown at once.
    assert!(
        ahead.ahead_max <= u64::try_from(PIECE_BYTES).unwrap() + 1_000,
        "{} bytes ahead",
        ahead.ahead_max
    );

    let input = BufReader::with_capacity(PIECE_BYTES, Generated::new(Rc::new(Cell::new(0))));
    let query = PaymentQuery { reference: "R123456", ..PaymentQuery::default() };
    let payment = find_payment(input, &query, &Limits::default()).unwrap();
    assert_eq!(payment.money.to_string(), "123456.00 USD");
    if let (Some(before), Some(after)) = (before, memory_peak()) {
        assert!(after - before < 8 << 20, "{} bytes more", after - before);
    }
}
