//! How code is compared that depends on where it stands.

use super::*;

#[test]
fn one_address_is_exchanged_wherever_it_stands_and_nothing_else() {
    let (from, to) = (Address::repeat_byte(1), Address::repeat_byte(2));
    let code = [&[9; 3][..], from.as_slice(), from.as_slice(), &[1; 19]].concat();
    let expected = [&[9; 3][..], to.as_slice(), to.as_slice(), &[1; 19]].concat();
    let with = |code: &[u8]| exchanged(code, from.as_slice(), to.as_slice());
    assert_eq!(with(&code), expected);
    assert_eq!(with(&[1; 19]), [1; 19]);
    assert!(with(&[]).is_empty());
    let text = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    assert_eq!(DOMAIN_TYPE, keccak256(text));
}
