//! Bank messages: read from a slice and in pieces, a file says the same; a refused file names no item; a
//! statement read as a message has the entries that the statement reader counts.

use lockstep_sources::message::Field;
use lockstep_sources::{ItemQuery, Limits, find_item, read_message, read_statement};
use lockstep_types::canonical;
use std::io::BufReader;

/// The reference that the seeds carry.
const REFERENCE: &str = "R1";

/// Panics when `data` breaks a property of the message reader.
pub fn run(data: &[u8]) {
    let limits = Limits::default();
    let piece = usize::from(data.last().copied().unwrap_or(1)).max(1);
    let pieces = || BufReader::with_capacity(piece, data);

    let list = read_message(data, &limits).map_err(|error| error.to_string());
    assert_eq!(read_message(pieces(), &limits).map_err(|error| error.to_string()), list);
    let query = ItemQuery { reference: Some(REFERENCE), account: None };
    let item = find_item(data, &query, &limits).map_err(|error| error.to_string());
    assert_eq!(find_item(pieces(), &query, &limits).map_err(|error| error.to_string()), item);

    let Ok(list) = list else {
        assert!(item.is_err(), "a refused file names no item");
        return;
    };
    assert!(canonical::is_canonical(&list));
    if let Ok(item) = item {
        assert!(item.carries(REFERENCE) && item.act().contains(REFERENCE));
        assert!(list.items.iter().any(|view| view.act == item.act()));
        if let Some(Ok(money)) = item.money(Field::Amount) {
            assert!(money.amount.minor() >= 0, "an amount has no sign");
        }
    }
    if let Ok(statement) = read_statement(data, &limits) {
        let entries: u64 = statement.statements.iter().map(|statement| statement.entries_total).sum();
        assert_eq!(entries, list.items_total, "both readers count the same entries");
    }
}
