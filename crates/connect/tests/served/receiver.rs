//! A receiver on this machine that answers as it is told.

use lockstep_connect::Headers;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

/// A request's headers and body.
pub type Came = (Headers, Vec<u8>);

/// Answers each request with the next of `answers`; gives what came.
pub fn serve(answers: &'static [&'static str]) -> (u16, JoinHandle<Vec<Came>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = thread::spawn(move || {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = Vec::new();
            let body = loop {
                let mut piece = [0; 1_024];
                let count = stream.read(&mut piece).unwrap();
                bytes.extend_from_slice(&piece[..count]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length: usize = header(head, "content-length").parse().unwrap();
                if body.len() >= length {
                    break body.to_owned();
                }
            };
            let text = String::from_utf8(bytes).unwrap();
            let headers = Headers {
                id: header(&text, "webhook-id"),
                signature: header(&text, "webhook-signature"),
                timestamp: header(&text, "webhook-timestamp"),
            };
            requests.push((headers, body.into_bytes()));
            stream.write_all(answer.as_bytes()).unwrap();
        }
        requests
    });
    (port, served)
}

fn header(head: &str, wanted: &str) -> String {
    let line = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case(wanted).then(|| value.to_owned())
    });
    line.unwrap_or_default()
}
