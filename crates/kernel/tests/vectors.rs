//! What is committed under `vectors/`, `specs/` and `docs/errors.md` is what the code gives.

#[path = "../examples/vectors/errors.rs"]
mod errors;
#[path = "../examples/vectors/page.rs"]
mod page;
#[path = "../examples/vectors/pages.rs"]
mod pages;
#[path = "../examples/vectors/scene.rs"]
mod scene;

use lockstep_kernel::RefusalCode;

const HINT: &str = "run `cargo run -p lockstep-kernel --example vectors` if the change is meant";

#[test]
fn vectors_are_as_committed() {
    for (name, vectors) in pages::vectors(&scene::Scene::new()) {
        let committed = std::fs::read_to_string(page::vectors_path(name)).unwrap();
        assert!(committed == vectors, "vectors/{name}.json: {HINT}");
    }
}

#[test]
fn pages_show_what_the_code_gives() {
    for (name, example) in pages::examples(&scene::Scene::new()) {
        let page = std::fs::read_to_string(page::page_path(name)).unwrap();
        assert!(page == page::with_example(&page, &example), "specs/{name}.md: {HINT}");
    }
}

#[test]
fn every_refusal_has_its_line_in_the_index() {
    let index = std::fs::read_to_string(errors::path()).unwrap();
    assert!(index == errors::page(), "docs/errors.md: {HINT}");
    for code in RefusalCode::ALL {
        assert_eq!(index.matches(&format!("| `{}` |", code.as_text())).count(), 1, "{code:?}");
    }
}
