//! The programme's contracts on a chain, as the tests here agree on them.

use alloy_primitives::Address;
use alloy_sol_types::SolCall;
use lockstep_chain::Sends;
use lockstep_chain::contracts::Token;
use lockstep_chain::deploy::{self, Following, Line};
use lockstep_types::PolicyDigest;

/// Anchor, Gate and token.
pub struct Coin {
    pub anchor: Address,
    pub gate: Address,
    pub token: Address,
}

/// Puts them there: `anybody` the Anchor and the Gate, `issuer` the token, which it gives to the Gate. The
/// line of mints has so many units in so many seconds.
pub fn deploy(
    chain: &mut dyn Sends,
    following: Following<'_>,
    (anybody, issuer): (Address, Address),
    (policy, cap, window_s): (PolicyDigest, u64, u32),
) -> Coin {
    let anchor = deploy::anchor(chain, anybody, following).unwrap();
    let token = deploy::token(chain, (issuer, issuer), ("Acme dollar", "ACME", 6)).unwrap();
    let line = Line {
        name: "mint".parse().unwrap(),
        policies: vec![policy],
        target: token,
        selectors: vec![Token::mintCall::SELECTOR],
        word: 1,
        exponent: 0,
        cap,
        window_s,
    };
    let programme = "acme-usd".parse().unwrap();
    let gate = deploy::gate(chain, anybody, (anchor, &programme), (Address::ZERO, &[line])).unwrap();
    deploy::hand_over_token(chain, issuer, (token, gate)).unwrap();
    Coin { anchor, gate, token }
}
