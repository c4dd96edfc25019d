// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Anchor} from "../src/Anchor.sol";
import {Escrow} from "../src/Escrow.sol";
import {Gate} from "../src/Gate.sol";
import {IAnchor} from "../src/IAnchor.sol";
import {IGate} from "../src/IGate.sol";
import {IToken} from "../src/IToken.sol";
import {Token} from "../src/Token.sol";
import {LogProof} from "../src/lib/LogProof.sol";
import {Call, Outcome, OutcomeBody} from "../src/lib/Outcome.sol";
import {GateWorld} from "./GateWorld.sol";
import {Tree} from "./Tree.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

/// What the vector's outcome calls.
contract Minted {
    uint256 public minted;

    function mint(uint256 amount) external {
        minted += amount;
    }
}

/// Answers in every way that is no success.
contract Sulky {
    function no() external pure returns (bool) {
        return false;
    }

    function loud() external pure {
        revert("no");
    }
}

contract GateTest is GateWorld {
    /// The first account of every development chain: its first contract is the vector's Gate.
    address private constant FIRST_OF_ANVIL = 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266;

    function setUp() external {
        build();
    }

    // Execution.

    function test_a_certified_outcome_mints_once() external {
        Outcome memory outcome = mintOf(ALICE, 100e6);
        (IGate.Opening memory opening, uint64 size) = anchored(record(outcome));
        gate.execute(opening, size);
        same(token.balanceOf(ALICE), 100e6, "minted");
        yes(gate.executed(outcome.caseId, 0), "executed");
        vm.expectRevert(abi.encodeWithSelector(IGate.AlreadyExecuted.selector, outcome.caseId, 0));
        gate.execute(opening, size);
    }

    function test_an_observer_is_told_what_was_executed_proposed_and_paused() external {
        Outcome memory outcome = mintOf(ALICE, 1e6);
        (IGate.Opening memory opening, uint64 size) = anchored(record(outcome));
        vm.expectEmit();
        emit IGate.Executed(outcome.caseId, 0);
        gate.execute(opening, size);
        bytes memory data = abi.encodeCall(IGate.setGuardian, (ALICE));
        outcome = governanceOf(data);
        (opening, size) = anchored(record(outcome));
        bytes32 id = keccak256(abi.encode(gate.executionKey(outcome.caseId, 0), uint256(0)));
        vm.expectEmit();
        emit IGate.ChangeProposed(id, data, START + NOTICE);
        gate.execute(opening, size);
        vm.expectEmit();
        emit IGate.Paused(uint48(START + 1 days));
        vm.prank(GUARDIAN);
        gate.pause(uint48(START + 1 days));
    }

    function test_the_next_ordinal_of_a_case_is_another_outcome() external {
        Outcome memory outcome = mintOf(ALICE, 1e6);
        bring(outcome);
        outcome.ordinal = 1;
        bring(outcome);
        same(token.balanceOf(ALICE), 2e6, "both");
    }

    function test_the_same_decision_recorded_twice_is_executed_once() external {
        Outcome memory outcome = mintOf(ALICE, 1e6);
        bring(outcome);
        refused(outcome, abi.encodeWithSelector(IGate.AlreadyExecuted.selector, outcome.caseId, 0));
    }

    function test_an_outcome_is_executed_until_its_last_second_and_not_after() external {
        Outcome memory first = mintOf(ALICE, 1e6);
        Outcome memory second = mintOf(ALICE, 1e6);
        vm.warp(START + 30 minutes);
        bring(first);
        vm.warp(START + 30 minutes + 1);
        refused(second, abi.encodeWithSelector(IGate.Expired.selector, START + 30 minutes));
    }

    function test_an_outcome_of_another_programme_chain_or_gate_is_refused() external {
        Outcome memory outcome = mintOf(ALICE, 1e6);
        outcome.programme = keccak256("another");
        refused(outcome, abi.encodeWithSelector(IGate.WrongProgramme.selector, PROGRAMME, outcome.programme));
        outcome.programme = PROGRAMME;
        outcome.chainId = 1;
        refused(outcome, abi.encodeWithSelector(IGate.WrongChain.selector, block.chainid, 1));
        outcome.chainId = block.chainid;
        outcome.gate = ALICE;
        refused(outcome, abi.encodeWithSelector(IGate.WrongGate.selector, gate, ALICE));
        outcome.gate = address(gate);
        outcome.ledger = keccak256("another ledger");
        uint256 size = log.length + 3;
        refused(outcome, abi.encodeWithSelector(IAnchor.NotAnchored.selector, outcome.ledger, size));
    }

    function test_an_outcome_of_another_policy_or_line_is_refused() external {
        Outcome memory outcome = mintOf(ALICE, 1e6);
        bytes32 other = keccak256("other");
        outcome.policy = other;
        refused(outcome, abi.encodeWithSelector(IGate.PolicyNotAccepted.selector, other, MINT));
        outcome.policy = POLICY;
        outcome.line = other;
        refused(outcome, abi.encodeWithSelector(IGate.PolicyNotAccepted.selector, POLICY, other));
        outcome.line = ORDER;
        bytes4 selector = Token.mint.selector;
        refused(outcome, abi.encodeWithSelector(IGate.NotPermitted.selector, 0, token, selector));
    }

    function test_an_accepted_policy_without_a_line_calls_nothing() external {
        Outcome memory outcome = mintOf(ALICE, 1e6);
        outcome.line = REDEEM;
        refused(outcome, abi.encodeWithSelector(IGate.UnknownLine.selector, REDEEM));
    }

    function test_a_record_that_is_no_outcome_is_not_executed() external {
        Outcome memory outcome = mintOf(ALICE, 1e6);
        IGate.Opening memory opening = record(outcome);
        // The same bytes under the tag of a record.
        log[opening.index] = LogProof.leafHash(1, opening.time, opening.salt, opening.body);
        _expectNotIncluded(opening);
    }

    function testFuzz_an_opening_that_differs_in_one_bit_is_refused(uint256 place, uint256 what) external {
        (IGate.Opening memory opening, uint64 size) = anchored(record(mintOf(ALICE, 1e6)));
        bytes1 flip = bytes1(uint8(1 << (place % 8)));
        if (what % 5 == 0) opening.body[place % opening.body.length] ^= flip;
        if (what % 5 == 1) opening.salt ^= bytes32(uint256(1 << (place % 256)));
        if (what % 5 == 2) opening.time ^= uint64(1 << (place % 64));
        if (what % 5 == 3) opening.index ^= uint64(1 << (place % 64));
        if (what % 5 == 4) opening.path[place % opening.path.length] ^= bytes32(place | 1);
        (bool went,) = answerOf(address(gate), abi.encodeCall(gate.execute, (opening, size)));
        yes(!went, "it went through");
        same(token.totalSupply(), 0, "supply");
    }

    function test_an_outcome_beyond_what_is_anchored_waits() external {
        grow(3);
        anchorAll(anchor);
        IGate.Opening memory opening = record(mintOf(ALICE, 1e6));
        vm.expectRevert(abi.encodeWithSelector(LogProof.IndexBeyondSize.selector, 3, 3));
        gate.execute(opening, 3);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotAnchored.selector, LEDGER, 6));
        gate.execute(opening, 6);
    }

    function test_several_calls_of_an_outcome_are_all_or_nothing() external {
        Outcome memory outcome = mintOf(ALICE, 1e6);
        outcome.calls = new Call[](2);
        outcome.calls[0] = Call(address(token), abi.encodeCall(Token.mint, (ALICE, 1e6)));
        outcome.calls[1] = Call(address(token), abi.encodeCall(Token.mint, (address(0), 1e6)));
        (IGate.Opening memory opening, uint64 size) = anchored(record(outcome));
        (bool went, bytes4 name) = answerOf(address(gate), abi.encodeCall(gate.execute, (opening, size)));
        yes(!went, "the second call cannot be made");
        same(name, IGate.CallFailed.selector, "name");
        same(token.totalSupply(), 0, "nothing");
        yes(!gate.executed(outcome.caseId, 0), "it can be brought again");
    }

    function test_a_target_without_code_and_our_own_contracts_are_not_called() external {
        address[4] memory targets = [ALICE, address(gate), address(anchor), address(escrow)];
        for (uint256 i = 0; i < 4; i++) {
            loosen(abi.encodeCall(IGate.permit, (targets[i], Token.mint.selector, MINT)));
            Outcome memory outcome = mintOf(ALICE, 1e6);
            outcome.calls[0].target = targets[i];
            refused(outcome, abi.encodeWithSelector(IGate.TargetNotAllowed.selector, 0, targets[i]));
        }
    }

    function test_a_call_that_reverts_or_answers_false_is_no_success() external {
        Sulky sulky = new Sulky();
        loosen(abi.encodeCall(IGate.permit, (address(sulky), Sulky.no.selector, ORDER)));
        loosen(abi.encodeCall(IGate.permit, (address(sulky), Sulky.loud.selector, ORDER)));
        Outcome memory outcome = orderOf(abi.encodeCall(Sulky.no, ()));
        outcome.calls[0].target = address(sulky);
        refused(outcome, abi.encodeWithSelector(IGate.CallAnsweredFalse.selector, 0));
        outcome.calls[0].data = abi.encodeCall(Sulky.loud, ());
        bytes memory answer = abi.encodeWithSignature("Error(string)", "no");
        refused(outcome, abi.encodeWithSelector(IGate.CallFailed.selector, 0, answer));
    }

    function test_calls_without_selector_or_without_the_counted_word_are_refused() external {
        Outcome memory outcome = mintOf(ALICE, 1e6);
        outcome.calls[0].data = hex"40c10f";
        bytes4 selector = hex"40c10f00";
        refused(outcome, abi.encodeWithSelector(IGate.NotPermitted.selector, 0, token, selector));
        outcome.calls[0].data = abi.encodePacked(Token.mint.selector, uint256(1), uint248(1));
        refused(outcome, abi.encodeWithSelector(IGate.WordMissing.selector, 0, 1));
    }

    // Batches.

    function test_a_batch_is_executed_in_one_transaction() external {
        IGate.Opening[] memory openings = new IGate.Opening[](10);
        for (uint256 i = 0; i < 10; i++) {
            openings[i] = record(mintOf(ALICE, 1e6));
        }
        uint64 size;
        for (uint256 i = 0; i < 10; i++) {
            (openings[i], size) = anchored(openings[i]);
        }
        gate.executeAll(openings, size);
        same(token.balanceOf(ALICE), 10e6, "minted");
        gate.executeAll(openings, size);
        same(token.balanceOf(ALICE), 10e6, "once");
    }

    function test_bringing_one_of_a_batch_first_does_not_spoil_the_batch() external {
        IGate.Opening[] memory openings = new IGate.Opening[](2);
        openings[0] = record(mintOf(ALICE, 1e6));
        openings[1] = record(mintOf(ALICE, 2e6));
        uint64 size;
        (openings[0], size) = anchored(openings[0]);
        (openings[1],) = anchored(openings[1]);
        gate.execute(openings[1], size);
        gate.executeAll(openings, size);
        same(token.balanceOf(ALICE), 3e6, "both, once");
    }

    // Caps.

    function test_a_window_sees_no_more_than_the_cap() external {
        bring(mintOf(ALICE, 999e6));
        bytes memory over = abi.encodeWithSelector(IGate.CapExceeded.selector, MINT, CAP, 999e6, 2e6);
        refused(mintOf(ALICE, 2e6), over);
        bring(mintOf(ALICE, 1e6));
        vm.warp(START + 2 days);
        bring(mintOf(ALICE, 1000e6));
    }

    function test_a_line_counts_in_units_rounded_up_and_a_change_of_unit_forgets_nothing() external {
        bring(mintOf(ALICE, 999_000_001));
        loosen(abi.encodeCall(IGate.setLine, (MINT, 1, 3, CAP / 1000, 30 days)));
        same(gate.used(MINT), 0, "two windows later");
        bring(mintOf(ALICE, 1001));
        same(gate.used(MINT), 2, "rounded up");
        loosen(abi.encodeCall(IGate.setLine, (MINT, 1, 4, CAP / 10_000, 30 days)));
        same(gate.used(MINT), 1, "rounded up");
        loosen(abi.encodeCall(IGate.setLine, (MINT, 1, 0, CAP, 30 days)));
        same(gate.used(MINT), 10_000, "never down");
        bytes memory data = abi.encodeCall(IGate.setLine, (MINT, 1, 31, CAP, WINDOW));
        bytes32 id = propose(data);
        vm.warp(block.timestamp + NOTICE);
        bytes memory reason = abi.encodeWithSelector(IGate.ExponentTooLarge.selector, 31);
        vm.expectRevert(abi.encodeWithSelector(IGate.CallFailed.selector, 0, reason));
        gate.enact(id, data);
    }

    function testFuzz_no_amount_however_large_passes_the_cap(uint256 amount) external {
        amount = bound(amount, uint256(CAP) + 1, type(uint256).max);
        bytes memory reason = abi.encodeWithSelector(IGate.CapExceeded.selector, MINT, CAP, 0, amount);
        refused(mintOf(ALICE, amount), reason);
    }

    function test_the_calls_of_an_outcome_count_together() external {
        Outcome memory outcome = mintOf(ALICE, 600e6);
        outcome.calls = new Call[](2);
        outcome.calls[0] = Call(address(token), abi.encodeCall(Token.mint, (ALICE, 600e6)));
        outcome.calls[1] = outcome.calls[0];
        refused(outcome, abi.encodeWithSelector(IGate.CapExceeded.selector, MINT, CAP, 0, 1200e6));
    }

    function test_calls_without_amount_count_one_each() external {
        for (uint256 i = 0; i < 3; i++) {
            bring(orderOf(abi.encodeCall(Token.freeze, (ALICE, keccak256("order")))));
        }
        Outcome memory fourth = orderOf(abi.encodeCall(Token.freeze, (ALICE, keccak256("order"))));
        refused(fourth, abi.encodeWithSelector(IGate.CapExceeded.selector, ORDER, 3, 3, 1));
    }

    /// Whatever is minted when: no window of the line's length ever sees more than the cap.
    function testFuzz_no_window_of_any_position_sees_more_than_the_cap(uint256 seed) external {
        uint256[] memory times = new uint256[](12);
        uint256[] memory amounts = new uint256[](12);
        for (uint256 i = 0; i < 12; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            vm.warp(block.timestamp + seed % (WINDOW / 2));
            times[i] = block.timestamp;
            (IGate.Opening memory opening, uint64 size) =
                anchored(record(mintOf(ALICE, (seed >> 128) % 600e6)));
            (bool went,) = answerOf(address(gate), abi.encodeCall(gate.execute, (opening, size)));
            amounts[i] = went ? (seed >> 128) % 600e6 : 0;
        }
        for (uint256 i = 0; i < 12; i++) {
            uint256 sum;
            for (uint256 j = i; j < 12 && times[j] < times[i] + WINDOW; j++) {
                sum += amounts[j];
            }
            yes(sum <= CAP, "a window saw more");
        }
    }

    // Governance.

    function test_loosening_waits_for_the_notice() external {
        bytes memory data = abi.encodeCall(IGate.setLine, (MINT, 1, 0, 2 * CAP, WINDOW));
        bytes32 id = propose(data);
        vm.warp(START + NOTICE - 1);
        vm.expectRevert(abi.encodeWithSelector(IGate.NotBefore.selector, START + NOTICE));
        gate.enact(id, data);
        vm.warp(START + NOTICE);
        bytes memory other = abi.encodeCall(IGate.setLine, (MINT, 1, 0, 3 * CAP, WINDOW));
        vm.expectRevert(abi.encodeWithSelector(IGate.NoChange.selector, id));
        gate.enact(id, other);
        gate.enact(id, data);
        bring(mintOf(ALICE, 2 * CAP));
        vm.expectRevert(abi.encodeWithSelector(IGate.NoChange.selector, id));
        gate.enact(id, data);
    }

    function test_a_new_policy_waits_for_the_same_notice_as_a_rotation() external {
        bytes32 policy = keccak256("version 2");
        bytes memory data = abi.encodeCall(IGate.accept, (policy, MINT));
        bytes32 id = propose(data);
        Outcome memory outcome = mintOf(ALICE, 1e6);
        outcome.policy = policy;
        outcome.notAfter = START + 10 days;
        refused(outcome, abi.encodeWithSelector(IGate.PolicyNotAccepted.selector, policy, MINT));
        vm.warp(START + anchor.notice());
        gate.enact(id, data);
        bring(outcome);
    }

    function test_tightening_needs_no_notice() external {
        bring(governanceOf(abi.encodeCall(IGate.tighten, (MINT, 10e6, WINDOW))));
        refused(mintOf(ALICE, 11e6), abi.encodeWithSelector(IGate.CapExceeded.selector, MINT, 10e6, 0, 11e6));
        bring(governanceOf(abi.encodeCall(IGate.forbid, (address(token), Token.mint.selector))));
        bytes4 selector = Token.mint.selector;
        refused(mintOf(ALICE, 1e6), abi.encodeWithSelector(IGate.NotPermitted.selector, 0, token, selector));
        bring(governanceOf(abi.encodeCall(IGate.retire, (POLICY, MINT))));
        refused(mintOf(ALICE, 1e6), abi.encodeWithSelector(IGate.PolicyNotAccepted.selector, POLICY, MINT));
    }

    function test_tightening_cannot_loosen() external {
        bytes memory loosens =
            abi.encodeWithSelector(IGate.CallFailed.selector, 0, abi.encodePacked(IGate.Loosens.selector));
        refused(governanceOf(abi.encodeCall(IGate.tighten, (MINT, CAP + 1, WINDOW))), loosens);
        refused(governanceOf(abi.encodeCall(IGate.tighten, (MINT, CAP, WINDOW - 1))), loosens);
    }

    function test_a_longer_window_forgets_nothing_that_was_used() external {
        bring(mintOf(ALICE, 900e6));
        bring(governanceOf(abi.encodeCall(IGate.tighten, (MINT, CAP, 30 days))));
        same(gate.used(MINT), 900e6, "used");
        vm.warp(START + 20 days);
        refused(
            mintOf(ALICE, 200e6), abi.encodeWithSelector(IGate.CapExceeded.selector, MINT, CAP, 900e6, 200e6)
        );
    }

    function test_a_cosigner_vetoes_and_k_less_one_others_override_after_a_second_notice() external {
        bytes memory data = abi.encodeCall(IGate.setLine, (MINT, 1, 0, 2 * CAP, WINDOW));
        bytes32 id = propose(data);
        gate.veto(id, signatureOf(keyOf(1), 1, changeHash("Veto", id)));
        vm.warp(START + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IGate.IsVetoed.selector, id, vm.addr(keyOf(1))));
        gate.enact(id, data);

        bytes32 hash = changeHash("Override", id);
        bytes memory one = signatureOf(keyOf(0), 0, hash);
        vm.expectRevert();
        gate.overrideVeto(id, one);
        bytes memory withVetoer = bytes.concat(one, signatureOf(keyOf(1), 1, hash));
        vm.expectRevert(abi.encodeWithSelector(IGate.VetoerSigned.selector, vm.addr(keyOf(1))));
        gate.overrideVeto(id, withVetoer);
        gate.overrideVeto(id, bytes.concat(one, signatureOf(keyOf(3), 3, hash)));

        vm.expectRevert(abi.encodeWithSelector(IGate.NotBefore.selector, START + 2 * NOTICE));
        gate.enact(id, data);
        bytes memory again = signatureOf(keyOf(2), 2, changeHash("Veto", id));
        vm.expectRevert(abi.encodeWithSelector(IGate.IsVetoed.selector, id, vm.addr(keyOf(1))));
        gate.veto(id, again);
        vm.warp(START + 2 * NOTICE);
        gate.enact(id, data);
    }

    function test_only_a_present_cosigner_vetoes_and_only_during_the_notice() external {
        bytes memory data = abi.encodeCall(IGate.setGuardian, (ALICE));
        bytes32 id = propose(data);
        bytes memory foreign = signatureOf(keyOf(50), 1, changeHash("Veto", id));
        vm.expectRevert();
        gate.veto(id, foreign);
        bytes memory override_ = signatureOf(keyOf(1), 1, changeHash("Override", id));
        vm.expectRevert();
        gate.veto(id, override_);
        bytes memory good = signatureOf(keyOf(1), 1, changeHash("Veto", id));
        vm.expectRevert(abi.encodeWithSelector(IGate.NoChange.selector, bytes32(0)));
        gate.veto(bytes32(0), good);
        vm.expectRevert(abi.encodeWithSelector(IGate.OneSignature.selector, 2));
        gate.veto(id, bytes.concat(good, good));
        vm.warp(START + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IGate.NoticeIsOver.selector, START + NOTICE));
        gate.veto(id, good);
    }

    function test_a_loosening_is_given_up_by_a_governance_outcome() external {
        bytes memory data = abi.encodeCall(IGate.setGuardian, (ALICE));
        bytes32 id = propose(data);
        bring(governanceOf(abi.encodeCall(IGate.drop, (id))));
        vm.warp(START + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IGate.NoChange.selector, id));
        gate.enact(id, data);
    }

    function test_nobody_calls_for_the_gate_what_only_it_may() external {
        bytes[8] memory calls = [
            abi.encodeCall(IGate.retire, (POLICY, MINT)),
            abi.encodeCall(IGate.forbid, (address(token), Token.mint.selector)),
            abi.encodeCall(IGate.tighten, (MINT, 0, WINDOW)),
            abi.encodeCall(IGate.drop, (bytes32(0))),
            abi.encodeCall(IGate.accept, (keccak256("mine"), MINT)),
            abi.encodeCall(IGate.permit, (address(token), Token.mint.selector, MINT)),
            abi.encodeCall(IGate.setLine, (MINT, 1, 0, 2 * CAP, WINDOW)),
            abi.encodeCall(IGate.setGuardian, (address(this)))
        ];
        for (uint256 i = 0; i < calls.length; i++) {
            (bool went, bytes4 name) = answerOf(address(gate), calls[i]);
            yes(!went && name == IGate.OnlyItself.selector, "it obeyed a stranger");
        }
    }

    function test_governance_calls_nothing_but_changes_and_no_other_policy_governs() external {
        Outcome memory outcome = governanceOf(abi.encodeCall(IGate.pause, (uint48(START + 1 days))));
        refused(outcome, abi.encodeWithSelector(IGate.UnknownChange.selector, IGate.pause.selector));
        outcome.calls[0] = Call(address(token), abi.encodeCall(Token.mint, (ALICE, 1)));
        refused(outcome, abi.encodeWithSelector(IGate.TargetNotAllowed.selector, 0, token));
        outcome.calls[0] = Call(address(gate), abi.encodeCall(IGate.retire, (POLICY, MINT)));
        outcome.policy = POLICY;
        refused(outcome, abi.encodeWithSelector(IGate.PolicyNotAccepted.selector, POLICY, outcome.line));
        outcome.kind = 3;
        refused(outcome, abi.encodeWithSelector(IGate.UnknownKind.selector, 3));
    }

    // The guardian, the deployer.

    function test_the_guardian_pauses_for_seven_days_and_then_rests() external {
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IGate.PauseTooLong.selector, START + 7 days + 1));
        gate.pause(uint48(START + 7 days + 1));
        vm.prank(GUARDIAN);
        gate.pause(uint48(START + 7 days));
        refused(mintOf(ALICE, 1e6), abi.encodeWithSelector(IGate.IsPaused.selector, START + 7 days));
        for (uint256 day = 1; day < 28; day++) {
            vm.warp(START + day * 1 days);
            vm.prank(GUARDIAN);
            vm.expectRevert(abi.encodeWithSelector(IGate.GuardianRests.selector, START + 28 days));
            gate.pause(uint48(block.timestamp + 1));
        }
        vm.warp(START + 7 days);
        bring(mintOf(ALICE, 1e6));
        vm.warp(START + 28 days);
        vm.prank(GUARDIAN);
        gate.pause(uint48(START + 35 days));
    }

    function test_governance_goes_on_while_paused_so_that_a_guardian_can_be_replaced() external {
        vm.prank(GUARDIAN);
        gate.pause(uint48(START + 7 days));
        loosen(abi.encodeCall(IGate.setGuardian, (address(0))));
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IGate.OnlyGuardian.selector, address(0)));
        gate.pause(uint48(block.timestamp));
    }

    function test_the_deployer_can_neither_mint_nor_take_the_role_nor_pause() external {
        bytes32 minter = token.MINTER_ROLE();
        bytes32 admin = token.DEFAULT_ADMIN_ROLE();
        bytes4 unauthorized = IAccessControl.AccessControlUnauthorizedAccount.selector;
        vm.expectRevert(abi.encodeWithSelector(unauthorized, address(this), minter));
        token.mint(address(this), 1);
        vm.expectRevert(abi.encodeWithSelector(unauthorized, address(this), admin));
        token.grantRole(minter, address(this));
        vm.expectRevert(abi.encodeWithSelector(IGate.OnlyGuardian.selector, GUARDIAN));
        gate.pause(uint48(START + 1 days));
        yes(token.hasRole(admin, address(gate)) && token.hasRole(minter, address(gate)), "the Gate has both");
    }

    // Replacing a Gate.

    function test_roles_move_to_another_gate_in_one_transaction_and_escrow_stays_behind() external {
        Gate other = newGate(address(token));
        bytes32 replace = keccak256("replace");
        loosen(abi.encodeCall(IGate.setLine, (replace, 255, 0, 6, WINDOW)));
        loosen(abi.encodeCall(IGate.accept, (POLICY, replace)));
        loosen(abi.encodeCall(IGate.permit, (address(token), IAccessControl.grantRole.selector, replace)));
        loosen(abi.encodeCall(IGate.permit, (address(token), IAccessControl.renounceRole.selector, replace)));

        bytes32 caseId = _deposit(ALICE, 5e6);
        Outcome memory pending = mintOf(ALICE, 7e6);
        pending.notAfter = 0;
        Outcome memory outcome = outcomeOf(0, POLICY, replace, address(token), "");
        bytes32[3] memory roles = [token.MINTER_ROLE(), token.ORDER_ROLE(), token.DEFAULT_ADMIN_ROLE()];
        outcome.calls = new Call[](6);
        for (uint256 i = 0; i < 3; i++) {
            outcome.calls[i] =
                Call(address(token), abi.encodeCall(IAccessControl.grantRole, (roles[i], address(other))));
            outcome.calls[3 + i] =
                Call(address(token), abi.encodeCall(IAccessControl.renounceRole, (roles[i], address(gate))));
        }
        bring(outcome);
        for (uint256 i = 0; i < 3; i++) {
            yes(token.hasRole(roles[i], address(other)) && !token.hasRole(roles[i], address(gate)), "moved");
        }
        (IGate.Opening memory opening, uint64 size) = anchored(record(pending));
        (bool went, bytes4 name) = answerOf(address(gate), abi.encodeCall(gate.execute, (opening, size)));
        yes(!went && name == IGate.CallFailed.selector, "what was pending lapses, unexecuted");
        yes(!gate.executed(pending.caseId, 0), "and its hold can return");
        bring(escrowOf(caseId, abi.encodeCall(Escrow.refund, (caseId, ALICE, address(token), 5e6))));
        escrow.withdraw(ALICE, address(token));
        same(token.balanceOf(ALICE), 5e6, "the old Escrow obeys the old Gate until it is empty");
    }

    // Escrow's outcomes.

    function test_payout_made_gate_paused_then_the_burn() external {
        bytes32 caseId = _deposit(ALICE, 5e6);
        Outcome memory outcome =
            escrowOf(caseId, abi.encodeCall(Escrow.burn, (caseId, ALICE, address(token), 5e6)));
        bring(governanceOf(abi.encodeCall(IGate.retire, (POLICY, REDEEM))));
        vm.prank(GUARDIAN);
        gate.pause(uint48(block.timestamp + 7 days));
        refused(outcome, abi.encodeWithSelector(IGate.IsPaused.selector, block.timestamp + 7 days));
        vm.warp(block.timestamp + 400 days);
        bring(outcome);
        same(token.totalSupply(), 0, "burned");
    }

    function test_an_escrow_outcome_knows_no_cap() external {
        uint256 twice = 2 * uint256(CAP);
        bring(mintOf(ALICE, CAP));
        vm.warp(block.timestamp + 2 * WINDOW);
        bring(mintOf(ALICE, CAP));
        bytes32 caseId = _depositHeld(ALICE, twice);
        bring(escrowOf(caseId, abi.encodeCall(Escrow.burn, (caseId, ALICE, address(token), twice))));
        same(token.totalSupply(), 0, "burned");
    }

    function test_an_escrow_outcome_moves_deposits_of_its_own_case_only() external {
        bytes32 caseId = _deposit(ALICE, 5e6);
        bytes memory data = abi.encodeCall(Escrow.release, (caseId, ALICE, address(token), GUARDIAN, 5e6));
        refused(
            escrowOf(keccak256("another"), data),
            abi.encodeWithSelector(IGate.AnotherCase.selector, 0, caseId)
        );
    }

    function test_an_escrow_outcome_never_expires_and_calls_escrow_only() external {
        bytes32 caseId = _deposit(ALICE, 5e6);
        bytes memory data = abi.encodeCall(Escrow.refund, (caseId, ALICE, address(token), 5e6));
        Outcome memory outcome = escrowOf(caseId, data);
        outcome.notAfter = START + 10 days;
        refused(outcome, abi.encodeWithSelector(IGate.MustNotExpire.selector, START + 10 days));
        outcome.notAfter = 0;
        outcome.calls[0].target = address(token);
        refused(outcome, abi.encodeWithSelector(IGate.TargetNotAllowed.selector, 0, token));
        outcome.calls[0].target = address(escrow);
        outcome.calls[0].data = abi.encodeCall(Escrow.withdraw, (ALICE, address(token)));
        bytes4 selector = Escrow.withdraw.selector;
        refused(outcome, abi.encodeWithSelector(IGate.NotPermitted.selector, 0, escrow, selector));
        outcome.calls[0].data = data;
        outcome.policy = keccak256("unknown");
        refused(outcome, abi.encodeWithSelector(IGate.PolicyNotAccepted.selector, outcome.policy, REDEEM));
    }

    // Succession.

    function test_a_successors_outcome_cannot_repeat_what_was_executed() external {
        Outcome memory outcome = mintOf(ALICE, 1e6);
        IGate.Opening memory late = record(mintOf(ALICE, 2e6));
        bring(outcome);
        uint64 oldSize;
        (late, oldSize) = anchored(late);
        bytes32 successor = keccak256("successor");
        outcome.ledger = successor;
        delete log;
        IGate.Opening memory opening = record(outcome);
        bytes32[] memory leaves = log;
        bytes32 root = Tree.root(leaves, 3);
        bytes32 hash = successionHash(present, successor, 3, root);
        anchor.succeed(successor, 3, root, certificateOver(present, LEDGER, hash));
        opening.path = Tree.path(leaves, 0, 3);
        vm.expectRevert(abi.encodeWithSelector(IGate.AlreadyExecuted.selector, outcome.caseId, 0));
        gate.execute(opening, 3);
        // What the old ledger had certified before its end can still be brought.
        gate.execute(late, oldSize);
        same(token.balanceOf(ALICE), 3e6, "minted");
        same(gate.used(MINT), 3e6, "caps carry over");
    }

    // Vectors.

    function test_vector_the_outcome_of_rust_is_executed_and_the_refused_ones_are_not() external {
        string memory json = vm.readFile("../vectors/outcome.json");
        (Gate target, Minted minted) = _asInTheVector(json);
        IGate.Opening memory opening = _openingInTheVector(json);
        log.push(LogProof.leafHash(2, opening.time, opening.salt, opening.body));
        same(log[0], wordOf(json, ".leaf_hash"), "leaf hash");
        bytes[] memory bad = new bytes[](4);
        for (uint256 i = 0; i < 4; i++) {
            bad[i] = hexOf(json, string.concat(item(".refused", i), ".body"));
            log.push(LogProof.leafHash(2, opening.time, opening.salt, bad[i]));
        }
        yes(!vm.keyExistsJson(json, ".refused[4]"), "all refused bodies are looked at");
        vm.warp(vm.parseJsonUint(json, ".fields.notAfter"));
        _anchorTheVector(target.ANCHOR());
        opening.path = Tree.path(log, 0, 5);
        IGate.Opening memory other = IGate.Opening("", opening.salt, opening.time, 0, opening.path);
        for (uint64 i = 0; i < 4; i++) {
            (other.body, other.index, other.path) = (bad[i], i + 1, Tree.path(log, i + 1, 5));
            (bool went,) = answerOf(address(target), abi.encodeCall(target.execute, (other, 5)));
            yes(!went, "a refused body was executed");
        }
        target.execute(opening, 5);
        same(minted.minted(), 1e12, "minted");
    }

    function test_vector_the_fields_decode_as_rust_wrote_them() external view {
        string memory json = vm.readFile("../vectors/outcome.json");
        Outcome memory outcome = this.decode(hexOf(json, ".body"));
        same(outcome.ledger, wordOf0x(json, ".fields.ledger"), "ledger");
        same(outcome.caseId, wordOf0x(json, ".fields.case"), "case");
        same(outcome.prev, wordOf0x(json, ".fields.prev"), "prev");
        same(outcome.programme, wordOf0x(json, ".fields.programme"), "programme");
        same(outcome.policy, wordOf0x(json, ".fields.policy"), "policy");
        same(outcome.line, wordOf0x(json, ".fields.line"), "line");
        same(outcome.kind, vm.parseJsonUint(json, ".fields.kind"), "kind");
        same(outcome.chainId, vm.parseJsonUint(json, ".fields.chainId"), "chainId");
        same(outcome.gate, vm.parseJsonAddress(json, ".fields.gate"), "gate");
        same(outcome.calls.length, 1, "calls");
        same(outcome.calls[0].target, vm.parseJsonAddress(json, ".fields.target"), "target");
        same(outcome.calls[0].data, vm.parseBytes(vm.parseJsonString(json, ".fields.data")), "data");
        same(outcome.notAfter, vm.parseJsonUint(json, ".fields.notAfter"), "notAfter");
        same(outcome.ordinal, vm.parseJsonUint(json, ".fields.ordinal"), "ordinal");
        same(bodyOf(outcome), hexOf(json, ".body"), "body");
    }

    function test_trailing_bytes_are_refused_by_name() external {
        bytes memory body = bytes.concat(bodyOf(mintOf(ALICE, 1)), hex"00");
        vm.expectRevert(OutcomeBody.NotCanonical.selector);
        this.decode(body);
    }

    function test_the_governance_policy_is_the_digest_of_its_name() external view {
        same(gate.GOVERNANCE_POLICY(), sha256("lockstep-governance/1"), "digest");
    }

    function decode(bytes calldata body) external pure returns (Outcome memory) {
        return OutcomeBody.decode(body);
    }

    function wordOf0x(string memory json, string memory key) private pure returns (bytes32) {
        return bytes32(vm.parseBytes(vm.parseJsonString(json, key)));
    }

    function _openingInTheVector(string memory json) private pure returns (IGate.Opening memory opening) {
        bytes memory leaf = hexOf(json, ".leaf");
        for (uint256 i = 1; i < 9; i++) {
            opening.time = (opening.time << 8) | uint8(leaf[i]);
        }
        opening.salt = wordOf(json, ".salt");
        opening.body = hexOf(json, ".body");
    }

    function _anchorTheVector(IAnchor own) private {
        bytes32 root = Tree.root(log, 5);
        own.submit(5, root, certificate(present, own.ledger(), 5, root), new bytes32[](0));
    }

    /// Gate and target stand at the addresses that the vector names.
    function _asInTheVector(string memory json) private returns (Gate target, Minted minted) {
        address token_ = vm.parseJsonAddress(json, ".fields.target");
        target = _gateInTheVector(json, token_, wordOf0x(json, ".fields.line"));
        vm.prank(FIRST_OF_ANVIL);
        minted = new Minted();
        same(address(target), vm.parseJsonAddress(json, ".fields.gate"), "gate");
        same(address(minted), token_, "target");
    }

    function _gateInTheVector(string memory json, address token_, bytes32 line) private returns (Gate) {
        IGate.LineSetup[] memory lines = new IGate.LineSetup[](1);
        lines[0] = IGate.LineSetup(line, 0, 0, 1e12, WINDOW);
        IGate.PermissionSetup[] memory permissions = new IGate.PermissionSetup[](1);
        permissions[0] = IGate.PermissionSetup(token_, Minted.mint.selector, line);
        IGate.PolicySetup[] memory policies = new IGate.PolicySetup[](1);
        policies[0] = IGate.PolicySetup(wordOf0x(json, ".fields.policy"), line);
        Anchor own = _anchorInTheVector(wordOf0x(json, ".fields.ledger"));
        bytes32 programme = wordOf0x(json, ".fields.programme");
        vm.prank(FIRST_OF_ANVIL);
        return new Gate(own, programme, GUARDIAN, lines, permissions, policies);
    }

    function _anchorInTheVector(bytes32 ledger) private returns (Anchor) {
        address[] memory none = new address[](0);
        return new Anchor(ledger, present.epoch, 0, addresses(present), present.k, NOTICE, none, 0);
    }

    function _deposit(address depositor, uint256 amount) private returns (bytes32) {
        bring(mintOf(depositor, amount));
        return _depositHeld(depositor, amount);
    }

    function _depositHeld(address depositor, uint256 amount) private returns (bytes32 caseId) {
        caseId = keccak256(abi.encode("deposit", amount));
        vm.prank(depositor);
        token.approve(address(escrow), amount);
        vm.prank(depositor);
        escrow.deposit(caseId, address(token), amount);
    }

    function _expectNotIncluded(IGate.Opening memory opening) private {
        bytes32 leaf = LogProof.leafHash(2, opening.time, opening.salt, opening.body);
        uint64 size;
        (opening, size) = anchored(opening);
        vm.expectRevert(abi.encodeWithSelector(LogProof.NotIncluded.selector, leaf, opening.index, size));
        gate.execute(opening, size);
    }
}
