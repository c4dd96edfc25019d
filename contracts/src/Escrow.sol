// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IEscrow} from "./IEscrow.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

interface IBurnable {
    function burn(uint256 amount) external;
}

/// @title Escrow
/// @notice Holds the deposits of one programme's open cases. Only the Gate that made it decides where a
/// deposit goes:
/// to somebody, back, or out of existence; only whom it is owed to gets it. No owner, no fee, no way around.
contract Escrow is IEscrow, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice The Gate that is obeyed.
    address public immutable GATE;

    mapping(bytes32 caseId => mapping(address depositor => mapping(address token => uint256))) public
        deposited;
    mapping(address account => mapping(address token => uint256)) public owed;

    modifier onlyGate() {
        if (msg.sender != GATE) revert OnlyGate();
        _;
    }

    constructor() {
        GATE = msg.sender;
    }

    /// @inheritdoc IEscrow
    function deposit(bytes32 caseId, address token, uint256 amount) external nonReentrant {
        _deposit(caseId, token, amount);
    }

    /// @inheritdoc IEscrow
    function depositWithPermit(
        bytes32 caseId,
        address token,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        // Whether it went through shows in the allowance.
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(caseId, token, amount);
    }

    /// @inheritdoc IEscrow
    function release(bytes32 caseId, address depositor, address token, address to, uint256 amount)
        external
        onlyGate
        nonReentrant
    {
        // Neither could ever be paid.
        if (to == address(0) || to == address(this)) revert NotPayable(to);
        _take(caseId, depositor, token, amount);
        owed[to][token] += amount;
        emit Released(caseId, depositor, token, to, amount);
    }

    /// @inheritdoc IEscrow
    function refund(bytes32 caseId, address depositor, address token, uint256 amount)
        external
        onlyGate
        nonReentrant
    {
        _take(caseId, depositor, token, amount);
        owed[depositor][token] += amount;
        emit Refunded(caseId, depositor, token, amount);
    }

    /// @inheritdoc IEscrow
    function burn(bytes32 caseId, address depositor, address token, uint256 amount)
        external
        onlyGate
        nonReentrant
    {
        _take(caseId, depositor, token, amount);
        emit Burned(caseId, depositor, token, amount);
        uint256 before = IERC20(token).balanceOf(address(this));
        IBurnable(token).burn(amount);
        uint256 taken = before - IERC20(token).balanceOf(address(this));
        if (taken != amount) revert BurnDiffers(amount, taken);
    }

    /// @inheritdoc IEscrow
    function withdraw(address account, address token) external nonReentrant {
        uint256 amount = owed[account][token];
        if (amount == 0) revert NothingToMove();
        owed[account][token] = 0;
        emit Withdrawn(account, token, amount);
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransfer(account, amount);
        // A token that takes its fee from the sender would take it from other deposits.
        uint256 taken = before - IERC20(token).balanceOf(address(this));
        if (taken != amount) revert PayoutDiffers(amount, taken);
    }

    // The one place where tokens come before the entry: how many came is known only then. No call from within
    // can enter.
    function _deposit(bytes32 caseId, address token, uint256 amount) private {
        if (amount == 0) revert NothingToMove();
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        if (received != amount) revert FeeOnTransfer(amount, received);
        deposited[caseId][msg.sender][token] += amount;
        emit Deposited(caseId, msg.sender, token, amount);
    }

    function _take(bytes32 caseId, address depositor, address token, uint256 amount) private {
        uint256 found = deposited[caseId][depositor][token];
        if (amount > found) revert NotDeposited(caseId, depositor, token, found, amount);
        deposited[caseId][depositor][token] = found - amount;
    }
}
