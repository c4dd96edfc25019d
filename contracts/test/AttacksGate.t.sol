// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Escrow} from "../src/Escrow.sol";
import {Gate} from "../src/Gate.sol";
import {IAnchor} from "../src/IAnchor.sol";
import {IGate} from "../src/IGate.sol";
import {Token} from "../src/Token.sol";
import {LogProof} from "../src/lib/LogProof.sol";
import {Call, Outcome, OutcomeBody} from "../src/lib/Outcome.sol";
import {GateWorld} from "./GateWorld.sol";
import {Tree} from "./Tree.sol";

/// A contract that is permitted, and calls back into the Gate while it is called.
contract Twister {
    Gate private gate;
    bytes[] private back;
    uint256 public called;
    uint256 public entered;

    function arm(Gate gate_, bytes calldata call) external {
        gate = gate_;
        back.push(call);
    }

    function use(uint256) external {
        called++;
        if (back.length == 0) return;
        bytes memory call = back[back.length - 1];
        back.pop();
        (bool went,) = address(gate).call(call);
        if (went) entered++;
    }
}

/// @notice Attempts on the Gate's executions and caps by somebody who did not write it.
contract AttacksGateTest is GateWorld {
    bytes32 private constant USE = keccak256("use");

    function setUp() external {
        build();
    }

    // Batches.

    function test_the_same_outcome_thrice_in_a_batch_is_executed_once() external {
        Outcome memory outcome = mintOf(ALICE, 5e6);
        IGate.Opening[] memory openings = new IGate.Opening[](3);
        openings[0] = record(outcome);
        // Recorded again: another salt, another place, the same decision.
        openings[1] = record(outcome);
        openings[2] = openings[0];
        uint64 size;
        (openings[0], size) = anchored(openings[0]);
        (openings[1],) = anchored(openings[1]);
        openings[2] = openings[0];
        gate.executeAll(openings, size);
        same(token.balanceOf(ALICE), 5e6, "once");
    }

    function test_one_bad_outcome_in_a_batch_undoes_the_others_and_they_can_be_brought_alone() external {
        IGate.Opening[] memory openings = new IGate.Opening[](2);
        openings[0] = record(mintOf(ALICE, 5e6));
        openings[1] = record(mintOf(ALICE, uint256(CAP)));
        uint64 size;
        (openings[0], size) = anchored(openings[0]);
        (openings[1],) = anchored(openings[1]);
        vm.expectRevert(abi.encodeWithSelector(IGate.CapExceeded.selector, MINT, CAP, 5e6, CAP));
        gate.executeAll(openings, size);
        same(token.totalSupply(), 0, "nothing");
        gate.execute(openings[0], size);
        same(token.balanceOf(ALICE), 5e6, "alone");
    }

    function test_an_outcome_of_another_gate_in_a_batch_is_not_passed_over_in_silence() external {
        Outcome memory outcome = mintOf(ALICE, 5e6);
        outcome.gate = address(newGate(address(token)));
        IGate.Opening[] memory openings = new IGate.Opening[](1);
        uint64 size;
        (openings[0], size) = anchored(record(outcome));
        vm.expectRevert(abi.encodeWithSelector(IGate.WrongGate.selector, gate, outcome.gate));
        gate.executeAll(openings, size);
    }

    // Re-entry.

    function test_a_target_that_calls_back_neither_repeats_its_outcome_nor_passes_its_cap() external {
        Twister twister = _twister(3);
        (IGate.Opening memory first, uint64 size) = anchored(record(_use(twister, 2)));
        twister.arm(gate, abi.encodeCall(gate.execute, (first, size)));
        gate.execute(first, size);
        same(twister.called(), 1, "once");
        same(twister.entered(), 0, "not again");
        IGate.Opening memory second = record(_use(twister, 1));
        IGate.Opening memory third = record(_use(twister, 1));
        (second, size) = anchored(second);
        (third,) = anchored(third);
        twister.arm(gate, abi.encodeCall(gate.execute, (third, size)));
        gate.execute(second, size);
        same(twister.called(), 2, "what was used within counts before the call");
        yes(gate.used(USE) == 3, "the cap");
    }

    function test_a_target_that_brings_the_rest_of_its_batch_has_it_executed_once() external {
        Twister twister = _twister(10);
        IGate.Opening[] memory openings = new IGate.Opening[](3);
        for (uint256 i = 0; i < 3; i++) {
            openings[i] = record(_use(twister, 1));
        }
        uint64 size;
        for (uint256 i = 0; i < 3; i++) {
            (openings[i], size) = anchored(openings[i]);
        }
        twister.arm(gate, abi.encodeCall(gate.executeAll, (openings, size)));
        gate.executeAll(openings, size);
        same(twister.called(), 3, "each once");
        same(gate.used(USE), 3, "each counted once");
    }

    function test_a_target_that_enacts_a_loosening_while_it_is_called_gains_nothing_for_its_outcome()
        external
    {
        Twister twister = _twister(1);
        bytes memory data = abi.encodeCall(IGate.setLine, (USE, 0, 0, 100, WINDOW));
        bytes32 id = propose(data);
        vm.warp(block.timestamp + NOTICE);
        Outcome memory outcome = _use(twister, 1);
        outcome.calls = new Call[](2);
        outcome.calls[0] = Call(address(twister), abi.encodeCall(Twister.use, (1)));
        outcome.calls[1] = Call(address(twister), abi.encodeCall(Twister.use, (1)));
        twister.arm(gate, abi.encodeCall(gate.enact, (id, data)));
        refused(outcome, abi.encodeWithSelector(IGate.CapExceeded.selector, USE, 1, 0, 2));
        outcome.calls = new Call[](1);
        outcome.calls[0] = Call(address(twister), abi.encodeCall(Twister.use, (1)));
        bring(outcome);
        same(gate.used(USE), 1, "the use stays counted across the change");
    }

    // Gas.

    /// Whoever brings an outcome chooses the gas; too little must not use the outcome up.
    function testFuzz_too_little_gas_executes_nothing_and_consumes_nothing(uint256 gas_) external {
        gas_ = bound(gas_, 21_000, 250_000);
        Outcome memory outcome = mintOf(ALICE, 5e6);
        (IGate.Opening memory opening, uint64 size) = anchored(record(outcome));
        (bool went,) = address(gate).call{gas: gas_}(abi.encodeCall(gate.execute, (opening, size)));
        yes(went == gate.executed(outcome.caseId, 0), "executed or not");
        same(token.balanceOf(ALICE), went ? 5e6 : 0, "both or neither");
        same(gate.used(MINT), went ? 5e6 : 0, "and its use");
    }

    // Caps.

    function test_two_full_caps_around_the_end_of_a_window_are_refused_for_a_whole_window() external {
        uint256 end = (START / WINDOW + 1) * WINDOW;
        vm.warp(end - 1);
        bring(mintOf(ALICE, CAP));
        bytes memory over = abi.encodeWithSelector(IGate.CapExceeded.selector, MINT, CAP, CAP, 1);
        refused(mintOf(ALICE, 1), over);
        vm.warp(end);
        refused(mintOf(ALICE, 1), over);
        vm.warp(end + WINDOW - 1);
        refused(mintOf(ALICE, 1), over);
        // One second more than a window after the use, which is the least that is promised.
        vm.warp(end + WINDOW);
        bring(mintOf(ALICE, CAP));
    }

    function test_a_use_in_the_first_second_of_a_window_counts_for_two() external {
        uint256 begin = (START / WINDOW + 1) * WINDOW;
        vm.warp(begin);
        bring(mintOf(ALICE, CAP));
        vm.warp(begin + 2 * WINDOW - 1);
        refused(mintOf(ALICE, 1), abi.encodeWithSelector(IGate.CapExceeded.selector, MINT, CAP, CAP, 1));
        vm.warp(begin + 2 * WINDOW);
        bring(mintOf(ALICE, CAP));
    }

    function test_amounts_that_wrap_around_together_pass_no_cap() external {
        Outcome memory outcome = mintOf(ALICE, 1);
        outcome.calls = new Call[](2);
        outcome.calls[0] = Call(address(token), abi.encodeCall(Token.mint, (ALICE, type(uint256).max)));
        outcome.calls[1] = Call(address(token), abi.encodeCall(Token.mint, (ALICE, 2)));
        (IGate.Opening memory opening, uint64 size) = anchored(record(outcome));
        (bool went,) = answerOf(address(gate), abi.encodeCall(gate.execute, (opening, size)));
        yes(!went && token.totalSupply() == 0, "it wrapped around");
    }

    function test_one_unit_too_much_by_rounding_is_refused() external {
        loosen(abi.encodeCall(IGate.setLine, (MINT, 1, 6, 10, WINDOW)));
        for (uint256 i = 0; i < 10; i++) {
            bring(mintOf(ALICE, 1));
        }
        // Ten units are used by ten of the smallest amounts.
        refused(mintOf(ALICE, 1), abi.encodeWithSelector(IGate.CapExceeded.selector, MINT, 10, 10, 1));
        bring(mintOf(ALICE, 0));
    }

    function test_a_cap_of_nothing_lets_nothing_through_but_an_outcome_without_calls() external {
        bring(governanceOf(abi.encodeCall(IGate.tighten, (MINT, 0, WINDOW))));
        refused(mintOf(ALICE, 1), abi.encodeWithSelector(IGate.CapExceeded.selector, MINT, 0, 0, 1));
        Outcome memory outcome = mintOf(ALICE, 1);
        outcome.calls = new Call[](0);
        bring(outcome);
        same(token.totalSupply(), 0, "nothing");
    }

    function test_a_target_counts_only_on_the_line_that_it_belongs_to_now() external {
        bytes32 wide = keccak256("wide");
        loosen(abi.encodeCall(IGate.setLine, (wide, 1, 0, 10 * CAP, WINDOW)));
        loosen(abi.encodeCall(IGate.accept, (POLICY, wide)));
        Outcome memory outcome = mintOf(ALICE, 2 * uint256(CAP));
        outcome.line = wide;
        bytes4 selector = Token.mint.selector;
        refused(outcome, abi.encodeWithSelector(IGate.NotPermitted.selector, 0, token, selector));
        loosen(abi.encodeCall(IGate.permit, (address(token), selector, wide)));
        outcome = mintOf(ALICE, 1);
        refused(outcome, abi.encodeWithSelector(IGate.NotPermitted.selector, 0, token, selector));
    }

    // Targets.

    function test_a_target_that_lost_its_code_is_called_no_more() external {
        bring(mintOf(ALICE, 1e6));
        vm.etch(address(token), "");
        Outcome memory outcome = mintOf(ALICE, 1e6);
        refused(outcome, abi.encodeWithSelector(IGate.TargetNotAllowed.selector, 0, token));
    }

    function test_arguments_with_dirty_or_missing_bytes_mint_nothing() external {
        Outcome memory outcome = mintOf(ALICE, 1e6);
        bytes32 dirty = bytes32(uint256(uint160(ALICE)) | (1 << 200));
        outcome.calls[0].data = abi.encodePacked(Token.mint.selector, dirty, uint256(1e6));
        refused(outcome, abi.encodeWithSelector(IGate.CallFailed.selector, 0, ""));
        outcome.calls[0].data = abi.encodePacked(Token.mint.selector, uint256(uint160(ALICE)));
        refused(outcome, abi.encodeWithSelector(IGate.WordMissing.selector, 0, 1));
        outcome.calls[0].data = "";
        bytes4 nothing = 0;
        refused(outcome, abi.encodeWithSelector(IGate.NotPermitted.selector, 0, token, nothing));
        same(token.totalSupply(), 0, "supply");
    }

    function test_no_kind_of_outcome_reaches_the_targets_of_another() external {
        // Ordinary, to Escrow.
        bytes memory data = abi.encodeCall(Escrow.burn, (bytes32(0), ALICE, address(token), 1));
        Outcome memory outcome = outcomeOf(0, POLICY, MINT, address(escrow), data);
        refused(outcome, abi.encodeWithSelector(IGate.TargetNotAllowed.selector, 0, escrow));
        // Escrow's, to the Gate and to the token.
        outcome = escrowOf(keccak256("case"), abi.encodeCall(IGate.drop, (bytes32(0))));
        outcome.calls[0].target = address(gate);
        refused(outcome, abi.encodeWithSelector(IGate.TargetNotAllowed.selector, 0, gate));
        // Governance, to the token's admin functions, Escrow and Anchor.
        bytes32 minter = token.MINTER_ROLE();
        outcome = governanceOf(abi.encodeCall(token.grantRole, (minter, ALICE)));
        refused(outcome, abi.encodeWithSelector(IGate.UnknownChange.selector, token.grantRole.selector));
        outcome.calls[0].target = address(token);
        refused(outcome, abi.encodeWithSelector(IGate.TargetNotAllowed.selector, 0, token));
        outcome.calls[0].target = address(anchor);
        refused(outcome, abi.encodeWithSelector(IGate.TargetNotAllowed.selector, 0, anchor));
        // Governance that executes or enacts.
        outcome = governanceOf(abi.encodeWithSelector(IGate.execute.selector));
        refused(outcome, abi.encodeWithSelector(IGate.UnknownChange.selector, IGate.execute.selector));
        outcome = governanceOf("");
        refused(outcome, abi.encodeWithSelector(IGate.UnknownChange.selector, bytes4(0)));
    }

    // Bodies.

    function testFuzz_no_other_bytes_decode_to_an_outcome_that_was_recorded(uint256 seed) external {
        bytes memory body = bodyOf(mintOf(ALICE, 1e6));
        bytes memory other = bytes.concat(body, new bytes(bound(seed, 1, 64)));
        (bool went, bytes4 name) = answerOf(address(this), abi.encodeCall(this.decode, (other)));
        yes(!went && name == OutcomeBody.NotCanonical.selector, "trailing");
        assembly ("memory-safe") {
            mstore(body, sub(mload(body), add(1, mod(seed, 100))))
        }
        (went,) = answerOf(address(this), abi.encodeCall(this.decode, (body)));
        yes(!went, "cut off");
    }

    function test_bytes_moved_between_salt_and_body_are_another_leaf() external {
        (IGate.Opening memory opening, uint64 size) = anchored(record(mintOf(ALICE, 1e6)));
        bytes32 salt = opening.salt;
        opening.salt = bytes32(opening.body);
        opening.body = bytes.concat(salt, opening.body);
        (bool went,) = answerOf(address(gate), abi.encodeCall(gate.execute, (opening, size)));
        yes(!went, "it went through");
    }

    function test_a_node_of_the_tree_is_no_leaf_and_a_leaf_no_longer_path() external {
        (IGate.Opening memory opening, uint64 size) = anchored(record(mintOf(ALICE, 1e6)));
        bytes32 leaf = LogProof.leafHash(2, opening.time, opening.salt, opening.body);
        bytes memory reason = abi.encodeWithSelector(LogProof.NotIncluded.selector, leaf, 0, size);
        bytes32[] memory path = opening.path;
        opening.path = Tree.push(path, bytes32(0));
        vm.expectRevert(reason);
        gate.execute(opening, size);
        opening.path = new bytes32[](0);
        vm.expectRevert(reason);
        gate.execute(opening, size);
        opening.path = path;
        opening.index = type(uint64).max;
        vm.expectRevert(abi.encodeWithSelector(LogProof.IndexBeyondSize.selector, opening.index, size));
        gate.execute(opening, size);
    }

    // Time.

    function test_ledger_time_of_the_opening_saves_no_expired_outcome() external {
        Outcome memory outcome = mintOf(ALICE, 1e6);
        vm.warp(START + 10 days);
        // Recorded late, so that its record is younger than its end.
        refused(outcome, abi.encodeWithSelector(IGate.Expired.selector, START + 30 minutes));
    }

    function test_a_pause_makes_an_outcome_lapse_that_ends_within_it_and_no_other() external {
        Outcome memory short = mintOf(ALICE, 1e6);
        Outcome memory long = mintOf(ALICE, 2e6);
        long.notAfter = START + 8 days;
        vm.prank(GUARDIAN);
        gate.pause(uint48(START + 7 days));
        vm.warp(START + 7 days);
        refused(short, abi.encodeWithSelector(IGate.Expired.selector, START + 30 minutes));
        bring(long);
    }

    function decode(bytes calldata body) external pure returns (Outcome memory) {
        return OutcomeBody.decode(body);
    }

    function _twister(uint56 cap) private returns (Twister twister) {
        twister = new Twister();
        loosen(abi.encodeCall(IGate.setLine, (USE, 0, 0, cap, WINDOW)));
        loosen(abi.encodeCall(IGate.accept, (POLICY, USE)));
        loosen(abi.encodeCall(IGate.permit, (address(twister), Twister.use.selector, USE)));
    }

    function _use(Twister twister, uint256 amount) private returns (Outcome memory) {
        return outcomeOf(0, POLICY, USE, address(twister), abi.encodeCall(Twister.use, (amount)));
    }
}
