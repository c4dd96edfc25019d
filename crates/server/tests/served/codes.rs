//! Every code that this server makes up is in the table that people look it up in.

use std::collections::BTreeSet;

#[test]
fn every_code_of_the_server_is_documented() {
    let table = include_str!("../../../../docs/cli-errors.md");
    let table = table.split("## What a server answers").nth(1).unwrap().split("\n## ").next().unwrap();
    let documented: BTreeSet<&str> =
        table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut made = BTreeSet::new();
    for file in std::fs::read_dir(sources).unwrap() {
        let path = file.unwrap().path();
        let text = if path.is_file() { std::fs::read_to_string(path).unwrap() } else { String::new() };
        for after in text.split("(Kind::").skip(1) {
            // `Kind::Invalid, "query", …`, on one line or on several.
            let code = after.split_once(',').map(|(_, rest)| rest.trim_start());
            let code = code.and_then(|rest| rest.strip_prefix('"')?.split('"').next());
            made.extend(code.map(str::to_owned));
        }
    }
    assert!(made.len() > 15, "{made:?}");
    let missing: Vec<&String> = made.iter().filter(|code| !documented.contains(code.as_str())).collect();
    assert!(missing.is_empty(), "not in docs/cli-errors.md: {missing:?}");
}
