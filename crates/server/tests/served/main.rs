//! A server in this process, asked over its port as anybody can ask it.

mod attacks;
mod cast;
mod codes;
mod events;
mod floods;
mod forms;
mod idempotency;
mod kit;
mod people;
mod tokens;
mod traces;
