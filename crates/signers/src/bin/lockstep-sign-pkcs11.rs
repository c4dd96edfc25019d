//! Signs with a key in a PKCS#11 token, for `exec:` (docs/how-to/sign-with-an-hsm.md).

use anyhow::Result;
use clap::{Parser, Subcommand};
use lockstep_crypto::suite::Suite;
use lockstep_signers::pkcs11::{Token, make};
use lockstep_signers::serve::{Device, public_line, serve};
use std::path::PathBuf;
use std::process::ExitCode;

/// Signs with a key in an HSM (PKCS#11) for `lockstep`.
///
/// CONFIG is a TOML file: `module`, `token`, `label` or `id`, and `pin_file` if the PIN is not to be asked
/// for. Its first line may be `#!/path/of/lockstep-sign-pkcs11 sign`: made executable, it is what `exec:`
/// names.
#[derive(Parser)]
#[command(name = "lockstep-sign-pkcs11", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer one line of the protocol on standard input
    Sign {
        /// Which key of which token
        config: PathBuf,
    },
    /// Print the public key
    Public {
        /// Which key of which token
        config: PathBuf,
    },
    /// Make a key pair inside the token, and print the public key
    Make {
        /// The name that it gets in which token
        config: PathBuf,
        /// `ed25519`, `es256` or `eip712`
        #[arg(long)]
        suite: Suite,
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
            serve(&mut Token::new(&config)?, std::io::stdin().lock(), std::io::stdout().lock())?;
        }
        Command::Public { config } => println!("{}", public_line(&Token::new(&config)?.public()?)?),
        Command::Make { config, suite } => println!("{}", public_line(&make(&config, suite)?)?),
    }
    Ok(())
}
