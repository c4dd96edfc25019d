// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Leaves and proofs of a ledger's log
/// @notice RFC 6962 over SHA-256: specs/record.md §1, specs/log.md §1. The only library with assembly; `node` has a
/// plain twin in its test, and both are compared.
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

    /// @notice Reverts unless `leaf` stands at `index` in the log of `size` leaves with this root. RFC 9162 §2.1.3.2.
    function requireIncluded(bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] calldata path)
        internal
        view
    {
        if (index >= size) revert IndexBeyondSize(index, size);
        uint256 here = index;
        uint256 last = size - 1;
        bytes32 hash = leaf;
        for (uint256 i = 0; i < path.length; i++) {
            if (last == 0) revert NotIncluded(leaf, index, size);
            if (here & 1 == 1 || here == last) {
                hash = node(path[i], hash);
                (here, last) = _skipRightEdge(here, last);
            } else {
                hash = node(hash, path[i]);
            }
            here >>= 1;
            last >>= 1;
        }
        if (last != 0 || hash != root) revert NotIncluded(leaf, index, size);
    }

    /// @notice Reverts unless the log of `newSize` begins with all leaves of the log of `oldSize`. RFC 9162 §2.1.4.2.
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
        uint256 here = oldSize - 1;
        uint256 last = newSize - 1;
        while (here & 1 == 1) {
            here >>= 1;
            last >>= 1;
        }
        // When the last complete subtree of the old log is the whole of it, its root stands in no proof.
        uint256 i = here == 0 ? 0 : 1;
        if (proof.length < i) revert NotAnExtension(oldSize, newSize);
        bytes32 oldHash = i == 0 ? oldRoot : proof[0];
        bytes32 newHash = oldHash;
        for (; i < proof.length; i++) {
            if (last == 0) revert NotAnExtension(oldSize, newSize);
            if (here & 1 == 1 || here == last) {
                oldHash = node(proof[i], oldHash);
                newHash = node(proof[i], newHash);
                (here, last) = _skipRightEdge(here, last);
            } else {
                newHash = node(newHash, proof[i]);
            }
            here >>= 1;
            last >>= 1;
        }
        if (last != 0 || oldHash != oldRoot || newHash != newRoot) revert NotAnExtension(oldSize, newSize);
    }

    /// @notice SHA-256(01 ‖ left ‖ right).
    function node(bytes32 left, bytes32 right) internal view returns (bytes32 hash) {
        bool answered;
        assembly ("memory-safe") {
            // 65 bytes beyond the allocated memory, which is not moved: nothing of them is needed afterwards.
            let free := mload(0x40)
            mstore8(free, 1)
            mstore(add(free, 1), left)
            mstore(add(free, 33), right)
            answered := staticcall(gas(), 2, free, 65, 0, 32)
            hash := mload(0)
        }
        assert(answered);
    }

    /// On the right edge of the tree, levels at which the way has no sibling are passed over.
    function _skipRightEdge(uint256 here, uint256 last) private pure returns (uint256, uint256) {
        while (here & 1 == 0 && here != 0) {
            here >>= 1;
            last >>= 1;
        }
        return (here, last);
    }
}
