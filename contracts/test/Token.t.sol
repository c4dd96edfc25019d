// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IGate} from "../src/IGate.sol";
import {IToken} from "../src/IToken.sol";
import {Token} from "../src/Token.sol";
import {GateWorld} from "./GateWorld.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract TokenTest is GateWorld {
    address private constant BOB = address(0xb0b);
    bytes32 private constant COURT = keccak256("order 17/2026");

    function setUp() external {
        build();
        bring(mintOf(ALICE, 100e6));
    }

    function test_a_court_order_freezes_and_its_lift_thaws() external {
        bring(orderOf(abi.encodeCall(Token.freeze, (ALICE, COURT))));
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IToken.AccountFrozen.selector, ALICE));
        token.transfer(BOB, 1);
        bring(orderOf(abi.encodeCall(Token.thaw, (ALICE, COURT))));
        vm.prank(ALICE);
        token.transfer(BOB, 1);
        same(token.balanceOf(BOB), 1, "moved");
    }

    function test_a_frozen_account_receives_burns_and_lends_nothing() external {
        vm.prank(ALICE);
        token.approve(BOB, 50e6);
        bring(orderOf(abi.encodeCall(Token.freeze, (ALICE, COURT))));
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IToken.AccountFrozen.selector, ALICE));
        token.transferFrom(ALICE, BOB, 1);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IToken.AccountFrozen.selector, ALICE));
        token.burn(1);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IToken.AccountFrozen.selector, ALICE));
        token.transfer(ALICE, 0);
    }

    function test_a_seizure_moves_what_is_frozen_and_names_its_order() external {
        bring(orderOf(abi.encodeCall(Token.freeze, (ALICE, COURT))));
        bring(seizureOf(ALICE, BOB, 60e6, COURT));
        same(token.balanceOf(BOB), 60e6, "seized");
        same(token.balanceOf(ALICE), 40e6, "left");
        bytes4 reason = IGate.CapExceeded.selector;
        refused(seizureOf(ALICE, BOB, 30e6, COURT), abi.encodeWithSelector(reason, SEIZE, 80e6, 60e6, 30e6));
        vm.prank(address(gate));
        vm.expectRevert(IToken.OrderMissing.selector);
        token.seize(ALICE, BOB, 1, bytes32(0));
        vm.prank(address(gate));
        vm.expectRevert(IToken.OrderMissing.selector);
        token.freeze(ALICE, bytes32(0));
    }

    function test_a_seizure_neither_makes_nor_destroys_tokens() external {
        vm.prank(address(gate));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidSender.selector, address(0)));
        token.seize(address(0), BOB, 1, COURT);
        vm.prank(address(gate));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        token.seize(ALICE, address(0), 1, COURT);
    }

    function test_what_is_seized_goes_to_no_frozen_account() external {
        vm.prank(address(gate));
        token.freeze(BOB, COURT);
        vm.prank(address(gate));
        vm.expectRevert(abi.encodeWithSelector(IToken.AccountFrozen.selector, BOB));
        token.seize(ALICE, BOB, 1, COURT);
    }

    function testFuzz_nobody_but_the_gate_mints_orders_or_names_who_may(address who) external {
        vm.assume(who != address(gate));
        bytes32 minter = token.MINTER_ROLE();
        bytes[5] memory calls = [
            abi.encodeCall(Token.mint, (who, 1)),
            abi.encodeCall(Token.freeze, (ALICE, COURT)),
            abi.encodeCall(Token.thaw, (ALICE, COURT)),
            abi.encodeCall(Token.seize, (ALICE, who, 1, COURT)),
            abi.encodeCall(IAccessControl.grantRole, (minter, who))
        ];
        for (uint256 i = 0; i < 5; i++) {
            vm.prank(who);
            (bool went, bytes4 name) = answerOf(address(token), calls[i]);
            yes(
                !went && name == IAccessControl.AccessControlUnauthorizedAccount.selector,
                "a stranger was obeyed"
            );
        }
    }

    function test_decimals_are_those_of_the_policys_domain() external view {
        same(token.decimals(), 6, "decimals");
    }
}
