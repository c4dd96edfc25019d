//! Prints what a verifier says of a pack: `cargo run -p lockstep-pack --example report PACK [TRUST]`.
#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "an example is a shell: it reads files and prints"
)]

use lockstep_pack::{Trust, verify};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut paths = std::env::args().skip(1);
    let pack = std::fs::read(paths.next().ok_or("the path of a pack is expected")?)?;
    let trust = paths.next().map(std::fs::read).transpose()?;
    let trust = trust.map(|bytes| Trust::from_slice(&bytes)).transpose()?;
    let report = verify(&pack, trust.as_ref());
    println!("{}", report.to_lines().join("\n"));
    std::process::exit(i32::from(report.verdict.exit_code()));
}
