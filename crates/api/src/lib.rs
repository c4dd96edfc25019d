//! The service over HTTP, as types: what is asked where, what is answered, how a request is signed, how an
//! error is told. Server and clients both stand on it, so that neither can know another form than the other.
//!
//! Nothing here opens a socket, reads a clock or decides anything.

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

pub mod answer;
pub mod idempotency;
pub mod limits;
pub mod openapi;
pub mod path;
pub mod people;
pub mod problem;
pub mod signing;

pub use problem::{Kind, Problem};
