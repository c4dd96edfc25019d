//! Writes `vectors/pack` and `vectors/rules`: packs that are accepted and refused, and what a verifier says
//! of each.
//!
//! `cargo run -p lockstep-pack --example vectors` (the folder above both is the argument, or `vectors`)
#![expect(
    clippy::disallowed_methods,
    reason = "an example is a shell: it reads arguments and clocks, and prints"
)]

#[path = "../tests/world/answers.rs"]
mod answers;
#[path = "../tests/world/crossing.rs"]
mod crossing;
#[path = "../tests/world/small.rs"]
mod small;
#[path = "../tests/world/world.rs"]
mod world;

#[path = "../tests/world/index.rs"]
mod index;

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors");
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| default.to_owned()));
    for (name, files) in [("pack", index::files()), ("rules", crossing::files())] {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        for (name, bytes) in files {
            std::fs::write(folder.join(name), bytes)?;
        }
    }
    Ok(())
}
