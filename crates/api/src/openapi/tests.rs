use super::*;

/// The paths that `path.rs` names, as it writes them.
fn named() -> Vec<String> {
    let text = include_str!("../path.rs");
    let path = |line: &str| {
        let (_, path) = line.trim().strip_prefix("pub const ")?.split_once(": &str = \"")?;
        Some(path.trim_end_matches("\";").replace("{*tile}", "{tile}"))
    };
    text.lines().filter_map(path).collect()
}

#[test]
fn every_route_is_described_and_no_other() {
    let document = document();
    let mut described: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    let mut named = named();
    described.sort();
    named.sort();
    assert_eq!(described, named.iter().collect::<Vec<_>>());
}

#[test]
fn what_is_referred_to_is_there_and_no_two_operations_have_one_name() {
    let document = document();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let (pointer, _) = reference.split_once('"').unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    let mut ids: Vec<&str> = operations().iter().map(|operation| operation.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), operations().len());
}

#[test]
fn answers_are_described_as_they_are_written() {
    let document = document();
    let row = WaitingRow {
        case: lockstep_types::CaseId([7; 32]),
        deadline: "2026-11-21T10:00:00.000Z".parse().unwrap(),
        role: "auditor".parse().unwrap(),
        step: "audit".parse().unwrap(),
    };
    let written = serde_json::to_value(row).unwrap();
    let schema = &document["components"]["schemas"]["WaitingRow"];
    let mut required: Vec<&str> =
        schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    required.sort_unstable();
    let mut found: Vec<&str> = written.as_object().unwrap().keys().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(required, found);
    for (name, value) in written.as_object().unwrap() {
        let property = &schema["properties"][name];
        let referred = property["$ref"].as_str().map(|reference| &reference[1..]);
        let described = referred.map_or(property, |pointer| document.pointer(pointer).unwrap());
        let kind = if value.is_string() { "string" } else { "integer" };
        assert_eq!(described["type"], kind, "{name}: {value}");
    }
    assert_eq!(schema["properties"]["case"]["$ref"], "#/components/schemas/Hash");
}

/// `UPDATE_EXPECT=1 cargo test --package lockstep-api` writes the file anew.
#[test]
fn the_committed_document_is_this_one() {
    let text = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    expect_test::expect_file!["../../../../docs/openapi.json"].assert_eq(&text);
}
