//! Pages: a message spread over several files, a statement spread over several `Stmt` of one file.

use super::{Header, Page, Statement};

/// Pages that a file does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// The message goes on in, or started in, another file.
    #[error("the file is page {number} of a message of several pages: its other pages are missing")]
    Message {
        /// The page that the file holds.
        number: u32,
    },
    /// A page of a statement is not followed by the next one.
    #[error("page {number} of statement `{id}` is missing")]
    Statement {
        /// `Stmt/Id` of the page before, or of the page that came instead.
        id: String,
        /// The page that should have come.
        number: u32,
    },
}

/// Follows the pages of one file; remembers the first gap.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    open: Option<Open>,
    gap: Option<Gap>,
}

#[derive(Debug)]
struct Open {
    statement: Statement,
    next: u32,
}

impl Pages {
    /// Takes note of the message's own page.
    pub(crate) fn header(&mut self, header: &Header) {
        if let Some(page) = header.page.filter(|page| !page.is_whole()) {
            self.gap.get_or_insert(Gap::Message { number: page.number });
        }
    }

    /// Takes note of a statement; true when it is a further page of the one before.
    pub(crate) fn statement(&mut self, statement: &Statement) -> bool {
        let page = statement.page.unwrap_or(Page { last: true, number: 1 });
        let open = self.open.take();
        // The page after an open one is at least the second, so a first page never continues.
        let continues =
            open.as_ref().is_some_and(|open| open.next == page.number && same(&open.statement, statement));
        if !continues {
            self.interrupted(open);
            if page.number != 1 {
                self.gap.get_or_insert(Gap::Statement { id: statement.id.clone(), number: 1 });
            }
        }
        if !page.last {
            self.open = Some(Open { statement: statement.clone(), next: page.number.saturating_add(1) });
        }
        continues
    }

    /// The first gap, once the file has ended.
    pub(crate) fn end(mut self) -> Result<(), Gap> {
        let open = self.open.take();
        self.interrupted(open);
        self.gap.map_or(Ok(()), Err)
    }

    fn interrupted(&mut self, open: Option<Open>) {
        if let Some(open) = open {
            self.gap.get_or_insert(Gap::Statement { id: open.statement.id, number: open.next });
        }
    }
}

/// Pages belong together when account and servicer agree, and the statement's id or its sequence number.
fn same(one: &Statement, other: &Statement) -> bool {
    one.account == other.account
        && one.servicer == other.servicer
        && (one.id == other.id || (one.sequence.is_some() && one.sequence == other.sequence))
}
