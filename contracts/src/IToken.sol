// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title The token of the demo
/// @notice What is *not* promised: that supply is covered by reserves; that is decided before an outcome
/// exists.
interface IToken {
    /// @notice An account can neither send nor receive, by this order (SHA-256 of the document).
    event Frozen(address indexed account, bytes32 indexed order);
    /// @notice It can again.
    event Thawed(address indexed account, bytes32 indexed order);
    /// @notice Tokens were moved by an order.
    event Seized(address indexed from, address indexed to, uint256 amount, bytes32 indexed order);

    /// @notice The account is frozen.
    error AccountFrozen(address account);
    /// @notice An order is named by its digest.
    error OrderMissing();

    /// @notice Makes tokens. Role `MINTER_ROLE`.
    function mint(address to, uint256 amount) external;
    /// @notice Destroys tokens of the caller.
    function burn(uint256 amount) external;
    /// @notice Stops an account. Role `ORDER_ROLE`.
    function freeze(address account, bytes32 order) external;
    /// @notice Lifts a freeze. Role `ORDER_ROLE`.
    function thaw(address account, bytes32 order) external;
    /// @notice Moves tokens of an account, frozen or not. Role `ORDER_ROLE`.
    function seize(address from, address to, uint256 amount, bytes32 order) external;
}
