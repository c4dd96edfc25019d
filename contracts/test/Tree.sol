// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice RFC 6962 as its definitions read, by recursion; the contract's loops are compared with it.
library Tree {
    /// MTH(D[lo:hi]), §2.1, over leaf hashes.
    function root(bytes32[] memory leaves, uint256 lo, uint256 hi) internal pure returns (bytes32) {
        if (hi == lo) return sha256("");
        if (hi - lo == 1) return leaves[lo];
        uint256 mid = lo + split(hi - lo);
        return parent(root(leaves, lo, mid), root(leaves, mid, hi));
    }

    function root(bytes32[] memory leaves, uint256 size) internal pure returns (bytes32) {
        return root(leaves, 0, size);
    }

    /// PATH(m, D[0:n]), §2.1.1.
    function path(bytes32[] memory leaves, uint256 index, uint256 size)
        internal
        pure
        returns (bytes32[] memory)
    {
        return _path(leaves, index, 0, size);
    }

    /// PROOF(m, D[0:n]), §2.1.2, for 0 < m ≤ n.
    function consistency(bytes32[] memory leaves, uint256 oldSize, uint256 newSize)
        internal
        pure
        returns (bytes32[] memory)
    {
        return _subproof(leaves, oldSize, 0, newSize, true);
    }

    function parent(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(uint8(1), left, right));
    }

    /// The largest power of two smaller than n.
    function split(uint256 n) internal pure returns (uint256 k) {
        k = 1;
        while (k * 2 < n) k *= 2;
    }

    function _path(bytes32[] memory leaves, uint256 m, uint256 lo, uint256 hi)
        private
        pure
        returns (bytes32[] memory)
    {
        if (hi - lo == 1) return new bytes32[](0);
        uint256 mid = lo + split(hi - lo);
        return m < mid
            ? push(_path(leaves, m, lo, mid), root(leaves, mid, hi))
            : push(_path(leaves, m, mid, hi), root(leaves, lo, mid));
    }

    function _subproof(bytes32[] memory leaves, uint256 m, uint256 lo, uint256 hi, bool whole)
        private
        pure
        returns (bytes32[] memory)
    {
        if (m == hi) return whole ? new bytes32[](0) : push(new bytes32[](0), root(leaves, lo, hi));
        uint256 mid = lo + split(hi - lo);
        return m <= mid
            ? push(_subproof(leaves, m, lo, mid, whole), root(leaves, mid, hi))
            : push(_subproof(leaves, m, mid, hi, false), root(leaves, lo, mid));
    }

    function push(bytes32[] memory list, bytes32 last) internal pure returns (bytes32[] memory longer) {
        longer = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; i++) {
            longer[i] = list[i];
        }
        longer[list.length] = last;
    }
}
