//! The walk over a message: which part is open, and what is shown once it has ended.

use super::field::{Field, Form, Value};
use super::format::{FORMATS, Node, Scope};
use super::{Item, ItemKind, MessageHeader, MessageKind, MessageVisitor};
use crate::iso::texts::{self, Texts, collapse};
use crate::iso::walk::{Node as _, Shape, walk};
use crate::iso::{BankAmount, Limits, MessageError, Page, Place};
use std::collections::BTreeMap;
use std::io::BufRead;

pub(super) type Values = BTreeMap<Field, Value>;

/// Reads a bank message once, from front to back, and shows `visitor` what it holds. The root says which
/// message it is.
///
/// # Errors
/// [`MessageError`]: the first thing in the file that is not as it must be. What the visitor was shown
/// before must then not be used.
pub fn visit_message(
    input: impl BufRead,
    limits: &Limits,
    visitor: &mut impl MessageVisitor,
) -> Result<(), MessageError> {
    let mut reading = Reading {
        limits,
        visitor,
        kind: MessageKind::Camt053,
        version: 0,
        open: BTreeMap::new(),
        header: None,
        heads: 0,
        head: None,
        original: None,
        items: 0,
        transactions_seen: false,
        parts: Parts::default(),
    };
    walk(input, limits, &mut reading)
}

/// What has been read, and the texts of the parts that are open.
struct Reading<'a, V> {
    limits: &'a Limits,
    visitor: &'a mut V,
    kind: MessageKind,
    version: u8,
    open: BTreeMap<Scope, Texts<Node>>,
    header: Option<Values>,
    /// Statements, notifications, original groups.
    heads: usize,
    /// The statement or notification that is open, once its first entry has begun.
    head: Option<Values>,
    /// The one message that statuses are about; nothing when they are about several.
    original: Option<Values>,
    items: u64,
    transactions_seen: bool,
    parts: Parts,
}

/// What the transactions of an entry have in common.
#[derive(Default)]
struct Parts {
    count: u64,
    common: Values,
}

impl Parts {
    fn add(&mut self, values: Values) {
        if self.count == 0 {
            self.common = values;
        } else {
            self.common.retain(|field, value| values.get(field) == Some(value));
        }
        self.count = self.count.saturating_add(1);
    }
}

impl<V: MessageVisitor> Reading<'_, V> {
    fn need(&self, values: &Values, scope: Scope, fields: &[Field]) -> Option<String> {
        let missing = fields.iter().find(|field| !values.contains_key(field))?;
        Some(Node::of(self.kind, scope, *missing).path())
    }

    /// The values of a part that has ended, when all are there that it must carry.
    fn values(&self, scope: Scope, texts: Texts<Node>) -> Result<Values, MessageError> {
        let place = texts.place;
        let values = values(texts)?;
        let camt = matches!(self.kind, MessageKind::Camt053 | MessageKind::Camt054);
        let status = |values: &Values| values.contains_key(&Field::StatusProprietary);
        let needed: &[Field] = match scope {
            Scope::Header => &[Field::MessageId],
            Scope::Group => &[Field::ReportId, Field::Account],
            Scope::Original => &[Field::OriginalMessageId],
            Scope::Item if camt && status(&values) => &[Field::Amount, Field::Side],
            Scope::Item if camt => &[Field::Amount, Field::Side, Field::Status],
            Scope::Item if self.kind == MessageKind::Pacs008 => &[Field::EndToEndId, Field::Amount],
            Scope::Item | Scope::Part | Scope::Outside => &[],
        };
        match self.need(&values, scope, needed) {
            Some(element) => Err(MessageError::Missing { element, place }),
            None => Ok(values),
        }
    }

    /// The head of a statement or notification is complete when its first entry begins.
    fn finish_head(&mut self) -> Result<(), MessageError> {
        if let Some(texts) = self.open.remove(&Scope::Group) {
            self.head = Some(self.values(Scope::Group, texts)?);
        }
        Ok(())
    }

    fn show(&mut self, kind: ItemKind, mut values: Values, place: Place) {
        let parts = core::mem::take(&mut self.parts);
        let above = [Some(parts.common), self.head.clone(), self.original.clone(), self.header.clone()];
        for (field, value) in above.into_iter().flatten().flatten() {
            values.entry(field).or_insert(value);
        }
        self.items = self.items.saturating_add(1);
        let number = self.items;
        self.visitor.item(&Item {
            message: self.kind,
            kind,
            number,
            place,
            transactions: parts.count,
            values,
        });
    }

    fn ended(&mut self, scope: Scope, texts: Texts<Node>) -> Result<(), MessageError> {
        let place = texts.place;
        let values = self.values(scope, texts)?;
        match scope {
            Scope::Header => {
                let header = MessageHeader { kind: self.kind, version: self.version, values: values.clone() };
                self.visitor.header(&header);
                self.header = Some(values);
            }
            Scope::Original => {
                let named = [Field::OriginalMessageId, Field::OriginalMessageName];
                let original = values.iter().filter(|(field, _)| named.contains(field));
                let original = original.map(|(field, value)| (*field, value.clone())).collect();
                let before = self.original.take();
                // Without a status it only says which message the transactions below are of.
                if values.contains_key(&Field::Status) {
                    self.show(ItemKind::Original, values, place);
                }
                self.original = (before.is_none() && self.heads == 1).then_some(original);
            }
            Scope::Item => {
                let kind = match self.kind {
                    MessageKind::Camt053 | MessageKind::Camt054 => ItemKind::Entry,
                    MessageKind::Pacs002 => ItemKind::Status,
                    MessageKind::Pacs008 => ItemKind::Transfer,
                };
                self.show(kind, values, place);
            }
            Scope::Part => self.parts.add(values),
            Scope::Group => {
                self.head = None;
            }
            Scope::Outside => {}
        }
        Ok(())
    }
}

impl<V: MessageVisitor> Shape for Reading<'_, V> {
    type Node = Node;
    const EXPECTED: &'static str = "`urn:iso:std:iso:20022:tech:xsd:` with `camt.053.001.02` to `…13`, \
        `camt.054.001.02` to `…13`, `pacs.002.001.03` to `…15` or `pacs.008.001.02` to `…13`";

    fn root(&mut self, namespace: &str) -> Option<Node> {
        let (format, version) =
            FORMATS.iter().find_map(|format| Some((format, namespace.strip_prefix(format.namespace)?)))?;
        self.kind = format.kind;
        self.version = Some(version).filter(|n| n.len() == 2)?.parse().ok()?;
        let known = (format.version_min..=format.version_max).contains(&self.version);
        known.then_some(Node::document(format.kind))
    }

    fn begin(&mut self, node: Node, place: Place) -> Result<(), MessageError> {
        if !node.is_part() || node.scope == Scope::Outside {
            return Ok(());
        }
        let header_seen = self.header.is_some() || self.open.contains_key(&Scope::Header);
        match node.scope {
            Scope::Header if header_seen => return Err(MessageError::Twice { element: node.path(), place }),
            Scope::Header => {}
            _ if !header_seen => {
                let element = Node::part(self.kind, Scope::Header).path();
                return Err(MessageError::Missing { element, place });
            }
            Scope::Original if self.transactions_seen => {
                return Err(MessageError::OutOfOrder { element: node.path(), place });
            }
            Scope::Group | Scope::Original => {
                let max = self.limits.statements_max;
                if self.heads >= max {
                    return Err(MessageError::TooMany { element: node.path(), max, place });
                }
                self.heads = self.heads.saturating_add(1);
            }
            Scope::Item => {
                self.transactions_seen = true;
                self.finish_head()?;
            }
            Scope::Part | Scope::Outside => {}
        }
        self.open.insert(node.scope, Texts::new(place));
        Ok(())
    }

    fn put(&mut self, node: Node, text: &str, place: Place) -> Result<(), MessageError> {
        let list = node.field().is_some_and(|field| field.form() == Form::List);
        let max = self.limits.repeats_max;
        match self.open.get_mut(&node.scope) {
            Some(texts) if list => texts.push(node, text, (place, max)),
            Some(texts) => texts.put(node, text, place),
            None if collapse(text).is_empty() => Ok(()),
            None => Err(MessageError::OutOfOrder { element: node.path(), place }),
        }
    }

    fn close(&mut self, node: Node) -> Result<(), MessageError> {
        if !node.is_part() {
            return Ok(());
        }
        match self.open.remove(&node.scope) {
            Some(texts) => self.ended(node.scope, texts),
            // The head of a statement has been taken when its first entry began.
            None => {
                if node.scope == Scope::Group {
                    self.head = None;
                }
                Ok(())
            }
        }
    }

    fn finish(&mut self, place: Place) -> Result<(), MessageError> {
        let missing =
            |scope| Err(MessageError::Missing { element: Node::part(self.kind, scope).path(), place });
        match (self.header.is_some(), self.kind) {
            (false, _) => missing(Scope::Header),
            (true, MessageKind::Camt053 | MessageKind::Camt054) if self.heads == 0 => missing(Scope::Group),
            (true, MessageKind::Pacs008) if self.items == 0 => missing(Scope::Item),
            (true, _) => Ok(()),
        }
    }
}

/// Texts as the values they are.
fn values(texts: Texts<Node>) -> Result<Values, MessageError> {
    let (found, many) = texts.into_parts();
    let mut values = Values::new();
    for (node, text) in many {
        let Some(field) = node.field() else { continue };
        match values.entry(field).or_insert_with(|| Value::List(Vec::new())) {
            Value::List(texts) => texts.push(text),
            other => *other = Value::List(vec![text]),
        }
    }
    let beside = |wanted: Field| found.iter().find(|(node, _, _)| node.field() == Some(wanted));
    for (node, text, place) in &found {
        let (node, place) = (*node, *place);
        let Some(field) = node.field() else { continue };
        let missing = |field: Field| MessageError::Missing { element: node.beside(field).path(), place };
        let value = match field.form() {
            Form::Text => Value::Text(text.clone()),
            Form::List => continue,
            Form::Bic => Value::Text(texts::bic(node, text, place)?),
            Form::Account if node.is_iban() => {
                Value::Text(texts::iban(node, text, place)?.as_str().to_owned())
            }
            Form::Account => Value::Text(text.clone()),
            Form::Amount(currency) => {
                let (_, currency, _) = beside(currency).ok_or_else(|| missing(currency))?;
                Value::Amount(BankAmount { currency: currency.clone(), text: text.clone() })
            }
            Form::Side => Value::Side(texts::side(node, text, place)?),
            Form::Flag => Value::Flag(texts::flag(node, text, place)?),
            Form::Date if node.is_time() => Value::Date(texts::time(node, text, place)?),
            Form::Date => Value::Date(texts::day(node, text, place)?),
            Form::Page(last) => {
                let number = texts::page_number(node, text, place)?;
                let (at, last, _) = beside(last).ok_or_else(|| missing(last))?;
                let page = Page { last: texts::flag(*at, last, place)?, number };
                Value::Text(if page.is_whole() { "whole".to_owned() } else { page.number.to_string() })
            }
            Form::Currency | Form::LastPage => continue,
        };
        values.insert(field, value);
    }
    Ok(values)
}
