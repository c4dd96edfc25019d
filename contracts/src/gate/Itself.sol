// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IGate} from "../IGate.sol";

/// @title Functions that a contract calls on itself, and nobody else
abstract contract Itself {
    modifier onlyItself() {
        if (msg.sender != address(this)) revert IGate.OnlyItself();
        _;
    }
}
