//! The shape of camt.053: which part of a statement the walk is in, and what is shown of it.

use super::build::{self, Transactions};
use super::format::Node;
use super::{Limits, Statement, Visitor};
use crate::iso::texts::{Texts, collapse};
use crate::iso::walk::{Node as _, Shape, walk};
use crate::iso::{MessageError, Place};
use std::io::BufRead;

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.";
const VERSION_MIN: u8 = 2;
const VERSION_MAX: u8 = 13;

/// Reads a camt.053 file once, from front to back, and shows `visitor` what it holds.
///
/// Memory is bounded by `limits`, not by the length of the file.
///
/// # Errors
/// [`MessageError`]: the first thing in the file that is not as it must be. What the visitor was shown
/// before must then not be used.
pub fn visit(input: impl BufRead, limits: &Limits, visitor: &mut impl Visitor) -> Result<(), MessageError> {
    walk(input, limits, &mut Reading::new(limits, visitor))
}

/// The parts that are open.
struct Reading<'a, V> {
    limits: &'a Limits,
    visitor: &'a mut V,
    version: u8,
    header_seen: bool,
    statements: usize,
    balances: usize,
    header: Option<Texts<Node>>,
    head: Option<Texts<Node>>,
    statement: Option<Statement>,
    balance: Option<Texts<Node>>,
    entry: Option<Texts<Node>>,
    transactions: Transactions,
    transaction: Option<Texts<Node>>,
}

impl<'a, V: Visitor> Reading<'a, V> {
    fn new(limits: &'a Limits, visitor: &'a mut V) -> Self {
        Self {
            limits,
            visitor,
            version: 0,
            header_seen: false,
            statements: 0,
            balances: 0,
            header: None,
            head: None,
            statement: None,
            balance: None,
            entry: None,
            transactions: Transactions::default(),
            transaction: None,
        }
    }

    /// The head of a statement is complete when its first balance or entry starts.
    fn finish_head(&mut self) -> Result<(), MessageError> {
        if let Some(mut head) = self.head.take() {
            let statement = build::statement(&mut head)?;
            self.visitor.statement(&statement);
            self.statement = Some(statement);
        }
        Ok(())
    }
}

/// One more of `node`, of which there were `before`.
fn count(before: usize, max: usize, (node, place): (Node, Place)) -> Result<usize, MessageError> {
    if before >= max {
        return Err(MessageError::TooMany { element: node.path(), max, place });
    }
    Ok(before.saturating_add(1))
}

impl<V: Visitor> Shape for Reading<'_, V> {
    type Node = Node;
    const EXPECTED: &'static str = "`urn:iso:std:iso:20022:tech:xsd:camt.053.001.02` to `…13`";

    fn root(&mut self, namespace: &str) -> Option<Node> {
        let version = namespace.strip_prefix(NAMESPACE).filter(|n| n.len() == 2)?.parse().ok()?;
        self.version = version;
        (VERSION_MIN..=VERSION_MAX).contains(&version).then_some(Node::Document)
    }

    fn begin(&mut self, node: Node, place: Place) -> Result<(), MessageError> {
        match node {
            Node::Header if self.header_seen => {
                return Err(MessageError::Twice { element: node.path(), place });
            }
            Node::Header => {
                self.header_seen = true;
                self.header = Some(Texts::new(place));
            }
            Node::Statement => {
                if !self.header_seen {
                    return Err(MessageError::Missing { element: Node::Header.path(), place });
                }
                self.statements = count(self.statements, self.limits.statements_max, (node, place))?;
                self.balances = 0;
                self.head = Some(Texts::new(place));
            }
            Node::Balance => {
                self.finish_head()?;
                self.balances = count(self.balances, self.limits.balances_max, (node, place))?;
                self.balance = Some(Texts::new(place));
            }
            Node::Entry => {
                self.finish_head()?;
                self.entry = Some(Texts::new(place));
                self.transactions = Transactions::default();
            }
            Node::Transaction => self.transaction = Some(Texts::new(place)),
            _ => {}
        }
        Ok(())
    }

    /// Keeps a text with the innermost element that collects texts.
    fn put(&mut self, node: Node, text: &str, place: Place) -> Result<(), MessageError> {
        let texts =
            [&mut self.transaction, &mut self.entry, &mut self.balance, &mut self.header, &mut self.head];
        match texts.into_iter().find_map(Option::as_mut) {
            Some(texts) => texts.put(node, text, place),
            None if collapse(text).is_empty() => Ok(()),
            None => Err(MessageError::OutOfOrder { element: node.path(), place }),
        }
    }

    fn close(&mut self, node: Node) -> Result<(), MessageError> {
        match node {
            Node::Header => {
                if let Some(header) = self.header.take() {
                    self.visitor.header(&build::header(header, self.version)?);
                }
            }
            Node::Statement => {
                self.finish_head()?;
                self.statement = None;
            }
            Node::Balance => {
                if let (Some(balance), Some(statement)) = (self.balance.take(), &self.statement) {
                    self.visitor.balance(statement, &build::balance(balance)?);
                }
            }
            Node::Transaction => {
                if let Some(transaction) = self.transaction.take() {
                    self.transactions.add(transaction);
                }
            }
            Node::Entry => {
                if let (Some(entry), Some(statement)) = (self.entry.take(), &self.statement) {
                    let transactions = core::mem::take(&mut self.transactions);
                    self.visitor.entry(statement, &build::entry(entry, transactions)?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, place: Place) -> Result<(), MessageError> {
        let missing = |node: Node| Err(MessageError::Missing { element: node.path(), place });
        match (self.header_seen, self.statements) {
            (false, _) => missing(Node::Header),
            (true, 0) => missing(Node::Statement),
            (true, _) => Ok(()),
        }
    }
}
