//! What a co-signer answers to anybody: what it has signed last. Kept in a file of the own copy, so that a
//! start without the server can answer it too.

use crate::commands::serve::config::Tls;
use crate::commands::serve::{clock, refused, taken, tls};
use crate::os;
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::Args;
use lockstep_crypto::recover;
use lockstep_node::cosigner::Cosigned;
use lockstep_server::signed::{self, Signed};
use lockstep_types::{Address, LedgerId};
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The last signature, in the own copy's folder.
const FILE: &str = "signed.json";

/// Where a co-signer answers.
#[derive(Debug, Clone, Args)]
pub struct ListenArgs {
    /// With `--follow`: answer what was signed last here, to anybody; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", requires = "follow", conflicts_with = "once")]
    listen: Option<SocketAddr>,
    /// Certificates in PEM of where this co-signer listens; without them it listens to this machine only
    #[arg(long, value_name = "FILE", requires_all = ["listen", "listen_key"])]
    listen_certificate: Option<PathBuf>,
    /// The key of `--listen-certificate`
    #[arg(long, value_name = "FILE", requires = "listen_certificate")]
    listen_key: Option<PathBuf>,
}

/// What is told to whoever asks, and where it is kept.
pub struct Answers {
    signed: Arc<Signed>,
    file: PathBuf,
    runtime: Runtime,
}

impl Answers {
    /// Begins to answer, where somebody asked for that.
    pub fn begin(
        shell: &Shell,
        args: &ListenArgs,
        (ledger, address, own): (LedgerId, Address, &Path),
    ) -> Result<Option<Self>> {
        let Some(asked) = args.listen else { return Ok(None) };
        let tls = match (&args.listen_certificate, &args.listen_key) {
            (Some(certificate), Some(key)) => {
                let files = Tls { certificate: certificate.clone(), key: key.clone(), clients: None };
                Some(tls::server(&files)?)
            }
            _ => None,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.context("cannot start the thread that answers")?;
        let file = own.join(FILE);
        let signed = Arc::new(Signed::new(ledger, last(&file, (ledger, address)), clock));
        let listener = runtime.block_on(TcpListener::bind(asked)).map_err(|error| taken(asked, error))?;
        let at = listener.local_addr().context("cannot tell the port")?;
        if tls.is_none() && !at.ip().is_loopback() {
            return Err(refused(lockstep_server::listen::ListenError::Plain { address: at }));
        }
        let url = format!("{}://{at}", if tls.is_some() { "https" } else { "http" });
        runtime.spawn(signed::serve((listener, tls), Arc::clone(&signed), std::future::pending()));
        let answer = json!({ "address": address, "ledger": ledger, "url": url });
        shell.out.answer(&answer, || format!("{url}\nanswers what {address} has signed"))?;
        Ok(Some(Self { signed, file, runtime }))
    }

    /// It has signed: kept before it is told.
    pub fn signs(&self, signed: &[Cosigned]) -> Result<()> {
        if let Some(last) = signed.last() {
            os::write_atomic(&self.file, &serde_json::to_vec(last)?)?;
        }
        signed.iter().for_each(|cosigned| self.signed.signs(cosigned));
        Ok(())
    }

    /// The figures of whoever follows.
    pub fn told(&self) -> &Signed {
        &self.signed
    }

    /// Answers no more.
    pub fn end(self) {
        self.runtime.shutdown_background();
    }
}

/// What the file says, if this key has signed it. Anything else counts for nothing: a new one is written at
/// the next signature.
fn last(file: &Path, (ledger, address): (LedgerId, Address)) -> Option<Cosigned> {
    let bytes = os::read(file, os::SMALL_FILE_BYTES_MAX).ok()?;
    let cosigned: Cosigned = serde_json::from_slice(&bytes).ok()?;
    let hash = cosigned.checkpoint.signing_hash();
    let by = recover(&hash, cosigned.signature.as_bytes()).ok()?;
    let own = cosigned.checkpoint.ledger == ledger && cosigned.address == address && by == address;
    own.then_some(cosigned)
}
