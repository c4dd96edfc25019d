//! Keys behind a program: payload in, signature out (docs/how-to/signers.md).

use lockstep_attest::signer::{ANSWER_BYTES_MAX, Request, SignerError, public_in, signature_in};
use lockstep_crypto::suite::{Message, PublicKey};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take when nothing is said: a person may have to press a button.
pub const TIMEOUT: Duration = Duration::from_secs(120);
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
    #[error("the answer of signer `{}` is none", program.display())]
    Answer {
        /// The program.
        program: PathBuf,
        /// What was expected.
        source: SignerError,
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
    /// The signer behind `program`, which may take this long; its public key from a file, or asked from the
    /// program itself.
    ///
    /// # Errors
    /// The file cannot be read, or the program does not answer with a public key.
    pub fn open(program: &Path, public: Option<&Path>, timeout: Duration) -> anyhow::Result<Self> {
        let public = match public {
            Some(path) => crate::key::public_in(path)?,
            None => {
                let answer = run(program, &Request::Public, timeout)?;
                public_in(&answer).map_err(|source| wrong(program, source))?
            }
        };
        Ok(Self { program: program.to_owned(), public, timeout })
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
        let answer = run(&self.program, &Request::sign(&self.public, message), self.timeout)?;
        signature_in(&answer).map_err(|source| wrong(&self.program, source))
    }
}

fn wrong(program: &Path, source: SignerError) -> ExecError {
    ExecError::Answer { program: program.to_owned(), source }
}

/// Runs the program with one line on its stdin; its stdout is the answer, its stderr goes to the person.
fn run(program: &Path, request: &Request, timeout: Duration) -> Result<Vec<u8>, ExecError> {
    let line = format!("{}\n", request.to_line().map_err(|source| wrong(program, source))?);
    let start = |source| ExecError::Start { program: program.to_owned(), source };
    let mut command = Command::new(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(start)?;
    let (sender, answer) = mpsc::channel();
    if let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) {
        // A program that answers without reading closes its end: that is its business.
        thread::spawn(move || drop(stdin.write_all(line.as_bytes())));
        thread::spawn(move || {
            let mut bytes = Vec::new();
            // One byte more, so that too long is told from long enough.
            let read = stdout.take(ANSWER_BYTES_MAX as u64 + 1).read_to_end(&mut bytes);
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
        Ok(Ok(bytes)) => Ok(bytes),
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
