// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IToken} from "./IToken.sol";
import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title Token
/// @notice Holds balances of a coin. The Gate named at deployment has every role, the admin of roles among
/// them: nobody else mints, freezes, seizes or names who may.
contract Token is IToken, ERC20, ERC20Permit, AccessControl {
    bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");
    bytes32 public constant ORDER_ROLE = keccak256("ORDER_ROLE");

    uint8 private immutable DECIMALS;

    /// @notice True while an order stops the account.
    mapping(address account => bool) public frozen;

    constructor(string memory name, string memory symbol, uint8 decimals_, address gate)
        ERC20(name, symbol)
        ERC20Permit(name)
    {
        DECIMALS = decimals_;
        _grantRole(DEFAULT_ADMIN_ROLE, gate);
        _grantRole(MINTER_ROLE, gate);
        _grantRole(ORDER_ROLE, gate);
    }

    /// @inheritdoc IToken
    function mint(address to, uint256 amount) external onlyRole(MINTER_ROLE) {
        _mint(to, amount);
    }

    /// @inheritdoc IToken
    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }

    /// @inheritdoc IToken
    function freeze(address account, bytes32 order) external onlyRole(ORDER_ROLE) {
        _setFrozen(account, order, true);
        emit Frozen(account, order);
    }

    /// @inheritdoc IToken
    function thaw(address account, bytes32 order) external onlyRole(ORDER_ROLE) {
        _setFrozen(account, order, false);
        emit Thawed(account, order);
    }

    /// @inheritdoc IToken
    function seize(address from, address to, uint256 amount, bytes32 order) external onlyRole(ORDER_ROLE) {
        if (order == bytes32(0)) revert OrderMissing();
        // The zero address is where tokens come from and go to: an order moves tokens, and neither makes nor
        // destroys.
        if (from == address(0)) revert ERC20InvalidSender(from);
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        if (frozen[to]) revert AccountFrozen(to);
        emit Seized(from, to, amount, order);
        // Past the check of `_update`, which would refuse a frozen account.
        super._update(from, to, amount);
    }

    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (frozen[from]) revert AccountFrozen(from);
        if (frozen[to]) revert AccountFrozen(to);
        super._update(from, to, amount);
    }

    function _setFrozen(address account, bytes32 order, bool to) private {
        if (order == bytes32(0)) revert OrderMissing();
        frozen[account] = to;
    }
}
