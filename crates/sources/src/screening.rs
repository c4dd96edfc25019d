//! Exact screening of a name and an address against a list in the layout of OFAC's SDN files.
//!
//! This is no screening product. It finds a name only when it is, after [`normalise`], the same set of words
//! as a listed name or alias, and an address only when it is the listed one. It knows no transliteration, no
//! spelling variants, no birth dates, no owners; what it does not find may well be listed. It shows that
//! *this* list was searched in *this* way, which is what an attestation of a screening says.

mod name;
mod read;

pub use name::{NORMALISATION, normalise};

use lockstep_types::{Address, Digest, DocumentDigest, sha256, sha256_parts};
use serde::Serialize;
use std::collections::BTreeMap;

/// Longest list document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1_048_576;

/// First part of the bytes that [`ScreeningList::digest`] hashes.
const DIGEST_DOMAIN: &[u8] = b"lockstep/screening-list/1";

/// A list, read and indexed.
#[derive(Debug, Clone)]
pub struct ScreeningList {
    digest: Digest,
    documents: Documents,
    counts: Counts,
    entries: BTreeMap<u64, String>,
    names: BTreeMap<String, Vec<Listed>>,
    addresses: BTreeMap<Address, Vec<Listed>>,
}

/// SHA-256 of each document of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Documents {
    /// The address list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses: Option<DocumentDigest>,
    /// The aliases, `alt.csv`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alt: Option<DocumentDigest>,
    /// The names, `sdn.csv`.
    pub sdn: DocumentDigest,
}

/// How much a list holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Addresses, from the address list and from remarks; one listed twice counts twice.
    pub addresses: u64,
    /// Addresses in remarks that are not `0x` and 40 hexadecimal digits: they can never be found.
    pub addresses_unreadable: u64,
    /// Aliases, from `alt.csv` and from remarks.
    pub aliases: u64,
    /// Entries.
    pub entries: u64,
}

/// Where a name or an address stands on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    entry: Option<u64>,
    kind: HitKind,
    text: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// `ent_num` of the entry; absent for an address of the address list, which names no entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// Which part of the list.
    pub kind: HitKind,
    /// The text on the list that was found.
    pub matched: String,
    /// The entry's primary name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Which part of a list a hit stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HitKind {
    /// The primary name of an entry.
    Name,
    /// An alias: `alt.csv`, or `a.k.a.` in the remarks.
    Alias,
    /// An address: the address list, or `Digital Currency Address` in the remarks.
    Address,
}

/// The outcome of a screening: what was searched, in what, how, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Screening {
    /// The address searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// The documents of the list.
    pub documents: Documents,
    /// What was found, in the list's order; empty when nothing was.
    pub hits: Vec<Hit>,
    /// [`ScreeningList::digest`].
    pub list: Digest,
    /// The name searched, as it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// [`NORMALISATION`].
    pub normalisation: &'static str,
}

/// Why a document is not read as a list. Variants stand in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Longer than [`DOCUMENT_BYTES_MAX`].
    #[error("{document}: {found} bytes, at most {DOCUMENT_BYTES_MAX} are read")]
    TooLong {
        /// Which document.
        document: Document,
        /// Its length.
        found: usize,
    },
    /// Not UTF-8.
    #[error("{document}: line {line} is not UTF-8")]
    Encoding {
        /// Which document.
        document: Document,
        /// The line, from 1.
        line: u64,
    },
    /// A record of another number of fields.
    #[error("{document}: line {line} has {found} fields, expected {expected}")]
    Fields {
        /// Which document.
        document: Document,
        /// The line, from 1.
        line: u64,
        /// Fields found.
        found: usize,
        /// Fields of the layout.
        expected: usize,
    },
    /// A record without the number of its entry.
    #[error("{document}: line {line} starts with `{found}`, expected the number of an entry")]
    EntryNumber {
        /// Which document.
        document: Document,
        /// The line, from 1.
        line: u64,
        /// The text found.
        found: String,
    },
    /// Two entries of one number.
    #[error("{document}: line {line} repeats the entry {entry}")]
    EntryTwice {
        /// Which document.
        document: Document,
        /// The line, from 1.
        line: u64,
        /// The number.
        entry: u64,
    },
    /// A record whose name is null or holds no letter and no digit: it could never be found.
    #[error("{document}: line {line} has the name `{found}`, expected a letter or a digit in it")]
    Name {
        /// Which document.
        document: Document,
        /// The line, from 1.
        line: u64,
        /// The text found.
        found: String,
    },
    /// A line of the address list that is no address.
    #[error("{document}: line {line} is not an address")]
    Address {
        /// Which document.
        document: Document,
        /// The line, from 1.
        line: u64,
        /// Why not.
        #[source]
        source: lockstep_types::account::AccountError,
    },
    /// A document without any record: everybody would pass.
    #[error("{document}: the document holds no record")]
    Empty {
        /// Which document.
        document: Document,
    },
}

/// A document of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// `sdn.csv`: the entries.
    Sdn,
    /// `alt.csv`: their aliases.
    Alt,
    /// One address a line.
    Addresses,
}

impl core::fmt::Display for Document {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Sdn => "names (sdn.csv)",
            Self::Alt => "aliases (alt.csv)",
            Self::Addresses => "address list",
        })
    }
}

/// Why nothing can be screened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScreenError {
    /// Neither a name nor an address.
    #[error("there is neither a name nor an address to screen")]
    Nothing,
    /// A name without any letter or digit: it would match nothing, whoever it is.
    #[error("the name `{found}` holds no letter and no digit")]
    Name {
        /// The name.
        found: String,
    },
}

impl ScreeningList {
    /// Reads a list: `sdn.csv` and `alt.csv` in OFAC's layout (comma-separated, no header, null as `-0-`),
    /// and one `0x` address a line (empty lines and lines that start with `#` are passed over).
    ///
    /// # Errors
    /// [`ListError`] for the first document, in this order, that is refused. One bad line refuses the list.
    pub fn read(sdn: &[u8], alt: Option<&[u8]>, addresses: Option<&[u8]>) -> Result<Self, ListError> {
        let document = |bytes: &[u8]| DocumentDigest(sha256(bytes));
        let documents =
            Documents { addresses: addresses.map(document), alt: alt.map(document), sdn: document(sdn) };
        let mut list = Self {
            digest: digest(&documents),
            documents,
            counts: Counts::default(),
            entries: BTreeMap::new(),
            names: BTreeMap::new(),
            addresses: BTreeMap::new(),
        };
        read::sdn(sdn, &mut list)?;
        if let Some(alt) = alt {
            read::alt(alt, &mut list)?;
        }
        if let Some(addresses) = addresses {
            read::addresses(addresses, &mut list)?;
        }
        Ok(list)
    }

    /// Names the list by its documents: SHA-256 of `lockstep/screening-list/1` in ASCII, then for names,
    /// aliases and address list in this order one byte 1 and the SHA-256 of the document, or one byte 0 when
    /// it is absent.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The digests of its documents.
    #[must_use]
    pub const fn documents(&self) -> &Documents {
        &self.documents
    }

    /// How much it holds.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Searches a name, an address, or both.
    ///
    /// # Errors
    /// [`ScreenError`] when there is nothing to search: that is no clean outcome.
    pub fn screen(&self, name: Option<&str>, address: Option<Address>) -> Result<Screening, ScreenError> {
        if name.is_none() && address.is_none() {
            return Err(ScreenError::Nothing);
        }
        let mut hits = Vec::new();
        if let Some(name) = name {
            let words = normalise(name)
                .ok_or_else(|| ScreenError::Name { found: name.chars().take(80).collect() })?;
            hits.extend(self.hits(self.names.get(&words)));
        }
        if let Some(address) = &address {
            hits.extend(self.hits(self.addresses.get(address)));
        }
        Ok(Screening {
            address,
            documents: self.documents.clone(),
            hits,
            list: self.digest,
            name: name.map(str::to_owned),
            normalisation: NORMALISATION,
        })
    }

    fn hits<'a>(&'a self, listed: Option<&'a Vec<Listed>>) -> impl Iterator<Item = Hit> + 'a {
        listed.into_iter().flatten().map(|listed| Hit {
            entry: listed.entry,
            kind: listed.kind,
            matched: listed.text.clone(),
            name: listed.entry.and_then(|entry| self.entries.get(&entry)).cloned(),
        })
    }
}

fn digest(documents: &Documents) -> Digest {
    let mut parts = vec![DIGEST_DOMAIN];
    for document in [Some(&documents.sdn), documents.alt.as_ref(), documents.addresses.as_ref()] {
        match document {
            Some(digest) => parts.extend([&[1u8][..], digest.as_bytes()]),
            None => parts.push(&[0]),
        }
    }
    Digest(sha256_parts(&parts))
}

#[cfg(test)]
mod tests;
