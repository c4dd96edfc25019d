use super::*;
use crate::SecretKey;
use crate::suite::{Message, Suite, recover};
use alloy_primitives::{B256, U256};
use alloy_sol_types::{Eip712Domain, SolStruct, sol};
use proptest::prelude::*;

fn hex32(text: &str) -> [u8; 32] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn address_word(hex_text: &str) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(&hex::decode(hex_text).unwrap());
    word
}

/// The standard's own example: its domain has another form than ours, its hashing is the same.
#[test]
fn the_example_of_the_standard() {
    let person = type_hash("Person(string name,address wallet)");
    let of = |name, wallet| struct_hash(&person, &[string_word(name), address_word(wallet)]);
    let mail = type_hash("Mail(Person from,Person to,string contents)Person(string name,address wallet)");
    assert_eq!(mail, hex32("a0cedeb2dc280ba39b857546d74f5549c3a1d7bdc2dd96bf881f76108e23dac2"));
    let mail = struct_hash(
        &mail,
        &[
            of("Cow", "cd2a3d9f938e13cd947ec05abc7fe734df8dd826"),
            of("Bob", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"),
            string_word("Hello, Bob!"),
        ],
    );
    assert_eq!(mail, hex32("c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e"));
    let domain =
        type_hash("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    let contract = address_word("cccccccccccccccccccccccccccccccccccccccc");
    let domain = struct_hash(&domain, &[string_word("Ether Mail"), string_word("1"), uint_word(1), contract]);
    assert_eq!(domain, hex32("f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"));
    let hash = signing_hash(&domain, &mail);
    assert_eq!(hash, hex32("be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"));
    let signature = SecretKey::from_bytes(Suite::Eip712, &keccak256(b"cow")).unwrap();
    let signature = signature.sign(Message::Hash(&hash)).unwrap();
    assert_eq!(recover(&hash, &signature).unwrap().to_string(), "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826");
}

sol! {
    struct Claim {
        string name;
        string value;
        bytes32 salt;
    }
    struct Checkpoint {
        bytes32 ledger;
        uint64 epoch;
        uint64 size;
        bytes32 root;
    }
    struct Lists {
        bytes32[] digests;
        string[] texts;
        uint256 number;
    }
}

fn domain(salt: [u8; 32]) -> Eip712Domain {
    Eip712Domain {
        name: Some(DOMAIN_NAME.into()),
        version: Some(DOMAIN_VERSION.into()),
        salt: Some(B256::from(salt)),
        ..Eip712Domain::default()
    }
}

proptest! {
    /// alloy-sol-types derives type texts and hashes from the structs themselves.
    #[test]
    fn hashes_agree_with_another_implementation(
        salt: [u8; 32], name in ".{0,40}", value in ".{0,200}", epoch: u64, size: u64, root: [u8; 32]
    ) {
        prop_assert_eq!(domain_separator(&salt), domain(salt).separator().0);

        let claim = Claim { name: name.clone(), value: value.clone(), salt: salt.into() };
        let words = [string_word(&name), string_word(&value), salt];
        let ours = struct_hash(&type_hash("Claim(string name,string value,bytes32 salt)"), &words);
        prop_assert_eq!(ours, claim.eip712_hash_struct().0);
        let signed = claim.eip712_signing_hash(&domain(salt)).0;
        prop_assert_eq!(signing_hash(&domain_separator(&salt), &ours), signed);

        let checkpoint = Checkpoint { ledger: salt.into(), epoch, size, root: root.into() };
        let ours = struct_hash(
            &type_hash("Checkpoint(bytes32 ledger,uint64 epoch,uint64 size,bytes32 root)"),
            &[salt, uint_word(epoch), uint_word(size), root],
        );
        prop_assert_eq!(ours, checkpoint.eip712_hash_struct().0);
    }

    #[test]
    fn arrays_agree_with_another_implementation(
        digests in prop::collection::vec(any::<[u8; 32]>(), 0..5),
        texts in prop::collection::vec(".{0,20}", 0..5),
        number: u64
    ) {
        let lists = Lists {
            digests: digests.iter().copied().map(B256::from).collect(),
            texts: texts.clone(),
            number: U256::from(number),
        };
        let words: Vec<_> = texts.iter().map(|text| string_word(text)).collect();
        let ours = struct_hash(
            &type_hash("Lists(bytes32[] digests,string[] texts,uint256 number)"),
            &[array_word(&digests), array_word(&words), uint_word(number)],
        );
        prop_assert_eq!(ours, lists.eip712_hash_struct().0);
    }
}
