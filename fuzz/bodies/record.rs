//! Leaves, records, inputs, seals, bundles and paths: what is decoded has exactly these bytes.

use lockstep_ledger::log::{TilePath, bundle_decode, bundle_encode};
use lockstep_ledger::{Input, Leaf, Record, SealBody, Tag};
use lockstep_types::{Salt, Time, canonical};

/// Panics when `data` breaks a property of a decoder.
pub fn run(data: &[u8]) {
    if let Ok(leaf) = Leaf::decode(data) {
        assert_eq!(leaf.encode(), data);
    }
    if let Ok(record) = Record::from_bytes(data) {
        assert_eq!(record.to_bytes(), data);
        assert_eq!(record.leaf_hash(), record.leaf().hash());
    }
    if let Ok(record) = canonical::from_slice::<Record>(data, data.len()) {
        assert_eq!(Record::from_bytes(&record.to_bytes()), Ok(record));
    }
    if let Ok(input) = Input::from_bytes(data) {
        assert_eq!(input.to_bytes(), data);
    }
    if let Ok(leaves) = bundle_decode(data) {
        assert_eq!(bundle_encode(&leaves), data);
    }
    if let Some(path) = core::str::from_utf8(data).ok().and_then(|text| text.parse::<TilePath>().ok()) {
        assert_eq!(path.to_string().as_bytes(), data);
    }
    let as_body = Record::new(Tag::Record, Time::default(), Salt::default(), data.to_vec());
    if let Ok(Some(seal)) = SealBody::of(&as_body) {
        assert_eq!(seal.entry().expect("a seal can be written").body, data);
    }
}
