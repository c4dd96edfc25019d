//! A whole message at a glance, for people. Amounts stand as the bank wrote them.

use super::{Field, Item, ItemKind, MessageHeader, MessageKind, MessageVisitor, Value, visit_message};
use crate::iso::{Limits, MessageError};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::BufRead;

/// What a message holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageList {
    /// What its header says.
    pub header: BTreeMap<&'static str, Value>,
    /// Its first items.
    pub items: Vec<ItemView>,
    /// How many items it has.
    pub items_total: u64,
    /// Which message.
    pub message: MessageKind,
    /// Its version.
    pub version: u8,
}

/// One item, without what the header says already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemView {
    /// What it is about, as one text.
    pub act: String,
    /// What it says, by name.
    pub fields: BTreeMap<&'static str, Value>,
    /// What it is.
    pub kind: ItemKind,
    /// The line on which it begins.
    pub line: u64,
    /// How many transactions an entry adds up.
    pub transactions: u64,
}

/// Reads a whole message; the first `limits.entries_listed_max` items are listed.
///
/// # Errors
/// [`MessageError`] when the file is refused.
pub fn read_message(input: impl BufRead, limits: &Limits) -> Result<MessageList, MessageError> {
    let mut listing = Listing {
        listed_max: limits.entries_listed_max,
        list: MessageList {
            header: BTreeMap::new(),
            items: Vec::new(),
            items_total: 0,
            message: MessageKind::Camt053,
            version: 0,
        },
    };
    visit_message(input, limits, &mut listing)?;
    Ok(listing.list)
}

struct Listing {
    listed_max: usize,
    list: MessageList,
}

impl MessageVisitor for Listing {
    fn header(&mut self, header: &MessageHeader) {
        self.list.message = header.kind;
        self.list.version = header.version;
        let named = |(field, value): (&Field, &Value)| (field.as_str(), value.clone());
        self.list.header = header.values.iter().map(named).collect();
    }

    fn item(&mut self, item: &Item) {
        self.list.items_total = self.list.items_total.saturating_add(1);
        if self.list.items.len() >= self.listed_max {
            return;
        }
        let header = &self.list.header;
        let own = item.values().map(|(field, value)| (field.as_str(), value));
        let own = own.filter(|(name, value)| header.get(name) != Some(*value));
        let fields = own.map(|(name, value)| (name, value.clone())).collect();
        self.list.items.push(ItemView {
            act: item.act(),
            fields,
            kind: item.kind,
            line: item.place.line,
            transactions: item.transactions,
        });
    }
}
