//! What every reader of a policy's TOML files needs: typed values out of texts, each fault with its place.

use super::places::Places;
use crate::claim::ClaimKind;
use crate::duration;
use crate::finding::{Finding, Source};
use core::fmt::Display;
use core::str::FromStr;
use lockstep_types::Name;

/// Collects findings while it converts. A value that cannot be typed is `None`, and its finding is already
/// there.
pub(crate) struct Reader<'a> {
    pub(super) source: Source<'a>,
    pub(super) places: Places,
    pub(crate) findings: Vec<Finding>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: Source<'a>, places: Places) -> Self {
        Self { source, places, findings: Vec::new() }
    }

    pub(crate) fn names(&mut self, path: &str, texts: &[String]) -> Vec<Name> {
        texts.iter().filter_map(|text| self.parse(&format!("{path}/{text}"), "name", text)).collect()
    }

    pub(crate) fn title(&mut self, path: &str, text: String) -> Option<String> {
        match ClaimKind::Text.parse(&text) {
            Ok(_) => Some(text),
            Err(error) => {
                self.fault(path, "title", error.to_string());
                None
            }
        }
    }

    pub(crate) fn duration(&mut self, path: &str, text: &str) -> Option<u64> {
        match duration::parse(text) {
            Ok(ms) => Some(ms),
            Err(error) => {
                self.fault(path, "duration", error.to_string());
                None
            }
        }
    }

    pub(crate) fn count(
        &mut self,
        path: &str,
        found: i64,
        allowed: core::ops::RangeInclusive<i64>,
    ) -> Option<u32> {
        if allowed.contains(&found) {
            return u32::try_from(found).ok();
        }
        let text = format!("{found} lies outside {} to {}", allowed.start(), allowed.end());
        self.fault(path, "number", text);
        None
    }

    pub(crate) fn parse<T: FromStr<Err: Display>>(
        &mut self,
        path: &str,
        code: &'static str,
        text: &str,
    ) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(path, code, error.to_string());
                None
            }
        }
    }

    pub(crate) fn fault(&mut self, path: &str, code: &'static str, text: impl Into<String>) {
        self.findings.push(self.source.finding(self.places.offset(path), code, text));
    }

    /// A finding about what the file does not have.
    pub(crate) fn missing(&self, text: impl Into<String>) -> Finding {
        self.source.finding(0, "missing", text)
    }

    /// Gives the findings from the `from`-th on the place of the array element they are about.
    pub(crate) fn move_findings(&mut self, from: usize, at: usize) {
        let (line, column) = self.source.place(at);
        for finding in self.findings.iter_mut().skip(from) {
            (finding.line, finding.column) = (line, column);
        }
    }
}
