use super::line::commands;
use super::reference::Reference;
use super::{REFERENCE, check};
use crate::files::SourceFile;
use crate::workspace;

fn reference() -> Reference {
    let root = workspace::root().unwrap();
    Reference::parse(&std::fs::read_to_string(root.join(REFERENCE)).unwrap())
}

/// What is said of a file, one line each.
#[track_caller]
fn says(path: &str, text: &str, expected: &[&str]) {
    let file = SourceFile { path: path.to_owned(), text: text.to_owned() };
    let found: Vec<String> = check(&reference(), &file).iter().map(|finding| finding.text.clone()).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_command_in_a_block_exists_with_its_options_and_places() {
    let block = |line: &str| format!("```\n{line}\n```\n");
    says("a.md", &block("lockstep serve --config lockstep.toml"), &[]);
    says("a.md", &block("sudo -u lockstep lockstep --state /s fsck DIR --remember"), &[]);
    says("a.md", &block("sudo -u lockstep lockstep tock"), &["`lockstep tock`: there is no such command"]);
    says("a.md", &block("lockstep govern rotate DIR --as K \\\n  --cosigner A=B | tail -1 # so"), &[]);
    says("a.md", &block("lockstep case show --server https://a.example C"), &[]);
    says("a.md", &block("lockstep frobnicate"), &["`lockstep frobnicate`: there is no such command"]);
    says("a.md", &block("lockstep fsck"), &["`lockstep fsck`: it takes 1 names, found 0"]);
    says("a.md", &block("lockstep fsck A B"), &["`lockstep fsck A B`: it takes at most 1 names, found 2"]);
    says(
        "a.md",
        &block("lockstep fsck A --deep"),
        &["`lockstep fsck A --deep`: there is no option `--deep`"],
    );
    says("a.md", &block("lockstep cosign A"), &["`lockstep cosign A`: `--key` is missing"]);
    says("a.md", &block("lockstep cosign A --key"), &["`lockstep cosign A --key`: `--key` takes a value"]);
}

#[test]
fn a_sentence_may_name_a_command_by_its_beginning() {
    says("a.md", "`lockstep chain` has `lockstep verify --rpc`, and `lockstep cosign`.", &[]);
    says("a.md", "so does `lockstep cosine`", &["`lockstep cosine`: there is no such command"]);
    says("a.md", "`lockstep verify --rpk`", &["`lockstep verify --rpk`: there is no option `--rpk`"]);
}

#[test]
fn units_and_compose_files_are_read_too() {
    let unit =
        "[Service]\n# lockstep does this\nUser=lockstep\nExecStart=/usr/bin/lockstep serve --confg /a\n";
    says("deploy/a.service", unit, &["`lockstep serve --confg /a`: there is no option `--confg`"]);
    let compose = "services:\n  a:\n    command: [\"cosign\", \"--follow\", \"https://a\"]\n";
    let refused = "`lockstep cosign --follow https://a`: `--key` is missing";
    says("deploy/compose.yml", compose, &[refused]);
}

#[test]
fn the_line_of_a_command_is_where_it_begins() {
    let text = "a\n```\nls\nlockstep verify \\\n  --trust T FILE\n```\n".to_owned();
    let found = commands(&SourceFile { path: "a.md".to_owned(), text });
    let lines: Vec<(usize, usize)> = found.iter().map(|one| (one.line, one.words.len())).collect();
    assert_eq!(lines, [(4, 4)]);
}
