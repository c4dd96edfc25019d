//! The appender as a service: `/v1` over HTTP, for institutions on machines of their own.
//!
//! Who submits is known by what is submitted; who reads, by a signature over the request or a token got with
//! one. A rule of the ledger stands nowhere here: `node` decides, this crate carries.

pub mod domains;
pub mod engine;
pub mod listen;
pub mod service;
pub mod signed;
pub mod traces;

mod events;
mod figures;
mod idempotency;
mod lists;
mod pace;
mod packs;
mod people;
mod reply;
mod rotation;
mod routes;
mod see;
mod submissions;
mod who;

pub use engine::{Engine, EngineError, OnSeal, Worker, engine};
pub use lockstep_api::people::ReadRow;
pub use pace::Rate;
pub use people::{Fetch, People, PeopleSettings};
pub use service::{Hosted, Limits, ReadLog, Reader, Service};
