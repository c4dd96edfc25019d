use super::*;
use lockstep_types::canonical;
use proptest::prelude::*;

fn members(count: u8) -> Vec<Member> {
    (0..count)
        .map(|n| Member {
            address: Address([n + 1; 20]),
            lei: Lei::with_check_digits(&format!("5299000000000000{n:02}")).unwrap(),
            name: format!("cosigner-{n}").parse().unwrap(),
        })
        .collect()
}

#[test]
fn a_threshold_is_more_than_two_thirds_and_no_more_than_all() {
    for n in 1..=32u8 {
        for k in 0..=40u8 {
            let allowed = 3 * u32::from(k) > 2 * u32::from(n) && k <= n;
            assert_eq!(Committee::new(0, members(n), k).is_ok(), allowed, "{k} of {n}");
        }
    }
}

#[test]
fn what_is_no_committee_is_refused_in_the_order_of_the_checks() {
    let mut same_address = members(4);
    same_address[3].address = same_address[0].address;
    let mut zero = members(4);
    zero[2].address = Address::default();
    let mut same_lei = members(4);
    same_lei[3].lei = same_lei[0].lei;
    let cases = [
        (1 << 53, vec![], 0, "epoch `9007199254740992` lies beyond 9007199254740991"),
        (0, vec![], 0, "a committee of 0: expected 1 to 32 co-signers"),
        (0, members(33), 0, "a committee of 33: expected 1 to 32 co-signers"),
        (0, zero, 0, "co-signer 2 has the zero address: no key signs for it"),
        (0, same_address, 0, "two co-signers share the address `0x0101010101010101010101010101010101010101`"),
        (0, same_lei, 0, "two co-signers share the LEI `529900000000000000"),
        (0, members(4), 2, "a threshold of 2 of 4: expected more than two thirds, 3 to 4"),
        (0, members(4), 5, "a threshold of 5 of 4: expected more than two thirds, 3 to 4"),
    ];
    for (epoch, members, threshold, text) in cases {
        let error = Committee::new(epoch, members, threshold).unwrap_err();
        assert!(error.to_string().starts_with(text), "{error}");
    }
}

#[test]
fn the_digest_is_that_of_zero_and_the_addresses_in_order() {
    let committee = Committee::new(0, members(2), 2).unwrap();
    let blob = [&[0u8][..], &[1; 20], &[2; 20]].concat();
    assert_eq!(committee.digest().0, keccak256(&blob));
    let mut turned = members(2);
    turned.reverse();
    assert_ne!(Committee::new(0, turned, 2).unwrap().digest(), committee.digest());
    // Epoch and threshold are named by the certificate itself.
    assert_eq!(Committee::new(9, members(2), 2).unwrap().digest(), committee.digest());
}

#[test]
fn members_are_found_by_address() {
    let committee = Committee::new(0, members(4), 3).unwrap();
    assert_eq!(committee.index_of(&Address([3; 20])), Some(2));
    assert_eq!(committee.index_of(&Address([9; 20])), None);
    assert_eq!(committee.member(2).unwrap().address, Address([3; 20]));
    assert!(committee.member(4).is_none());
}

#[test]
fn the_json_of_a_committee_is_canonical_and_checked() {
    let committee = Committee::new(3, members(4), 3).unwrap();
    assert!(canonical::is_canonical(&committee));
    let bytes = canonical::to_vec(&committee).unwrap();
    assert_eq!(canonical::from_slice::<Committee>(&bytes, 10_000).unwrap(), committee);
    let weak = String::from_utf8(bytes).unwrap().replace("\"threshold\":3", "\"threshold\":2");
    assert!(canonical::from_slice::<Committee>(weak.as_bytes(), 10_000).is_err());
}

proptest! {
    #[test]
    fn two_quorums_share_more_than_a_third(n in 1..=32u8) {
        let k = threshold_min(n);
        // Two sets of k among n share 2k − n at least.
        prop_assert!(3 * (2 * i32::from(k) - i32::from(n)) > i32::from(n));
        prop_assert!(3 * u32::from(k - 1) <= 2 * u32::from(n));
    }
}
