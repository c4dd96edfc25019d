//! Server-sent events, as a server tells them: bounded lines, and nothing that is not understood is dropped
//! unseen.

use crate::HttpError;
use lockstep_api::answer::{Waits, WaitsAll};
use serde::de::DeserializeOwned;
use std::io::{BufRead, Read};

/// Longest line that is read.
const LINE_BYTES_MAX: u64 = 8 * 1_048_576;

/// An event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: String,
}

/// What waits has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitingEvent {
    /// This is all that waits; what was known before counts no more.
    All(Vec<Waits>),
    /// This waits now, too.
    Waits(Waits),
    /// This waits no more.
    Gone(Waits),
}

impl WaitingEvent {
    /// An event of this kind; none for one of another name, which a later server may tell.
    pub(crate) fn read(event: &Event) -> Result<Option<Self>, String> {
        fn of<T: DeserializeOwned>(event: &Event) -> Result<T, String> {
            serde_json::from_str(&event.data).map_err(|error| format!("event `{}`: {error}", event.name))
        }
        Ok(Some(match event.name.as_str() {
            "all" => Self::All(of::<WaitsAll>(event)?.items),
            "waits" => Self::Waits(of(event)?),
            "gone" => Self::Gone(of(event)?),
            _ => return Ok(None),
        }))
    }
}

/// The next event of a stream; none at its end. What was cut off in the middle is no event.
pub(crate) fn next(stream: &mut impl BufRead) -> Result<Option<Event>, HttpError> {
    let (mut event, mut begun) = (Event::default(), false);
    loop {
        let mut line = Vec::new();
        let read = stream.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        read.map_err(|error| HttpError::Down(error.to_string()))?;
        if line.pop() != Some(b'\n') {
            return match line.len() {
                0 => Ok(None),
                _ => Err(HttpError::Down("the stream was cut off".to_owned())),
            };
        }
        let line =
            String::from_utf8(line).map_err(|_| HttpError::Answer("an event is no text".to_owned()))?;
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            if begun {
                return Ok(Some(event));
            }
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut event.name),
            "id" => event.id = Some(value.to_owned()),
            "data" => event.data.push_str(value),
            // A comment: the stream still stands.
            _ => continue,
        }
        begun = true;
    }
}

#[cfg(test)]
mod tests;
