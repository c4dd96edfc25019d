// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Escrow} from "../src/Escrow.sol";
import {Gate} from "../src/Gate.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {IGate} from "../src/IGate.sol";
import {IToken} from "../src/IToken.sol";
import {Token} from "../src/Token.sol";
import {Call, Outcome} from "../src/lib/Outcome.sol";
import {GateWorld} from "./GateWorld.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// Delivers what it is asked to, and takes a hundredth more from whoever sends.
contract FeeOnTop is ERC20("on top", "TOP") {
    bool public free;

    function setFree() external {
        free = true;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0) && !free) {
            super._update(from, address(0xfee), amount / 100);
        }
    }
}

/// Calls somebody back in the middle of every movement, whatever that answers.
contract Hooked is ERC20("hooked", "HOOK") {
    address private target;
    bytes private call;
    uint256 public entered;
    uint256 public refusals;

    function arm(address target_, bytes calldata call_) external {
        (target, call) = (target_, call_);
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (target == address(0)) return;
        (bool went,) = target.call(call);
        if (went) entered++;
        else refusals++;
    }
}

/// The second address of a token: the same balances.
contract SecondDoor {
    Hooked private immutable BEHIND;

    constructor(Hooked behind) {
        BEHIND = behind;
    }

    function balanceOf(address account) external view returns (uint256) {
        return BEHIND.balanceOf(account);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        return BEHIND.transferFrom(from, to, amount);
    }

    function transfer(address, uint256) external pure returns (bool) {
        return true;
    }
}

/// @notice Attempts on Escrow by somebody who did not write it, through the Gate that it obeys.
contract AttacksEscrowTest is GateWorld {
    bytes32 private constant CASE = keccak256("a redemption");
    address private constant BOB = address(0xb0b);
    uint256 private constant KEY = 0xca401;
    address private immutable CAROL = vm.addr(KEY);

    function setUp() external {
        build();
        bring(mintOf(ALICE, 100e6));
        bring(mintOf(BOB, 100e6));
        bring(mintOf(CAROL, 100e6));
        for (uint256 i = 0; i < 2; i++) {
            vm.prank([ALICE, BOB][i]);
            token.approve(address(escrow), type(uint256).max);
        }
    }

    // Tokens.

    function test_a_fee_taken_from_the_sender_is_not_paid_from_other_deposits() external {
        FeeOnTop top = new FeeOnTop();
        _fund(top);
        _deposit(ALICE, address(top), 100);
        _deposit(BOB, address(top), 100);
        bring(_refund(CASE, ALICE, address(top), 100));
        vm.expectRevert(abi.encodeWithSelector(IEscrow.PayoutDiffers.selector, 100, 101));
        escrow.withdraw(ALICE, address(top));
        same(escrow.owed(ALICE, address(top)), 100, "it stays owed");
        same(top.balanceOf(address(escrow)), 200, "nobody's deposit paid for it");
        top.setFree();
        escrow.withdraw(ALICE, address(top));
        same(top.balanceOf(address(escrow)), 100, "what is Bob's");
    }

    function test_a_second_address_of_a_token_pays_nobody_from_what_came_by_the_first() external {
        Hooked behind = new Hooked();
        SecondDoor door = new SecondDoor(behind);
        behind.mint(ALICE, 100);
        vm.prank(ALICE);
        behind.approve(address(escrow), 100);
        _deposit(ALICE, address(behind), 100);
        vm.prank(ALICE);
        vm.expectRevert();
        escrow.deposit(CASE, address(door), 100);
        refused(
            _refund(CASE, ALICE, address(door), 100),
            _failed(abi.encodeWithSelector(IEscrow.NotDeposited.selector, CASE, ALICE, door, 0, 100))
        );
        bring(_refund(CASE, ALICE, address(behind), 100));
        same(escrow.owed(ALICE, address(behind)), 100, "by the door that it came in");
    }

    function test_tokens_sent_without_a_deposit_are_nobodys_and_disturb_nothing() external {
        vm.prank(BOB);
        token.transfer(address(escrow), 7e6);
        _deposit(ALICE, address(token), 5e6);
        bytes memory reason =
            abi.encodeWithSelector(IEscrow.NotDeposited.selector, CASE, ALICE, token, 5e6, 12e6);
        refused(_refund(CASE, ALICE, address(token), 12e6), _failed(reason));
        bring(_burn(CASE, ALICE, address(token), 5e6));
        same(token.balanceOf(address(escrow)), 7e6, "lost to whoever sent it");
    }

    function test_amounts_that_add_up_past_the_largest_number_are_refused() external {
        Hooked hooked = new Hooked();
        hooked.mint(ALICE, type(uint256).max);
        vm.prank(ALICE);
        hooked.approve(address(escrow), type(uint256).max);
        _deposit(ALICE, address(hooked), type(uint256).max);
        vm.prank(ALICE);
        vm.expectRevert();
        escrow.deposit(CASE, address(hooked), 1);
        bring(_burn(CASE, ALICE, address(hooked), type(uint256).max));
        same(hooked.totalSupply(), 0, "burned");
    }

    // Re-entry, through both contracts.

    function test_a_token_that_calls_back_in_a_payout_is_paid_once() external {
        Hooked hooked = _hookedDeposit(ALICE, 100);
        bring(_refund(CASE, ALICE, address(hooked), 60));
        hooked.arm(address(escrow), abi.encodeCall(Escrow.withdraw, (ALICE, address(hooked))));
        escrow.withdraw(ALICE, address(hooked));
        same(hooked.entered(), 0, "it did not enter");
        same(hooked.balanceOf(ALICE), 60, "paid once");
    }

    function test_a_token_that_brings_another_outcome_in_its_burn_does_not_move_deposits_in_between()
        external
    {
        Hooked hooked = _hookedDeposit(ALICE, 100);
        IGate.Opening memory burn = record(_burn(CASE, ALICE, address(hooked), 60));
        Outcome memory within = _refund(CASE, ALICE, address(hooked), 40);
        within.ordinal = 1;
        IGate.Opening memory refund = record(within);
        uint64 size;
        (burn, size) = anchored(burn);
        (refund,) = anchored(refund);
        hooked.arm(address(gate), abi.encodeCall(gate.execute, (refund, size)));
        gate.execute(burn, size);
        yes(hooked.entered() == 0 && hooked.refusals() == 1, "refused within");
        yes(!gate.executed(CASE, 1), "and not used up");
        hooked.arm(address(0), "");
        gate.execute(refund, size);
        same(escrow.owed(ALICE, address(hooked)), 40, "afterwards");
    }

    // Permits.

    function test_a_permit_seen_in_the_queue_moves_nothing_for_whoever_copies_it() external {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _permitHash(60e6, token.nonces(CAROL)));
        vm.prank(BOB);
        token.approve(address(escrow), 0);
        vm.prank(BOB);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, escrow, 0, 60e6)
        );
        escrow.depositWithPermit(CASE, address(token), 60e6, block.timestamp, v, r, s);
        // Brought first by somebody, with the allowance left over for exactly this deposit.
        token.permit(CAROL, address(escrow), 60e6, block.timestamp, v, r, s);
        vm.prank(CAROL);
        escrow.depositWithPermit(CASE, address(token), 60e6, block.timestamp, v, r, s);
        same(token.allowance(CAROL, address(escrow)), 0, "used up");
        vm.prank(CAROL);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, escrow, 0, 60e6)
        );
        escrow.depositWithPermit(CASE, address(token), 60e6, block.timestamp, v, r, s);
    }

    function test_nobody_deposits_another_accounts_tokens_although_it_has_approved_escrow() external {
        // Alice's allowance to Escrow is without limit; only her own calls use it.
        vm.prank(CAROL);
        vm.expectRevert();
        escrow.deposit(CASE, address(token), 1);
        same(escrow.deposited(CASE, ALICE, address(token)), 0, "nothing of Alice's");
        same(token.balanceOf(ALICE), 100e6, "she has all of it");
    }

    // Cases and depositors.

    function test_deposits_of_two_accounts_and_two_cases_never_mix() external {
        bytes32 other = keccak256("another redemption");
        _deposit(ALICE, address(token), 5e6);
        _deposit(BOB, address(token), 6e6);
        vm.prank(ALICE);
        escrow.deposit(other, address(token), 7e6);
        bytes memory none_ =
            abi.encodeWithSelector(IEscrow.NotDeposited.selector, CASE, ALICE, token, 5e6, 6e6);
        refused(_burn(CASE, ALICE, address(token), 6e6), _failed(none_));
        bring(_burn(CASE, ALICE, address(token), 5e6));
        none_ = abi.encodeWithSelector(IEscrow.NotDeposited.selector, CASE, ALICE, token, 0, 1);
        Outcome memory again = _refund(CASE, ALICE, address(token), 1);
        again.ordinal = 1;
        refused(again, _failed(none_));
        same(escrow.deposited(other, ALICE, address(token)), 7e6, "the other case");
        same(escrow.deposited(CASE, BOB, address(token)), 6e6, "the other account");
    }

    function test_a_deposit_brought_between_decision_and_execution_is_not_touched_by_that_decision()
        external
    {
        _deposit(ALICE, address(token), 5e6);
        (IGate.Opening memory opening, uint64 size) =
            anchored(record(_burn(CASE, ALICE, address(token), 5e6)));
        _deposit(ALICE, address(token), 3e6);
        gate.execute(opening, size);
        same(escrow.deposited(CASE, ALICE, address(token)), 3e6, "waits for an outcome of its own");
    }

    function test_a_deposit_for_a_case_nobody_knows_waits_and_an_outcome_of_that_case_returns_it() external {
        bytes32 unknown = keccak256("no such case");
        vm.prank(ALICE);
        escrow.deposit(unknown, address(token), 5e6);
        vm.warp(START + 1000 days);
        vm.expectRevert(IEscrow.NothingToMove.selector);
        escrow.withdraw(ALICE, address(token));
        bring(_refund(unknown, ALICE, address(token), 5e6));
        escrow.withdraw(ALICE, address(token));
        same(token.balanceOf(ALICE), 100e6, "returned");
    }

    function test_one_call_that_cannot_be_made_keeps_the_outcomes_other_calls_from_being_made() external {
        _deposit(ALICE, address(token), 5e6);
        Outcome memory outcome = _refund(CASE, ALICE, address(token), 2e6);
        outcome.calls = new Call[](2);
        outcome.calls[0] =
            Call(address(escrow), abi.encodeCall(Escrow.refund, (CASE, ALICE, address(token), 2e6)));
        outcome.calls[1] = Call(
            address(escrow), abi.encodeCall(Escrow.release, (CASE, ALICE, address(token), address(0), 3e6))
        );
        bytes memory reason = abi.encodeWithSelector(IEscrow.NotPayable.selector, address(0));
        refused(outcome, abi.encodeWithSelector(IGate.CallFailed.selector, 1, reason));
        same(escrow.owed(ALICE, address(token)), 0, "nothing of it");
        // The next ordinal of the case is another outcome.
        outcome = _refund(CASE, ALICE, address(token), 5e6);
        outcome.ordinal = 1;
        bring(outcome);
    }

    // Gates.

    function test_a_gate_with_every_role_but_another_escrow_moves_no_deposit_of_the_old_one() external {
        _deposit(ALICE, address(token), 5e6);
        Gate other = newGate(address(token));
        _moveRoles(address(other));
        bytes memory data = abi.encodeCall(Escrow.refund, (CASE, ALICE, address(token), 5e6));
        Outcome memory outcome = escrowOf(CASE, data);
        outcome.gate = address(other);
        (IGate.Opening memory opening, uint64 size) = anchored(record(outcome));
        vm.expectRevert(abi.encodeWithSelector(IGate.TargetNotAllowed.selector, 0, escrow));
        other.execute(opening, size);
        vm.prank(address(other));
        vm.expectRevert(IEscrow.OnlyGate.selector);
        escrow.refund(CASE, ALICE, address(token), 5e6);
    }

    function test_a_gate_that_lost_every_role_still_burns_refunds_and_takes_late_deposits_back() external {
        _deposit(ALICE, address(token), 5e6);
        _moveRoles(address(0x6a7e2));
        _deposit(BOB, address(token), 6e6);
        bring(_burn(CASE, ALICE, address(token), 5e6));
        Outcome memory outcome = _refund(CASE, BOB, address(token), 6e6);
        outcome.ordinal = 1;
        bring(outcome);
        escrow.withdraw(BOB, address(token));
        same(token.balanceOf(address(escrow)), 0, "empty");
        same(token.totalSupply(), 295e6, "burned");
        refused(mintOf(ALICE, 1), _failedWith(IAccessControl.AccessControlUnauthorizedAccount.selector));
    }

    // Orders of a court.

    function test_an_account_frozen_after_its_deposit_is_refunded_but_not_paid_and_a_burn_goes_on() external {
        _deposit(ALICE, address(token), 5e6);
        bring(orderOf(abi.encodeCall(Token.freeze, (ALICE, keccak256("order")))));
        bring(_burn(CASE, ALICE, address(token), 2e6));
        Outcome memory outcome = _refund(CASE, ALICE, address(token), 3e6);
        outcome.ordinal = 1;
        bring(outcome);
        vm.expectRevert(abi.encodeWithSelector(IToken.AccountFrozen.selector, ALICE));
        escrow.withdraw(ALICE, address(token));
        same(escrow.owed(ALICE, address(token)), 3e6, "until the order is lifted");
    }

    /// What an order against Escrow's own address does: it is against everybody's deposits. The token cannot
    /// know; a policy for orders has to refuse that address. See PROPERTIES.md.
    function test_an_order_against_escrow_itself_stops_and_takes_everybodys_deposits() external {
        _deposit(ALICE, address(token), 5e6);
        _deposit(BOB, address(token), 6e6);
        bring(_refund(CASE, BOB, address(token), 6e6));
        bring(seizureOf(address(escrow), CAROL, 5e6, keccak256("order")));
        Outcome memory burn = _burn(CASE, ALICE, address(token), 5e6);
        burn.ordinal = 1;
        bring(burn);
        // Alice's case ended as it should; what is missing is missing to Bob.
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, escrow, 1e6, 6e6)
        );
        escrow.withdraw(BOB, address(token));
        bring(orderOf(abi.encodeCall(Token.freeze, (address(escrow), keccak256("order")))));
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IToken.AccountFrozen.selector, escrow));
        escrow.deposit(CASE, address(token), 1);
    }

    function _deposit(address who, address what, uint256 amount) private {
        vm.prank(who);
        escrow.deposit(CASE, what, amount);
    }

    function _fund(FeeOnTop top) private {
        for (uint256 i = 0; i < 2; i++) {
            address who = [ALICE, BOB][i];
            top.mint(who, 101);
            vm.prank(who);
            top.approve(address(escrow), 101);
        }
    }

    function _hookedDeposit(address who, uint256 amount) private returns (Hooked hooked) {
        hooked = new Hooked();
        hooked.mint(who, amount);
        vm.prank(who);
        hooked.approve(address(escrow), amount);
        _deposit(who, address(hooked), amount);
    }

    function _refund(bytes32 caseId, address who, address what, uint256 amount)
        private
        returns (Outcome memory)
    {
        return escrowOf(caseId, abi.encodeCall(Escrow.refund, (caseId, who, what, amount)));
    }

    function _burn(bytes32 caseId, address who, address what, uint256 amount)
        private
        returns (Outcome memory)
    {
        return escrowOf(caseId, abi.encodeCall(Escrow.burn, (caseId, who, what, amount)));
    }

    function _failed(bytes memory reason) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGate.CallFailed.selector, 0, reason);
    }

    function _failedWith(bytes4 name) private view returns (bytes memory) {
        return _failed(abi.encodeWithSelector(name, gate, token.MINTER_ROLE()));
    }

    function _moveRoles(address to) private {
        bytes32[3] memory roles = [token.MINTER_ROLE(), token.ORDER_ROLE(), bytes32(0)];
        for (uint256 i = 0; i < 3; i++) {
            vm.prank(address(gate));
            token.grantRole(roles[i], to);
            vm.prank(address(gate));
            token.renounceRole(roles[i], address(gate));
        }
    }

    function _permitHash(uint256 amount, uint256 nonce) private view returns (bytes32) {
        bytes32 kind =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes memory encoded = abi.encode(kind, CAROL, address(escrow), amount, nonce, block.timestamp);
        return keccak256(abi.encodePacked(bytes2(0x1901), token.DOMAIN_SEPARATOR(), keccak256(encoded)));
    }
}
