//! The walk over the file: from XML events to texts in their places.

use super::build::{Texts, Transactions};
use super::error::{StatementError, cut};
use super::format::Node;
use super::gauge::{Gauge, Stop};
use super::place::Place;
use super::{Limits, Statement, Visitor};
use quick_xml::XmlVersion;
use quick_xml::encoding::EncodingError;
use quick_xml::errors::Error;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;
use std::io::{self, BufRead, Cursor, Read};
use std::sync::Arc;

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.";
const VERSION_MIN: u8 = 2;
const VERSION_MAX: u8 = 13;

/// Reads a camt.053 file once, from front to back, and shows `visitor` what it holds.
///
/// Memory is bounded by `limits`, not by the length of the file.
///
/// # Errors
/// [`StatementError`]: the first thing in the file that is not as it must be. What the visitor was shown
/// before must then not be used.
pub fn visit(input: impl BufRead, limits: &Limits, visitor: &mut impl Visitor) -> Result<(), StatementError> {
    let (head, skipped, input) = sniff(input)?;
    let mut reader = NsReader::from_reader(Gauge::new(Cursor::new(head).chain(input), skipped, limits));
    reader.config_mut().expand_empty_elements = true;
    let mut walk = Walk::new(limits, visitor);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        walk.place = reader.get_mut().next_event();
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(error) => {
                let ended = reader.get_mut().has_ended();
                return Err(walk.refuse(error, ended));
            }
        };
        match event {
            Event::Start(start) => {
                let (namespace, local) = reader.resolver().resolve_element(start.name());
                walk.start(&start, &namespace, local.into_inner())?;
            }
            Event::End(_) => walk.end()?,
            Event::Text(text) => walk.text(&text.xml10_content())?,
            Event::CData(text) => walk.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => walk.reference(&reference)?,
            Event::Decl(declaration) => walk.declaration(&declaration, skipped)?,
            Event::DocType(_) => return Err(StatementError::Doctype { place: walk.place }),
            Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
            Event::Eof => return walk.eof(),
        }
    }
}

/// Reads up to four bytes: a byte order mark of UTF-8 is dropped, signs of UTF-16 are refused.
fn sniff<R: BufRead>(mut input: R) -> Result<(Vec<u8>, u64, R), StatementError> {
    let mut head = Vec::with_capacity(4);
    input.by_ref().take(4).read_to_end(&mut head).map_err(|e| StatementError::Io(Arc::new(e)))?;
    if let Some(rest) = head.strip_prefix(&[0xef, 0xbb, 0xbf]) {
        return Ok((rest.to_vec(), 3, input));
    }
    let wide = [[0xfe, 0xff], [0xff, 0xfe], [0x00, b'<'], [b'<', 0x00], [0x00, 0x00]];
    if wide.iter().any(|mark| head.starts_with(mark)) {
        let place = Place { line: 1, byte: 0 };
        return Err(StatementError::Encoding { found: "UTF-16 or UTF-32".to_owned(), place });
    }
    Ok((head, 0, input))
}

/// Where the walk stands.
struct Walk<'a, V> {
    limits: &'a Limits,
    visitor: &'a mut V,
    /// Start of the event that is being read.
    place: Place,
    /// The open elements, the root first.
    open: Vec<Node>,
    /// Text of the innermost element.
    text: String,
    /// The root's namespace and version, once the root has been read.
    root: Option<(String, u8)>,
    header_seen: bool,
    statements: usize,
    balances: usize,
    header: Option<Texts>,
    head: Option<Texts>,
    statement: Option<Statement>,
    balance: Option<Texts>,
    entry: Option<Texts>,
    transactions: Transactions,
    transaction: Option<Texts>,
}

impl<'a, V: Visitor> Walk<'a, V> {
    fn new(limits: &'a Limits, visitor: &'a mut V) -> Self {
        Self {
            limits,
            visitor,
            place: Place { line: 1, byte: 0 },
            open: Vec::new(),
            text: String::new(),
            root: None,
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

    fn start(
        &mut self,
        start: &BytesStart<'_>,
        namespace: &ResolveResult<'_>,
        local: &str,
    ) -> Result<(), StatementError> {
        let place = self.place;
        if self.open.len() >= self.limits.depth_max {
            return Err(StatementError::TooDeep { max: self.limits.depth_max, place });
        }
        if let ResolveResult::Unknown(prefix) = namespace {
            let found = Error::Namespace(quick_xml::name::NamespaceError::UnknownPrefix(prefix.clone()));
            return Err(StatementError::IllFormed { place, source: Box::new(found) });
        }
        let node = match self.open.last().copied() {
            None => self.root(namespace, local)?,
            Some(parent) => self.child(parent, namespace, local)?,
        };
        self.open.push(node);
        self.text.clear();
        let currency = self.currency(start)?;
        self.begin(node)?;
        match (node, currency) {
            (Node::BalanceAmount | Node::EntryAmount, Some(currency)) => {
                self.put(node.child("@Ccy"), &currency)
            }
            _ => Ok(()),
        }
    }

    fn root(&mut self, namespace: &ResolveResult<'_>, local: &str) -> Result<Node, StatementError> {
        let place = self.place;
        if self.root.is_some() {
            return Err(StatementError::Outside { found: "a second element", place });
        }
        let name = match namespace {
            ResolveResult::Bound(Namespace(name)) => *name,
            ResolveResult::Unbound | ResolveResult::Unknown(_) => "",
        };
        let version = name.strip_prefix(NAMESPACE).filter(|n| n.len() == 2).and_then(|n| n.parse().ok());
        match version.filter(|v| (VERSION_MIN..=VERSION_MAX).contains(v) && local == "Document") {
            Some(version) => {
                self.root = Some((name.to_owned(), version));
                Ok(Node::Document)
            }
            None => {
                let found = format!("{{{}}}{}", name.chars().take(80).collect::<String>(), cut(local));
                Err(StatementError::Root { found, place })
            }
        }
    }

    fn child(
        &self,
        parent: Node,
        namespace: &ResolveResult<'_>,
        local: &str,
    ) -> Result<Node, StatementError> {
        if parent.holds_text() && !blank(&self.text) {
            return Err(self.value(parent, "text alone"));
        }
        let ours = match (namespace, &self.root) {
            (ResolveResult::Bound(Namespace(name)), Some((root, _))) => name == root,
            _ => false,
        };
        // `@` marks attributes in the table; no XML name starts with it.
        let node = if ours && !local.starts_with('@') { parent.child(local) } else { Node::Other };
        if node == Node::Other && parent.holds_text() && parent != Node::Status {
            return Err(self.value(parent, "text alone"));
        }
        Ok(node)
    }

    /// Checks the attributes and gives the value of `Ccy`.
    fn currency(&self, start: &BytesStart<'_>) -> Result<Option<String>, StatementError> {
        let place = self.place;
        let ill_formed = |source: Error| StatementError::IllFormed { place, source: Box::new(source) };
        let max = self.limits.attributes_max;
        if start.attributes().with_checks(false).take(max.saturating_add(1)).count() > max {
            return Err(StatementError::TooMany { element: "attributes".to_owned(), max, place });
        }
        let mut currency = None;
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|e| ill_formed(e.into()))?;
            let text = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(ill_formed)?;
            if attribute.key.into_inner() == "Ccy" {
                currency = Some(text.into_owned());
            }
        }
        Ok(currency)
    }

    /// Opens what the element holds.
    fn begin(&mut self, node: Node) -> Result<(), StatementError> {
        let place = self.place;
        match node {
            Node::Header if self.header_seen => {
                return Err(StatementError::Twice { element: node.path(), place });
            }
            Node::Header => {
                self.header_seen = true;
                self.header = Some(Texts::new(place));
            }
            Node::Statement => {
                if !self.header_seen {
                    return Err(StatementError::Missing { element: Node::Header.path(), place });
                }
                self.statements = self.count(self.statements, self.limits.statements_max, node)?;
                self.balances = 0;
                self.head = Some(Texts::new(place));
            }
            Node::Balance => {
                self.finish_head()?;
                self.balances = self.count(self.balances, self.limits.balances_max, node)?;
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

    fn count(&self, before: usize, max: usize, node: Node) -> Result<usize, StatementError> {
        if before >= max {
            return Err(StatementError::TooMany { element: node.path(), max, place: self.place });
        }
        Ok(before.saturating_add(1))
    }

    /// The head of a statement is complete when its first balance or entry starts.
    fn finish_head(&mut self) -> Result<(), StatementError> {
        if let Some(mut head) = self.head.take() {
            let statement = head.statement()?;
            self.visitor.statement(&statement);
            self.statement = Some(statement);
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), StatementError> {
        let Some(node) = self.open.pop() else { return Ok(()) };
        if node.holds_text() {
            let text = core::mem::take(&mut self.text);
            self.put(node, &text)?;
        }
        self.text.clear();
        self.close(node)
    }

    /// Closes what the element holds, and shows it.
    fn close(&mut self, node: Node) -> Result<(), StatementError> {
        match node {
            Node::Header => {
                let version = self.root.as_ref().map_or(0, |(_, version)| *version);
                if let Some(header) = self.header.take() {
                    self.visitor.header(&header.header(version)?);
                }
            }
            Node::Statement => {
                self.finish_head()?;
                self.statement = None;
            }
            Node::Balance => {
                if let (Some(balance), Some(statement)) = (self.balance.take(), &self.statement) {
                    self.visitor.balance(statement, &balance.balance()?);
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
                    self.visitor.entry(statement, &entry.entry(transactions)?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Keeps a text with the innermost element that collects texts.
    fn put(&mut self, node: Node, text: &str) -> Result<(), StatementError> {
        let place = self.place;
        let texts =
            [&mut self.transaction, &mut self.entry, &mut self.balance, &mut self.header, &mut self.head];
        match texts.into_iter().find_map(Option::as_mut) {
            Some(texts) => texts.put(node, text, place),
            None if blank(text) => Ok(()),
            None => Err(StatementError::OutOfOrder { element: node.path(), place }),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), StatementError> {
        let Some(node) = self.open.last().copied() else {
            return if blank(text) {
                Ok(())
            } else {
                Err(StatementError::Outside { found: "text", place: self.place })
            };
        };
        if !node.holds_text() {
            return Ok(());
        }
        self.text.push_str(text);
        if self.text.len() > self.limits.text_bytes_max {
            return Err(self.value(node, "a shorter text"));
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), StatementError> {
        let place = self.place;
        let character = reference
            .resolve_char_ref()
            .map_err(|source| StatementError::IllFormed { place, source: Box::new(source) })?;
        match (character, resolve_predefined_entity(reference)) {
            (Some(character), _) => self.text(character.encode_utf8(&mut [0; 4])),
            (None, Some(text)) => self.text(text),
            (None, None) => Err(StatementError::Entity { name: cut(reference), place }),
        }
    }

    fn declaration(&self, declaration: &BytesDecl<'_>, start: u64) -> Result<(), StatementError> {
        let place = self.place;
        if place.byte != start {
            return Err(StatementError::Outside {
                found: "an XML declaration that is not the first thing",
                place,
            });
        }
        let ill_formed = |source| StatementError::IllFormed { place, source: Box::new(source) };
        let version = declaration.version().map_err(ill_formed)?;
        if version != "1.0" {
            return Err(StatementError::Encoding { found: format!("XML {}", cut(&version)), place });
        }
        match declaration.encoding() {
            None => Ok(()),
            Some(Err(source)) => Err(ill_formed(source.into())),
            Some(Ok(name)) if ["utf-8", "us-ascii"].iter().any(|n| name.eq_ignore_ascii_case(n)) => Ok(()),
            Some(Ok(name)) => Err(StatementError::Encoding { found: cut(&name), place }),
        }
    }

    fn eof(&self) -> Result<(), StatementError> {
        let place = self.place;
        if !self.open.is_empty() {
            return Err(self.truncated());
        }
        match &self.root {
            None => Err(StatementError::Root { found: "nothing".to_owned(), place }),
            Some(_) if !self.header_seen => {
                Err(StatementError::Missing { element: Node::Header.path(), place })
            }
            Some(_) if self.statements == 0 => {
                Err(StatementError::Missing { element: Node::Statement.path(), place })
            }
            Some(_) => Ok(()),
        }
    }

    fn truncated(&self) -> StatementError {
        let known = self.open.iter().rev().find(|node| **node != Node::Other);
        let open = known.map_or_else(String::new, |node| node.path());
        StatementError::Truncated {
            open: if open.is_empty() { "Document".to_owned() } else { open },
            place: self.place,
        }
    }

    fn value(&self, node: Node, expected: &'static str) -> StatementError {
        StatementError::Value { element: node.path(), found: cut(&self.text), expected, place: self.place }
    }

    /// What an error of the XML reader means, once `ended` says whether the input was at its end.
    fn refuse(&self, error: Error, ended: bool) -> StatementError {
        let place = self.place;
        if let Error::Io(source) = error {
            return self.stopped(source);
        }
        let cut_off = match &error {
            Error::Syntax(_) => true,
            Error::IllFormed(quick_xml::errors::IllFormedError::UnclosedReference) => true,
            Error::Encoding(EncodingError::Utf8(utf8)) => utf8.error_len().is_none(),
            _ => false,
        };
        match error {
            _ if ended && cut_off => self.truncated(),
            Error::Encoding(_) => {
                StatementError::Encoding { found: "bytes that are not UTF-8".to_owned(), place }
            }
            source => StatementError::IllFormed { place, source: Box::new(source) },
        }
    }

    fn stopped(&self, source: Arc<io::Error>) -> StatementError {
        match source.get_ref().and_then(|inner| inner.downcast_ref::<Stop>()) {
            Some(Stop::File) => StatementError::TooLong { max: self.limits.bytes_max },
            Some(Stop::Event) => {
                StatementError::EventTooLong { max: self.limits.event_bytes_max, place: self.place }
            }
            None => StatementError::Io(source),
        }
    }
}

fn blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
}
