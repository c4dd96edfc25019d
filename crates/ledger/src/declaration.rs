//! What co-signers and a recovery set sign besides checkpoints, for an Anchor or a Gate (specs/chain.md §4).
//!
//! Each names the ledger and the epoch in which it counts, and all but a succession the chain and the
//! contract: what was signed for one of them is void for every other.

use crate::certificate::{CertificateError, CheckpointSignature, MemberSignature};
use crate::committee::Signers;
use lockstep_crypto::{SignatureError, eip712, recover};
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::limits::LEDGER_SIZE_MAX;
use lockstep_types::{Address, Digest, LedgerId, RootHash};
use serde::{Deserialize, Serialize};

/// Longest declaration with its signature, in bytes of canonical JSON.
pub const DECLARED_BYTES_MAX: usize = 8_192;
/// Bytes of one signature with its place, as a contract takes it.
pub const PACKED_BYTES: usize = 66;

/// Something declared to a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Declaration {
    /// Another ledger goes on where this one ended: k co-signers, for every Anchor of the ledger.
    Succession(Succession),
    /// Other co-signers take over after the recovery notice: the recovery set.
    Recovery(Recovery),
    /// They do not: k co-signers.
    RecoveryVeto(OnRecovery),
    /// A loosening that waits is refused: one co-signer.
    Veto(OnChange),
    /// It is wanted all the same: k − 1 others.
    Override(OnChange),
}

/// See [`Declaration::Succession`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Succession {
    /// Number of the committee in force.
    pub epoch: u64,
    /// The ledger that ended.
    pub ledger: LedgerId,
    /// Root of the successor's first `size` records.
    pub root: RootHash,
    /// Records of the successor.
    pub size: u64,
    /// The ledger that goes on.
    pub successor: LedgerId,
}

/// See [`Declaration::Recovery`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// At which Anchor.
    pub anchor: Address,
    /// On which chain, EIP-155.
    pub chain: u64,
    /// Number of the committee in force, which is to be replaced.
    pub epoch: u64,
    /// The ledger.
    pub ledger: LedgerId,
    /// Who takes over.
    pub next: Signers,
    /// How often a recovery was refused or carried out there.
    pub round: u64,
}

/// See [`Declaration::RecoveryVeto`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnRecovery {
    /// At which Anchor.
    pub anchor: Address,
    /// On which chain, EIP-155.
    pub chain: u64,
    /// Number of the committee in force.
    pub epoch: u64,
    /// The ledger.
    pub ledger: LedgerId,
    /// How often a recovery was refused or carried out there.
    pub round: u64,
}

/// See [`Declaration::Veto`] and [`Declaration::Override`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnChange {
    /// On which chain, EIP-155.
    pub chain: u64,
    /// The loosening, as the Gate names it.
    pub change: Digest,
    /// Number of the committee in force.
    pub epoch: u64,
    /// At which Gate.
    pub gate: Address,
    /// The ledger.
    pub ledger: LedgerId,
}

/// A declaration with one signature, as institutions hand it around.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Whose key.
    pub address: Address,
    /// What was signed.
    pub declaration: Declaration,
    /// The signature.
    pub signature: CheckpointSignature,
}

/// Why signatures under a declaration do not count, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeclarationError {
    /// A veto is one co-signer's word.
    #[error("{found} signatures under a veto: expected one")]
    OneSignature {
        /// Signatures found.
        found: usize,
    },
    /// A size that no log has, a signature that does not count, or too few.
    #[error(transparent)]
    Signatures(#[from] CertificateError),
    /// Who refused cannot help to override.
    #[error("co-signer `{address}` has refused the change: expected others to override")]
    VetoerSigned {
        /// Who.
        address: Address,
    },
    /// Signed by another key than the one named.
    #[error("the signature under the declaration does not hold for `{address}`")]
    WrongAddress {
        /// The address named.
        address: Address,
    },
}

impl Declaration {
    /// The EIP-712 type, as contracts spell it.
    #[must_use]
    pub const fn type_text(&self) -> &'static str {
        match self {
            Self::Succession(_) => {
                "Succession(bytes32 ledger,uint64 epoch,bytes32 successor,uint64 size,bytes32 root)"
            }
            Self::Recovery(_) => {
                "Recovery(bytes32 ledger,uint64 epoch,uint64 round,uint256 chainId,address anchor,\
                 bytes32 committee,uint8 threshold)"
            }
            Self::RecoveryVeto(_) => {
                "RecoveryVeto(bytes32 ledger,uint64 epoch,uint64 round,uint256 chainId,address anchor)"
            }
            Self::Veto(_) => "Veto(bytes32 ledger,uint64 epoch,uint256 chainId,address gate,bytes32 change)",
            Self::Override(_) => {
                "Override(bytes32 ledger,uint64 epoch,uint256 chainId,address gate,bytes32 change)"
            }
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Succession(_) => "succession",
            Self::Recovery(_) => "recovery",
            Self::RecoveryVeto(_) => "recovery-veto",
            Self::Veto(_) => "veto",
            Self::Override(_) => "override",
        }
    }

    /// The ledger whose Anchor it is for; the salt of the domain.
    #[must_use]
    pub const fn ledger(&self) -> LedgerId {
        match self {
            Self::Succession(on) => on.ledger,
            Self::Recovery(on) => on.ledger,
            Self::RecoveryVeto(on) => on.ledger,
            Self::Veto(on) | Self::Override(on) => on.ledger,
        }
    }

    /// Number of the committee in force at the Anchor.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        match self {
            Self::Succession(on) => on.epoch,
            Self::Recovery(on) => on.epoch,
            Self::RecoveryVeto(on) => on.epoch,
            Self::Veto(on) | Self::Override(on) => on.epoch,
        }
    }

    /// Whom it is brought to; nothing for a succession, which counts at every Anchor of the ledger.
    #[must_use]
    pub const fn contract(&self) -> Option<Address> {
        match self {
            Self::Succession(_) => None,
            Self::Recovery(on) => Some(on.anchor),
            Self::RecoveryVeto(on) => Some(on.anchor),
            Self::Veto(on) | Self::Override(on) => Some(on.gate),
        }
    }

    /// How many signatures it needs, out of a set whose threshold this is.
    #[must_use]
    pub fn needed(&self, threshold: u8) -> u8 {
        match self {
            Self::Veto(_) => 1,
            Self::Override(_) => threshold.saturating_sub(1).max(1),
            Self::Succession(_) | Self::Recovery(_) | Self::RecoveryVeto(_) => threshold,
        }
    }

    /// The EIP-712 hash that is signed.
    #[must_use]
    pub fn signing_hash(&self) -> [u8; 32] {
        let of_type = eip712::type_hash(self.type_text());
        let both = [self.ledger().0, eip712::uint_word(self.epoch())];
        let words: Vec<[u8; 32]> = both.into_iter().chain(self.further_words()).collect();
        let struct_hash = eip712::struct_hash(&of_type, &words);
        eip712::signing_hash(&eip712::domain_separator(&self.ledger().0), &struct_hash)
    }

    fn further_words(&self) -> Vec<[u8; 32]> {
        let (number, account) = (eip712::uint_word, |a: &Address| eip712::address_word(&a.0));
        match self {
            Self::Succession(on) => vec![on.successor.0, number(on.size), on.root.0],
            Self::Recovery(on) => {
                let (committee, threshold) = (on.next.digest().0, number(u64::from(on.next.threshold())));
                vec![number(on.round), number(on.chain), account(&on.anchor), committee, threshold]
            }
            Self::RecoveryVeto(on) => vec![number(on.round), number(on.chain), account(&on.anchor)],
            Self::Veto(on) | Self::Override(on) => vec![number(on.chain), account(&on.gate), on.change.0],
        }
    }

    /// Checks signatures as a contract does: those of the committee in force, or under a recovery those of
    /// the recovery set. `vetoer` is who has refused the change that is to be overridden.
    ///
    /// # Errors
    /// [`DeclarationError`], in the order of the checks.
    pub fn verify(
        &self,
        signatures: &[MemberSignature],
        signers: &Signers,
        vetoer: Option<Address>,
    ) -> Result<(), DeclarationError> {
        if matches!(self, Self::Veto(_)) && signatures.len() != 1 {
            return Err(DeclarationError::OneSignature { found: signatures.len() });
        }
        if let Self::Succession(Succession { size: found, .. }) = self
            && (*found == 0 || *found > LEDGER_SIZE_MAX)
        {
            return Err(CertificateError::Size { found: *found }.into());
        }
        let needed = self.needed(signers.threshold());
        MemberSignature::verify_all(signatures, &self.signing_hash(), signers, needed)?;
        let refused = vetoer.filter(|_| matches!(self, Self::Override(_)));
        match refused.filter(|address| {
            signatures.iter().any(|signature| signers.address(signature.member) == Some(address))
        }) {
            Some(address) => Err(DeclarationError::VetoerSigned { address }),
            None => Ok(()),
        }
    }
}

impl Declared {
    /// Checks that the named key has signed. Whether it counts for anything is not asked.
    ///
    /// # Errors
    /// [`DeclarationError::WrongAddress`].
    pub fn verify(&self) -> Result<(), DeclarationError> {
        let found: Result<Address, SignatureError> =
            recover(&self.declaration.signing_hash(), self.signature.as_bytes());
        match found {
            Ok(address) if address == self.address => Ok(()),
            _ => Err(DeclarationError::WrongAddress { address: self.address }),
        }
    }

    /// Canonical JSON.
    ///
    /// # Errors
    /// Never for this type; the error is that of the JSON writer.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_vec(self)
    }

    /// Reads canonical JSON.
    ///
    /// # Errors
    /// [`CanonicalError`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CanonicalError> {
        canonical::from_slice(bytes, DECLARED_BYTES_MAX)
    }
}

#[cfg(test)]
mod tests;
