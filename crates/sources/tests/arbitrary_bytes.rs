//! Both decoders face bytes from outside: whatever they are, the answer is a value or an error.

use lockstep_sources::{
    BalanceQuery, Limits, PaymentQuery, ScreeningList, closing_balance, find_payment, read_statement,
};
use proptest::prelude::*;
use std::io::BufReader;

const STATEMENTS: [&[u8]; 3] = [
    include_bytes!("../samples/statement.xml"),
    include_bytes!("../samples/statement-reexported.xml"),
    include_bytes!("../samples/statement-v2.xml"),
];
const SDN: &[u8] = include_bytes!("../samples/sdn.csv");
const ALT: &[u8] = include_bytes!("../samples/alt.csv");
const ADDRESSES: &[u8] = include_bytes!("../samples/addresses.txt");
const REFERENCE: &str = "HB2611200000017";

/// Reads a file in every way, from a slice and in pieces of `piece` bytes, and checks that both say the same.
fn read_in_every_way(file: &[u8], piece: usize) -> Option<String> {
    let limits = Limits::default();
    let query = PaymentQuery { reference: REFERENCE, ..PaymentQuery::default() };
    let payment = find_payment(file, &query, &limits).map_err(|e| e.to_string());
    let pieces =
        find_payment(BufReader::with_capacity(piece, file), &query, &limits).map_err(|e| e.to_string());
    assert_eq!(payment, pieces);
    let summary = read_statement(file, &limits);
    let balance = closing_balance(file, &BalanceQuery::default(), &limits);
    if summary.is_err() {
        assert!(payment.is_err() && balance.is_err(), "a refused file gives neither payment nor balance");
    }
    payment.ok().map(|payment| payment.key().act)
}

/// A change of one place: another byte, a byte more, bytes less, or a part of the file given twice.
fn change(file: &mut Vec<u8>, (kind, at, length, byte): (u8, usize, usize, u8)) {
    if file.is_empty() {
        return;
    }
    let at = at % file.len();
    let end = (at + length).min(file.len());
    match kind {
        0 => file[at] = byte,
        1 => file.insert(at, byte),
        2 => drop(file.drain(at..end)),
        _ => {
            let part = file[at..end].to_vec();
            file.splice(at..at, part);
        }
    }
}

fn changes() -> impl Strategy<Value = Vec<(u8, usize, usize, u8)>> {
    let marks = prop_oneof![
        Just(b'<'),
        Just(b'>'),
        Just(b'&'),
        Just(b'"'),
        Just(b'/'),
        Just(0),
        Just(0xff),
        any::<u8>()
    ];
    prop::collection::vec((0u8..4, any::<usize>(), 0usize..400, marks), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn arbitrary_bytes_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        piece in 1usize..64,
    ) {
        prop_assert_eq!(read_in_every_way(&bytes, piece), None);
        let _ = ScreeningList::read(&bytes, Some(&bytes), Some(&bytes));
        let _ = ScreeningList::read(SDN, Some(&bytes), None);
        let _ = ScreeningList::read(SDN, None, Some(&bytes));
    }

    #[test]
    fn a_changed_statement_never_shows_another_act(
        which in 0usize..3, changes in changes(), piece in 1usize..4_000,
    ) {
        let mut file = STATEMENTS[which].to_vec();
        for one in changes {
            change(&mut file, one);
        }
        if let Some(act) = read_in_every_way(&file, piece) {
            // The entry reference may have been changed; the reference asked for must still stand in the act.
            prop_assert!(act.contains(REFERENCE), "{act}");
        }
    }

    #[test]
    fn a_changed_list_is_read_or_refused(changes in changes(), which in 0usize..3) {
        let mut documents = [SDN.to_vec(), ALT.to_vec(), ADDRESSES.to_vec()];
        for one in changes {
            change(&mut documents[which], one);
        }
        let [sdn, alt, addresses] = &documents;
        if let Ok(list) = ScreeningList::read(sdn, Some(alt), Some(addresses)) {
            prop_assert!(list.screen(Some("Marlow Tobias Greyshore"), None).is_ok());
        }
    }

    #[test]
    fn white_space_between_elements_quotes_and_prefixes_do_not_change_what_is_read(
        spaces in prop::collection::vec("[ \t\r\n]{0,3}", 1..20),
        // `xml` is the one prefix of this length that XML keeps for itself.
        prefix in "[a-z]{1,3}".prop_filter("a reserved prefix", |prefix| prefix != "xml"),
        single in any::<bool>(),
    ) {
        let text = std::str::from_utf8(STATEMENTS[0]).unwrap();
        let (head, body) = text.split_once("?>").unwrap();
        let mut file = format!("{head}?>");
        let mut next = 0;
        for part in body.split_inclusive('>') {
            let (before, tag) = part.split_at(part.find('<').unwrap_or(part.len()));
            let value = before.trim();
            file.push_str(&spaces[next % spaces.len()]);
            file.push_str(value);
            next += 1;
            // A text and its white space belong to the element; between elements there is only white space.
            file.push_str(&spaces[next % spaces.len()]);
            next += 1;
            let space = &spaces[next % spaces.len()];
            let namespace = format!("xmlns:{prefix}=");
            let tag = match tag.strip_prefix("</") {
                Some(rest) => format!("</{prefix}:{}", rest.replace('>', &format!("{space}>"))),
                None if tag.starts_with("<!") => tag.to_owned(),
                None => tag.replacen('<', &format!("<{prefix}:"), 1).replace("xmlns=", &namespace),
            };
            file.push_str(&if single && !tag.starts_with("<!") { tag.replace('"', "'") } else { tag });
        }
        prop_assert!(read_in_every_way(file.as_bytes(), 100).is_some());
        let limits = Limits::default();
        let query = PaymentQuery { reference: REFERENCE, ..PaymentQuery::default() };
        prop_assert_eq!(
            find_payment(file.as_bytes(), &query, &limits).unwrap(),
            find_payment(STATEMENTS[0], &query, &limits).unwrap()
        );
        prop_assert_eq!(
            read_statement(file.as_bytes(), &limits).unwrap(),
            read_statement(STATEMENTS[0], &limits).unwrap()
        );
    }
}
