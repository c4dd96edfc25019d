// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Anchor} from "../src/Anchor.sol";
import {Gate} from "../src/Gate.sol";
import {IAnchor} from "../src/IAnchor.sol";
import {IGate} from "../src/IGate.sol";
import {Token} from "../src/Token.sol";
import {Outcome} from "../src/lib/Outcome.sol";
import {Quorum} from "../src/lib/Quorum.sol";
import {GateWorld} from "./GateWorld.sol";
import {Tree} from "./Tree.sol";

/// @notice Attempts on how a Gate changes: order, replays, vetoes, the guardian.
contract AttacksChangeTest is GateWorld {
    uint256 private constant HOME = 31_337;

    function setUp() external {
        vm.chainId(HOME);
        build();
    }

    // Order.

    /// What waits is not taken back by what tightens: it has to be dropped.
    function test_a_loosening_left_waiting_undoes_a_later_tightening_unless_it_is_dropped() external {
        bytes memory data = abi.encodeCall(IGate.setLine, (MINT, 1, 0, 10 * CAP, WINDOW));
        bytes32 id = propose(data);
        bytes32 dropped = propose(data);
        vm.warp(START + 300 days);
        bring(governanceOf(abi.encodeCall(IGate.tighten, (MINT, 1, WINDOW))));
        bring(governanceOf(abi.encodeCall(IGate.drop, (dropped))));
        vm.expectRevert(abi.encodeWithSelector(IGate.NoChange.selector, dropped));
        gate.enact(dropped, data);
        // Anybody, 300 days later.
        gate.enact(id, data);
        bring(mintOf(ALICE, 10 * uint256(CAP)));
    }

    function test_of_two_loosenings_of_one_line_the_one_enacted_last_counts_and_each_once() external {
        bytes memory more = abi.encodeCall(IGate.setLine, (MINT, 1, 0, 3 * CAP, WINDOW));
        bytes memory less = abi.encodeCall(IGate.setLine, (MINT, 1, 0, 2 * CAP, WINDOW));
        (bytes32 first, bytes32 second) = (propose(more), propose(less));
        vm.warp(START + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IGate.NoChange.selector, second));
        gate.enact(second, more);
        gate.enact(second, less);
        // The earlier after the later: whoever decides both has to see to it that they are enacted in order.
        gate.enact(first, more);
        (,,, uint56 cap,,,) = gate.lines(MINT);
        same(cap, 3 * CAP, "the last enacted");
        vm.expectRevert(abi.encodeWithSelector(IGate.NoChange.selector, second));
        gate.enact(second, less);
    }

    /// The ledger permitted, then forbade. Brought the other way round, the permission stands: within the 30
    /// days of an outcome, and after a notice in which it can be refused.
    function test_governance_outcomes_brought_out_of_order_end_otherwise_than_on_the_ledger() external {
        bytes4 burn = Token.burn.selector;
        Outcome memory permit = governanceOf(abi.encodeCall(IGate.permit, (address(token), burn, MINT)));
        Outcome memory forbid = governanceOf(abi.encodeCall(IGate.forbid, (address(token), burn)));
        bring(forbid);
        bring(permit);
        bytes32 id = keccak256(abi.encode(gate.executionKey(permit.caseId, 0), uint256(0)));
        refused(forbid, abi.encodeWithSelector(IGate.AlreadyExecuted.selector, forbid.caseId, 0));
        gate.veto(id, signatureOf(keyOf(1), 1, changeHash("Veto", id)));
        vm.warp(START + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IGate.IsVetoed.selector, id, vm.addr(keyOf(1))));
        gate.enact(id, permit.calls[0].data);
        same(gate.lineOf(address(token), burn), bytes32(0), "forbidden");
    }

    // Replays.

    function test_a_governance_outcome_changes_no_other_gate_chain_or_programme_and_nothing_twice() external {
        Gate other = newGate(address(token));
        Outcome memory outcome = governanceOf(abi.encodeCall(IGate.tighten, (MINT, CAP - 1, WINDOW)));
        (IGate.Opening memory opening, uint64 size) = anchored(record(outcome));
        vm.expectRevert(abi.encodeWithSelector(IGate.WrongGate.selector, other, gate));
        other.execute(opening, size);
        vm.chainId(HOME + 1);
        vm.expectRevert(abi.encodeWithSelector(IGate.WrongChain.selector, HOME + 1, HOME));
        gate.execute(opening, size);
        vm.chainId(HOME);
        gate.execute(opening, size);
        vm.expectRevert(abi.encodeWithSelector(IGate.AlreadyExecuted.selector, outcome.caseId, 0));
        gate.execute(opening, size);
        outcome.programme = keccak256("another");
        outcome.ordinal = 1;
        refused(outcome, abi.encodeWithSelector(IGate.WrongProgramme.selector, PROGRAMME, outcome.programme));
    }

    function test_a_governance_outcome_of_a_ledger_that_the_anchor_never_followed_is_refused() external {
        Outcome memory outcome = governanceOf(abi.encodeCall(IGate.tighten, (MINT, 0, WINDOW)));
        outcome.ledger = keccak256("another ledger of the same co-signers");
        IGate.Opening memory opening = record(outcome);
        (IGate.Opening memory at, uint64 size) = anchored(opening);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotAnchored.selector, outcome.ledger, size));
        gate.execute(at, size);
    }

    function test_a_loosening_proposed_before_a_succession_can_be_refused_after_it_by_the_successors_word()
        external
    {
        bytes memory data = abi.encodeCall(IGate.setGuardian, (ALICE));
        bytes32 id = propose(data);
        bytes memory old = signatureOf(keyOf(1), 1, changeHash("Veto", id));
        bytes32 successor = keccak256("successor");
        bytes32 hash = successionHash(present, successor, 3, keccak256("root"));
        anchor.succeed(successor, 3, keccak256("root"), certificateOver(present, LEDGER, hash));
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 1));
        gate.veto(id, old);
        bytes32 kind =
            keccak256("Veto(bytes32 ledger,uint64 epoch,uint256 chainId,address gate,bytes32 change)");
        bytes memory encoded = abi.encode(kind, successor, uint64(0), block.chainid, address(gate), id);
        hash = Quorum.signingHash(successor, keccak256(encoded));
        gate.veto(id, signatureOf(keyOf(1), 1, hash));
        vm.warp(START + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IGate.IsVetoed.selector, id, vm.addr(keyOf(1))));
        gate.enact(id, data);
    }

    // Vetoes.

    function test_a_veto_is_of_one_change_gate_and_chain() external {
        Gate other = newGate(address(token));
        bytes memory data = abi.encodeCall(IGate.setGuardian, (ALICE));
        (bytes32 id, bytes32 second) = (propose(data), propose(data));
        bytes memory veto = signatureOf(keyOf(1), 1, changeHash("Veto", id));
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 1));
        gate.veto(second, veto);
        vm.expectRevert(abi.encodeWithSelector(IGate.NoChange.selector, id));
        other.veto(id, veto);
        vm.chainId(HOME + 1);
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 1));
        gate.veto(id, veto);
        vm.chainId(HOME);
        gate.veto(id, veto);
        vm.warp(START + NOTICE);
        gate.enact(second, data);
    }

    function test_a_cosigner_rotated_out_vetoes_no_more_what_was_proposed_in_its_time() external {
        bytes memory data = abi.encodeCall(IGate.setGuardian, (ALICE));
        _rotate();
        vm.warp(START + 1);
        bytes32 id = propose(data);
        bytes memory old = signatureOf(keyOf(0), 0, changeHash("Veto", id));
        vm.warp(START + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 0));
        gate.veto(id, old);
        present = next;
        gate.veto(id, signatureOf(keyOf(2), 0, changeHash("Veto", id)));
        vm.warp(START + 2 * NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IGate.IsVetoed.selector, id, vm.addr(keyOf(2))));
        gate.enact(id, data);
    }

    function test_an_override_signed_before_a_rotation_is_void_after_it_and_none_counts_twice() external {
        _rotate();
        bytes memory data = abi.encodeCall(IGate.setGuardian, (ALICE));
        bytes32 id = propose(data);
        gate.veto(id, signatureOf(keyOf(1), 1, changeHash("Veto", id)));
        bytes32 hash = changeHash("Override", id);
        bytes memory old = bytes.concat(signatureOf(keyOf(2), 2, hash), signatureOf(keyOf(3), 3, hash));
        vm.warp(START + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 2));
        gate.overrideVeto(id, old);
        present = next;
        hash = changeHash("Override", id);
        bytes memory doubled = bytes.concat(signatureOf(keyOf(2), 0, hash), signatureOf(keyOf(2), 0, hash));
        vm.expectRevert(abi.encodeWithSelector(Quorum.Doubled.selector, 0));
        gate.overrideVeto(id, doubled);
        gate.overrideVeto(id, signatures(present, 2, hash));
        vm.expectRevert(abi.encodeWithSelector(IGate.NotVetoed.selector, id));
        gate.overrideVeto(id, signatures(present, 2, hash));
        vm.expectRevert(abi.encodeWithSelector(IGate.NotBefore.selector, START + 2 * NOTICE));
        gate.enact(id, data);
    }

    function test_nothing_is_overridden_that_nobody_vetoed() external {
        bytes32 id = propose(abi.encodeCall(IGate.setGuardian, (ALICE)));
        bytes memory signed = signatures(present, 2, changeHash("Override", id));
        vm.expectRevert(abi.encodeWithSelector(IGate.NotVetoed.selector, id));
        gate.overrideVeto(id, signed);
        bytes32 never = keccak256("never proposed");
        signed = signatures(present, 2, changeHash("Override", never));
        vm.expectRevert(abi.encodeWithSelector(IGate.NotVetoed.selector, never));
        gate.overrideVeto(never, signed);
    }

    function test_where_one_cosigner_stands_alone_its_veto_is_final() external {
        present = Set(0, 1, 1, 5);
        build();
        bytes memory data = abi.encodeCall(IGate.setGuardian, (ALICE));
        bytes32 id = propose(data);
        gate.veto(id, signatureOf(keyOf(0), 0, changeHash("Veto", id)));
        bytes32 hash = changeHash("Override", id);
        vm.expectRevert(abi.encodeWithSelector(Quorum.TooFew.selector, 0, 1));
        gate.overrideVeto(id, "");
        bytes memory own = signatureOf(keyOf(0), 0, hash);
        vm.expectRevert(abi.encodeWithSelector(IGate.VetoerSigned.selector, vm.addr(keyOf(0))));
        gate.overrideVeto(id, own);
    }

    // The guardian.

    function test_another_guardian_gets_no_pause_before_the_rest_of_the_last_is_over() external {
        vm.prank(GUARDIAN);
        gate.pause(uint48(START + 7 days));
        loosen(abi.encodeCall(IGate.setGuardian, (ALICE)));
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IGate.OnlyGuardian.selector, ALICE));
        gate.pause(uint48(block.timestamp));
        vm.warp(START + 28 days - 1);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IGate.GuardianRests.selector, START + 28 days));
        gate.pause(uint48(START + 29 days));
    }

    function test_pauses_that_end_in_the_past_or_far_ahead_lengthen_nothing() external {
        vm.prank(GUARDIAN);
        gate.pause(0);
        bring(mintOf(ALICE, 1e6));
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IGate.PauseTooLong.selector, type(uint48).max));
        gate.pause(type(uint48).max);
        vm.prank(GUARDIAN);
        gate.pause(uint48(START + 1));
        // A short one costs the same rest; it cannot be drawn out.
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IGate.GuardianRests.selector, START + 1 + 21 days));
        gate.pause(uint48(START + 2));
    }

    /// Shows a rotation to `next` now; it is in force after the notice.
    function _rotate() private {
        grow(log.length + 1);
        IAnchor.Rotation memory rotation = rotationTo(next);
        grow(log.length + 2);
        uint64 size = uint64(log.length);
        anchorAll(anchor);
        rotation.path = Tree.path(log, rotation.index, size);
        anchor.rotate(size, rotation, certificate(next, LEDGER, size, Tree.root(log, size)));
    }
}
