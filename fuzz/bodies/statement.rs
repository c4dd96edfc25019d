//! camt.053: read from a slice and in pieces, a file says the same; a refused file says nothing.

use lockstep_sources::{BalanceQuery, Limits, PaymentQuery, closing_balance, find_payment, read_statement};
use lockstep_types::canonical;
use std::io::BufReader;

/// The reference that the seeds carry.
const REFERENCE: &str = "R1";

/// Panics when `data` breaks a property of the statement reader.
pub fn run(data: &[u8]) {
    let limits = Limits::default();
    let piece = usize::from(data.last().copied().unwrap_or(1)).max(1);
    let pieces = || BufReader::with_capacity(piece, data);

    let summary = read_statement(data, &limits).map_err(|error| error.to_string());
    assert_eq!(read_statement(pieces(), &limits).map_err(|error| error.to_string()), summary);

    let query = PaymentQuery { reference: REFERENCE, ..PaymentQuery::default() };
    let payment = find_payment(data, &query, &limits).map_err(|error| error.to_string());
    assert_eq!(find_payment(pieces(), &query, &limits).map_err(|error| error.to_string()), payment);
    let balance = closing_balance(data, &BalanceQuery::default(), &limits);

    let Ok(summary) = summary else {
        assert!(payment.is_err() && balance.is_err(), "a refused file shows nothing");
        return;
    };
    assert!(canonical::is_canonical(&summary));
    if let Ok(payment) = &payment {
        assert!(payment.act().contains(REFERENCE));
        assert!(payment.money.amount.minor() >= 0, "a credit is never below zero");
        assert!(summary.statements.iter().any(|statement| statement.booked_credits > 0));
    }
    if let (Ok(payment), Ok(balance)) = (&payment, &balance)
        && balance.covers(payment).is_ok()
    {
        assert!(balance.money.amount >= payment.money.amount);
    }
}
