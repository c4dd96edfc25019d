//! Prices that others put on a chain, in the shape of Chainlink's feeds (`AggregatorV3Interface`): read at a
//! final block, and told with what they are worth: *fresh*, *stale*, or *divergent* from a second feed.
//!
//! A feed is somebody's word. What is read here is that word, its time and its block; that the contract at
//! the address is the feed that it should be, whoever names the address has to know. A price that cannot be
//! one (zero, below zero, of the future, of a round that has not ended) is an error and never a reading.

use crate::domain::{Block, Domain, DomainError};
use alloy_primitives::aliases::U80;
use alloy_primitives::{Address, Bytes, I256, U256};
use alloy_sol_types::SolCall;
use core::fmt;
use lockstep_types::Time;
use serde::{Serialize, Serializer};

/// Most decimals that a feed may have.
pub const DECIMALS_MAX: u8 = 36;
/// Hundredths of a percent in one.
const BPS: u64 = 10_000;

/// The interface of others, as they declare it.
mod abi {
    alloy_sol_types::sol! {
        function decimals() external view returns (uint8);
        function latestRoundData() external view returns (
            uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound
        );
    }
}

/// An exact price: `units` of 10^-`decimals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    units: u128,
    decimals: u8,
}

/// What one feed says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Round {
    /// The contract.
    #[serde(serialize_with = "text")]
    pub feed: Address,
    /// The price.
    pub price: Price,
    /// The round's number, in decimal digits: it does not fit JSON's integers.
    #[serde(serialize_with = "text")]
    pub round: U80,
    /// When the price was put there.
    pub updated: Time,
}

/// When a price counts as fresh, and when two as the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedRules {
    /// Oldest price that is fresh, in milliseconds.
    pub age_ms_max: u64,
    /// Greatest difference of two prices, in hundredths of a percent of the lower one.
    pub divergence_bps_max: u64,
}

/// What a price is worth. An older price is not held against a younger one, so *stale* goes before
/// *divergent*.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "worth", rename_all = "snake_case")]
pub enum Worth {
    /// Young enough; where there are two feeds, both are, and they agree.
    Fresh,
    /// At least one is too old.
    Stale {
        /// The feed that is.
        #[serde(serialize_with = "text")]
        feed: Address,
        /// How old its price is.
        age_ms: u64,
    },
    /// Both are young enough and lie too far apart.
    Divergent {
        /// How far, in hundredths of a percent of the lower one, rounded up.
        bps: u64,
    },
}

/// What one feed, or two of them, show at a final block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedReading {
    /// Number of the block.
    pub block: u64,
    /// Its time.
    pub block_time: Time,
    /// The chain.
    pub chain_id: u64,
    /// The first feed.
    pub first: Round,
    /// The second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<Round>,
    /// What the price is worth.
    #[serde(flatten)]
    pub worth: Worth,
}

/// Why there is no price. Variants stand in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// The chain does not answer, or the contract refuses.
    #[error("feed `{feed}` cannot be read")]
    Domain {
        /// The contract.
        feed: Address,
        /// Why.
        #[source]
        source: DomainError,
    },
    /// One feed named twice would always agree with itself.
    #[error("`{feed}` is named twice: a second feed is another one")]
    Twice {
        /// The contract.
        feed: Address,
    },
    /// No contract of this interface.
    #[error("`{feed}` does not answer as a feed does")]
    NoFeed {
        /// The contract.
        feed: Address,
    },
    /// More decimals than prices have.
    #[error("feed `{feed}` has {found} decimals, at most {DECIMALS_MAX} are read")]
    Decimals {
        /// The contract.
        feed: Address,
        /// Decimals found.
        found: u8,
    },
    /// A round that has not ended.
    #[error("feed `{feed}` has not ended round {round} yet")]
    NotEnded {
        /// The contract.
        feed: Address,
        /// The round.
        round: U80,
    },
    /// Zero, below zero, or more than can be one.
    #[error("feed `{feed}` says `{found}`, which is no price")]
    NoPrice {
        /// The contract.
        feed: Address,
        /// What it says.
        found: I256,
    },
    /// Later than the block that it stands in.
    #[error("feed `{feed}` was updated in second {found}, after its block of second {block}")]
    Future {
        /// The contract.
        feed: Address,
        /// The time it gives.
        found: U256,
        /// The block's.
        block: u64,
    },
}

/// Reads one feed, or two, at the newest final block, and says what they are worth at `now`.
///
/// # Errors
/// [`FeedError`], in the order of its variants.
pub fn read_feeds(
    domain: &dyn Domain,
    (first, second): (Address, Option<Address>),
    rules: FeedRules,
    now: Time,
) -> Result<FeedReading, FeedError> {
    if second == Some(first) {
        return Err(FeedError::Twice { feed: first });
    }
    let refused = |source| FeedError::Domain { feed: first, source };
    let block = domain.finalized().map_err(refused)?;
    let block_time = block.time().map_err(refused)?;
    let one = read_round(domain, &block, first)?;
    let other = second.map(|feed| read_round(domain, &block, feed)).transpose()?;
    let worth = worth((&one, other.as_ref()), rules, now);
    Ok(FeedReading {
        block: block.number,
        block_time,
        chain_id: domain.chain_id(),
        first: one,
        second: other,
        worth,
    })
}

/// What a price, or two, are worth at `now`.
#[must_use]
pub fn worth((first, second): (&Round, Option<&Round>), rules: FeedRules, now: Time) -> Worth {
    let age_ms = |round: &Round| now.ms().saturating_sub(round.updated.ms());
    let rounds = [Some(first), second];
    let oldest = rounds.into_iter().flatten().max_by_key(|round| age_ms(round)).unwrap_or(first);
    if age_ms(oldest) > rules.age_ms_max {
        return Worth::Stale { feed: oldest.feed, age_ms: age_ms(oldest) };
    }
    match second.map(|second| divergence_bps_round_up(first.price, second.price)) {
        Some(bps) if bps > rules.divergence_bps_max => Worth::Divergent { bps },
        _ => Worth::Fresh,
    }
}

/// Reads what a feed says on top of `block`.
///
/// # Errors
/// [`FeedError`], in the order of its variants.
pub fn read_round(domain: &dyn Domain, block: &Block, feed: Address) -> Result<Round, FeedError> {
    let ask = |call: Vec<u8>| -> Result<Bytes, FeedError> {
        domain.call_at(block, feed, &call).map_err(|source| FeedError::Domain { feed, source })
    };
    let decimals = ask(abi::decimalsCall {}.abi_encode())?;
    let decimals = abi::decimalsCall::abi_decode_returns_validate(&decimals);
    let data = ask(abi::latestRoundDataCall {}.abi_encode())?;
    let data = abi::latestRoundDataCall::abi_decode_returns_validate(&data);
    let (Ok(decimals), Ok(data)) = (decimals, data) else { return Err(FeedError::NoFeed { feed }) };
    if decimals > DECIMALS_MAX {
        return Err(FeedError::Decimals { feed, found: decimals });
    }
    if data.updatedAt.is_zero() {
        return Err(FeedError::NotEnded { feed, round: data.roundId });
    }
    let units = u128::try_from(data.answer).ok().filter(|units| *units > 0);
    let units = units.ok_or(FeedError::NoPrice { feed, found: data.answer })?;
    let future = || FeedError::Future { feed, found: data.updatedAt, block: block.timestamp };
    let seconds = u64::try_from(data.updatedAt).ok().filter(|s| *s <= block.timestamp).ok_or_else(future)?;
    let updated = seconds.checked_mul(1_000).and_then(|ms| Time::from_ms(ms).ok()).ok_or_else(future)?;
    Ok(Round { feed, price: Price { units, decimals }, round: data.roundId, updated })
}

/// How far two prices lie apart, in hundredths of a percent of the lower one, rounded up.
#[must_use]
pub fn divergence_bps_round_up(one: Price, other: Price) -> u64 {
    let (one, other) = (one.scaled(), other.scaled());
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    // Neither is zero, and both fit 128 + 120 bits: where the product does not fit, the division comes first.
    let apart = high.saturating_sub(low);
    let bps = match apart.checked_mul(U256::from(BPS)) {
        Some(product) => product.div_ceil(low),
        None => apart.div_ceil(low.div_ceil(U256::from(BPS))),
    };
    u64::try_from(bps).unwrap_or(u64::MAX)
}

impl Price {
    /// A price; nothing for zero and for more decimals than are read.
    #[must_use]
    pub fn new(units: u128, decimals: u8) -> Option<Self> {
        (units > 0 && decimals <= DECIMALS_MAX).then_some(Self { units, decimals })
    }

    /// Units of 10^-`decimals`.
    #[must_use]
    pub const fn units(self) -> u128 {
        self.units
    }

    /// The feed's own decimals.
    #[must_use]
    pub const fn decimals(self) -> u8 {
        self.decimals
    }

    /// Units of 10^-[`DECIMALS_MAX`].
    fn scaled(self) -> U256 {
        let zeros = u32::from(DECIMALS_MAX.saturating_sub(self.decimals));
        let mut scaled = U256::from(self.units);
        for _ in 0..zeros {
            scaled = scaled.saturating_mul(U256::from(10));
        }
        scaled
    }
}

/// All its decimals: `1.00030000`.
impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = usize::from(self.decimals);
        let digits = format!("{:0>width$}", self.units, width = decimals.saturating_add(1));
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
        if fraction.is_empty() { f.write_str(whole) } else { write!(f, "{whole}.{fraction}") }
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn text<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[cfg(test)]
mod tests;
