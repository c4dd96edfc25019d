//! A development chain of its own for each test, and endpoints before it that can be told to misbehave.

use lockstep_chain::rpc::ask::{Ask, AskError, Http};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

const PACKAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/node_modules/@foundry-rs");

/// The program itself: npm's wrapper around it would outlive a test that kills it.
fn program() -> Option<PathBuf> {
    let packages = std::fs::read_dir(PACKAGES).ok()?;
    let mut found = packages.filter_map(|entry| Some(entry.ok()?.path().join("bin/anvil")));
    let found = found.find(|path| path.is_file());
    if found.is_none() {
        println!("skipped: contracts/node_modules/.bin/anvil is absent");
    }
    found
}

/// Anvil.
pub struct Node {
    child: Child,
    port: u16,
}

impl Node {
    /// Starts one on a free port; nothing when the program is not installed. A block is final when
    /// `2 * epoch` others stand on it.
    pub fn start(epoch: u64) -> Option<Self> {
        Self::start_at(epoch, SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
    }

    /// The same with a chain that begins at this second, so that it can have a past.
    pub fn start_at(epoch: u64, second: u64) -> Option<Self> {
        Self::start_with(epoch, &["--timestamp", &second.to_string()])
    }

    /// The same with other words on its command line.
    pub fn start_with(epoch: u64, args: &[&str]) -> Option<Self> {
        let mut command = Command::new(program()?);
        command.args(["--port", "0", "--slots-in-an-epoch", &epoch.to_string()]).args(args);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            line.unwrap().strip_prefix("Listening on 127.0.0.1:").map(|port| port.trim().parse().unwrap())
        });
        // What it goes on to print has to go somewhere.
        thread::spawn(move || lines.for_each(drop));
        Some(Self { child, port: port.unwrap() })
    }

    pub fn ask(&self, method: &str, params: Value) -> Value {
        client(self.port).ask(method, &params).unwrap()
    }

    /// Makes so many blocks, a second apart.
    pub fn mine(&self, count: u64) {
        self.ask("anvil_mine", json!([format!("{count:#x}"), "0x1"]));
    }

    /// Replaces the newest blocks by empty ones.
    pub fn replace(&self, depth: u64) {
        self.ask("anvil_reorg", json!([depth, []]));
    }

    pub fn number(&self, method: &str, params: Value) -> u64 {
        let text = self.ask(method, params);
        u64::from_str_radix(text.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    }

    /// An endpoint before it.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::start(self.port)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn client(port: u16) -> Http {
    Http::new(&format!("http://127.0.0.1:{port}")).unwrap()
}

/// How an endpoint behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Honest,
    /// Closes every connection.
    Dead,
    /// HTTP 429.
    Busy,
    /// Another hash of every block, fewer logs, another answer to every call.
    Lying,
    /// Its newest block is so many behind.
    Late(u64),
    /// Takes no transaction.
    Deaf,
    /// An answer that does not end.
    Endless,
}

/// A small HTTP server before a node.
pub struct Endpoint {
    pub url: String,
    mode: Arc<Mutex<Mode>>,
    over: Arc<AtomicBool>,
}

impl Endpoint {
    fn start(node: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (mode, over) = (Arc::new(Mutex::new(Mode::Honest)), Arc::new(AtomicBool::new(false)));
        let (shared, ended) = (Arc::clone(&mode), Arc::clone(&over));
        thread::spawn(move || {
            for connection in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                let mode = *shared.lock().unwrap();
                thread::spawn(move || connection.map(|stream| serve(stream, mode, node)));
            }
        });
        Self { url, mode, over }
    }

    pub fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.url.trim_start_matches("http://")));
    }
}

/// One request, one answer, and the connection is closed.
fn serve(stream: TcpStream, mode: Mode, node: u16) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request: Value = serde_json::from_slice(&body).ok()?;
    let mut stream = stream;
    match mode {
        Mode::Dead => None,
        Mode::Busy => write!(stream, "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n").ok(),
        Mode::Endless => {
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").ok()?;
            while stream.write_all(&[b' '; 65_536]).is_ok() {}
            None
        }
        _ => {
            let answer = answer(&request, mode, node).to_string();
            let length = answer.len();
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{answer}")
                .ok()
        }
    }
}

fn answer(request: &Value, mode: Mode, node: u16) -> Value {
    let (method, params) = (request["method"].as_str().unwrap(), request["params"].clone());
    let asked = |params: &Value| client(node).ask(method, params);
    let found = match (mode, method) {
        (Mode::Deaf, "eth_sendRawTransaction") => {
            return json!({ "id": 1, "jsonrpc": "2.0", "error": { "code": -32_000, "message": "not today" } });
        }
        (Mode::Late(by), "eth_getBlockByNumber") => late(by, &params, node),
        (Mode::Lying, "eth_getBlockByNumber") => asked(&params).map(|mut block| {
            block["hash"] = json!(format!("0x{}", "66".repeat(32)));
            block
        }),
        (Mode::Lying, "eth_getLogs") => Ok(json!([])),
        (Mode::Lying, "eth_call") => Ok(json!(format!("0x{}", "66".repeat(32)))),
        _ => asked(&params),
    };
    match found {
        Ok(result) => json!({ "id": 1, "jsonrpc": "2.0", "result": result }),
        Err(AskError::Refused(error)) => json!({ "id": 1, "jsonrpc": "2.0", "error": error }),
        Err(other) => {
            json!({ "id": 1, "jsonrpc": "2.0", "error": { "code": 1, "message": other.to_string() } })
        }
    }
}

/// A block as an endpoint gives it that is so many blocks behind.
fn late(by: u64, params: &Value, node: u16) -> Result<Value, AskError> {
    let number = |value: &Value| u64::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16);
    let newest = number(&client(node).ask("eth_blockNumber", &json!([]))?).unwrap();
    let own = newest.saturating_sub(by);
    match number(&params[0]) {
        Ok(asked) if asked > own => Ok(Value::Null),
        Ok(_) => client(node).ask("eth_getBlockByNumber", params),
        Err(_) => client(node).ask("eth_getBlockByNumber", &json!([format!("{own:#x}"), false])),
    }
}
