//! Texts in their places, and what the forms that messages share make of them.

use super::walk::Node;
use super::{Account, BankAmount, BankDate, MessageError, Page, Place, Side, cut};
use std::collections::BTreeMap;

/// An element, its text, and where it stands.
pub(crate) type Found<N> = (N, String, Place);

/// Texts read inside one part of a message: a header, a statement, an entry, a transaction.
#[derive(Debug)]
pub(crate) struct Texts<N> {
    found: BTreeMap<N, Found<N>>,
    many: Vec<(N, String)>,
    /// Where the element that holds them starts.
    pub(crate) place: Place,
}

impl<N: Node> Texts<N> {
    /// No texts, in an element that starts at `place`.
    pub(crate) const fn new(place: Place) -> Self {
        Self { found: BTreeMap::new(), many: Vec::new(), place }
    }

    /// Keeps the text of `node`. An empty element counts as absent.
    pub(crate) fn put(&mut self, node: N, text: &str, place: Place) -> Result<(), MessageError> {
        let text = collapse(text);
        if text.is_empty() {
            return Ok(());
        }
        if text.chars().any(char::is_control) {
            return Err(value(node, &text, "text without control characters", place));
        }
        let slot = node.slot();
        if let Some((_, before, _)) = self.found.get(&slot) {
            if slot.is_any() {
                if before == "false" || before == "0" {
                    self.found.insert(slot, (node, text, place));
                }
                return Ok(());
            }
            return Err(MessageError::Twice { element: node.path(), place });
        }
        self.found.insert(slot, (node, text, place));
        Ok(())
    }

    /// Keeps one more text of an element that may stand up to `max` times.
    pub(crate) fn push(
        &mut self,
        node: N,
        text: &str,
        (place, max): (Place, usize),
    ) -> Result<(), MessageError> {
        let text = collapse(text);
        if text.chars().any(char::is_control) {
            return Err(value(node, &text, "text without control characters", place));
        }
        if self.many.iter().filter(|(before, _)| *before == node).count() >= max {
            return Err(MessageError::TooMany { element: node.path(), max, place });
        }
        if !text.is_empty() {
            self.many.push((node, text));
        }
        Ok(())
    }

    /// What has been kept, alternatives under the first of them; then what may stand several times.
    pub(crate) fn into_parts(self) -> (Vec<Found<N>>, Vec<(N, String)>) {
        (self.found.into_values().collect(), self.many)
    }

    pub(crate) fn take(&mut self, slot: N) -> Option<Found<N>> {
        self.found.remove(&slot)
    }

    pub(crate) fn text(&mut self, slot: N) -> Option<String> {
        self.take(slot).map(|(_, text, _)| text)
    }

    pub(crate) fn need(&mut self, slot: N) -> Result<Found<N>, MessageError> {
        self.take(slot).ok_or_else(|| MessageError::Missing { element: slot.path(), place: self.place })
    }

    pub(crate) fn flag(&mut self, slot: N) -> Result<Option<bool>, MessageError> {
        self.take(slot).map(|(node, text, place)| flag(node, &text, place)).transpose()
    }

    pub(crate) fn page(&mut self, number: N, last: N) -> Result<Option<Page>, MessageError> {
        let Some((node, text, place)) = self.take(number) else { return Ok(None) };
        let number = page_number(node, &text, place)?;
        let missing = || MessageError::Missing { element: last.path(), place };
        Ok(Some(Page { last: self.flag(last)?.ok_or_else(missing)?, number }))
    }

    pub(crate) fn amount(&mut self, amount: N, currency: N) -> Result<BankAmount, MessageError> {
        Ok(BankAmount { currency: self.need(currency)?.1, text: self.need(amount)?.1 })
    }
}

/// `true` or `false`, in both ways XML writes them.
pub(crate) fn flag<N: Node>(node: N, text: &str, place: Place) -> Result<bool, MessageError> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(value(node, text, "`true` or `false`", place)),
    }
}

/// A page's number.
pub(crate) fn page_number<N: Node>(node: N, text: &str, place: Place) -> Result<u32, MessageError> {
    let digits = text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|n| digits && *n > 0);
    number.ok_or_else(|| value(node, text, "a page number from 1 to 99999", place))
}

/// `CRDT` or `DBIT`.
pub(crate) fn side<N: Node>(node: N, text: &str, place: Place) -> Result<Side, MessageError> {
    match text {
        "CRDT" => Ok(Side::Credit),
        "DBIT" => Ok(Side::Debit),
        _ => Err(value(node, text, "`CRDT` or `DBIT`", place)),
    }
}

/// A BIC without a branch code `XXX`.
pub(crate) fn bic<N: Node>(node: N, text: &str, place: Place) -> Result<String, MessageError> {
    let letters = text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if !letters || !matches!(text.len(), 8 | 11) {
        return Err(value(node, text, "a BIC of 8 or 11 capitals and digits", place));
    }
    // ISO 9362: the branch code `XXX` names the head office, as no branch code does.
    let head_office = text.strip_suffix("XXX").filter(|bic| bic.len() == 8);
    Ok(head_office.unwrap_or(text).to_owned())
}

/// A day.
pub(crate) fn day<N: Node>(node: N, text: &str, place: Place) -> Result<BankDate, MessageError> {
    BankDate::from_day(text).ok_or_else(|| value(node, text, "a day of the form `2026-11-20`", place))
}

/// A time.
pub(crate) fn time<N: Node>(node: N, text: &str, place: Place) -> Result<BankDate, MessageError> {
    let expected = "a time of the form `2026-11-20T17:00:00`, perhaps with a zone";
    BankDate::from_time(text).ok_or_else(|| value(node, text, expected, place))
}

/// An IBAN in capitals.
pub(crate) fn iban<N: Node>(node: N, text: &str, place: Place) -> Result<Account, MessageError> {
    let capitals = text.to_ascii_uppercase();
    let bytes = capitals.as_bytes();
    let country = bytes.get(..2).is_some_and(|b| b.iter().all(u8::is_ascii_uppercase));
    let check = bytes.get(2..4).is_some_and(|b| b.iter().all(u8::is_ascii_digit));
    let rest = bytes.get(4..).is_some_and(|b| !b.is_empty() && b.iter().all(u8::is_ascii_alphanumeric));
    if !country || !check || !rest || bytes.len() > 34 {
        let expected = "an IBAN: two letters, two digits, up to 30 letters and digits";
        return Err(value(node, text, expected, place));
    }
    Ok(Account::Iban(capitals))
}

pub(crate) fn value<N: Node>(node: N, found: &str, expected: &'static str, place: Place) -> MessageError {
    MessageError::Value { element: node.path(), found: cut(found), expected, place }
}

/// The text without white space around it, and with one space for each run of white space inside: another
/// export of the same entry gives the same text.
pub(crate) fn collapse(text: &str) -> String {
    text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
