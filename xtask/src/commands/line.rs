//! Commands as they stand in documents, units and compose files.

use crate::files::SourceFile;

/// One command, without the program's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Line on which it begins, from 1.
    pub line: usize,
    /// Its words.
    pub words: Vec<String>,
    /// Whether it is to be run as it stands; in a sentence it may be named by its beginning.
    pub whole: bool,
}

/// How a file says its commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Fenced blocks, and code in sentences.
    Markdown,
    /// `command: ["serve", …]`, for an image whose entrypoint is the program.
    Compose,
    /// Lines with the program's name or path in them.
    Lines,
}

impl Form {
    fn of(path: &str) -> Self {
        match path.rsplit('.').next() {
            Some("md") => Self::Markdown,
            Some("yml" | "yaml") => Self::Compose,
            _ => Self::Lines,
        }
    }
}

/// All commands of a file.
pub fn commands(file: &SourceFile) -> Vec<Written> {
    let form = Form::of(&file.path);
    let (mut found, mut fenced) = (Vec::new(), false);
    let mut lines = file.text.lines().zip(1..);
    while let Some((text, number)) = lines.next() {
        let mut text = text.trim().to_owned();
        if form == Form::Markdown && text.starts_with("```") {
            fenced = !fenced;
            continue;
        }
        while text.ends_with('\\') {
            text.pop();
            let Some((next, _)) = lines.next() else { break };
            text.push_str(next.trim());
        }
        let written = match form {
            Form::Markdown if !fenced => in_sentence(&text),
            Form::Markdown | Form::Lines => {
                after_name(&text).map(|words| (words, true)).into_iter().collect()
            }
            Form::Compose => listed(&text).map(|words| (words, true)).into_iter().collect(),
        };
        found.extend(written.into_iter().map(|(words, whole)| Written { line: number, words, whole }));
    }
    found
}

/// Code between single backticks that begins with the program's name.
fn in_sentence(text: &str) -> Vec<(Vec<String>, bool)> {
    let code = text.split('`').skip(1).step_by(2);
    code.filter_map(|code| Some((shell_words(code.strip_prefix("lockstep ")?), false))).collect()
}

/// What follows `lockstep`, alone or at the end of a path, where a command begins with it. Comments and
/// settings that only speak of the program hold none.
fn after_name(text: &str) -> Option<Vec<String>> {
    if text.starts_with('#') {
        return None;
    }
    let words = shell_words(text);
    // `sudo -u lockstep lockstep …`: the user has the program's name.
    let is_user = |at: usize| at.checked_sub(1).and_then(|at| words.get(at)).is_some_and(|word| word == "-u");
    let at = (0..).zip(&words).find(|(at, word)| names_program(word) && !is_user(*at))?.0;
    let before = words.get(..at)?;
    let starts = |word: &String| {
        let word = word.as_str();
        word.starts_with('-') || word.contains('=') || ["sudo", "exec", "docker", "run", "$"].contains(&word)
    };
    let is_command = before.iter().enumerate().all(|(at, word)| starts(word) || is_user(at));
    is_command.then(|| words.get(at + 1..).unwrap_or_default().to_vec())
}

/// The program, its path, or what the how-tos call it together with its first options.
fn names_program(word: &str) -> bool {
    ["lockstep", "alias_of"].contains(&word) || word.ends_with("/lockstep")
}

/// The words of `command: ["…", "…"]`.
fn listed(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text.strip_prefix("command:")?.trim()).ok()
}

/// Words as a shell makes them, up to the first pipe, redirection, comment or second command. What stands in
/// `$(…)` belongs to its word.
fn shell_words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut depth) = (Vec::new(), None::<String>, None, 0_usize);
    for letter in text.chars() {
        let substitutes = letter == '(' && word.as_ref().is_some_and(|word| word.ends_with('$'));
        match (quote, letter) {
            _ if depth > 0 || substitutes => {
                depth = if letter == '(' { depth + 1 } else { depth - usize::from(letter == ')') };
                word.get_or_insert_default().push(letter);
            }
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t') => words.extend(word.take()),
            (None, '|' | '>' | '<' | ';' | '&' | ')' | '`') => break,
            (None, '#') if word.is_none() => break,
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}
