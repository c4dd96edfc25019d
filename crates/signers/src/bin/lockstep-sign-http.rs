//! Gets signatures from a service over HTTP, for `exec:` (docs/how-to/sign-with-a-kms.md).

use anyhow::Result;
use clap::{Parser, Subcommand};
use lockstep_signers::http::Service;
use lockstep_signers::serve::{public_line, serve};
use std::path::PathBuf;
use std::process::ExitCode;

/// Gets signatures from a service over HTTPS for `lockstep`, however long its approvals take.
///
/// CONFIG is a TOML file: `url`, `key`, `public`, `token_file`, and perhaps `patience_s` and `poll_ms`. Its
/// first line may be `#!/path/of/lockstep-sign-http sign`: made executable, it is what `exec:` names.
#[derive(Parser)]
#[command(name = "lockstep-sign-http", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer one line of the protocol on standard input
    Sign {
        /// Which key of which service
        config: PathBuf,
    },
    /// Print the public key as `lockstep` reads it
    Public {
        /// Which key of which service
        config: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Sign { config } => {
            serve(&mut Service::open(&config)?, std::io::stdin().lock(), std::io::stdout().lock())?;
        }
        Command::Public { config } => println!("{}", public_line(Service::open(&config)?.key())?),
    }
    Ok(())
}
