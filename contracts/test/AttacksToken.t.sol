// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IGate} from "../src/IGate.sol";
import {IToken} from "../src/IToken.sol";
import {Token} from "../src/Token.sol";
import {GateWorld} from "./GateWorld.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @notice Attempts on the demo's token by somebody who did not write it.
contract AttacksTokenTest is GateWorld {
    address private constant BOB = address(0xb0b);
    address private constant CAROL = address(0xca401);
    bytes32 private constant FIRST = keccak256("order 1");
    bytes32 private constant SECOND = keccak256("order 2");

    function setUp() external {
        build();
        bring(mintOf(ALICE, 100e6));
    }

    function test_what_a_frozen_account_approved_or_approves_moves_nothing_of_its_own() external {
        vm.prank(ALICE);
        token.approve(BOB, 50e6);
        bring(orderOf(abi.encodeCall(Token.freeze, (ALICE, FIRST))));
        vm.prank(ALICE);
        token.approve(CAROL, 50e6);
        address[2] memory spenders = [BOB, CAROL];
        for (uint256 i = 0; i < 2; i++) {
            vm.prank(spenders[i]);
            vm.expectRevert(abi.encodeWithSelector(IToken.AccountFrozen.selector, ALICE));
            token.transferFrom(ALICE, BOB, 1);
        }
    }

    /// A freeze is of an account's own tokens; what others let it spend it still can. See PROPERTIES.md.
    function test_a_frozen_account_still_spends_what_another_lets_it_spend() external {
        vm.prank(ALICE);
        token.approve(BOB, 50e6);
        bring(orderOf(abi.encodeCall(Token.freeze, (BOB, FIRST))));
        vm.prank(BOB);
        token.transferFrom(ALICE, CAROL, 50e6);
        same(token.balanceOf(CAROL), 50e6, "moved");
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, BOB, 0, 1));
        token.transferFrom(ALICE, BOB, 1);
    }

    /// A freeze is a state, not a number of orders: the lift of one lifts it. See PROPERTIES.md.
    function test_two_orders_freeze_once_and_the_lift_of_one_thaws() external {
        bring(orderOf(abi.encodeCall(Token.freeze, (ALICE, FIRST))));
        bring(orderOf(abi.encodeCall(Token.freeze, (ALICE, SECOND))));
        bring(orderOf(abi.encodeCall(Token.thaw, (ALICE, FIRST))));
        yes(!token.frozen(ALICE), "thawed, whatever the second order says");
    }

    function test_a_mint_to_a_frozen_account_is_refused_and_can_be_brought_after_the_lift() external {
        bring(orderOf(abi.encodeCall(Token.freeze, (BOB, FIRST))));
        bytes memory frozen = abi.encodeWithSelector(IToken.AccountFrozen.selector, BOB);
        refused(mintOf(BOB, 1e6), abi.encodeWithSelector(IGate.CallFailed.selector, 0, frozen));
        same(gate.used(MINT), 100e6, "nor was the cap used");
        bring(orderOf(abi.encodeCall(Token.thaw, (BOB, FIRST))));
        bring(mintOf(BOB, 1e6));
    }

    function test_a_seizure_takes_no_more_than_there_is_nor_past_its_cap_in_parts() external {
        bytes memory few = abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, BOB, 0, 1);
        refused(seizureOf(BOB, CAROL, 1, FIRST), abi.encodeWithSelector(IGate.CallFailed.selector, 0, few));
        bring(seizureOf(ALICE, CAROL, 40e6, FIRST));
        bring(seizureOf(CAROL, ALICE, 40e6, SECOND));
        bytes memory over = abi.encodeWithSelector(IGate.CapExceeded.selector, SEIZE, 80e6, 80e6, 1);
        refused(seizureOf(ALICE, CAROL, 1, FIRST), over);
    }

    function test_a_seizure_from_an_account_to_itself_changes_nothing() external {
        bring(seizureOf(ALICE, ALICE, 40e6, FIRST));
        same(token.balanceOf(ALICE), 100e6, "the same");
        same(token.totalSupply(), 100e6, "supply");
    }

    function test_the_zero_address_frozen_by_an_order_stops_mints_and_burns_until_it_is_lifted() external {
        bring(orderOf(abi.encodeCall(Token.freeze, (address(0), FIRST))));
        bytes memory frozen = abi.encodeWithSelector(IToken.AccountFrozen.selector, address(0));
        refused(mintOf(BOB, 1e6), abi.encodeWithSelector(IGate.CallFailed.selector, 0, frozen));
        vm.prank(ALICE);
        vm.expectRevert(frozen);
        token.burn(1);
        bring(orderOf(abi.encodeCall(Token.thaw, (address(0), FIRST))));
        bring(mintOf(BOB, 1e6));
    }

    function test_no_admin_but_the_gate_changes_roles_and_nobody_renounces_for_the_gate() external {
        bytes32[3] memory roles = [token.MINTER_ROLE(), token.ORDER_ROLE(), token.DEFAULT_ADMIN_ROLE()];
        for (uint256 i = 0; i < 3; i++) {
            same(token.getRoleAdmin(roles[i]), bytes32(0), "one admin role");
            vm.prank(ALICE);
            vm.expectRevert(IAccessControl.AccessControlBadConfirmation.selector);
            token.renounceRole(roles[i], address(gate));
            vm.prank(ALICE);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IAccessControl.AccessControlUnauthorizedAccount.selector, ALICE, bytes32(0)
                )
            );
            token.revokeRole(roles[i], address(gate));
        }
    }
}
