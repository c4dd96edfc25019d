//! Server-sent events, as a server sends them: bounded lines, and events of one name.

use crate::{ClientError, HttpError};
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufReader, Read};
use ureq::Body;

/// Longest line of a stream.
const LINE_BYTES_MAX: u64 = 65_536;

/// Reads events of a name until `each` says that it is enough, or the stream ends.
pub(crate) fn read<T: DeserializeOwned>(
    stream: Body,
    name: &str,
    each: impl FnMut(T) -> bool,
) -> Result<(), ClientError> {
    events(BufReader::new(stream.into_reader()), name, each)
}

fn events<T: DeserializeOwned>(
    mut lines: impl BufRead,
    name: &str,
    mut each: impl FnMut(T) -> bool,
) -> Result<(), ClientError> {
    let (mut event, mut data) = (String::new(), String::new());
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = lines.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        let read = read.map_err(|error| HttpError::Down(error.to_string()))?;
        if read == 0 {
            // An event without its end does not count.
            return Ok(());
        }
        let wrong = |what: &str| ClientError::from(HttpError::Answer(what.to_owned()));
        if line.pop() != Some(b'\n') {
            return if line.len() + 1 < usize::try_from(LINE_BYTES_MAX).unwrap_or(usize::MAX) {
                Ok(())
            } else {
                Err(wrong("a line of a stream is too long"))
            };
        }
        let text = std::str::from_utf8(&line).map_err(|_| wrong("a stream is not UTF-8"))?;
        let text = text.strip_suffix('\r').unwrap_or(text);
        let value = |field: &str| Some(text.strip_prefix(field)?.strip_prefix(':')?.trim_start_matches(' '));
        if text.is_empty() {
            let complete = event == name && !data.is_empty();
            let told = std::mem::take(&mut data);
            event.clear();
            if complete {
                let told = serde_json::from_str(&told).map_err(|error| wrong(&error.to_string()))?;
                if !each(told) {
                    return Ok(());
                }
            }
        } else if let Some(value) = value("event") {
            value.clone_into(&mut event);
        } else if let Some(value) = value("data") {
            if data.len() + value.len() > usize::try_from(LINE_BYTES_MAX).unwrap_or(usize::MAX) {
                return Err(wrong("an event of a stream is too long"));
            }
            data.push_str(value);
        }
    }
}

#[cfg(test)]
mod tests;
