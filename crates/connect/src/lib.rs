//! Webhooks both ways, for systems that speak HTTP and nothing else.
//!
//! * [`webhook`]: what is sent is signed and what comes is checked, in the shape of *Standard Webhooks*
//!   (HMAC-SHA-256 over id, time and body), with a window outside which nothing counts.
//! * [`inbox`]: what comes counts once and in order.
//! * [`outbox`]: what goes waits on disk, in order, until it is taken.
//! * [`allow`] and [`send`]: what goes, goes to hosts that were named and to addresses of the public
//!   internet, whatever a name resolves to at that moment; no redirect is followed.
//!
//! ```no_run
//! use lockstep_connect::{AllowList, Outbox, Progress, Secret, Sender};
//! use lockstep_types::Time;
//!
//! # type Any = Box<dyn std::error::Error>;
//! # fn send(dir: &std::path::Path, text: &str, now: fn() -> Time) -> Result<(), Any> {
//! let hosts = AllowList::new(["erp.example.com"])?;
//! let target = hosts.target("https://erp.example.com/lockstep")?;
//! let sender = Sender::new(target, Secret::from_text(text)?)?;
//! let mut outbox = Outbox::open(dir)?;
//! outbox.put(&"case.decided".parse()?, &serde_json::json!({ "case": "…" }), now())?;
//! loop {
//!     let at = now();
//!     match outbox.step(at, |message| sender.send(&message.id, message.body.as_bytes(), at))? {
//!         Progress::Taken { sequence } => println!("{sequence} was taken"),
//!         Progress::Waits { until, .. } => println!("again at {until}"),
//!         Progress::Stuck { why, .. } => return Err(why.into()),
//!         Progress::Idle => return Ok(()),
//!     }
//!     # break Ok(());
//! }
//! # }
//! ```
//!
//! A connector holds the secret that it shares with one partner, and no key that signs for a party: what it
//! brings in becomes a draft (`lockstep_sources::draft`) that waits for a signer.

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

pub mod allow;
pub mod inbox;
pub mod outbox;
pub mod send;
pub mod webhook;

pub use allow::{AllowList, Reach, Target, TargetError, is_public};
pub use inbox::{Arrival, Inbox, InboxError};
pub use outbox::{Outbox, OutboxError, Progress, Waiting};
pub use send::{Delivery, Sender};
pub use webhook::{Headers, Secret, SecretError, WebhookError, check, sign};

/// Text of an outsider, cut to 80 characters and in one line.
fn cut(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect()
}
