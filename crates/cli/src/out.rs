//! What goes where: data on stdout, everything else on stderr.

use crate::fault::Fault;
use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::{ErrorKind, Write};

/// How this run speaks.
#[derive(Debug, Clone, Copy)]
pub struct Out {
    /// One JSON object on stdout in place of text.
    pub json: bool,
}

impl Out {
    /// The answer: an object for programs, or a text for people.
    pub fn answer(self, data: &impl Serialize, text: impl FnOnce() -> String) -> Result<()> {
        let mut line = if self.json { serde_json::to_string(data)? } else { text() };
        if !line.is_empty() && !line.ends_with('\n') {
            line.push('\n');
        }
        write(line.as_bytes())
    }

    /// A remark that is no answer.
    pub fn note(self, text: impl AsRef<str>) {
        eprintln!("{}", text.as_ref());
    }

    /// An error, on stderr; with `--json` as one object.
    pub fn fault(self, fault: &Fault) {
        if self.json {
            let object = serde_json::json!({ "error": fault });
            eprintln!("{object}");
            return;
        }
        eprintln!("error: {} ({})", fault.text, fault.code);
        for cause in &fault.causes {
            eprintln!("  because: {cause}");
        }
        if let Some(hint) = &fault.hint {
            eprintln!("hint: {hint}");
        }
    }

    /// Progress of long work; nothing is shown when stderr is no terminal.
    pub fn progress(self, total: u64, what: &'static str) -> ProgressBar {
        let bar = ProgressBar::new(total).with_message(what);
        if let Ok(style) = ProgressStyle::with_template("{msg} {human_pos} of {human_len} {wide_bar}") {
            bar.set_style(style);
        }
        bar
    }
}

/// Writes to stdout; a reader that went away is no error.
pub fn write(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        answer => Ok(answer?),
    }
}
