//! The reference of the command line, as Markdown: `docs/cli.md` is generated from what the program itself
//! knows.

use crate::{Cli, out};
use anyhow::Result;
use clap::{Arg, Command, CommandFactory};
use std::fmt::Write;

/// Prints the reference.
pub fn run() -> Result<u8> {
    out::write(reference().as_bytes())?;
    Ok(0)
}

fn reference() -> String {
    let mut root = Cli::command();
    root.build();
    let mut text =
        String::from("<!-- written by `cargo xtask gen`; do not edit -->\n\n# The command line\n\n");
    if let Some(about) = root.get_long_about().or(root.get_about()) {
        let _ = writeln!(text, "{about}\n");
    }
    text.push_str("## Options of every command\n\n");
    let everywhere: Vec<&Arg> = root.get_arguments().filter(|arg| arg.is_global_set()).collect();
    everywhere.iter().for_each(|arg| option(&mut text, arg));
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        section(&mut text, command, "lockstep");
    }
    text
}

fn section(text: &mut String, command: &Command, above: &str) {
    if command.get_name() == "help" {
        return;
    }
    let name = format!("{above} {}", command.get_name());
    let nested: Vec<&Command> = command.get_subcommands().filter(|c| c.get_name() != "help").collect();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    if !nested.is_empty() {
        nested.into_iter().for_each(|command| section(text, command, &name));
        return;
    }
    let _ = writeln!(text, "\n## `{name}`\n\n{about}.\n");
    let own = |arg: &&Arg| {
        !arg.is_global_set() && !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str())
    };
    let (places, options): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().filter(own).partition(|a| a.is_positional());
    let mut usage = name;
    for arg in &places {
        let value = arg.get_id().as_str().to_uppercase();
        let _ = write!(
            usage,
            "{}",
            if arg.is_required_set() { format!(" {value}") } else { format!(" [{value}]") }
        );
    }
    for arg in options.iter().filter(|arg| arg.is_required_set()) {
        let _ = write!(usage, " {}", flag(arg));
    }
    let _ = writeln!(text, "```text\n{usage}\n```\n");
    places.iter().chain(&options).for_each(|arg| option(text, arg));
}

fn flag(arg: &Arg) -> String {
    let values: Vec<String> =
        arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
    let takes = arg.get_action().takes_values();
    let value = if takes { format!(" {}", values.join(" ")) } else { String::new() };
    let more =
        if matches!(arg.get_action(), clap::ArgAction::Append) && !arg.is_positional() { "…" } else { "" };
    match arg.get_long() {
        Some(long) => format!("--{long}{value}{more}"),
        None => arg.get_id().as_str().to_uppercase(),
    }
}

fn option(text: &mut String, arg: &Arg) {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let default = if defaults.is_empty() || !arg.get_action().takes_values() {
        String::new()
    } else {
        format!(" (default `{}`)", defaults.join(" "))
    };
    let _ = writeln!(text, "* `{}`: {help}{default}", flag(arg));
}
