//! Feeds of records: what is read has exactly these bytes, and no part is longer than any may be.

use lockstep_node::feed::{FEED_BYTES_MAX, FEED_RECORDS_MAX, decode, encode};
use lockstep_types::limits::BODY_BYTES_MAX;

/// Panics when `data` breaks a property of the decoder.
pub fn run(data: &[u8]) {
    match decode(data) {
        Ok(records) => {
            assert!(data.len() <= FEED_BYTES_MAX && records.len() <= FEED_RECORDS_MAX);
            assert!(records.iter().all(|record| record.body.len() <= BODY_BYTES_MAX));
            assert_eq!(encode(&records), data);
            // A feed goes on with any other feed.
            let twice = [data, data].concat();
            assert_eq!(decode(&twice), Ok([records.clone(), records].concat()));
        }
        Err(error) => assert_eq!(decode(data), Err(error)),
    }
}
