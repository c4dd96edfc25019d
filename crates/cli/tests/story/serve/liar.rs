//! Somebody between a party and the server, who changes what is answered.

use super::Served;
use crate::town::Town;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

/// A port that the town's server is reached by, too.
pub struct Liar(TcpListener);

impl Liar {
    /// The port, and the server behind it.
    pub fn before(town: &Town) -> (Self, Served) {
        let port = TcpListener::bind("127.0.0.1:0").unwrap();
        let name = port.local_addr().unwrap();
        town.private(
            "lockstep.toml",
            &format!("listen = \"127.0.0.1:0\"\nnames = [\"{name}\"]\n[[ledger]]\ndir = \"acme\"\n"),
        );
        (Self(port), Served::start(town, &["serve", "--config", "lockstep.toml"]))
    }

    /// Lies from now on; where.
    pub fn begin(self, served: &Served) -> String {
        let upstream = served.url.strip_prefix("http://").unwrap().to_owned();
        let url = format!("http://{}", self.0.local_addr().unwrap());
        std::thread::spawn(move || lie(&self.0, &upstream));
        url
    }
}

/// Passes one request after the other on. Policies, cases and records are answered with other words; whoever
/// calls this `localhost` gets another first record.
fn lie(listen: &TcpListener, upstream: &str) {
    for stream in listen.incoming() {
        let mut stream = stream.unwrap();
        let (head, asked) = message(&mut stream);
        let mut server = TcpStream::connect(upstream).unwrap();
        server.write_all(&[head.as_bytes(), &asked].concat()).unwrap();
        let (answer, mut body) = message(&mut server);
        let path = head.split(' ').nth(1).unwrap();
        if path.ends_with("/outcomes") {
            let mut answer: Value = serde_json::from_slice(&body).unwrap();
            let index = answer["items"][0]["index"].as_u64().unwrap();
            answer["items"][0]["index"] = (index - 1).into();
            body = serde_json::to_vec(&answer).unwrap();
        } else if path.ends_with("/batches") {
            let mut answer: Value = serde_json::from_slice(&body).unwrap();
            answer["answers"].as_array_mut().unwrap().pop();
            let length = body.len();
            body = serde_json::to_vec(&answer).unwrap();
            body.resize(length, b' ');
        } else if path.ends_with("/policies") {
            body =
                String::from_utf8(body).unwrap().replace("stablecoin.issue", "stablecoin.other").into_bytes();
        } else if path.contains("/pack?") {
            body = other(&body, "/seal/salt");
        } else if path.contains("/cases/") {
            body = other(&body, "/policy");
        } else if path.ends_with("/submissions") {
            body = other(&body, "/records/0/leaf");
        } else if path.ends_with("/handovers") {
            body = other(&body, "/items/0/inclusion/0");
        } else if path.ends_with("/genesis") && head.contains("localhost") {
            body = other(&body, "/record/salt");
        }
        let head = answer.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
    }
}

/// Other 32 bytes in the place of those at `path`, which may not be there.
fn other(body: &[u8], path: &str) -> Vec<u8> {
    let mut answer: Value = serde_json::from_slice(body).unwrap();
    if let Some(place) = answer.pointer_mut(path) {
        *place = "ab".repeat(32).into();
    }
    serde_json::to_vec(&answer).unwrap()
}

/// Head and body of a message; only bodies that say how long they are.
fn message(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let (mut head, mut byte) = (Vec::new(), [0u8; 1]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).unwrap_or_default() == 0 {
            break;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or_default()];
    stream.read_exact(&mut body).unwrap();
    (head, body)
}
