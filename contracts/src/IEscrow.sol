// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Deposits of open cases
/// @notice Verifies nothing itself: release, refund and burn are calls of outcomes, through the Gate. What is
/// *not*
/// promised: that a case's ledger ever decides, or that a token's issuer lets a payout through (it stays
/// claimable).
/// A token whose balances change by themselves (rebasing) must not be deposited; nothing here can detect one.
interface IEscrow {
    /// @notice Tokens came in for a case.
    event Deposited(bytes32 indexed caseId, address indexed depositor, address indexed token, uint256 amount);
    /// @notice A deposit is owed to somebody else from now on.
    event Released(
        bytes32 indexed caseId, address indexed depositor, address indexed token, address to, uint256 amount
    );
    /// @notice A deposit is owed to its depositor again.
    event Refunded(bytes32 indexed caseId, address indexed depositor, address indexed token, uint256 amount);
    /// @notice A deposit was destroyed.
    event Burned(bytes32 indexed caseId, address indexed depositor, address indexed token, uint256 amount);
    /// @notice What was owed was paid.
    event Withdrawn(address indexed account, address indexed token, uint256 amount);

    /// @notice Only the Gate that made this Escrow.
    error OnlyGate();
    /// @notice Nothing to deposit, or to pay.
    error NothingToMove();
    /// @notice The token delivered another amount than it was asked for (a fee on transfer).
    error FeeOnTransfer(uint256 asked, uint256 received);
    /// @notice Nobody could withdraw what is owed to this address.
    error NotPayable(address to);
    /// @notice The depositor has less in this case.
    error NotDeposited(bytes32 caseId, address depositor, address token, uint256 deposited, uint256 asked);
    /// @notice The token's burn took another amount than it was asked to.
    error BurnDiffers(uint256 asked, uint256 taken);
    /// @notice The token took another amount for a payout than it was asked to move.
    error PayoutDiffers(uint256 asked, uint256 taken);

    /// @notice Deposits the caller's tokens for a case. The token must deliver exactly the amount.
    function deposit(bytes32 caseId, address token, uint256 amount) external;

    /// @notice The same with an EIP-2612 permit by the caller. A permit that somebody else has brought before
    /// does not spoil the deposit, as long as the allowance is there.
    function depositWithPermit(
        bytes32 caseId,
        address token,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Gate only: part of a deposit is owed to `to`.
    function release(bytes32 caseId, address depositor, address token, address to, uint256 amount) external;

    /// @notice Gate only: part of a deposit is owed to its depositor.
    function refund(bytes32 caseId, address depositor, address token, uint256 amount) external;

    /// @notice Gate only: destroys part of a deposit by the token's `burn(uint256)`.
    function burn(bytes32 caseId, address depositor, address token, uint256 amount) external;

    /// @notice Pays what is owed to an account, to that account only (a frozen one cannot have it sent
    /// elsewhere). Anybody may call; if the token refuses, it stays owed.
    function withdraw(address account, address token) external;

    /// @notice What a depositor has in a case.
    function deposited(bytes32 caseId, address depositor, address token) external view returns (uint256);

    /// @notice What an account can withdraw.
    function owed(address account, address token) external view returns (uint256);
}
