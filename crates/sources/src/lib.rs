//! Readers of documents that institutions already have: bank statements (ISO 20022 camt.053), other bank
//! messages (camt.054, pacs.002, pacs.008) and sanctions lists (OFAC layout). A reader says what a document
//! says, or refuses it with the place; it knows no policy, no ledger and no clock.
//!
//! All of them come from outside. Nothing here panics on any bytes, and memory does not grow with a
//! message's length.
//!
//! ```
//! use lockstep_sources::{BalanceQuery, Limits, PaymentQuery, closing_balance, find_payment};
//!
//! let file: &[u8] = include_bytes!("../samples/statement.xml");
//! let query = PaymentQuery { reference: "HB2611200000017", ..PaymentQuery::default() };
//! let payment = find_payment(file, &query, &Limits::default())?;
//! let balance = closing_balance(file, &BalanceQuery::default(), &Limits::default())?;
//! balance.covers(&payment)?;
//! assert_eq!(payment.money.to_string(), "1000000.00 USD");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::todo,
        clippy::as_conversions,
        clippy::float_arithmetic
    )
)]

pub mod balance;
pub mod draft;
mod iso;
pub mod message;
pub mod payment;
pub mod screening;
pub mod statement;
pub mod summary;

pub use balance::{BalanceError, BalanceQuery, ClosingBalance, CoverError, closing_balance};
pub use iso::{Limits, MessageError, UtcOffset};
pub use message::{ItemQuery, find_item, read_message};
pub use payment::{Payment, PaymentError, PaymentQuery, find_payment};
pub use screening::{Hit, HitKind, ListError, ScreenError, Screening, ScreeningList};
pub use statement::{Visitor, visit};
pub use summary::{StatementSummary, read_statement};
