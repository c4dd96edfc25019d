//! Cuts `guards.cedar` into single guards and holds each against limits, before any parser that recurses
//! sees it.

use crate::finding::{Finding, Source};

/// Most guards in one policy.
const GUARDS_MAX: usize = 256;
/// Most words, numbers, strings and signs in one guard. Bounds the depth of its tree, and with it the
/// stack that parser, type checker and evaluator need.
const TOKENS_MAX: usize = 512;
/// Deepest nesting of brackets in one guard.
const NESTING_MAX: usize = 24;

/// The text of one guard with its last `;`, and where it starts in the file.
pub(crate) struct Statement<'a> {
    pub(crate) at: usize,
    pub(crate) text: &'a str,
}

/// What the scanner is inside of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    Word,
    Comment,
    Text,
    Escape,
}

struct Scanner {
    inside: Inside,
    start: Option<usize>,
    tokens: usize,
    depth: usize,
    depth_max: usize,
}

/// The guards of a file, in order.
pub(crate) fn split(source: Source<'_>) -> Result<Vec<Statement<'_>>, Vec<Finding>> {
    let mut scanner = Scanner { inside: Inside::Code, start: None, tokens: 0, depth: 0, depth_max: 0 };
    let (mut statements, mut findings) = (Vec::new(), Vec::new());
    for (at, byte) in source.text.bytes().enumerate() {
        if !scanner.ends(at, byte, source.text) {
            continue;
        }
        let start = scanner.start.take().unwrap_or(at);
        findings.extend(scanner.fault().map(|text| source.finding(start, "guard-too-large", text)));
        scanner = Scanner { inside: Inside::Code, start: None, tokens: 0, depth: 0, depth_max: 0 };
        let text = source.text.get(start..at.saturating_add(1)).unwrap_or_default();
        statements.push(Statement { at: start, text });
    }
    if let Some(start) = scanner.start {
        findings.push(source.finding(start, "not-cedar", "a guard that does not end: expected `;`"));
    }
    if statements.len() > GUARDS_MAX {
        let text = format!("{} guards, at most {GUARDS_MAX} are read", statements.len());
        findings.push(source.finding(0, "too-many", text));
    }
    if findings.is_empty() { Ok(statements) } else { Err(findings) }
}

impl Scanner {
    /// Takes one byte; true when it is the `;` that ends a guard.
    fn ends(&mut self, at: usize, byte: u8, text: &str) -> bool {
        self.inside = match (self.inside, byte) {
            (Inside::Comment, b'\n') => Inside::Code,
            (Inside::Comment, _) => Inside::Comment,
            (Inside::Escape, _) => Inside::Text,
            (Inside::Text, b'\\') => Inside::Escape,
            (Inside::Text, b'"') => Inside::Code,
            (Inside::Text, _) => Inside::Text,
            (_, b'/') if text.as_bytes().get(at.saturating_add(1)) == Some(&b'/') => Inside::Comment,
            (_, b' ' | b'\t' | b'\r' | b'\n') => Inside::Code,
            (inside, _) => self.code(at, byte, inside),
        };
        byte == b';' && self.inside == Inside::Code && self.start.is_some()
    }

    fn code(&mut self, at: usize, byte: u8, inside: Inside) -> Inside {
        self.start.get_or_insert(at);
        let word = byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
        if !(word && inside == Inside::Word) {
            self.tokens = self.tokens.saturating_add(1);
        }
        match byte {
            b'(' | b'[' | b'{' => self.depth = self.depth.saturating_add(1),
            b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.depth_max = self.depth_max.max(self.depth);
        match byte {
            b'"' => Inside::Text,
            _ if word => Inside::Word,
            _ => Inside::Code,
        }
    }

    fn fault(&self) -> Option<String> {
        if self.tokens > TOKENS_MAX {
            return Some(format!(
                "{} words and signs in one guard, at most {TOKENS_MAX} are read",
                self.tokens
            ));
        }
        let deep = self.depth_max > NESTING_MAX;
        deep.then(|| format!("brackets nested {} deep, at most {NESTING_MAX} are read", self.depth_max))
    }
}
