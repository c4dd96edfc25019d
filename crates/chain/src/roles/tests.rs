//! Roles of the demo's token on a chain in this process.

use super::*;
use crate::{Embedded, Sends, Transaction, deploy, role};

const HOLDER: Address = Address::repeat_byte(1);
const GATE: Address = Address::repeat_byte(2);
const FORGOTTEN: Address = Address::repeat_byte(3);

fn send(chain: &mut Embedded, (from, token): (Address, Address), data: Bytes) {
    chain.send(&Transaction { from, to: Some(token), data }).unwrap();
}

fn found(chain: &Embedded, token: Address) -> Roles {
    roles(chain, &chain.latest().unwrap(), (token, 0), (&[HOLDER, GATE], &[])).unwrap()
}

#[test]
fn every_role_moves_the_admin_last_and_a_forgotten_minter_is_found() {
    let mut chain = Embedded::new(1, 0, 1_800_000_000);
    let token = deploy::token(&mut chain, (HOLDER, HOLDER), ("Acme dollar", "ACME", 6)).unwrap();
    let minter = role("MINTER_ROLE");
    let grant = Token::grantRoleCall { role: minter, account: FORGOTTEN };
    send(&mut chain, (HOLDER, token), grant.abi_encode().into());
    assert!(has_roles(&chain, &chain.latest().unwrap(), token).unwrap());
    assert!(!has_roles(&chain, &chain.latest().unwrap(), GATE).unwrap());

    let before = found(&chain, token);
    assert_eq!(before.others(&[HOLDER, GATE]), [(minter, FORGOTTEN)]);
    let kept = before.hand_over((HOLDER, GATE), (&[], &[]));
    let changes = before.hand_over((HOLDER, GATE), (&[], &[FORGOTTEN]));
    assert_eq!(kept.len() + 1, changes.len());
    assert_eq!(changes.last(), Some(&Change::Renounce(ADMIN)));
    assert!(matches!(changes[..3], [Change::Grant(_), Change::Grant(_), Change::Grant(_)]), "{changes:?}");
    for change in changes {
        send(&mut chain, (HOLDER, token), change.call((HOLDER, GATE)));
    }
    let after = found(&chain, token);
    assert!(after.others(&[GATE]).is_empty(), "{after:?}");
    assert_eq!(after.held.len(), 3);
    assert!(after.hand_over((HOLDER, GATE), (&[], &[FORGOTTEN])).is_empty(), "nothing is left to do");
}

#[test]
fn a_role_that_gives_others_is_given_up_after_them() {
    let (giver, given) = (B256::repeat_byte(1), B256::repeat_byte(9));
    let held = [(giver, HOLDER), (given, HOLDER), (ADMIN, HOLDER)].into_iter().collect();
    let admins = [(given, giver), (giver, ADMIN), (ADMIN, ADMIN)].into_iter().collect();
    let roles = Roles { held, admins, noted: BTreeSet::new() };
    let changes = roles.hand_over((HOLDER, GATE), (&[B256::repeat_byte(7)], &[]));
    assert_eq!(changes.len(), 7, "a role that was named is given too: {changes:?}");
    assert_eq!(changes[4..], [Change::Renounce(given), Change::Renounce(giver), Change::Renounce(ADMIN)]);
    assert_eq!(shown(role("MINTER_ROLE")), "MINTER_ROLE");
}
