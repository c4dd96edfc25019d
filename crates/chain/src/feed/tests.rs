use super::*;
use crate::domain::{Sends, Transaction};
use crate::embedded::Embedded;

const OWNER: Address = Address::repeat_byte(0x11);
const HOUR_MS: u64 = 3_600_000;
const RULES: FeedRules = FeedRules { age_ms_max: HOUR_MS, divergence_bps_max: 50 };

/// A feed whose answers are six words of its storage, assembled by hand: `decimals()` gives word 0,
/// `latestRoundData()` words 1 to 5, and any other call sets all six.
fn code() -> Vec<u8> {
    let mut run = vec![0x60, 0x00, 0x35, 0x60, 0xe0, 0x1c]; // the selector
    let mut jumps = Vec::new();
    for selector in [abi::decimalsCall::SELECTOR, abi::latestRoundDataCall::SELECTOR] {
        run.extend([0x80, 0x63]); // DUP1 PUSH4
        run.extend(selector);
        run.extend([0x14, 0x60, 0x00, 0x57]); // EQ PUSH1 JUMPI
        jumps.push(run.len() - 2);
    }
    for word in 0..6u8 {
        run.extend([0x60, 4 + 32 * word, 0x35, 0x60, word, 0x55]); // SSTORE(word, CALLDATALOAD)
    }
    run.push(0x00);
    for (jump, words) in jumps.into_iter().zip([0..1u8, 1..6]) {
        run[jump] = u8::try_from(run.len()).unwrap();
        run.push(0x5b);
        let count = u8::try_from(words.len()).unwrap();
        for (at, word) in words.enumerate() {
            run.extend([0x60, word, 0x54, 0x60, 32 * u8::try_from(at).unwrap(), 0x52]); // MSTORE(at, SLOAD)
        }
        run.extend([0x60, 32 * count, 0x60, 0x00, 0xf3]);
    }
    let length = u8::try_from(run.len()).unwrap();
    // Copies what runs into memory and returns it.
    [&[0x60, length, 0x80, 0x60, 0x0b, 0x60, 0x00, 0x39, 0x60, 0x00, 0xf3][..], &run].concat()
}

struct Scene {
    chain: Embedded,
    feeds: [Address; 2],
}

impl Scene {
    fn new() -> Self {
        let mut chain = Embedded::new(31_337, 1, 1_000_000);
        let feeds = [(), ()].map(|()| {
            let create = Transaction { from: OWNER, to: None, data: code().into() };
            chain.send(&create).unwrap().created.unwrap()
        });
        Self { chain, feeds }
    }

    /// What a feed says from now on: decimals, round, answer, start, end, answered in round.
    fn set(&mut self, feed: usize, words: [I256; 6]) {
        let words: Vec<u8> = words.iter().flat_map(I256::to_be_bytes::<32>).collect();
        let data = [&[1, 2, 3, 4][..], &words].concat();
        self.chain.send(&Transaction { from: OWNER, to: Some(self.feeds[feed]), data: data.into() }).unwrap();
        self.chain.mine(2, 1);
    }

    fn say(&mut self, feed: usize, (decimals, answer): (u8, i64), updated: u64) {
        let word = |number: i64| I256::try_from(number).unwrap();
        let updated = word(i64::try_from(updated).unwrap());
        self.set(feed, [word(i64::from(decimals)), word(7), word(answer), updated, updated, word(7)]);
    }

    fn read(&self, both: bool, now_s: u64) -> Result<FeedReading, FeedError> {
        let now = Time::from_ms(now_s * 1_000).unwrap();
        read_feeds(&self.chain, (self.feeds[0], both.then_some(self.feeds[1])), RULES, now)
    }
}

#[test]
fn a_young_price_is_fresh_and_an_old_one_is_stale() {
    let mut scene = Scene::new();
    scene.say(0, (8, 100_030_000), 1_000_000);
    let fresh = scene.read(false, 1_003_600).unwrap();
    assert_eq!((fresh.worth, fresh.first.price.to_string().as_str()), (Worth::Fresh, "1.00030000"));
    assert_eq!((fresh.first.round, fresh.first.updated.ms()), (U80::from(7), 1_000_000_000));
    assert_eq!(fresh.block, scene.chain.finalized().unwrap().number);
    let stale = scene.read(false, 1_003_601).unwrap();
    assert_eq!(stale.worth, Worth::Stale { feed: scene.feeds[0], age_ms: HOUR_MS + 1_000 });
    let json = serde_json::to_value(&stale).unwrap();
    assert_eq!(
        (&json["worth"], &json["first"]["price"], &json["first"]["round"]),
        (&"stale".into(), &"1.00030000".into(), &"7".into())
    );
}

#[test]
fn two_feeds_must_both_be_young_and_agree_whatever_their_decimals() {
    let mut scene = Scene::new();
    scene.say(0, (8, 100_000_000), 1_000_000);
    scene.say(1, (18, 1_005_000_000_000_000_000), 1_000_000);
    assert_eq!(scene.read(true, 1_000_010).unwrap().worth, Worth::Fresh, "50 of 10,000 are still the same");
    scene.say(1, (18, 1_005_000_000_000_000_001), 1_000_000);
    assert_eq!(scene.read(true, 1_000_010).unwrap().worth, Worth::Divergent { bps: 51 }, "rounded up");
    scene.say(1, (2, 99), 1_000_000);
    assert_eq!(scene.read(true, 1_000_010).unwrap().worth, Worth::Divergent { bps: 102 }, "of the lower one");
    scene.say(0, (8, 100_000_000), 999_000);
    let stale = scene.read(true, 1_002_601).unwrap();
    assert_eq!(
        stale.worth,
        Worth::Stale { feed: scene.feeds[0], age_ms: 3_601_000 },
        "the older one is named"
    );
    assert_eq!(scene.read(false, 1_002_600).unwrap().worth, Worth::Fresh);
    let twice = read_feeds(
        &scene.chain,
        (scene.feeds[0], Some(scene.feeds[0])),
        RULES,
        Time::from_ms(1_000_000_000).unwrap(),
    );
    assert_eq!(twice, Err(FeedError::Twice { feed: scene.feeds[0] }));
}

#[test]
fn what_cannot_be_a_price_is_none() {
    let mut scene = Scene::new();
    let feed = scene.feeds[0];
    let read = |scene: &Scene| scene.read(false, 1_000_100).unwrap_err();
    assert_eq!(read(&scene), FeedError::NotEnded { feed, round: U80::ZERO }, "nothing was ever said");
    scene.say(0, (8, 0), 1_000_000);
    assert_eq!(read(&scene), FeedError::NoPrice { feed, found: I256::ZERO });
    scene.say(0, (8, -5), 1_000_000);
    assert_eq!(read(&scene).to_string(), format!("feed `{feed}` says `-5`, which is no price"));
    let word = |n: i64| I256::try_from(n).unwrap();
    scene.set(0, [word(8), word(7), I256::MAX, word(1_000_000), word(1_000_000), word(7)]);
    assert_eq!(read(&scene), FeedError::NoPrice { feed, found: I256::MAX });
    scene.say(0, (37, 1), 1_000_000);
    assert_eq!(read(&scene), FeedError::Decimals { feed, found: 37 });
    scene.say(0, (8, 1), 2_000_000);
    assert!(matches!(read(&scene), FeedError::Future { .. }));
    scene.set(0, [word(8), word(7), word(1), word(1), I256::MINUS_ONE, word(7)]);
    assert!(matches!(read(&scene), FeedError::Future { .. }));
    scene.set(0, [word(300), word(7), word(1), word(1), word(1), word(7)]);
    assert_eq!(read(&scene), FeedError::NoFeed { feed }, "decimals that are no `uint8`");
    let nobody = Address::repeat_byte(0x99);
    let now = Time::from_ms(1_000_100_000).unwrap();
    assert_eq!(read_feeds(&scene.chain, (nobody, None), RULES, now), Err(FeedError::NoFeed { feed: nobody }));
}

#[test]
fn a_price_counts_once_its_block_is_final() {
    let mut scene = Scene::new();
    scene.say(0, (8, 100), 1_000_000);
    let words: Vec<u8> = [8i64, 8, 200, 1_000_001, 1_000_001, 8]
        .iter()
        .flat_map(|n| I256::try_from(*n).unwrap().to_be_bytes::<32>())
        .collect();
    let data = [&[0; 4][..], &words].concat();
    scene.chain.send(&Transaction { from: OWNER, to: Some(scene.feeds[0]), data: data.into() }).unwrap();
    assert_eq!(scene.read(false, 1_000_100).unwrap().first.price.to_string(), "0.00000100");
    scene.chain.mine(2, 1);
    assert_eq!(scene.read(false, 1_000_100).unwrap().first.price.to_string(), "0.00000200");
}

#[test]
fn prices_are_exact_and_compared_without_overflow() {
    let price = |units, decimals| Price::new(units, decimals).unwrap();
    assert_eq!(price(5, 0).to_string(), "5");
    assert_eq!(price(5, 2).to_string(), "0.05");
    assert_eq!(price(12_345, 2).to_string(), "123.45");
    assert_eq!(divergence_bps_round_up(price(100, 2), price(1_000, 3)), 0, "1.00 is 1.000");
    assert_eq!((Price::new(0, 2), Price::new(1, 37)), (None, None));
    assert_eq!(divergence_bps_round_up(price(u128::MAX, 0), price(u128::MAX, 0)), 0);
    assert_eq!(divergence_bps_round_up(price(u128::MAX, 0), price(1, 36)), u64::MAX);
    assert_eq!(divergence_bps_round_up(price(u128::MAX, 0), price(u128::MAX / 2, 0)), 10_001);
    assert_eq!(divergence_bps_round_up(price(10_000, 0), price(10_001, 0)), 1);
    assert_eq!(divergence_bps_round_up(price(3, 0), price(1, 0)), 20_000);
}
