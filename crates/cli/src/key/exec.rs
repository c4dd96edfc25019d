//! Keys behind a program: payload in, signature out (docs/how-to/signers.md).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockstep_crypto::suite::{Message, PublicKey};
use serde_json::json;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take: a person may have to press a button.
pub const TIMEOUT: Duration = Duration::from_secs(120);
/// Longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 65_536;
/// How often the program is looked at.
const POLL: Duration = Duration::from_millis(10);

/// Why a program did not sign.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// It could not be run.
    #[error("signer `{}` cannot be run", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// It took too long and was stopped.
    #[error("signer `{}` did not answer within {} s", program.display(), waited.as_secs())]
    Timeout {
        /// The program.
        program: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// It ended with another code than 0.
    #[error("signer `{}` ended with {status}", program.display())]
    Status {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
    /// Its answer is not what the protocol asks for.
    #[error("signer `{}` answered no {what}", program.display())]
    Answer {
        /// The program.
        program: PathBuf,
        /// What was expected.
        what: &'static str,
    },
}

/// A program that signs for one key.
#[derive(Debug)]
pub struct ExecSigner {
    program: PathBuf,
    public: PublicKey,
    timeout: Duration,
}

impl ExecSigner {
    /// The signer behind `program`; its public key from a file, or asked from the program itself.
    ///
    /// # Errors
    /// The file cannot be read, or the program does not answer with a public key.
    pub fn open(program: &Path, public: Option<&Path>) -> anyhow::Result<Self> {
        let public = match public {
            Some(path) => crate::key::public_in(path)?,
            None => {
                let line = run(program, &json!({ "kind": "public", "version": 1 }), TIMEOUT)?;
                let no_key = |_| ExecError::Answer { program: program.to_owned(), what: "public key" };
                serde_json::from_slice(&line).map_err(no_key)?
            }
        };
        Ok(Self { program: program.to_owned(), public, timeout: TIMEOUT })
    }

    /// The public key it signs for.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A signature over the message. Whether it holds is for the caller to check.
    ///
    /// # Errors
    /// [`ExecError`].
    pub fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, ExecError> {
        let (kind, bytes) = match message {
            Message::Bytes(bytes) => ("bytes", bytes),
            Message::Hash(hash) => ("hash", hash.as_slice()),
        };
        let request = json!({
            "keyid": self.public.id(),
            "kind": kind,
            "message": STANDARD.encode(bytes),
            "suite": self.public.suite().as_str(),
            "version": 1,
        });
        let answer = run(&self.program, &request, self.timeout)?;
        let text = std::str::from_utf8(&answer).ok().map(str::trim);
        let signature = text.and_then(|text| STANDARD.decode(text).ok()).filter(|bytes| !bytes.is_empty());
        signature
            .ok_or_else(|| ExecError::Answer { program: self.program.clone(), what: "signature in base64" })
    }
}

/// Runs the program with one line on its stdin; its stdout is the answer, its stderr goes to the person.
fn run(program: &Path, request: &serde_json::Value, timeout: Duration) -> Result<Vec<u8>, ExecError> {
    let start = |source| ExecError::Start { program: program.to_owned(), source };
    let mut command = Command::new(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(start)?;
    let (sender, answer) = mpsc::channel();
    if let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) {
        let line = format!("{request}\n");
        // A program that answers without reading closes its end: that is its business.
        thread::spawn(move || drop(stdin.write_all(line.as_bytes())));
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = stdout.take(ANSWER_BYTES_MAX + 1).read_to_end(&mut bytes);
            drop(sender.send(read.map(|_| bytes)));
        });
    }
    let until = Instant::now() + timeout;
    let status = wait(&mut child, until).map_err(start)?;
    let Some(status) = status else {
        return Err(ExecError::Timeout { program: program.to_owned(), waited: timeout });
    };
    if !status.success() {
        return Err(ExecError::Status { program: program.to_owned(), status });
    }
    // A grandchild may hold the pipe open: the answer counts only once the pipe is closed, and within the
    // time.
    let left = until.saturating_duration_since(Instant::now());
    match answer.recv_timeout(left) {
        Ok(Ok(bytes)) if bytes.len() as u64 <= ANSWER_BYTES_MAX => Ok(bytes),
        Ok(Ok(_)) => {
            Err(ExecError::Answer { program: program.to_owned(), what: "line of at most 65536 bytes" })
        }
        Ok(Err(source)) => Err(start(source)),
        Err(_) => Err(ExecError::Timeout { program: program.to_owned(), waited: timeout }),
    }
}

/// How the program ended; nothing when its time was over, and it was stopped.
fn wait(child: &mut Child, until: Instant) -> std::io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= until {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests;
