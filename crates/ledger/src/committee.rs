//! The committee: the co-signers in force during one epoch (specs/certificate.md §2).

use lockstep_crypto::eip712::keccak256;
use lockstep_types::limits::{COSIGNERS_MAX, INTEGER_MAX};
use lockstep_types::{Address, CommitteeDigest, Lei, Name};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A co-signer: an institution and the address of its signing key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Address of the secp256k1 key.
    pub address: Address,
    /// The institution.
    pub lei: Lei,
    /// What people call it.
    pub name: Name,
}

/// The co-signers of one epoch, and how many of them must sign. A value of this type has been checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CommitteeText", into = "CommitteeText")]
pub struct Committee {
    epoch: u64,
    members: Vec<Member>,
    threshold: u8,
}

/// Addresses of which `threshold` must sign, as a chain knows them: without names. A value of this type has
/// been checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SignersText", into = "SignersText")]
pub struct Signers {
    addresses: Vec<Address>,
    threshold: u8,
}

/// Why members and threshold form no committee, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitteeError {
    /// Beyond 2^53 − 1.
    #[error("epoch `{found}` lies beyond {INTEGER_MAX}")]
    Epoch {
        /// The epoch found.
        found: u64,
    },
    /// None, or more than a certificate can name.
    #[error("a committee of {found}: expected 1 to {COSIGNERS_MAX} co-signers")]
    Size {
        /// Members found.
        found: usize,
    },
    /// The zero address: no key signs for it, and no Anchor takes it.
    #[error("co-signer {member} has the zero address: no key signs for it")]
    ZeroAddress {
        /// The place in the committee.
        member: usize,
    },
    /// Two members with one key: one signature would count twice.
    #[error("two co-signers share the address `{address}`")]
    SharedAddress {
        /// The address found twice.
        address: Address,
    },
    /// Two members of one institution: k keys would not be k institutions.
    #[error("two co-signers share the LEI `{lei}`")]
    SharedLei {
        /// The LEI found twice.
        lei: Lei,
    },
    /// Too few for any two quorums to share more than a third, or more than there are.
    #[error("a threshold of {found} of {members}: expected more than two thirds, {min} to {members}")]
    Threshold {
        /// The threshold found.
        found: u8,
        /// The least that is allowed.
        min: u8,
        /// Members.
        members: u8,
    },
}

/// The least k with k > 2n/3.
#[must_use]
pub fn threshold_min(members: u8) -> u8 {
    // (2n / 3) + 1 with n ≤ 255 fits in 171.
    let two_thirds = u16::from(members).saturating_mul(2).checked_div(3).unwrap_or(0);
    u8::try_from(two_thirds.saturating_add(1)).unwrap_or(u8::MAX)
}

impl Committee {
    /// Checks that `threshold` of `members` can be a quorum.
    ///
    /// # Errors
    /// [`CommitteeError`], in the order of the checks.
    pub fn new(epoch: u64, members: Vec<Member>, threshold: u8) -> Result<Self, CommitteeError> {
        if epoch > INTEGER_MAX.unsigned_abs() {
            return Err(CommitteeError::Epoch { found: epoch });
        }
        let addresses: Vec<Address> = members.iter().map(|member| member.address).collect();
        let count = check_addresses(&addresses)?;
        let mut institutions = BTreeSet::new();
        for member in &members {
            if !institutions.insert(member.lei) {
                return Err(CommitteeError::SharedLei { lei: member.lei });
            }
        }
        check_threshold(threshold, count)?;
        Ok(Self { epoch, members, threshold })
    }

    /// The number of the committee in time; a rotation adds one.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The co-signers; a certificate names them by their place here.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The co-signer at `index`.
    #[must_use]
    pub fn member(&self, index: u8) -> Option<&Member> {
        self.members.get(usize::from(index))
    }

    /// The place of the co-signer who signs with `address`.
    #[must_use]
    pub fn index_of(&self, address: &Address) -> Option<u8> {
        let at = self.members.iter().position(|member| member.address == *address)?;
        u8::try_from(at).ok()
    }

    /// How many must sign.
    #[must_use]
    pub const fn threshold(&self) -> u8 {
        self.threshold
    }

    /// Keccak-256 of `0x00` and the addresses in order: the code hash of the contract blob that holds them.
    #[must_use]
    pub fn digest(&self) -> CommitteeDigest {
        digest_of(self.members.iter().map(|member| &member.address))
    }

    /// The addresses and the threshold alone.
    #[must_use]
    pub fn signers(&self) -> Signers {
        let addresses = self.members.iter().map(|member| member.address).collect();
        Signers { addresses, threshold: self.threshold }
    }
}

impl Signers {
    /// Checks that `threshold` of `addresses` can be a quorum.
    ///
    /// # Errors
    /// [`CommitteeError`], in the order of the checks.
    pub fn new(addresses: Vec<Address>, threshold: u8) -> Result<Self, CommitteeError> {
        let count = check_addresses(&addresses)?;
        check_threshold(threshold, count)?;
        Ok(Self { addresses, threshold })
    }

    /// The addresses; a signature names its own by the place here.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The address at `index`.
    #[must_use]
    pub fn address(&self, index: u8) -> Option<&Address> {
        self.addresses.get(usize::from(index))
    }

    /// The place of an address.
    #[must_use]
    pub fn index_of(&self, address: &Address) -> Option<u8> {
        u8::try_from(self.addresses.iter().position(|found| found == address)?).ok()
    }

    /// How many must sign.
    #[must_use]
    pub const fn threshold(&self) -> u8 {
        self.threshold
    }

    /// As [`Committee::digest`].
    #[must_use]
    pub fn digest(&self) -> CommitteeDigest {
        digest_of(self.addresses.iter())
    }
}

fn digest_of<'a>(addresses: impl Iterator<Item = &'a Address>) -> CommitteeDigest {
    let blob: Vec<u8> = [0u8].into_iter().chain(addresses.flat_map(|address| address.0)).collect();
    CommitteeDigest(keccak256(&blob))
}

/// How many there are.
fn check_addresses(addresses: &[Address]) -> Result<u8, CommitteeError> {
    let count = match u8::try_from(addresses.len()) {
        Ok(count) if count > 0 && usize::from(count) <= COSIGNERS_MAX => count,
        _ => return Err(CommitteeError::Size { found: addresses.len() }),
    };
    let mut seen = BTreeSet::new();
    for (member, address) in addresses.iter().enumerate() {
        if *address == Address::default() {
            return Err(CommitteeError::ZeroAddress { member });
        }
        if !seen.insert(*address) {
            return Err(CommitteeError::SharedAddress { address: *address });
        }
    }
    Ok(count)
}

fn check_threshold(found: u8, members: u8) -> Result<(), CommitteeError> {
    let min = threshold_min(members);
    if found < min || found > members {
        return Err(CommitteeError::Threshold { found, min, members });
    }
    Ok(())
}

/// The JSON form of a committee.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommitteeText {
    epoch: u64,
    members: Vec<Member>,
    threshold: u8,
}

impl From<Committee> for CommitteeText {
    fn from(committee: Committee) -> Self {
        Self { epoch: committee.epoch, members: committee.members, threshold: committee.threshold }
    }
}

impl TryFrom<CommitteeText> for Committee {
    type Error = CommitteeError;
    fn try_from(text: CommitteeText) -> Result<Self, CommitteeError> {
        Self::new(text.epoch, text.members, text.threshold)
    }
}

/// The JSON form of [`Signers`].
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignersText {
    addresses: Vec<Address>,
    threshold: u8,
}

impl From<Signers> for SignersText {
    fn from(signers: Signers) -> Self {
        Self { addresses: signers.addresses, threshold: signers.threshold }
    }
}

impl TryFrom<SignersText> for Signers {
    type Error = CommitteeError;
    fn try_from(text: SignersText) -> Result<Self, CommitteeError> {
        Self::new(text.addresses, text.threshold)
    }
}

#[cfg(test)]
mod tests;
