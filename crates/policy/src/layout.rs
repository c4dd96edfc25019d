//! Reads `policy.toml` (`specs/policy.md` §2): bytes to TOML, TOML to typed values, each fault with its
//! place. Whether the typed values fit together is for [`crate::check`].

pub(crate) mod places;
pub(crate) mod raw;
mod reader;
pub(crate) mod typing;

use crate::finding::{Finding, LAYOUT_FILE, Source};
use crate::model::Layout;
use lockstep_types::limits::POLICY_FILE_BYTES_MAX;
use places::Places;
use raw::RawLayout;
use serde::Deserialize;
use typing::Reader;

/// The `format` that this crate reads.
pub(crate) const FORMAT: &str = "lockstep-policy/1";
/// The `guards` that this crate evaluates.
pub(crate) const GUARDS: &str = "cedar-1";

/// A layout whose values are typed, and where each stands in the file.
#[derive(Debug)]
pub(crate) struct ReadLayout {
    pub(crate) layout: Layout,
    pub(crate) places: Places,
}

/// Reads the layout.
pub(crate) fn read(bytes: &[u8]) -> Result<ReadLayout, Vec<Finding>> {
    let source = text(LAYOUT_FILE, bytes)?;
    let (raw, places) = parse::<RawLayout>(source)?;
    Reader::new(source, places).layout(raw)
}

/// The text of a file, within the limit of size.
pub(crate) fn text<'a>(file: &'static str, bytes: &'a [u8]) -> Result<Source<'a>, Vec<Finding>> {
    let empty = Source { file, text: "" };
    if bytes.len() > POLICY_FILE_BYTES_MAX {
        let text = format!("{} bytes, at most {POLICY_FILE_BYTES_MAX} are read", bytes.len());
        return Err(vec![empty.finding(0, "too-long", text)]);
    }
    match core::str::from_utf8(bytes) {
        Ok(text) => visible(Source { file, text }),
        Err(error) => {
            let good = bytes.get(..error.valid_up_to()).and_then(|good| core::str::from_utf8(good).ok());
            let source = Source { file, text: good.unwrap_or_default() };
            Err(vec![source.finding(error.valid_up_to(), "not-utf8", "the file is not UTF-8 from here on")])
        }
    }
}

/// Refuses letters that let a file read otherwise to a person than to the parser.
fn visible(source: Source<'_>) -> Result<Source<'_>, Vec<Finding>> {
    let hidden = |letter: &char| {
        let turns =
            matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        turns || letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')
    };
    match source.text.char_indices().find(|(_, letter)| hidden(letter)) {
        None => Ok(source),
        Some((at, letter)) => {
            let text = format!("the letter U+{:04X} does not show and is not accepted", u32::from(letter));
            Err(vec![source.finding(at, "hidden-text", text)])
        }
    }
}

/// A TOML 1.0 file as `T`, and the place of everything in it.
pub(crate) fn parse<'a, T: Deserialize<'a>>(source: Source<'a>) -> Result<(T, Places), Vec<Finding>> {
    let fault = |code, error: &toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        vec![source.finding(at, code, error.message().trim_end().replace('\n', ", "))]
    };
    let table = toml::de::DeTable::parse(source.text).map_err(|error| fault("not-toml", &error))?;
    let (places, newer) = Places::of(table.get_ref(), source);
    if !newer.is_empty() {
        return Err(newer);
    }
    let value = T::deserialize(toml::de::Deserializer::from(table)).map_err(|error| fault("form", &error))?;
    Ok((value, places))
}

#[cfg(test)]
mod tests;
