use super::*;
use alloy_primitives::B256;

fn block(number: u64, hash: u8) -> Block {
    Block { number, hash: B256::repeat_byte(hash), timestamp: number }
}

#[test]
fn the_last_final_block_is_never_an_earlier_one() {
    let mut settled = Settled::default();
    assert_eq!(settled.advance(block(10, 1)), Ok(block(10, 1)));
    assert_eq!(settled.advance(block(8, 2)), Ok(block(10, 1)), "what was final stays so");
    assert_eq!(settled.advance(block(11, 3)), Ok(block(11, 3)));
    assert_eq!(settled.last(), Some(block(11, 3)));
}

#[test]
fn a_final_block_with_another_hash_ends_everything() {
    let replaced =
        DomainError::FinalBlockReplaced { number: 10, was: B256::repeat_byte(1), is: B256::repeat_byte(2) };
    let mut settled = Settled::from_memory(Some(block(10, 1)));
    assert_eq!(settled.advance(block(10, 1)), Ok(block(10, 1)));
    assert_eq!(settled.compare(&block(10, 2)), Err(replaced.clone()));
    // For ever, even when the chain comes back to what it said.
    assert_eq!(settled.check(), Err(replaced.clone()));
    assert_eq!(settled.advance(block(10, 1)), Err(replaced.clone()));
    assert_eq!(settled.advance(block(99, 1)), Err(replaced));
}

#[test]
fn finality_is_a_tag_or_a_depth() {
    assert_eq!("finalized".parse(), Ok(Finality::Tag));
    assert_eq!("64".parse(), Ok(Finality::Depth(64)));
    for wrong in ["0", "", "safe", "-1", "1000001"] {
        assert!(wrong.parse::<Finality>().is_err(), "`{wrong}` was taken");
    }
    assert_eq!(Finality::Depth(64).to_string(), "64");
}
