//! Writes `vectors/suites.json`, `vectors/state-map.json` and the worked examples in their pages of `specs/`.
//!
//! `cargo run -p lockstep-crypto --example vectors`; the test `vectors` compares what is committed.

mod page;
mod state_map;
mod suites;

#[expect(clippy::disallowed_methods, reason = "this program is the shell that writes the files")]
fn main() -> std::io::Result<()> {
    for (name, example, vectors) in [
        ("suites", suites::example(), suites::vectors()),
        ("state-map", state_map::example(), state_map::vectors()),
    ] {
        std::fs::write(page::vectors_path(name), vectors)?;
        let path = page::page_path(name);
        let written = page::with_example(&std::fs::read_to_string(&path)?, &example);
        std::fs::write(path, written)?;
    }
    Ok(())
}
