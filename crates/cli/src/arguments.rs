//! What the command line may look like: where a server is named, no folder is.

use crate::Cli;
use clap::{Command, CommandFactory};

/// The command line for the arguments of this process.
pub fn command() -> Command {
    let of_server = |arg: std::ffi::OsString| {
        arg.to_str().is_some_and(|arg| arg == "--server" || arg.starts_with("--server="))
    };
    let command = Cli::command();
    if std::env::args_os().any(of_server) { without_folder(command) } else { command }
}

/// Commands that take `--server` have no place for a folder then, so that what follows is not taken for one.
fn without_folder(command: Command) -> Command {
    let has = |name: &str| command.get_arguments().any(|arg| arg.get_id() == name);
    let both = has("server") && has("dir");
    let command = if both {
        command.mut_arg("dir", |arg| arg.long("no-folder").hide(true).required(false))
    } else {
        command
    };
    command.mut_subcommands(without_folder)
}

#[cfg(test)]
mod tests;
