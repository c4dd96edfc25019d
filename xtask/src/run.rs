//! Programs that are started from here.

use anyhow::{Context, Result};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// Says on stderr what begins now.
pub fn title(text: &str) {
    eprintln!("== {text}");
}

/// The command as a person would type it.
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    [program].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Runs with our own stdin, stdout and stderr; true when it exits 0.
pub fn succeeds(command: &mut Command) -> Result<bool> {
    let status = command.status().with_context(|| format!("start `{}`", shown(command)))?;
    Ok(status.success())
}

/// Runs and hands every line of stdout to `on_line` as it comes; true when it exits 0.
pub fn lines(command: &mut Command, mut on_line: impl FnMut(&str)) -> Result<bool> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("start `{}`", shown(command)))?;
    let stdout = child.stdout.take().context("a piped stdout")?;
    let mut reader = BufReader::new(stdout);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        on_line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        line.clear();
    }
    Ok(child.wait()?.success())
}
