use super::units;
use crate::workspace;
use std::collections::BTreeSet;
use std::fs;

fn text(path: &str) -> String {
    fs::read_to_string(workspace::root().unwrap().join(path)).unwrap()
}

/// Words of a text that begin so, without what follows letters and `_`.
fn words(text: &str, begin: &str) -> BTreeSet<String> {
    let all = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    all.filter(|word| word.starts_with(begin)).map(str::to_owned).collect()
}

#[test]
fn alerts_look_at_figures_that_the_server_gives() {
    let mut figures = words(&text("crates/server/src/figures.rs"), "lockstep_");
    figures.extend(words(&text("crates/server/src/figures/programmes.rs"), "lockstep_"));
    figures.extend(words(&text("crates/cli/src/commands/connect/figures.rs"), "lockstep_"));
    let looked_at = words(&text("deploy/alerts.yml"), "lockstep_");
    // A histogram is told of as three figures under one name.
    let ends = ["_bucket", "_sum", "_count"];
    let known = |name: &&String| {
        figures.contains(*name)
            || ends.iter().any(|end| name.strip_suffix(end).is_some_and(|name| figures.contains(name)))
    };
    let unknown: Vec<&String> = looked_at.iter().filter(|name| !known(name)).collect();
    assert!(looked_at.len() > 5 && unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_alert_is_played_and_has_its_line_in_the_operations() {
    let alerts: BTreeSet<String> = text("deploy/alerts.yml")
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: ").map(str::to_owned))
        .collect();
    assert!(alerts.len() > 5);
    assert_eq!(words(&text("docs/operations.md"), "Lockstep"), alerts);
    // Raised once at least: an expectation of none alone would hold for a rule that never fires.
    let played = text("deploy/alerts.test.yml");
    let raised: BTreeSet<String> = played
        .split("alertname: ")
        .skip(1)
        .filter(|rest| rest.lines().nth(1).is_some_and(|line| line.trim() == "exp_alerts:"))
        .filter_map(|rest| rest.lines().next().map(str::to_owned))
        .collect();
    assert_eq!(raised, alerts);
}

#[test]
fn units_are_handed_to_systemd_as_they_are_but_for_the_program() {
    for path in units(&workspace::root().unwrap()).unwrap() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (shipped, copy) = (text(&format!("deploy/{name}")), fs::read_to_string(&path).unwrap());
        let differ: Vec<(&str, &str)> = shipped.lines().zip(copy.lines()).filter(|(a, b)| a != b).collect();
        assert_eq!(differ.len(), 1, "{name}");
        assert_eq!(differ[0].1, "ExecStart=/bin/true", "{name}");
        for setting in ["NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "UMask=0077"]
        {
            assert!(shipped.lines().any(|line| line == setting), "{name} says `{setting}`");
        }
    }
}
