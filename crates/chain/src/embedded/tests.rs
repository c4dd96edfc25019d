use super::*;
use crate::contracts::{Token, error_name, reason};
use crate::deploy;
use alloy_sol_types::SolCall;

const ISSUER: Address = Address::repeat_byte(0x11);
const HOLDER: Address = Address::repeat_byte(0x22);

fn minted(to: Address, amount: u64) -> Bytes {
    Token::mintCall { to, amount: U256::from(amount) }.abi_encode().into()
}

fn balance(chain: &Embedded, token: Address, of: Address) -> U256 {
    let answer = chain.call(token, &Token::balanceOfCall { account: of }.abi_encode()).unwrap();
    Token::balanceOfCall::abi_decode_returns(&answer).unwrap()
}

fn with_token() -> (Embedded, Address) {
    let mut chain = Embedded::new(31_337, 2, 1_000);
    let expected = chain.next_contract(ISSUER);
    let token = deploy::token(&mut chain, (ISSUER, ISSUER), ("Acme dollar", "ACME", 6)).unwrap();
    assert_eq!(token, expected);
    (chain, token)
}

#[test]
fn what_a_transaction_does_is_seen_by_the_next() {
    let (mut chain, token) = with_token();
    let mint = Transaction { from: ISSUER, to: Some(token), data: minted(HOLDER, 7) };
    let receipt = chain.send(&mint).unwrap();
    assert_eq!(receipt.block.number, 2);
    assert_eq!(receipt.logs.len(), 1);
    assert_eq!(balance(&chain, token, HOLDER), U256::from(7));
    assert_eq!(chain.logs(token, 2, 2).unwrap(), receipt.logs);
    assert_eq!(chain.logs(HOLDER, 0, 2).unwrap(), []);
    assert!(chain.send(&mint).unwrap().transaction != receipt.transaction, "twice is not once");
}

#[test]
fn a_refusal_changes_nothing_but_the_nonce_and_says_why() {
    let (mut chain, token) = with_token();
    let mint = Transaction { from: HOLDER, to: Some(token), data: minted(HOLDER, 7) };
    let before = chain.next_contract(HOLDER);
    let Err(DomainError::Reverted { answer }) = chain.send(&mint) else { panic!("it was minted") };
    assert_eq!(error_name(&answer), "AccessControlUnauthorizedAccount");
    assert!(reason(&answer).contains(&HOLDER.to_string().to_lowercase()), "{}", reason(&answer));
    assert_eq!(balance(&chain, token, HOLDER), U256::ZERO);
    assert_ne!(chain.next_contract(HOLDER), before);
    assert_eq!(chain.latest().unwrap().number, 2, "it stands in a block");
    assert_eq!(reason(b"abc"), "an answer of 3 bytes that is no known error");
}

#[test]
fn blocks_follow_the_clock_and_never_run_back() {
    let (mut chain, token) = with_token();
    chain.set_clock(5_000);
    let mint = Transaction { from: ISSUER, to: Some(token), data: minted(HOLDER, 1) };
    assert_eq!(chain.send(&mint).unwrap().block.timestamp, 5_000);
    chain.set_clock(4_000);
    assert_eq!(chain.send(&mint).unwrap().block.timestamp, 5_000);
    chain.mine(3, 12);
    assert_eq!(chain.latest().unwrap().timestamp, 5_036);
    assert_eq!(chain.finalized().unwrap().number, chain.latest().unwrap().number - 2);
}

#[test]
fn what_is_taken_back_is_gone_and_what_is_final_stays() {
    let (mut chain, token) = with_token();
    chain.mine(3, 12);
    let mint = Transaction { from: ISSUER, to: Some(token), data: minted(HOLDER, 7) };
    let receipt = chain.send(&mint).unwrap();
    chain.take_back(1).unwrap();
    assert_eq!(balance(&chain, token, HOLDER), U256::ZERO);
    let last = receipt.block.number - 1;
    let gone = DomainError::UnknownBlock { number: receipt.block.number, last };
    assert_eq!(chain.block(receipt.block.number), Err(gone));
    // The same again gives the same block only because nothing else happened.
    assert_eq!(chain.send(&mint).unwrap().transaction, receipt.transaction);
    chain.mine(2, 12);
    let finalized = receipt.block.number;
    let refused = chain.take_back(3);
    assert_eq!(refused, Err(DomainError::NotFinal { number: finalized - 1, finalized }));
    assert_eq!(balance(&chain, token, HOLDER), U256::from(7));
}

#[test]
fn a_chain_that_became_shorter_is_final_where_it_was() {
    let (mut chain, token) = with_token();
    chain.mine(4, 12);
    let finalized = chain.finalized().unwrap();
    chain.take_back(2).unwrap();
    assert_eq!(chain.latest().unwrap(), finalized);
    assert_eq!(chain.finalized().unwrap(), finalized);
    let number = finalized.number - 1;
    assert_eq!(chain.take_back(1), Err(DomainError::NotFinal { number, finalized: finalized.number }));
    assert_eq!(balance(&chain, token, HOLDER), U256::ZERO);
}

#[test]
fn a_token_is_handed_over_whole() {
    let (mut chain, token) = with_token();
    let gate = Address::repeat_byte(0x33);
    deploy::hand_over_token(&mut chain, ISSUER, (token, gate)).unwrap();
    for from in [ISSUER, HOLDER] {
        let grant = Token::grantRoleCall { role: B256::ZERO, account: from }.abi_encode();
        for data in [minted(from, 1), grant.into()] {
            let refused = chain.send(&Transaction { from, to: Some(token), data });
            assert!(matches!(refused, Err(DomainError::Reverted { .. })), "{refused:?}");
        }
    }
    let mint = Transaction { from: gate, to: Some(token), data: minted(HOLDER, 1) };
    assert!(chain.send(&mint).is_ok());
}

#[test]
fn a_call_is_answered_as_of_the_block_it_names() {
    let (mut chain, token) = with_token();
    let balance_at = |chain: &Embedded, block: &Block| {
        let call = Token::balanceOfCall { account: HOLDER }.abi_encode();
        let answer = chain.call_at(block, token, &call)?;
        Ok::<_, DomainError>(Token::balanceOfCall::abi_decode_returns(&answer).unwrap())
    };
    let before = chain.latest().unwrap();
    chain.send(&Transaction { from: ISSUER, to: Some(token), data: minted(HOLDER, 7) }).unwrap();
    let after = chain.latest().unwrap();
    assert_eq!(balance_at(&chain, &before), Ok(U256::ZERO));
    assert_eq!(balance_at(&chain, &after), Ok(U256::from(7)));
    // Block 1 is final once block 3 stands, and what came before a final block is not kept.
    chain.mine(2, 12);
    assert_eq!(balance_at(&chain, &before), Err(DomainError::NotKept { number: 1 }));
    chain.take_back(2).unwrap();
    chain.mine(1, 60);
    let gone = Block { hash: B256::ZERO, ..chain.latest().unwrap() };
    assert_eq!(balance_at(&chain, &gone), Err(DomainError::Moved { number: 3 }));
}
