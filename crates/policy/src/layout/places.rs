//! Where in a TOML file each key and value stands, and what of TOML 1.1 the file uses.

use crate::finding::{Finding, Source};
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// Byte offsets by path: `/step/payment` is the key of a table, `/step/payment/after` the value of a key,
/// `/step/payment/after/request` an element of an array.
#[derive(Debug, Default)]
pub(crate) struct Places {
    offsets: BTreeMap<String, usize>,
}

impl Places {
    /// Walks a parsed file. The parser reads TOML 1.1; what TOML 1.0 does not know comes back as findings,
    /// since a reader of issued evidence may have any TOML 1.0 parser.
    pub(crate) fn of(table: &DeTable<'_>, source: Source<'_>) -> (Self, Vec<Finding>) {
        let (mut places, mut findings) = (Self::default(), Vec::new());
        places.walk("", table, &mut |span, inline| findings.extend(newer_toml(source, span, inline)));
        (places, findings)
    }

    /// The offset of a path, or of the nearest path above it.
    pub(crate) fn offset(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            if let Some(offset) = self.offsets.get(path) {
                return *offset;
            }
            match path.rsplit_once('/') {
                Some((above, _)) => path = above,
                None => return 0,
            }
        }
    }

    fn walk(&mut self, path: &str, table: &DeTable<'_>, see: &mut impl FnMut(core::ops::Range<usize>, bool)) {
        for (key, value) in table {
            let path = format!("{path}/{}", key.get_ref());
            let key_start = key.span().start;
            match value.get_ref() {
                DeValue::Table(inner) => {
                    see(value.span(), true);
                    self.offsets.insert(path.clone(), key_start);
                    self.walk(&path, inner, see);
                }
                DeValue::Array(items) => {
                    self.offsets.insert(path.clone(), value.span().start);
                    for (index, item) in items.iter().enumerate() {
                        see(item.span(), matches!(item.get_ref(), DeValue::Table(_)));
                        match item.get_ref() {
                            DeValue::String(text) => {
                                self.offsets.insert(format!("{path}/{text}"), item.span().start);
                            }
                            DeValue::Table(inner) => self.walk(&format!("{path}/{index}"), inner, see),
                            _ => {}
                        }
                    }
                }
                _ => {
                    see(value.span(), false);
                    self.offsets.insert(path, value.span().start);
                }
            }
        }
    }
}

/// The findings of one value: an inline table over several lines or with a last comma, `\e` and `\x` in a
/// string.
fn newer_toml(source: Source<'_>, span: core::ops::Range<usize>, table: bool) -> Option<Finding> {
    let text = source.text.get(span.clone())?;
    let fault = |text: &str| Some(source.finding(span.start, "newer-toml", text));
    if table && text.starts_with('{') {
        if text.contains('\n') {
            return fault("an inline table over several lines is not TOML 1.0");
        }
        if text.trim_end_matches('}').trim_end().ends_with(',') {
            return fault("a comma after the last entry of an inline table is not TOML 1.0");
        }
    }
    if text.starts_with('"') && newer_escape(text) {
        return fault("the escapes `\\e` and `\\x` are not TOML 1.0");
    }
    None
}

fn newer_escape(text: &str) -> bool {
    let mut escaped = false;
    for letter in text.chars() {
        if escaped && matches!(letter, 'e' | 'x') {
            return true;
        }
        escaped = letter == '\\' && !escaped;
    }
    false
}
