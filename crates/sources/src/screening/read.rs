//! The documents of a list, in OFAC's layout (data specification of the SDN list).

use super::{DOCUMENT_BYTES_MAX, Document, HitKind, ListError, Listed, ScreeningList, normalise};
use csv::{ReaderBuilder, StringRecord};
use lockstep_types::Address;

const SDN_FIELDS: usize = 12;
const SDN_REMARKS: usize = 11;
const ALT_FIELDS: usize = 5;
const NAME: usize = 1;
const ALT_NAME: usize = 3;
/// OFAC's files end with this character (the end-of-file mark of CP/M and MS-DOS), on a line of its own.
const END_MARK: char = '\u{1a}';

/// Reads `sdn.csv`: entries, their names, and what their remarks say of weak aliases and addresses.
pub(super) fn sdn(bytes: &[u8], list: &mut ScreeningList) -> Result<(), ListError> {
    let document = Document::Sdn;
    records(document, bytes, SDN_FIELDS, |line, record| {
        let entry = entry_number(document, line, record)?;
        let name = field(record, NAME);
        if list.entries.insert(entry, name.to_owned()).is_some() {
            return Err(ListError::EntryTwice { document, line, entry });
        }
        list.counts.entries = list.counts.entries.saturating_add(1);
        add_name(list, HitKind::Name, entry, name).ok_or_else(|| unnamed(document, line, name))?;
        for remark in field(record, SDN_REMARKS).split("; ") {
            read_remark(remark.trim_end_matches('.'), entry, list);
        }
        Ok(())
    })
}

/// Reads `alt.csv`: aliases.
pub(super) fn alt(bytes: &[u8], list: &mut ScreeningList) -> Result<(), ListError> {
    let document = Document::Alt;
    records(document, bytes, ALT_FIELDS, |line, record| {
        let entry = entry_number(document, line, record)?;
        let name = field(record, ALT_NAME);
        list.counts.aliases = list.counts.aliases.saturating_add(1);
        add_name(list, HitKind::Alias, entry, name).ok_or_else(|| unnamed(document, line, name))
    })
}

/// Reads the address list: one address a line.
pub(super) fn addresses(bytes: &[u8], list: &mut ScreeningList) -> Result<(), ListError> {
    let document = Document::Addresses;
    let before = list.counts.addresses;
    for (line, text) in (1u64..).zip(text(document, bytes)?.lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let address =
            Address::from_user_text(text).map_err(|source| ListError::Address { document, line, source })?;
        add_address(list, address, None, text);
    }
    if list.counts.addresses == before {
        return Err(ListError::Empty { document });
    }
    Ok(())
}

fn text(document: Document, bytes: &[u8]) -> Result<&str, ListError> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(ListError::TooLong { document, found: bytes.len() });
    }
    core::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = good.iter().filter(|b| **b == b'\n').count().saturating_add(1);
        ListError::Encoding { document, line: u64::try_from(line).unwrap_or(u64::MAX) }
    })
}

fn records(
    document: Document,
    bytes: &[u8],
    fields: usize,
    mut each: impl FnMut(u64, &StringRecord) -> Result<(), ListError>,
) -> Result<(), ListError> {
    let text = without_end_mark(text(document, bytes)?);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let (mut count, mut line, mut at) = (0u64, 1u64, 0usize);
    loop {
        // The text is UTF-8 and lengths may differ, so there is nothing left that the CSV reader refuses.
        if !reader.read_record(&mut record).map_err(|_| ListError::Encoding { document, line })? {
            break;
        }
        let byte = record.position().map_or(at, |p| usize::try_from(p.byte()).unwrap_or(usize::MAX));
        let before = text
            .get(byte..)
            .map_or(0, |rest| rest.len().saturating_sub(rest.trim_start_matches(['\r', '\n']).len()));
        let start = byte.saturating_add(before);
        let passed =
            text.as_bytes().get(at..start).unwrap_or_default().iter().filter(|b| **b == b'\n').count();
        line = line.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX));
        at = start;
        if record.len() != fields {
            return Err(ListError::Fields { document, line, found: record.len(), expected: fields });
        }
        each(line, &record)?;
        count = count.saturating_add(1);
    }
    if count == 0 {
        return Err(ListError::Empty { document });
    }
    Ok(())
}

/// The end mark is no part of the last record; nothing but white space may follow it.
fn without_end_mark(text: &str) -> &str {
    text.trim_end().strip_suffix(END_MARK).unwrap_or(text)
}

/// The text of a field; null (`-0-`) is the empty text.
fn field(record: &StringRecord, index: usize) -> &str {
    match record.get(index).unwrap_or("").trim() {
        "-0-" => "",
        text => text,
    }
}

fn entry_number(document: Document, line: u64, record: &StringRecord) -> Result<u64, ListError> {
    let found = field(record, 0);
    let digits = !found.is_empty() && found.bytes().all(|b| b.is_ascii_digit());
    let number = found.parse().ok().filter(|_| digits);
    number.ok_or_else(|| ListError::EntryNumber { document, line, found: found.chars().take(40).collect() })
}

fn unnamed(document: Document, line: u64, name: &str) -> ListError {
    ListError::Name { document, line, found: name.chars().take(40).collect() }
}

/// Nothing when the name holds no letter and no digit.
fn add_name(list: &mut ScreeningList, kind: HitKind, entry: u64, name: &str) -> Option<()> {
    let listed = Listed { entry: Some(entry), kind, text: name.to_owned() };
    list.names.entry(normalise(name)?).or_default().push(listed);
    Some(())
}

fn add_address(list: &mut ScreeningList, address: Address, entry: Option<u64>, text: &str) {
    let listed = Listed { entry, kind: HitKind::Address, text: text.to_owned() };
    list.addresses.entry(address).or_default().push(listed);
    list.counts.addresses = list.counts.addresses.saturating_add(1);
}

/// Remarks are free text; two forms are regular: `a.k.a. 'NAME'` (also `f.k.a.`, `n.k.a.`; OFAC's weak
/// aliases) and `Digital Currency Address - ETH 0x…`, with `alt. ` before each one after the first.
fn read_remark(remark: &str, entry: u64, list: &mut ScreeningList) {
    let remark = remark.strip_prefix("alt. ").unwrap_or(remark);
    let alias = ["a.k.a. '", "f.k.a. '", "n.k.a. '"].iter().find_map(|form| remark.strip_prefix(form));
    if let Some(alias) = alias {
        let alias = alias.strip_suffix('\'').unwrap_or(alias);
        if add_name(list, HitKind::Alias, entry, alias).is_some() {
            list.counts.aliases = list.counts.aliases.saturating_add(1);
        }
    }
    let address = remark.strip_prefix("Digital Currency Address - ").and_then(|rest| rest.split_once(' '));
    if let Some((_, text)) = address.filter(|(_, text)| text.starts_with("0x")) {
        match Address::from_user_text(text.trim()) {
            Ok(address) => add_address(list, address, Some(entry), text.trim()),
            Err(_) => list.counts.addresses_unreadable = list.counts.addresses_unreadable.saturating_add(1),
        }
    }
}
