//! Writes `vectors/{claim,attestation,outcome,case,chain,later-rules}.json`, the worked examples in their
//! pages of `specs/`, and `docs/errors.md`.
//!
//! `cargo run -p lockstep-kernel --example vectors`; the test `vectors` compares what is committed.

mod errors;
mod page;
mod pages;
mod scene;

#[expect(clippy::disallowed_methods, reason = "this program is the shell that writes the files")]
fn main() -> std::io::Result<()> {
    let scene = scene::Scene::new();
    for (name, vectors) in pages::vectors(&scene) {
        std::fs::write(page::vectors_path(name), vectors)?;
    }
    for (name, example) in pages::examples(&scene) {
        let path = page::page_path(name);
        let written = page::with_example(&std::fs::read_to_string(&path)?, &example);
        std::fs::write(path, written)?;
    }
    std::fs::write(errors::path(), errors::page())
}
