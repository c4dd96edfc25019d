//! Words that `docs/glossary.md` refuses in names.
//!
//! Read from the table under the heading `## Refused in names`, whose rows are `| refused | instead |`.
//! Without that heading nothing is refused: most words of the other table have a second, allowed meaning.

use crate::files::SourceFile;

const PATH: &str = "docs/glossary.md";
const HEADING: &str = "## Refused in names";

/// Words that name no concept at all (CONTRIBUTING.md).
const EMPTY_WORDS: [&str; 7] = ["manager", "helper", "util", "utils", "common", "shared", "info"];

/// One refused word, in lower case, and what to say instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The word, in lower case.
    pub word: String,
    /// The word to use.
    pub instead: String,
}

/// The words that no item of ours may carry in its name.
pub fn refused_names(files: &[SourceFile]) -> Vec<Refused> {
    let empty = EMPTY_WORDS.map(|word| Refused { word: word.to_owned(), instead: "what it does".to_owned() });
    let glossary = files.iter().find(|file| file.path == PATH).map_or("", |file| &file.text);
    let section = glossary.lines().skip_while(|line| line.trim() != HEADING).skip(1);
    let rows = section.take_while(|line| !line.starts_with("## ")).filter_map(row);
    empty.into_iter().chain(rows).collect()
}

fn row(line: &str) -> Option<Refused> {
    let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
    let (word, instead) = (cells.next()?, cells.next()?);
    let is_word = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    (is_word && word != "refused").then(|| Refused { word: word.to_owned(), instead: instead.to_owned() })
}

/// The lower-case words of a name in any of Rust's forms: `CaseId`, `case_id`, `CASE_ID`.
pub fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous_lower = false;
    for letter in name.chars() {
        let begins = letter.is_uppercase() && previous_lower;
        if letter == '_' {
            words.push(String::new());
        } else if begins || words.is_empty() {
            words.push(letter.to_lowercase().collect());
        } else if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
        previous_lower = letter.is_lowercase() || letter.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}
