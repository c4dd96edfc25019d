//! TLS before a service: a certificate for 127.0.0.1, under a root that only these tests trust.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// Where certificates are.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/http/tls");

pub struct Front {
    port: u16,
}

impl Front {
    /// Hands each connection on to a port of this machine, out of TLS.
    pub fn start(behind: u16) -> Self {
        let chain = CertificateDer::from_pem_file(format!("{FOLDER}/127.0.0.1.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(format!("{FOLDER}/127.0.0.1.key")).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth().with_single_cert(vec![chain], key).unwrap();
        let config = Arc::new(config);
        // All addresses of this machine, so that another one than the certificate names can be tried.
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = ServerConnection::new(Arc::clone(&config)).unwrap();
                // Who does not trust the certificate hangs up.
                drop(pass(StreamOwned::new(server, stream), behind));
            }
        });
        Self { port }
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

/// One question and its answer: what has come so far is the question, since a client sends it and waits.
fn pass(mut tls: StreamOwned<ServerConnection, TcpStream>, behind: u16) -> std::io::Result<()> {
    let mut question = Vec::new();
    while !is_whole(&question) {
        let mut part = [0; 4_096];
        match tls.read(&mut part)? {
            0 => return Ok(()),
            read => question.extend_from_slice(&part[..read]),
        }
    }
    let mut service = TcpStream::connect(("127.0.0.1", behind))?;
    service.write_all(&question)?;
    let mut answer = Vec::new();
    service.read_to_end(&mut answer)?;
    tls.write_all(&answer)?;
    tls.conn.send_close_notify();
    tls.flush()
}

/// Whether head and body have come.
fn is_whole(question: &[u8]) -> bool {
    let text = String::from_utf8_lossy(question);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned));
    length.is_none_or(|length| length.trim().parse().is_ok_and(|length: usize| body.len() >= length))
}
