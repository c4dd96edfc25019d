//! What is committed under `vectors/`, `specs/` and `docs/errors.md` is what the code gives.

#[path = "../examples/vectors/errors.rs"]
mod errors;
#[path = "../examples/vectors/page.rs"]
mod page;
#[path = "../examples/vectors/pages.rs"]
mod pages;
#[path = "../examples/vectors/scene.rs"]
mod scene;

use lockstep_kernel::{Body, Entity, RefusalCode};
use lockstep_types::{Digest, sha256};
use std::collections::BTreeSet;

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

fn page_of(name: &str) -> String {
    std::fs::read_to_string(page::page_path(name)).unwrap()
}

/// The first fence marked `text`, line by line.
fn example_of(page: &str) -> Vec<&str> {
    let (_, rest) = page.split_once("```text\n").unwrap();
    rest.split_once("```\n").unwrap().0.lines().collect()
}

fn assert_is_body(line: &str) {
    let body = Body::from_slice(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}"));
    assert_eq!(body.to_vec().unwrap(), line.as_bytes());
}

/// The codes of the last table of `specs/refusals.md`.
#[test]
fn the_page_of_refusals_has_every_code_in_the_order_of_the_code() {
    let page = page_of("refusals");
    let (_, table) = page.split_once("| code | says |\n| --- | --- |\n").unwrap();
    let row = |line: &str| line.strip_prefix("| `")?.split_once('`').map(|(code, _)| code.to_owned());
    let found: Vec<String> = table.lines().map_while(row).collect();
    let expected: Vec<String> = RefusalCode::ALL.iter().map(|code| code.as_text()).collect();
    assert_eq!(found, expected);
    example_of(&page).into_iter().for_each(assert_is_body);
}

#[test]
fn the_page_of_bodies_has_one_of_every_kind() {
    let page = page_of("bodies");
    let mut kinds = BTreeSet::new();
    for line in example_of(&page) {
        assert_is_body(line);
        kinds.insert(line.split('"').nth(1).unwrap());
    }
    let named = |kind: &&str| page.contains(&format!("| `{kind}`")) || *kind == "consented";
    assert!(kinds.iter().all(named), "{kinds:?}");
    assert_eq!(kinds.len(), 17, "kinds of bodies in the example: {kinds:?}");
}

#[test]
fn the_page_of_entries_has_one_of_every_kind_under_its_key() {
    let page = page_of("entries");
    let lines = example_of(&page);
    let mut kinds = BTreeSet::new();
    for pair in lines.chunks(2) {
        let [entity, entry] = pair else { panic!("an entity, then its key and value: {pair:?}") };
        let named: Entity = serde_json::from_str(entity).unwrap_or_else(|error| panic!("{entity}: {error}"));
        let (key, value) = entry.trim().split_once(' ').unwrap();
        assert_eq!(named.key().to_string(), key, "{entity}");
        assert!(
            lockstep_types::canonical::value_from_slice(value.as_bytes(), value.len()).is_ok(),
            "{value}"
        );
        kinds.insert(entity.split('"').nth(1).unwrap());
    }
    assert_eq!(kinds.len(), 8, "kinds of entries in the example: {kinds:?}");
}

#[test]
fn the_page_of_readings_shows_what_the_vectors_hold() {
    let page = page_of("readings");
    let lines = example_of(&page);
    let content = Digest(sha256(lines[0].as_bytes())).to_string();
    assert!(lines[1].ends_with(&content), "{content}");
    let vectors = std::fs::read_to_string(page::vectors_path("case")).unwrap();
    assert!(vectors.contains(&content));
}

/// Wherever a page names a section of a page, that section is there.
#[test]
fn pages_name_sections_that_exist() {
    let folder = page::page_path("case").parent().unwrap().to_owned();
    let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    let texts: Vec<String> =
        names.iter().map(|name| std::fs::read_to_string(folder.join(name)).unwrap()).collect();
    let mut seen = 0;
    for (name, text) in names.iter().zip(&texts) {
        for (at, _) in text.match_indices(".md` §") {
            let named = text[..at].rsplit('`').next().unwrap();
            let digits = text[at..].trim_start_matches(".md` §").trim_start_matches('§');
            let number: String = digits.chars().take_while(char::is_ascii_digit).collect();
            let place = names.iter().position(|other| *other == format!("{named}.md"));
            let page = &texts[place.unwrap_or_else(|| panic!("{name} names {named}.md, which is not there"))];
            assert!(page.contains(&format!("\n## {number} ")), "{name} names {named}.md §{number}");
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen} sections are named");
}
