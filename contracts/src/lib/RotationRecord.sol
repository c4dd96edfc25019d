// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAnchor} from "../IAnchor.sol";
import {LibString} from "solady/utils/LibString.sol";

/// @title The record by which a ledger says that its co-signers have been rotated
/// @notice Builds, rather than reads, the canonical JSON of specs/governance.md: whatever is not spelled
/// exactly so has
/// another leaf hash. Letters that could end a JSON string early are refused, so that one text has one
/// meaning.
library RotationRecord {
    /// The LEI is not 20 characters from A to Z and 0 to 9.
    error LeiForm(uint256 member);
    /// The name holds a character outside a to z, 0 to 9, dot, dash, underscore.
    error NameForm(uint256 member);

    /// @notice `{"enacted":{"action":…,"case":…,"prev":…}}`, where the action is named by its SHA-256.
    function enacted(IAnchor.Rotation calldata rotation) internal pure returns (bytes memory) {
        bytes32 action = sha256(rotate(rotation.members, rotation.threshold));
        return abi.encodePacked(
            '{"enacted":{"action":"',
            _hex(action),
            '","case":"',
            _hex(rotation.caseId),
            '","prev":"',
            _hex(rotation.prev),
            '"}}'
        );
    }

    /// @notice `{"rotate":{"cosigners":[{"address":…,"lei":…,"name":…},…],"threshold":…}}`.
    function rotate(IAnchor.Member[] calldata members, uint8 threshold) internal pure returns (bytes memory) {
        bytes memory list;
        for (uint256 i = 0; i < members.length; i++) {
            list = abi.encodePacked(list, i == 0 ? "" : ",", _member(members[i], i));
        }
        return abi.encodePacked(
            '{"rotate":{"cosigners":[', list, '],"threshold":', LibString.toString(uint256(threshold)), "}}"
        );
    }

    function _member(IAnchor.Member calldata member, uint256 place) private pure returns (bytes memory) {
        for (uint256 i = 0; i < 20; i++) {
            if (!_isUpper(member.lei[i]) && !_isDigit(member.lei[i])) revert LeiForm(place);
        }
        bytes calldata name = bytes(member.name);
        for (uint256 i = 0; i < name.length; i++) {
            bytes1 c = name[i];
            bool fits = (c >= "a" && c <= "z") || _isDigit(c) || c == "." || c == "-" || c == "_";
            if (!fits) revert NameForm(place);
        }
        return abi.encodePacked(
            '{"address":"',
            LibString.toHexStringChecksummed(member.key),
            '","lei":"',
            member.lei,
            '","name":"',
            name,
            '"}'
        );
    }

    function _hex(bytes32 word) private pure returns (string memory) {
        return LibString.toHexStringNoPrefix(uint256(word), 32);
    }

    function _isUpper(bytes1 c) private pure returns (bool) {
        return c >= "A" && c <= "Z";
    }

    function _isDigit(bytes1 c) private pure returns (bool) {
        return c >= "0" && c <= "9";
    }
}
