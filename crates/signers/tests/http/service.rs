//! A service that signs, in a thread of the test: one connection after another, each answered once.

use base64::Engine as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// A question that came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub body: String,
    /// How many requests were put before.
    pub earlier_puts: usize,
    headers: Vec<(String, String)>,
}

impl Seen {
    /// A header by its name in small letters; empty when it is absent.
    pub fn header(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

type Log = Arc<(Mutex<Vec<Seen>>, Condvar)>;

pub struct Service {
    port: u16,
    log: Log,
}

impl Service {
    /// Answers question by question; no answer closes the connection.
    pub fn start(mut answer: impl FnMut(&Seen, usize) -> Option<(u16, String)> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Log::default();
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Some((mut stream, mut seen)) = stream.ok().and_then(read) else { continue };
                let nth = {
                    let mut all = kept.0.lock().unwrap();
                    seen.earlier_puts = all.iter().filter(|asked| asked.method == "POST").count();
                    all.push(seen.clone());
                    kept.1.notify_all();
                    all.len() - 1
                };
                let Some((status, body)) = answer(&seen, nth) else { continue };
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                // Who was killed does not read.
                drop(stream.write_all((head + &body).as_bytes()));
            }
        });
        Self { port, log }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1/signatures", self.port)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.log.0.lock().unwrap().clone()
    }

    /// Until so many questions have come.
    pub fn wait_for(&self, count: usize) {
        let all = self.log.0.lock().unwrap();
        drop(self.log.1.wait_while(all, |all| all.len() < count).unwrap());
    }
}

fn read(stream: TcpStream) -> Option<(TcpStream, Seen)> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(Ok(0), |(_, value)| value.parse()).ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    Some((stream, Seen { method, path, body, earlier_puts: 0, headers }))
}

pub fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// `r ‖ s` as clouds write it.
pub fn der(rs: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| {
        let bytes: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign: &[u8] = if bytes[0] >= 0x80 { &[0] } else { &[] };
        [&[0x02, u8::try_from(sign.len() + bytes.len()).unwrap()], sign, &bytes].concat()
    };
    let body = [number(&rs[..32]), number(&rs[32..64])].concat();
    [&[0x30, u8::try_from(body.len()).unwrap()], body.as_slice()].concat()
}
