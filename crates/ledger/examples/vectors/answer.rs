//! The one name of an answer, and the text of a file of vectors.

use serde_json::Value;
use std::fmt::Debug;

/// `holds`, or the variant of the error in lower case with underscores.
pub fn answer<T, E: Debug>(result: &Result<T, E>) -> String {
    let Err(error) = result else { return "holds".to_owned() };
    let mut name = String::new();
    for letter in format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric) {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

pub fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}
