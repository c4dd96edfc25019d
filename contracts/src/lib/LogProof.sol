// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {LibBit} from "solady/utils/LibBit.sol";

/// @title Leaves and proofs of a ledger's log
/// @notice RFC 6962 over SHA-256: specs/record.md §1, specs/log.md §1. The only library with assembly, and
/// only in `_climb`; `test/Tree.sol` is its plain twin, and both are compared.
library LogProof {
    /// A log has at most 2^40 leaves, so no path is longer than 40 and no consistency proof longer than 41.
    uint64 internal constant SIZE_MAX = 1 << 40;

    /// The leaf index lies beyond the log.
    error IndexBeyondSize(uint64 index, uint64 size);
    /// The path does not lead from the leaf to the anchored root.
    error NotIncluded(bytes32 leaf, uint64 index, uint64 size);
    /// The proof does not show that the log of `newSize` begins with all leaves of the log of `oldSize`.
    error NotAnExtension(uint64 oldSize, uint64 newSize);

    /// @notice Name of a record: SHA-256(00 ‖ tag ‖ time ‖ SHA-256(salt ‖ body)).
    function leafHash(uint8 tag, uint64 time, bytes32 salt, bytes memory body)
        internal
        pure
        returns (bytes32)
    {
        return sha256(abi.encodePacked(uint8(0), tag, time, sha256(abi.encodePacked(salt, body))));
    }

    /// @notice Reverts unless `leaf` stands at `index` in the log of `size` leaves with this root. RFC 9162
    /// §2.1.3.2.
    function requireIncluded(bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] calldata path)
        internal
        view
    {
        if (index >= size) revert IndexBeyondSize(index, size);
        uint256 fork = _bits(index ^ (size - 1));
        if (path.length != _siblings(index, fork)) revert NotIncluded(leaf, index, size);
        if (_climb(leaf, index, fork, path, false) != root) revert NotIncluded(leaf, index, size);
    }

    /// @notice Reverts unless the log of `newSize` begins with all leaves of the log of `oldSize`. RFC 9162
    /// §2.1.4.2.
    /// @dev `oldSize` is at least 1 and at most `newSize`. One size has one root, and no proof.
    function requireExtension(
        uint64 oldSize,
        bytes32 oldRoot,
        uint64 newSize,
        bytes32 newRoot,
        bytes32[] calldata proof
    ) internal view {
        if (oldSize == newSize) {
            if (proof.length != 0 || oldRoot != newRoot) revert NotAnExtension(oldSize, newSize);
            return;
        }
        // The way starts at the last complete subtree of the old log, as many levels up as the old size has
        // trailing zeros; that lies below the fork, since the sizes differ.
        uint256 levels = LibBit.ffs(oldSize);
        uint256 fork = _bits((oldSize - 1) ^ (newSize - 1)) - levels;
        uint256 start = (oldSize - 1) >> levels;
        // When that subtree is the whole of the old log, its hash is the old root and stands in no proof.
        uint256 own = start == 0 ? 0 : 1;
        if (proof.length != _siblings(start, fork) + own) revert NotAnExtension(oldSize, newSize);
        bytes32 first = own == 0 ? oldRoot : proof[0];
        bytes32 oldHash = _climb(first, start, fork, proof[own:], true);
        bytes32 newHash = _climb(first, start, fork, proof[own:], false);
        if (oldHash != oldRoot || newHash != newRoot) revert NotAnExtension(oldSize, newSize);
    }

    /// How many binary digits a number has.
    function _bits(uint256 number) private pure returns (uint256) {
        return 256 - LibBit.clz(number);
    }

    /// How many siblings lie on the way up from a node: below the fork one a level; above it the node is on
    /// the right edge, and only levels with a sibling, a left one, count.
    function _siblings(uint256 index, uint256 fork) private pure returns (uint256) {
        return fork + LibBit.popCount(index >> fork);
    }

    /// From a node to the root; if `onlyLeft`, to the root of the log that ends with that node, to which no
    /// sibling on the right belongs.
    function _climb(bytes32 node, uint256 index, uint256 fork, bytes32[] calldata siblings, bool onlyLeft)
        private
        view
        returns (bytes32 hash)
    {
        // One bit a level, from the lowest: 1 if the sibling stands on the left.
        uint256 way = index | (type(uint256).max << fork);
        bool answered = true;
        assembly ("memory-safe") {
            // 01 at 31, left at 32, right at 64, where the free memory pointer is: it is put back.
            let free := mload(64)
            mstore8(31, 1)
            hash := node
            let end := add(siblings.offset, shl(5, siblings.length))
            for { let next := siblings.offset } lt(next, end) { next := add(next, 32) } {
                let onLeft := and(way, 1)
                way := shr(1, way)
                if or(onLeft, iszero(onlyLeft)) {
                    let place := sub(64, shl(5, onLeft))
                    mstore(place, calldataload(next))
                    mstore(xor(place, 96), hash)
                    answered := and(answered, staticcall(gas(), 2, 31, 65, 32, 32))
                    hash := mload(32)
                }
            }
            mstore(64, free)
        }
        // INVARIANT: SHA-256 answers; if it runs out of gas, nothing is concluded.
        assert(answered);
    }
}
