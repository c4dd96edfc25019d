//! What is committed under `vectors/` and `specs/` is what the code gives.

#[path = "../examples/vectors/answer.rs"]
mod answer;
#[path = "../examples/vectors/certificate.rs"]
mod certificate;
#[path = "../examples/vectors/declaration.rs"]
mod declaration;
#[path = "../examples/vectors/log.rs"]
mod log;
#[path = "../../crypto/examples/vectors/page.rs"]
mod page;
#[path = "../examples/vectors/receipt.rs"]
mod receipt;
#[path = "../examples/vectors/record.rs"]
mod record;

const HINT: &str = "run `cargo run -p lockstep-ledger --example vectors` if the change is meant";

fn check(name: &str, example: &str, vectors: &str) {
    let committed = std::fs::read_to_string(page::vectors_path(name)).unwrap();
    assert_eq!(committed, vectors, "vectors/{name}.json: {HINT}");
    let page = std::fs::read_to_string(page::page_path(name)).unwrap();
    assert_eq!(page, page::with_example(&page, example), "specs/{name}.md: {HINT}");
}

#[test]
fn records_are_as_committed() {
    check("record", &record::example(), &record::vectors());
}

#[test]
fn logs_are_as_committed() {
    check("log", &log::example(), &log::vectors());
}

#[test]
fn certificates_are_as_committed() {
    check("certificate", &certificate::example(), &certificate::vectors());
}

#[test]
fn receipts_are_as_committed() {
    check("receipt", &receipt::example(), &receipt::vectors());
}

#[test]
fn declarations_are_as_committed() {
    let committed = std::fs::read_to_string(page::vectors_path("declaration")).unwrap();
    assert_eq!(committed, declaration::vectors(), "vectors/declaration.json: {HINT}");
}
