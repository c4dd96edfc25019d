//! What is committed under `vectors/` and `specs/` is what the code gives.

#[path = "../examples/vectors/page.rs"]
mod page;
#[path = "../examples/vectors/state_map.rs"]
mod state_map;
#[path = "../examples/vectors/suites.rs"]
mod suites;

const HINT: &str = "run `cargo run -p lockstep-crypto --example vectors` if the change is meant";

fn check(name: &str, example: &str, vectors: &str) {
    let committed = std::fs::read_to_string(page::vectors_path(name)).unwrap();
    assert_eq!(committed, vectors, "vectors/{name}.json: {HINT}");
    let page = std::fs::read_to_string(page::page_path(name)).unwrap();
    assert_eq!(page, page::with_example(&page, example), "specs/{name}.md: {HINT}");
}

#[test]
fn suites_are_as_committed() {
    check("suites", &suites::example(), &suites::vectors());
}

#[test]
fn the_state_map_is_as_committed() {
    check("state-map", &state_map::example(), &state_map::vectors());
}
