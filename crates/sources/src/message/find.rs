//! One item of a message: the one that a reference names.

use super::{Field, Item, MessageHeader, MessageKind, MessageVisitor, visit_message};
use crate::iso::{Limits, MessageError, cut};
use std::io::BufRead;

/// Which item is looked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct ItemQuery<'a> {
    /// One of the item's names; without it the file must hold one item only.
    pub reference: Option<&'a str>,
    /// The account, when the file holds entries of several.
    pub account: Option<&'a str>,
}

/// Why a message does not show the item. Variants stand in the order of the checks.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ItemError {
    /// The file is refused.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A page of several: a second item of the same name may stand on the others.
    #[error(
        "the file holds page {number} of several of `{of}`: a second item of that name may stand elsewhere"
    )]
    Page {
        /// The page's number.
        number: String,
        /// Id of the message, or of the statement or notification.
        of: String,
    },
    /// Nothing has the name.
    #[error("no item is called `{reference}`; {looked_at} were looked at")]
    NotFound {
        /// The name asked for.
        reference: String,
        /// Items in the file.
        looked_at: u64,
    },
    /// No item at all where one was expected without a name.
    #[error("the message holds no item{account}")]
    Empty {
        /// Of which account, as part of a sentence.
        account: String,
    },
    /// Several have it.
    #[error("`{reference}` names {count} items, expected one")]
    Ambiguous {
        /// The name asked for.
        reference: String,
        /// How many.
        count: u64,
    },
    /// Several where no name was given.
    #[error("the message holds {count} items: say which one by its reference")]
    Several {
        /// How many.
        count: u64,
    },
    /// The item has no name of its own, so it cannot be told from another one.
    #[error("item {number} carries none of {expected}, so nothing tells it from another one")]
    Nameless {
        /// Its place in the file.
        number: u64,
        /// The fields that would name it.
        expected: String,
    },
}

/// Finds the one item that `query` names. The whole file is read, since a second item of that name may stand
/// at its end.
///
/// # Errors
/// [`ItemError`], in the order of its variants.
pub fn find_item(input: impl BufRead, query: &ItemQuery<'_>, limits: &Limits) -> Result<Item, ItemError> {
    let mut search = Search { query: *query, kind: None, page: None, looked_at: 0, matches: 0, first: None };
    visit_message(input, limits, &mut search)?;
    search.end()
}

struct Search<'a> {
    query: ItemQuery<'a>,
    kind: Option<MessageKind>,
    page: Option<(String, String)>,
    looked_at: u64,
    matches: u64,
    first: Option<Item>,
}

impl Search<'_> {
    fn end(self) -> Result<Item, ItemError> {
        if let Some((number, of)) = self.page {
            return Err(ItemError::Page { number, of });
        }
        let Some(item) = self.first else {
            return Err(match self.query.reference {
                Some(reference) => {
                    ItemError::NotFound { reference: cut(reference), looked_at: self.looked_at }
                }
                None => {
                    let of = |account| format!(" of the account `{}`", cut(account));
                    ItemError::Empty { account: self.query.account.map(of).unwrap_or_default() }
                }
            });
        };
        match (self.matches, self.query.reference) {
            (2.., Some(reference)) => {
                Err(ItemError::Ambiguous { reference: cut(reference), count: self.matches })
            }
            (2.., None) => Err(ItemError::Several { count: self.matches }),
            _ if !item.is_named() => {
                let names: Vec<_> =
                    item.names().iter().map(|field| format!("`{}`", field.as_str())).collect();
                Err(ItemError::Nameless { number: item.number, expected: names.join(", ") })
            }
            _ => Ok(item),
        }
    }

    /// Remembers the first page that is not the whole.
    fn paged(&mut self, page: Option<&str>, of: Option<&str>) {
        if let Some(number) = page.filter(|page| *page != "whole") {
            self.page.get_or_insert_with(|| (number.to_owned(), cut(of.unwrap_or(""))));
        }
    }
}

impl MessageVisitor for Search<'_> {
    fn header(&mut self, header: &MessageHeader) {
        self.kind = Some(header.kind);
        let text = |field| header.value(field).map(super::Value::text);
        self.paged(text(Field::MessagePage).as_deref(), text(Field::MessageId).as_deref());
    }

    fn item(&mut self, item: &Item) {
        self.looked_at = self.looked_at.saturating_add(1);
        let account = item.text(Field::Account);
        let named = |wanted: &str| account.is_some_and(|account| is_named(account, wanted));
        if !self.query.account.is_none_or(named) {
            return;
        }
        self.paged(item.text(Field::ReportPage), item.text(Field::ReportId));
        if self.query.reference.is_none_or(|reference| item.carries(reference)) {
            self.matches = self.matches.saturating_add(1);
            self.first.get_or_insert_with(|| item.clone());
        }
    }
}

/// True when `wanted`, as people write it, names the account: an IBAN also in groups or small letters.
fn is_named(account: &str, wanted: &str) -> bool {
    let plain: String = wanted.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect();
    account == wanted || account == plain
}
