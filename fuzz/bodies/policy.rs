//! Policies, their stories and the setup of their Gates: every file ends in findings or in what it says, and
//! a policy that is accepted can be explained, drawn and named.

use lockstep_policy::finding::{GUARDS_FILE, LAYOUT_FILE, SETUP_FILE, TESTS_FILE};
use lockstep_policy::{Finding, GateSetup, Layout, Policy, Scenarios, Wanted, draw, explain};

/// What parts `policy.toml`, `guards.cedar`, `tests.toml` and `gate.toml` in one input.
const MARK: &[u8] = b"\n==== next file ====\n";

/// Panics when `data` breaks a property of the readers.
pub fn run(data: &[u8]) {
    let (layout, rest) = cut(data);
    let (guards, rest) = cut(rest);
    let (tests, setup) = cut(rest);
    let read = Layout::from_file(layout);
    let policy = match Policy::from_files(layout, guards) {
        Ok(policy) => policy,
        Err(findings) => {
            check_findings(&findings, &[LAYOUT_FILE, GUARDS_FILE]);
            if let Err(of_layout) = read {
                check_findings(&of_layout, &[LAYOUT_FILE]);
            }
            return;
        }
    };
    assert_eq!(read.as_ref(), Ok(policy.layout()), "a layout reads the same alone");
    let again = Policy::from_files(layout, guards).expect("what was accepted is accepted again");
    assert_eq!(again.digest(), policy.digest());
    let lines = explain(&policy);
    assert_eq!(lines, explain(&again));
    assert!(!lines.is_empty());
    let picture = draw(&policy);
    assert_eq!(picture, draw(&again));
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert_eq!(picture.matches("<script").count(), 0, "a title is text and no markup");
    for step in &policy.layout().steps {
        let (permits, forbids) = policy.guard_texts(step.name.as_str());
        assert!(permits.is_sorted() && forbids.is_sorted());
    }
    match Scenarios::from_file(&policy, tests) {
        Ok(scenarios) => assert_eq!(Scenarios::from_file(&again, tests), Ok(scenarios)),
        Err(findings) => check_findings(&findings, &[TESTS_FILE]),
    }
    for domain in &policy.layout().domains {
        let Ok(wanted) = Wanted::of(&[&policy], domain.name.as_str()) else { continue };
        match GateSetup::from_file(&wanted, setup) {
            Ok(gate) => {
                assert_eq!(gate.lines.len(), wanted.lines.len(), "no line is left without a cap");
                assert!(gate.lines.iter().all(|line| line.cap < 1 << 56 && line.window_s > 0));
            }
            Err(findings) => check_findings(&findings, &[SETUP_FILE]),
        }
    }
}

/// Before the first mark, and after it; nothing after it when there is none.
fn cut(data: &[u8]) -> (&[u8], &[u8]) {
    match data.windows(MARK.len()).position(|window| window == MARK) {
        Some(at) => (&data[..at], &data[at + MARK.len()..]),
        None => (data, &[]),
    }
}

fn check_findings(findings: &[Finding], files: &[&str]) {
    assert!(!findings.is_empty(), "a refusal says why");
    assert!(findings.is_sorted(), "findings stand in the order of their places");
    for finding in findings {
        assert!(files.contains(&finding.file) && finding.line >= 1 && finding.column >= 1);
        assert!(!finding.text.is_empty() && !finding.code.is_empty());
        assert!(finding.to_string().starts_with(finding.file));
    }
}
