//! Writes `vectors/years`: packs of a ledger through three epochs, and of histories made up with the keys of
//! co-signers who had left. These are fixtures for ever: a file that is there is left as it is. What is said
//! of them today goes to `reports.json`.
//!
//! `cargo run -p lockstep-pack --example years` (the folder is the argument, or `vectors/years`)
#![expect(
    clippy::disallowed_methods,
    reason = "an example is a shell: it reads arguments and clocks, and prints"
)]

#[path = "../tests/world/answers.rs"]
#[expect(dead_code, reason = "the vectors of `vectors/rules` are made of it as well")]
mod answers;
#[path = "../tests/world/small.rs"]
#[expect(dead_code, reason = "the vectors of `vectors/pack` are made of it as well")]
mod small;
#[path = "../tests/world/world.rs"]
mod world;
#[path = "../tests/world/years.rs"]
mod years;

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/years");
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| default.to_owned()));
    std::fs::create_dir_all(&folder)?;
    for (name, bytes) in years::files() {
        if !folder.join(&name).exists() {
            std::fs::write(folder.join(name), bytes)?;
        }
    }
    let asked = years::ask(|name| std::fs::read(folder.join(name)).unwrap());
    std::fs::write(folder.join("reports.json"), years::reports(&asked))
}
