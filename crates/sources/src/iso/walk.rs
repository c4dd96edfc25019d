//! The walk over the file: from XML events to texts in their places.

use super::error::{MessageError, cut};
use super::gauge::{Gauge, Stop};
use super::{Limits, Place};
use quick_xml::XmlVersion;
use quick_xml::encoding::EncodingError;
use quick_xml::errors::Error;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;
use std::io::{self, BufRead, Cursor, Read};
use std::sync::Arc;

/// An element that a message may hold, or [`Node::OTHER`].
pub(crate) trait Node: Copy + Ord {
    /// Any element that is passed over with all that it holds.
    const OTHER: Self;
    /// The child of this element with that local name; `@Ccy` for the attribute.
    fn child(self, local: &str) -> Self;
    /// True when the element's text is kept.
    fn holds_text(self) -> bool;
    /// True when elements may stand beside the white space of an element whose text is kept.
    fn is_choice(self) -> bool;
    /// The element under which a value is kept: alternatives share one, so that no two of them are read
    /// together.
    fn slot(self) -> Self;
    /// True for a flag that may stand several times and holds as soon as one does.
    fn is_any(self) -> bool;
    /// The element as people name it: `Stmt/Ntry/Amt`.
    fn path(self) -> String;
}

/// What a message is made of: it is told where the walk stands, and says what may come there.
pub(crate) trait Shape {
    /// Its elements.
    type Node: Node;
    /// The namespaces that are read, for people.
    const EXPECTED: &'static str;
    /// The root element, when its namespace is one that is read.
    fn root(&mut self, namespace: &str) -> Option<Self::Node>;
    /// An element of the message begins.
    fn begin(&mut self, node: Self::Node, place: Place) -> Result<(), MessageError>;
    /// A text or an attribute in its place.
    fn put(&mut self, node: Self::Node, text: &str, place: Place) -> Result<(), MessageError>;
    /// An element of the message ends; its text has been put.
    fn close(&mut self, node: Self::Node) -> Result<(), MessageError>;
    /// The root has ended, and the file with it.
    fn finish(&mut self, place: Place) -> Result<(), MessageError>;
}

/// Reads a file once, from front to back. Memory is bounded by `limits`, not by the length of the file.
pub(crate) fn walk(input: impl BufRead, limits: &Limits, shape: &mut impl Shape) -> Result<(), MessageError> {
    let (head, skipped, input) = sniff(input)?;
    let mut reader = NsReader::from_reader(Gauge::new(Cursor::new(head).chain(input), skipped, limits));
    reader.config_mut().expand_empty_elements = true;
    let mut walk = Walk::new(limits, shape);
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
            Event::DocType(_) => return Err(MessageError::Doctype { place: walk.place }),
            Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
            Event::Eof => return walk.eof(),
        }
    }
}

/// Reads up to four bytes: a byte order mark of UTF-8 is dropped, signs of UTF-16 are refused.
fn sniff<R: BufRead>(mut input: R) -> Result<(Vec<u8>, u64, R), MessageError> {
    let mut head = Vec::with_capacity(4);
    input.by_ref().take(4).read_to_end(&mut head).map_err(|e| MessageError::Io(Arc::new(e)))?;
    if let Some(rest) = head.strip_prefix(&[0xef, 0xbb, 0xbf]) {
        return Ok((rest.to_vec(), 3, input));
    }
    let wide = [[0xfe, 0xff], [0xff, 0xfe], [0x00, b'<'], [b'<', 0x00], [0x00, 0x00]];
    if wide.iter().any(|mark| head.starts_with(mark)) {
        let place = Place { line: 1, byte: 0 };
        return Err(MessageError::Encoding { found: "UTF-16 or UTF-32".to_owned(), place });
    }
    Ok((head, 0, input))
}

/// Where the walk stands.
struct Walk<'a, S: Shape> {
    limits: &'a Limits,
    shape: &'a mut S,
    /// Start of the event that is being read.
    place: Place,
    /// The open elements, the root first.
    open: Vec<S::Node>,
    /// Text of the innermost element.
    text: String,
    /// The root's namespace, once the root has been read.
    root: Option<String>,
}

impl<'a, S: Shape> Walk<'a, S> {
    fn new(limits: &'a Limits, shape: &'a mut S) -> Self {
        let place = Place { line: 1, byte: 0 };
        Self { limits, shape, place, open: Vec::new(), text: String::new(), root: None }
    }

    fn start(
        &mut self,
        start: &BytesStart<'_>,
        namespace: &ResolveResult<'_>,
        local: &str,
    ) -> Result<(), MessageError> {
        let place = self.place;
        if self.open.len() >= self.limits.depth_max {
            return Err(MessageError::TooDeep { max: self.limits.depth_max, place });
        }
        if let ResolveResult::Unknown(prefix) = namespace {
            let found = Error::Namespace(quick_xml::name::NamespaceError::UnknownPrefix(prefix.clone()));
            return Err(MessageError::IllFormed { place, source: Box::new(found) });
        }
        let node = match self.open.last().copied() {
            None => self.root(namespace, local)?,
            Some(parent) => self.child(parent, namespace, local)?,
        };
        self.open.push(node);
        self.text.clear();
        let currency = self.currency(start)?;
        self.shape.begin(node, place)?;
        match (node.child("@Ccy"), currency) {
            (attribute, Some(currency)) if attribute != S::Node::OTHER => {
                self.shape.put(attribute, &currency, place)
            }
            _ => Ok(()),
        }
    }

    fn root(&mut self, namespace: &ResolveResult<'_>, local: &str) -> Result<S::Node, MessageError> {
        let place = self.place;
        if self.root.is_some() {
            return Err(MessageError::Outside { found: "a second element", place });
        }
        let name = match namespace {
            ResolveResult::Bound(Namespace(name)) => *name,
            ResolveResult::Unbound | ResolveResult::Unknown(_) => "",
        };
        match self.shape.root(name).filter(|_| local == "Document") {
            Some(node) => {
                self.root = Some(name.to_owned());
                Ok(node)
            }
            None => {
                let found = format!("{{{}}}{}", name.chars().take(80).collect::<String>(), cut(local));
                Err(MessageError::Root { found, expected: S::EXPECTED, place })
            }
        }
    }

    fn child(
        &self,
        parent: S::Node,
        namespace: &ResolveResult<'_>,
        local: &str,
    ) -> Result<S::Node, MessageError> {
        if parent.holds_text() && !blank(&self.text) {
            return Err(self.value(parent, "text alone"));
        }
        let ours = match (namespace, &self.root) {
            (ResolveResult::Bound(Namespace(name)), Some(root)) => name == root,
            _ => false,
        };
        // `@` marks attributes in the table; no XML name starts with it.
        let node = if ours && !local.starts_with('@') { parent.child(local) } else { S::Node::OTHER };
        if node == S::Node::OTHER && parent.holds_text() && !parent.is_choice() {
            return Err(self.value(parent, "text alone"));
        }
        Ok(node)
    }

    /// Checks the attributes and gives the value of `Ccy`.
    fn currency(&self, start: &BytesStart<'_>) -> Result<Option<String>, MessageError> {
        let place = self.place;
        let ill_formed = |source: Error| MessageError::IllFormed { place, source: Box::new(source) };
        let max = self.limits.attributes_max;
        if start.attributes().with_checks(false).take(max.saturating_add(1)).count() > max {
            return Err(MessageError::TooMany { element: "attributes".to_owned(), max, place });
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

    fn end(&mut self) -> Result<(), MessageError> {
        let Some(node) = self.open.pop() else { return Ok(()) };
        if node.holds_text() {
            let text = core::mem::take(&mut self.text);
            self.shape.put(node, &text, self.place)?;
        }
        self.text.clear();
        self.shape.close(node)
    }

    fn text(&mut self, text: &str) -> Result<(), MessageError> {
        let Some(node) = self.open.last().copied() else {
            return if blank(text) {
                Ok(())
            } else {
                Err(MessageError::Outside { found: "text", place: self.place })
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

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), MessageError> {
        let place = self.place;
        let character = reference
            .resolve_char_ref()
            .map_err(|source| MessageError::IllFormed { place, source: Box::new(source) })?;
        match (character, resolve_predefined_entity(reference)) {
            (Some(character), _) => self.text(character.encode_utf8(&mut [0; 4])),
            (None, Some(text)) => self.text(text),
            (None, None) => Err(MessageError::Entity { name: cut(reference), place }),
        }
    }

    fn declaration(&self, declaration: &BytesDecl<'_>, start: u64) -> Result<(), MessageError> {
        let place = self.place;
        if place.byte != start {
            return Err(MessageError::Outside {
                found: "an XML declaration that is not the first thing",
                place,
            });
        }
        let ill_formed = |source| MessageError::IllFormed { place, source: Box::new(source) };
        let version = declaration.version().map_err(ill_formed)?;
        if version != "1.0" {
            return Err(MessageError::Encoding { found: format!("XML {}", cut(&version)), place });
        }
        match declaration.encoding() {
            None => Ok(()),
            Some(Err(source)) => Err(ill_formed(source.into())),
            Some(Ok(name)) if ["utf-8", "us-ascii"].iter().any(|n| name.eq_ignore_ascii_case(n)) => Ok(()),
            Some(Ok(name)) => Err(MessageError::Encoding { found: cut(&name), place }),
        }
    }

    fn eof(&mut self) -> Result<(), MessageError> {
        let place = self.place;
        if !self.open.is_empty() {
            return Err(self.truncated());
        }
        if self.root.is_none() {
            return Err(MessageError::Root { found: "nothing".to_owned(), expected: S::EXPECTED, place });
        }
        self.shape.finish(place)
    }

    fn truncated(&self) -> MessageError {
        let known = self.open.iter().rev().find(|node| **node != S::Node::OTHER);
        let open = known.map_or_else(String::new, |node| node.path());
        MessageError::Truncated {
            open: if open.is_empty() { "Document".to_owned() } else { open },
            place: self.place,
        }
    }

    fn value(&self, node: S::Node, expected: &'static str) -> MessageError {
        MessageError::Value { element: node.path(), found: cut(&self.text), expected, place: self.place }
    }

    /// What an error of the XML reader means, once `ended` says whether the input was at its end.
    fn refuse(&self, error: Error, ended: bool) -> MessageError {
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
                MessageError::Encoding { found: "bytes that are not UTF-8".to_owned(), place }
            }
            source => MessageError::IllFormed { place, source: Box::new(source) },
        }
    }

    fn stopped(&self, source: Arc<io::Error>) -> MessageError {
        match source.get_ref().and_then(|inner| inner.downcast_ref::<Stop>()) {
            Some(Stop::File) => MessageError::TooLong { max: self.limits.bytes_max },
            Some(Stop::Event) => {
                MessageError::EventTooLong { max: self.limits.event_bytes_max, place: self.place }
            }
            None => MessageError::Io(source),
        }
    }
}

fn blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
}
