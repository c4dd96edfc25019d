//! What can be seen without parsing: widths, lengths, paths of one machine, hosts of registries.

use super::{COLUMNS_MAX, FILE_LINES_MAX};
use crate::files::SourceFile;
use crate::finding::Finding;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;

/// Files in which the width of a line counts; tables in documents may be wider.
const CODE: [&str; 6] = [".rs", ".sh", ".sol", ".ts", ".cedar", ".css"];

/// Folders that stand at the root of one machine; a path into one works nowhere else.
const MACHINE_FOLDERS: [&str; 5] = ["home", "root", "Users", "work", "farm"];

/// Hosts that a mirror may replace: Cargo and npm know where to look, our files need not.
const REGISTRY_HOSTS: [[&str; 2]; 5] = [
    ["registry", "npmjs"],
    ["registry", "yarnpkg"],
    ["static", "crates"],
    ["index", "crates"],
    ["proxy", "golang"],
];

/// Findings in the lines of one file. Lock files are written by tools and are not looked at.
pub fn check(file: &SourceFile) -> Vec<Finding> {
    if file.path.ends_with(".lock") {
        return Vec::new();
    }
    let code = CODE.iter().any(|end| file.path.ends_with(end));
    let mut texts = BTreeSet::new();
    if file.path.ends_with(".rs") {
        lines_of_texts(file.text.parse().unwrap_or_default(), &mut texts);
    }
    let mut found: Vec<Finding> = file
        .text
        .lines()
        .zip(1..)
        .flat_map(|(line, number)| check_line(file, line, number, code && !texts.contains(&number)))
        .collect();
    let length = file.text.lines().count();
    if file.path.ends_with(".rs") && !file.is_test() && length > FILE_LINES_MAX {
        let text = format!("a file has at most {FILE_LINES_MAX} lines, found {length}");
        found.push(Finding::of_file(&file.path, "file-lines", text));
    }
    found
}

/// Lines of string literals that go over several lines: a table or an expected text keeps its own width.
fn lines_of_texts(tokens: TokenStream, lines: &mut BTreeSet<usize>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => lines_of_texts(group.stream(), lines),
            TokenTree::Literal(literal) => {
                let (first, last) = (literal.span().start().line, literal.span().end().line);
                if first < last {
                    lines.extend(first..=last);
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

fn check_line(file: &SourceFile, line: &str, number: usize, code: bool) -> Vec<Finding> {
    let finding = |rule, item: &str, text| Finding {
        path: file.path.clone(),
        line: number,
        rule,
        item: item.to_owned(),
        text,
    };
    let mut found = Vec::new();
    let width = line.chars().count();
    if code && width > COLUMNS_MAX {
        found.push(finding(
            "columns",
            "",
            format!("a line has at most {COLUMNS_MAX} columns, found {width}"),
        ));
    }
    for folder in MACHINE_FOLDERS {
        if has_machine_path(line, folder) {
            found.push(finding("machine-path", folder, "a path that exists on one machine only".to_owned()));
        }
    }
    for host in REGISTRY_HOSTS {
        if line.contains(&host.join(".")) {
            found.push(finding("registry-host", host[0], "the host of a package registry".to_owned()));
        }
    }
    found
}

/// `/folder/` at the start of a path: nothing of a longer path or address stands before it.
fn has_machine_path(line: &str, folder: &str) -> bool {
    let needle = format!("/{folder}/");
    line.match_indices(&needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~}>)*".contains(c))
    })
}
