//! What is wrong with a file of a policy, and where.

use core::fmt;

/// The layout's file name.
pub const LAYOUT_FILE: &str = "policy.toml";
/// The guards' file name.
pub const GUARDS_FILE: &str = "guards.cedar";
/// The scenarios' file name.
pub const TESTS_FILE: &str = "tests.toml";

/// The file name of a Gate's setup.
pub const SETUP_FILE: &str = "gate.toml";

/// One fault in one file. Findings sort by place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file: [`LAYOUT_FILE`], [`GUARDS_FILE`], [`TESTS_FILE`] or [`SETUP_FILE`].
    pub file: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// A stable code, such as `unknown-role`.
    pub code: &'static str,
    /// What is wrong: expected and found.
    pub text: String,
    /// What to do about it, where that is not plain from the text.
    pub hint: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {} ({})", self.file, self.line, self.column, self.text, self.code)?;
        self.hint.iter().try_for_each(|hint| write!(f, "\nhint: {hint}"))
    }
}

/// Text of one file, to turn byte offsets into findings.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) file: &'static str,
    pub(crate) text: &'a str,
}

impl Source<'_> {
    /// A finding at a byte offset.
    pub(crate) fn finding(&self, at: usize, code: &'static str, text: impl Into<String>) -> Finding {
        let (line, column) = self.place(at);
        Finding { file: self.file, line, column, code, text: text.into(), hint: None }
    }

    /// Line and column, each from 1, of a byte offset; the end of the text for offsets beyond it.
    pub(crate) fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.char_indices().take_while(|(offset, _)| *offset < at);
        before.fold((1, 1), |(line, column): (usize, usize), (_, letter)| match letter {
            '\n' => (line.saturating_add(1), 1),
            _ => (line, column.saturating_add(1)),
        })
    }
}

impl Finding {
    /// The same finding with a hint.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
