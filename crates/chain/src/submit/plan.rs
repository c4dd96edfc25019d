//! What is paid for a transaction, and what is done about one that waits: rules without I/O.

use crate::rpc::Landed;

/// Nodes take a replacement whose two fees are both a tenth higher; this asks for an eighth.
const RAISE_DIVISOR: u128 = 8;
/// The least raise that nodes take.
const RAISE_DIVISOR_MAX: u128 = 10;

/// What is offered for a unit of gas, in wei (EIP-1559).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fees {
    /// At most, the base fee included.
    pub most: u128,
    /// Above the base fee.
    pub tip: u128,
}

/// What the chain asks for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Base fee of the newest block.
    pub base: u128,
    /// What is usually paid above it.
    pub tip: u128,
}

impl Fees {
    /// What is offered first: enough for a base fee twice as high, within the cap. Nothing when the cap is
    /// below what the chain asks for now.
    #[must_use]
    pub fn first(price: Price, cap: u128) -> Option<Self> {
        let most = price.base.saturating_mul(2).saturating_add(price.tip).min(cap);
        // A base fee of 0 and a cap of 0 is a chain without fees.
        (most >= price.base).then(|| Self { most, tip: price.tip.min(most) })
    }

    /// What is offered instead, enough above these fees for nodes to take the replacement. Nothing when the
    /// cap leaves no room for that.
    #[must_use]
    pub fn raised(self, price: Price, cap: u128) -> Option<Self> {
        let by = |fee: u128, divisor: u128| fee.saturating_add(fee.div_ceil(divisor).max(1));
        let wanted = price.base.saturating_mul(2).saturating_add(price.tip);
        let most = by(self.most, RAISE_DIVISOR).max(wanted).min(cap);
        let tip = by(self.tip, RAISE_DIVISOR).max(price.tip).min(most);
        let taken = most >= by(self.most, RAISE_DIVISOR_MAX) && tip >= by(self.tip, RAISE_DIVISOR_MAX);
        taken.then_some(Self { most, tip })
    }
}

/// A transaction on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Its place among its account's.
    pub nonce: u64,
    /// What it offers.
    pub fees: Fees,
    /// Newest block when these fees were offered.
    pub since: u64,
}

/// What the chain shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Number of the newest block.
    pub newest: u64,
    /// Number of the last final block.
    pub finalized: u64,
    /// Transactions of the account in blocks.
    pub nonce: u64,
    /// The same, in final blocks only, where that is known.
    pub nonce_final: Option<u64>,
    /// What the chain asks for now.
    pub price: Price,
    /// Where one of the attempts landed.
    pub landed: Option<Landed>,
}

/// What is done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is in a block that stays.
    Final(Landed),
    /// It is in a block that may still be replaced.
    Mined(Landed),
    /// A transaction that is none of its attempts has its nonce, for good.
    Overtaken,
    /// It is offered again, for more.
    Raise(Fees),
    /// It is handed over again: nodes forget, and a block that had it may have been replaced.
    HandOver,
}

/// What to do about a transaction, after so many blocks without it; the most important case on top.
#[must_use]
pub fn step(waiting: &Waiting, seen: &Seen, (stuck_blocks, cap): (u64, u128)) -> Step {
    if let Some(landed) = &seen.landed {
        return match landed.block.0 <= seen.finalized {
            true => Step::Final(landed.clone()),
            false => Step::Mined(landed.clone()),
        };
    }
    if seen.nonce_final.is_some_and(|nonce| nonce > waiting.nonce) {
        return Step::Overtaken;
    }
    // Only the next one in line can be stuck for its own fees.
    let stuck = seen.nonce == waiting.nonce && seen.newest >= waiting.since.saturating_add(stuck_blocks);
    match waiting.fees.raised(seen.price, cap) {
        Some(fees) if stuck => Step::Raise(fees),
        _ => Step::HandOver,
    }
}

#[cfg(test)]
mod tests;
