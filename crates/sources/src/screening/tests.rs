use super::*;
use proptest::prelude::*;

const SDN: &[u8] = include_bytes!("../../samples/sdn.csv");
const ALT: &[u8] = include_bytes!("../../samples/alt.csv");
const ADDRESSES: &[u8] = include_bytes!("../../samples/addresses.txt");

fn samples() -> ScreeningList {
    ScreeningList::read(SDN, Some(ALT), Some(ADDRESSES)).unwrap()
}

/// The hits of a name: `kind entry matched`.
fn names(name: &str) -> Vec<String> {
    let screening = samples().screen(Some(name), None).unwrap();
    screening.hits.iter().map(|h| format!("{:?} {} {}", h.kind, h.entry.unwrap(), h.matched)).collect()
}

fn address(text: &str) -> Vec<Hit> {
    samples().screen(None, Some(Address::from_user_text(text).unwrap())).unwrap().hits
}

fn refused(sdn: &str) -> String {
    ScreeningList::read(sdn.as_bytes(), None, None).unwrap_err().to_string()
}

#[test]
fn names_are_found_in_any_order_case_and_punctuation() {
    let found = ["Name 90001 GREYSHORE, Marlow Tobias"];
    for name in [
        "GREYSHORE, Marlow Tobias",
        "Marlow Tobias Greyshore",
        " tobias  MARLOW greyshore.",
        "Márlow-Tobias Greyshöre",
    ] {
        assert_eq!(names(name), found, "{name}");
    }
    assert_eq!(names("velvet tern trading co ltd"), ["Name 90002 VELVET TERN TRADING CO., LTD."]);
    assert_eq!(names("Zephyr Al Nowhere"), ["Name 90003 AL-NOWHERE, Zephyr"]);
    assert_eq!(names("Gannet of Nowhere"), ["Name 90004 GANNET OF NOWHERE"]);
}

#[test]
fn aliases_are_found_in_their_file_and_in_remarks() {
    assert_eq!(names("Marlow Grayshore"), ["Alias 90001 GRAYSHORE, Marlow"]);
    assert_eq!(names("Marten Stromsund"), ["Alias 90001 STRÖMSUND, Mårten"]);
    assert_eq!(names("V T Trading"), ["Alias 90002 V.T. TRADING"]);
    assert_eq!(names("The Harbourmaster"), ["Alias 90001 THE HARBOURMASTER"]);
    assert_eq!(names("zeph onobody"), ["Alias 90003 O'NOBODY, Zéph"]);
}

#[test]
fn part_of_a_name_or_another_spelling_is_not_found() {
    for name in [
        "Greyshore",
        "Marlow Greyshore",
        "Greyshore Marlow Tobias Tobias",
        "Grey Shore Marlow Tobias",
        "Commander",
    ] {
        assert!(names(name).is_empty(), "{name}");
    }
}

#[test]
fn addresses_are_found_on_the_address_list_and_in_remarks() {
    let listed = address("0x00000000000000000000000000000000000bad02");
    assert_eq!((listed[0].kind, listed[0].entry, listed[0].name.as_deref()), (HitKind::Address, None, None));
    let remark = address("0x00000000000000000000000000000000000bad01");
    assert_eq!((remark[0].entry, remark[0].name.as_deref()), (Some(90001), Some("GREYSHORE, Marlow Tobias")));
    assert_eq!(address("0xBADBADBADBADBADBADBADBADBADBADBADBADBADB").len(), 1);
    assert!(address("0x00000000000000000000000000000000000bad03").is_empty());
}

#[test]
fn both_are_searched_and_the_outcome_says_in_what() {
    let listed = Address::from_user_text("0x00000000000000000000000000000000000bad02").unwrap();
    let list = samples();
    let screening = list.screen(Some("Marlow Grayshore"), Some(listed)).unwrap();
    assert_eq!(screening.hits.iter().map(|h| h.kind).collect::<Vec<_>>(), [HitKind::Alias, HitKind::Address]);
    assert_eq!(screening.list, list.digest());
    assert!(lockstep_types::canonical::is_canonical(&screening));
    assert!(lockstep_types::canonical::is_canonical(&list.counts()));
    let json = serde_json::to_value(&screening).unwrap();
    assert_eq!(json["normalisation"], "lockstep-name/1");
    assert_eq!(json["hits"][0]["kind"], "alias");
    let counts = list.counts();
    assert_eq!((counts.entries, counts.aliases, counts.addresses, counts.addresses_unreadable), (4, 5, 3, 0));
}

#[test]
fn screening_nothing_is_no_clean_outcome() {
    let list = samples();
    assert_eq!(list.screen(None, None), Err(ScreenError::Nothing));
    for name in ["", " ", "?!", "'", "\u{301}", "-0-\u{2019}".trim_start_matches("-0-")] {
        assert!(matches!(list.screen(Some(name), None), Err(ScreenError::Name { .. })), "{name:?}");
    }
}

#[test]
fn the_digest_names_every_document_and_its_place() {
    let digest = |sdn: &[u8], alt, addresses| ScreeningList::read(sdn, alt, addresses).unwrap().digest();
    let all = digest(SDN, Some(ALT), Some(ADDRESSES));
    assert_ne!(all, digest(SDN, Some(ALT), None));
    assert_ne!(all, digest(SDN, None, Some(ADDRESSES)));
    assert_ne!(digest(SDN, Some(ALT), None), digest(SDN, None, None));
    assert_ne!(all, digest(&[SDN.strip_suffix(b"\x1a").unwrap()].concat(), Some(ALT), Some(ADDRESSES)));
    let mut bytes = b"lockstep/screening-list/1".to_vec();
    for document in [SDN, ALT, ADDRESSES] {
        bytes.push(1);
        bytes.extend(sha256(document));
    }
    assert_eq!(all.0, sha256(&bytes));
    let mut bytes = b"lockstep/screening-list/1\x01".to_vec();
    bytes.extend(sha256(SDN));
    bytes.extend([0, 0]);
    assert_eq!(digest(SDN, None, None).0, sha256(&bytes));
}

#[test]
fn a_list_that_cannot_be_read_whole_is_refused() {
    let tail = ",-0- ".repeat(10);
    assert_eq!(refused(""), "names (sdn.csv): the document holds no record");
    assert_eq!(refused("\x1a"), "names (sdn.csv): the document holds no record");
    assert_eq!(refused("1,\"A\""), "names (sdn.csv): line 1 has 2 fields, expected 12");
    assert_eq!(
        refused(&format!("1,\"A\"{tail}\nx,\"B\"{tail}")),
        "names (sdn.csv): line 2 starts with `x`, expected the number of an entry"
    );
    assert_eq!(
        refused(&format!("+1,\"A\"{tail}")),
        "names (sdn.csv): line 1 starts with `+1`, expected the number of an entry"
    );
    assert_eq!(
        refused(&format!("1,\"A\"{tail}\n1,\"B\"{tail}")),
        "names (sdn.csv): line 2 repeats the entry 1"
    );
    let wide = format!("1,\"A\"{tail},-0- ");
    assert_eq!(refused(&wide), "names (sdn.csv): line 1 has 13 fields, expected 12");
    let late = format!("1,\"A\"{tail}\r\n\r\n2,\"B\nB\"{tail}\r\n3,x");
    assert_eq!(refused(&late), "names (sdn.csv): line 5 has 2 fields, expected 12");
    assert_eq!(
        refused(&format!("1,-0- {tail}")),
        "names (sdn.csv): line 1 has the name ``, expected a letter or a digit in it"
    );
    assert_eq!(
        refused(&format!("1,\"?\"{tail}")),
        "names (sdn.csv): line 1 has the name `?`, expected a letter or a digit in it"
    );
    let marked = format!("1,\"A\"{tail}\n\x1a\n2,\"B\"{tail}");
    assert_eq!(
        refused(&marked),
        "names (sdn.csv): line 2 has 1 fields, expected 12",
        "nothing may follow the end mark"
    );
    let error = ScreeningList::read(&[b'1', b'\n', 0xe9], None, None).unwrap_err();
    assert_eq!(error.to_string(), "names (sdn.csv): line 2 is not UTF-8");
    let error = ScreeningList::read(SDN, Some(b"1,2,\"aka\"\n"), None).unwrap_err();
    assert_eq!(error.to_string(), "aliases (alt.csv): line 1 has 3 fields, expected 5");
    let error = ScreeningList::read(SDN, Some(b"90001,2,\"aka\",-0- ,-0- \n"), None).unwrap_err();
    assert!(error.to_string().starts_with("aliases (alt.csv): line 1 has the name ``"));
    let error = ScreeningList::read(SDN, None, Some(b"# none\n\n")).unwrap_err();
    assert_eq!(error.to_string(), "address list: the document holds no record");
    let error = ScreeningList::read(SDN, None, Some(b"# one\n0xbad\n")).unwrap_err();
    assert_eq!(error.to_string(), "address list: line 2 is not an address");
    let long = vec![b'1'; DOCUMENT_BYTES_MAX + 1];
    let error = ScreeningList::read(&long, None, None).unwrap_err();
    assert_eq!(error.to_string(), "names (sdn.csv): 67108865 bytes, at most 67108864 are read");
}

#[test]
fn an_unreadable_address_in_remarks_is_counted() {
    let sdn = format!(
        "1,\"A\"{},\"Digital Currency Address - ETH 0xbad; alt. Digital Currency Address - XBT 1abc.\"",
        ",-0- ".repeat(9)
    );
    let counts = ScreeningList::read(sdn.as_bytes(), None, None).unwrap().counts();
    assert_eq!((counts.addresses, counts.addresses_unreadable), (0, 1));
}

#[test]
fn normalisation_version_1_is_frozen() {
    for (name, expected) in [
        ("AL-ADL, Sayf", "ADL AL SAYF"),
        ("O'Brien", "OBRIEN"),
        ("O\u{2019}Brien", "OBRIEN"),
        ("O\u{b4}Brien", "OBRIEN"),
        ("Straße", "STRASSE"),
        ("Łódź", "LODZ"),
        ("Ærøskøbing", "AEROSKOBING"),
        ("\u{ff21}\u{ff22}", "AB"),
        ("ﬁnance", "FINANCE"),
        ("E\u{301}", "E"),
        ("Иванов Й.", "И ИВАНОВ"),
        ("山田 太郎", "太郎 山田"),
        ("a\u{a0}b\tc", "A B C"),
        ("ANGLO-CARIBBEAN CO., LTD.", "ANGLO CARIBBEAN CO LTD"),
        ("3 V TRADING", "3 TRADING V"),
        ("ıstanbul", "ISTANBUL"),
    ] {
        assert_eq!(normalise(name).as_deref(), Some(expected), "{name}");
    }
}

proptest! {
    #[test]
    fn normalising_again_changes_nothing_and_word_order_does_not_matter(name in "\\PC{0,40}") {
        if let Some(once) = normalise(&name) {
            prop_assert_eq!(normalise(&once), Some(once.clone()));
            let reversed: Vec<&str> = once.split(' ').rev().collect();
            prop_assert_eq!(normalise(&reversed.join(", ")), Some(once));
        }
    }
}
