// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// One call on a chain.
struct Call {
    address target;
    /// Selector and arguments.
    bytes data;
}

/// What a decided case unlocks on one chain: specs/outcome.md §1.
struct Outcome {
    bytes32 ledger;
    bytes32 caseId;
    bytes32 prev;
    bytes32 programme;
    bytes32 policy;
    bytes32 line;
    uint8 kind;
    uint256 chainId;
    address gate;
    Call[] calls;
    /// Seconds, inclusive; 0: never expires.
    uint64 notAfter;
    uint32 ordinal;
}

/// @title The one encoding of an outcome
library OutcomeBody {
    /// Calls of the policy, to contracts outside.
    uint8 internal constant KIND_ORDINARY = 0;
    /// Calls of the Gate to itself.
    uint8 internal constant KIND_GOVERNANCE = 1;
    /// Calls to the Gate's Escrow.
    uint8 internal constant KIND_ESCROW = 2;
    /// Tag of an outcome's leaf: specs/record.md §1.
    uint8 internal constant TAG = 2;

    /// The bytes decode, but encode to others: trailing bytes, other offsets.
    error NotCanonical();

    /// @notice Decodes a body, and refuses one that is not what its fields encode to (specs/outcome.md §3).
    function decode(bytes calldata body) internal pure returns (Outcome memory outcome) {
        // A struct stands behind an offset; the body is the struct alone.
        bytes memory encoded = bytes.concat(bytes32(uint256(32)), body);
        outcome = abi.decode(encoded, (Outcome));
        if (keccak256(abi.encode(outcome)) != keccak256(encoded)) revert NotCanonical();
    }
}
