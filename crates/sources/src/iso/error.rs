//! Why a file is not read as the message it should be.

use super::place::Place;
use std::io;
use std::sync::Arc;

/// Why a file is not read as the message it should be. Variants stand in the order of the checks.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MessageError {
    /// The source of the bytes failed.
    #[error("the file could not be read")]
    Io(#[source] Arc<io::Error>),
    /// More bytes than [`super::Limits::bytes_max`].
    #[error("the file is longer than {max} bytes")]
    TooLong {
        /// Bytes allowed.
        max: u64,
    },
    /// Not UTF-8, by its first bytes, its declaration or its content.
    #[error("{place}: the file is in `{found}`, expected UTF-8")]
    Encoding {
        /// What was found.
        found: String,
        /// Where.
        place: Place,
    },
    /// A document type definition, which can declare entities.
    #[error("{place}: a document type definition is refused, since it can declare entities")]
    Doctype {
        /// Where.
        place: Place,
    },
    /// An entity other than the five that XML predefines.
    #[error(
        "{place}: the entity `&{name};` is refused, expected `&amp;`, `&lt;`, `&gt;`, `&apos;` or `&quot;`"
    )]
    Entity {
        /// The name found.
        name: String,
        /// Where.
        place: Place,
    },
    /// One tag, text or comment longer than [`super::Limits::event_bytes_max`].
    #[error("{place}: one tag, text or comment is longer than {max} bytes")]
    EventTooLong {
        /// Bytes allowed.
        max: usize,
        /// Where it starts.
        place: Place,
    },
    /// Elements nested deeper than [`super::Limits::depth_max`].
    #[error("{place}: elements are nested deeper than {max} levels")]
    TooDeep {
        /// Levels allowed.
        max: usize,
        /// Where.
        place: Place,
    },
    /// Not well-formed XML.
    #[error("{place}: not well-formed XML")]
    IllFormed {
        /// Where.
        place: Place,
        /// What the XML reader says.
        #[source]
        source: Box<quick_xml::Error>,
    },
    /// The file ends before its root element does.
    #[error("{place}: the file ends too early, inside `{open}`")]
    Truncated {
        /// The innermost open element.
        open: String,
        /// Where it ends.
        place: Place,
    },
    /// Text, a declaration or a second root outside the root element.
    #[error("{place}: {found} outside the root element")]
    Outside {
        /// What was found.
        found: &'static str,
        /// Where.
        place: Place,
    },
    /// The root is not `Document` of a message and version that are read.
    #[error("{place}: the root is `{found}`, expected `Document` in the namespace {expected}")]
    Root {
        /// Element and namespace found.
        found: String,
        /// The namespaces that are read.
        expected: &'static str,
        /// Where.
        place: Place,
    },
    /// More of something than is read.
    #[error("{place}: more than {max} of `{element}`")]
    TooMany {
        /// The element.
        element: String,
        /// How many are read.
        max: usize,
        /// Where.
        place: Place,
    },
    /// An element that stands once in the message stands twice.
    #[error("{place}: `{element}` stands twice, expected once")]
    Twice {
        /// The element.
        element: String,
        /// Where the second one is.
        place: Place,
    },
    /// An element that comes after what depends on it.
    #[error("{place}: `{element}` comes after what depends on it")]
    OutOfOrder {
        /// The element.
        element: String,
        /// Where.
        place: Place,
    },
    /// An element that the message must carry.
    #[error("{place}: `{element}` is missing")]
    Missing {
        /// The element.
        element: String,
        /// The element that should hold it.
        place: Place,
    },
    /// The text of an element that is read is not of its form.
    #[error("{place}: `{element}` is `{found}`, expected {expected}")]
    Value {
        /// The element.
        element: String,
        /// The text found, cut to 40 characters.
        found: String,
        /// The form expected.
        expected: &'static str,
        /// Where.
        place: Place,
    },
}

/// Text cut to 40 characters for an error, without control characters.
pub(crate) fn cut(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(40).collect()
}
