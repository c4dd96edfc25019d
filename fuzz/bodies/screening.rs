//! Sanctions lists: a list is read whole or refused, and a name is found by what its normalisation gives.

use lockstep_sources::ScreeningList;
use lockstep_sources::screening::normalise;
use lockstep_types::canonical;

const SDN: &[u8] = b"1,\"A\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ";

/// Panics when `data` breaks a property of the list reader.
pub fn run(data: &[u8]) {
    for list in [
        ScreeningList::read(data, None, None),
        ScreeningList::read(SDN, Some(data), None),
        ScreeningList::read(SDN, None, Some(data)),
    ] {
        let Ok(list) = list else { continue };
        assert!(list.counts().entries > 0, "an empty list would let everybody pass");
        let screening = list.screen(Some("a"), None).expect("a name with a letter can be screened");
        assert!(canonical::is_canonical(&screening));
        for hit in &screening.hits {
            assert_eq!(normalise(&hit.matched).as_deref(), Some("A"));
        }
    }
    let text = String::from_utf8_lossy(data);
    if let Some(words) = normalise(&text) {
        assert_eq!(normalise(&words).as_ref(), Some(&words), "normalising again changes nothing");
    }
}
