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
mod tests {
    use super::*;

    fn told(text: &str) -> Result<Vec<u64>, String> {
        let mut told = Vec::new();
        let read = events(text.as_bytes(), "record", |number: u64| {
            told.push(number);
            told.len() < 3
        });
        read.map(|()| told).map_err(|error| error.to_string())
    }

    #[test]
    fn events_of_the_name_are_told_whole_and_in_order() {
        let text = ": still there\n\nevent: record\nid: 5\ndata: 1\n\nevent: other\ndata: x\n\n\
                    event: record\r\ndata:2\r\n\r\ndata: 7\n\nevent: record\ndata: 3\n";
        assert_eq!(told(text), Ok(vec![1, 2]), "the last one has no end, and the one before no name");
        let more = "event: record\ndata: 1\n\n".repeat(5);
        assert_eq!(told(&more), Ok(vec![1, 1, 1]), "enough is enough");
    }

    #[test]
    fn what_is_no_stream_of_ours_is_refused() {
        assert!(told("event: record\ndata: x\n\n").is_err());
        assert!(told(&format!("data: {}\n\n", "1".repeat(70_000))).unwrap_err().contains("too long"));
        let lines = format!("event: record\n{}\n", format!("data: {}\n", "1".repeat(60_000)).repeat(2));
        assert!(told(&lines).unwrap_err().contains("too long"));
    }
}
