// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Vm} from "./Vm.sol";

/// @notice Assertions that say what was expected and what was found.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error Different(string what, bytes expected, bytes found);
    error NotSo(string what);

    function same(bytes memory found, bytes memory expected, string memory what) internal pure {
        if (keccak256(found) != keccak256(expected)) revert Different(what, expected, found);
    }

    function same(bytes32 found, bytes32 expected, string memory what) internal pure {
        if (found != expected) revert Different(what, abi.encode(expected), abi.encode(found));
    }

    function same(uint256 found, uint256 expected, string memory what) internal pure {
        if (found != expected) revert Different(what, abi.encode(expected), abi.encode(found));
    }

    function same(address found, address expected, string memory what) internal pure {
        if (found != expected) revert Different(what, abi.encode(expected), abi.encode(found));
    }

    function yes(bool condition, string memory what) internal pure {
        if (!condition) revert NotSo(what);
    }

    /// @notice A number from `low` to `high`, both inclusive; the seed itself if it is one.
    function bound(uint256 seed, uint256 low, uint256 high) internal pure returns (uint256) {
        if (seed >= low && seed <= high) return seed;
        uint256 span = high - low;
        return span == type(uint256).max ? seed : low + seed % (span + 1);
    }

    /// @notice Calls, and gives the selector of the error; 0 if there was none, or it had no name.
    function answerOf(address target, bytes memory data) internal returns (bool went, bytes4 name) {
        bytes memory answer;
        (went, answer) = target.call(data);
        if (!went && answer.length >= 4) name = bytes4(answer);
    }

    /// @notice Bytes of a vector: hexadecimal digits without prefix.
    function hexOf(string memory json, string memory key) internal pure returns (bytes memory) {
        return vm.parseBytes(string.concat("0x", vm.parseJsonString(json, key)));
    }

    function wordOf(string memory json, string memory key) internal pure returns (bytes32) {
        return bytes32(hexOf(json, key));
    }

    function item(string memory list, uint256 index) internal pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]");
    }
}
