//! The US Treasury's SDN list and sanctioned addresses; they stay outside the repository.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the test is the shell: it reads the files and says when it skips"
)]

use lockstep_sources::{HitKind, ScreeningList};
use lockstep_types::Address;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/ofac");

fn list() -> Option<ScreeningList> {
    if !std::path::Path::new(DATA).exists() {
        println!("skipped: ../shared/data is absent");
        return None;
    }
    let read = |name: &str| std::fs::read(format!("{DATA}/{name}")).expect("the published list can be read");
    let (sdn, alt, addresses) = (read("sdn.csv"), read("alt.csv"), read("sanctioned_addresses_ETH.txt"));
    Some(ScreeningList::read(&sdn, Some(&alt), Some(&addresses)).unwrap())
}

#[test]
fn the_published_list_is_read_whole() {
    let Some(list) = list() else { return };
    let counts = list.counts();
    assert_eq!(counts.entries, 8_976);
    assert!(counts.aliases > 11_910, "{counts:?}");
    assert_eq!(counts.addresses, 152 + 5, "the address list, and what the remarks name");
    assert_eq!(counts.addresses_unreadable, 1, "the list itself holds an address of 39 digits");
}

#[test]
fn listed_names_and_aliases_are_found_and_others_are_not() {
    let Some(list) = list() else { return };
    let hits = |name: &str| list.screen(Some(name), None).unwrap().hits;
    for name in ["KONY, Joseph", "Joseph Kony", "joseph  KONY"] {
        let found = hits(name);
        let entries: Vec<_> = found.iter().map(|hit| (hit.kind, hit.entry)).collect();
        assert_eq!(entries, [(HitKind::Name, Some(11018))], "{name}");
    }
    let alias = hits("National Bank of Cuba");
    assert!(alias.iter().any(|hit| hit.kind == HitKind::Alias && hit.entry == Some(306)));
    assert_eq!(alias[0].name.as_deref(), Some("BANCO NACIONAL DE CUBA"));
    let weak = hits("BNC");
    assert!(
        weak.iter().any(|hit| hit.kind == HitKind::Alias && hit.entry == Some(306)),
        "an alias in the remarks"
    );
    assert!(hits("Example Treasury & Sons Ltd").is_empty());
    assert!(hits("Joseph").is_empty());
}

#[test]
fn every_sanctioned_address_is_found_and_its_neighbour_is_not() {
    let Some(list) = list() else { return };
    let text = std::fs::read_to_string(format!("{DATA}/sanctioned_addresses_ETH.txt")).unwrap();
    let mut found = 0;
    for line in text.lines() {
        let address = Address::from_user_text(line).unwrap();
        assert!(!list.screen(None, Some(address)).unwrap().hits.is_empty(), "{line}");
        found += 1;
        let mut neighbour = address;
        neighbour.0[19] ^= 1;
        assert!(list.screen(None, Some(neighbour)).unwrap().hits.is_empty(), "{neighbour}");
    }
    assert_eq!(found, 152);
    let remark = Address::from_user_text("0xd882cfc20f52f2599d84b8e8d58c7fb62cfe344b").unwrap();
    let hits = list.screen(None, Some(remark)).unwrap().hits;
    assert!(hits.iter().any(|hit| hit.entry.is_some()), "the entry that the remark stands in is named");
}
