use super::*;
use lockstep_crypto::secret::SecretKey;
use lockstep_crypto::suite::Suite;

#[test]
fn each_public_key_is_the_key_of_its_address() {
    for account in funded(&[]).unwrap() {
        let mut secret = [0; 32];
        hex::decode_to_slice(&account.public_secret_key.unwrap()[2..], &mut secret).unwrap();
        let key = SecretKey::from_bytes(Suite::Eip712, &secret).unwrap();
        assert_eq!(key.public().bytes(), account.address.0);
    }
}

#[test]
fn whoever_names_accounts_gets_those_and_no_others() {
    let named = [Address([7; 20])];
    let accounts = funded(&named).unwrap();
    assert_eq!(accounts.len(), 1);
    assert_eq!((accounts[0].address, accounts[0].public_secret_key), (named[0], None));
}
