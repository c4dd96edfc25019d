//! Writes the vectors of records, logs, certificates, receipts and declarations, and the worked examples in
//! their pages of `specs/`.
//!
//! `cargo run -p lockstep-ledger --example vectors`; the test `vectors` compares what is committed.

mod answer;
mod certificate;
mod declaration;
mod log;
#[path = "../../../crypto/examples/vectors/page.rs"]
mod page;
mod receipt;
mod record;

#[expect(clippy::disallowed_methods, reason = "this program is the shell that writes the files")]
fn main() -> std::io::Result<()> {
    for (name, example, vectors) in [
        ("record", record::example(), record::vectors()),
        ("log", log::example(), log::vectors()),
        ("certificate", certificate::example(), certificate::vectors()),
        ("receipt", receipt::example(), receipt::vectors()),
    ] {
        std::fs::write(page::vectors_path(name), vectors)?;
        let path = page::page_path(name);
        let written = page::with_example(&std::fs::read_to_string(&path)?, &example);
        std::fs::write(path, written)?;
    }
    std::fs::write(page::vectors_path("declaration"), declaration::vectors())
}
