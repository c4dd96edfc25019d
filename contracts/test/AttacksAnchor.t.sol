// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Anchor} from "../src/Anchor.sol";
import {IAnchor} from "../src/IAnchor.sol";
import {LogProof} from "../src/lib/LogProof.sol";
import {Quorum} from "../src/lib/Quorum.sol";
import {Tree} from "./Tree.sol";
import {World} from "./World.sol";

/// @notice Attempts on the Anchor by somebody who did not write it. Each says what was tried, and ends with
/// what came of it.
contract AttacksAnchorTest is World {
    uint256 private constant HOME = 31_337;
    bytes32 private constant SUCCESSOR = keccak256("successor");
    string private constant RECOVERY = "Recovery(bytes32 ledger,uint64 epoch,uint64 round,uint256 chainId,"
        "address anchor,bytes32 committee,uint8 threshold)";
    string private constant VETO =
        "RecoveryVeto(bytes32 ledger,uint64 epoch,uint64 round,uint256 chainId,address anchor)";

    Anchor private anchor;
    bytes32[] private none;

    function setUp() external {
        vm.warp(START);
        vm.chainId(HOME);
        anchor = newAnchor();
    }

    // Succession: a ledger begins at epoch 0, wherever the one before it stood.

    function test_after_a_succession_the_successors_own_epochs_count_and_the_old_ones_no_more() external {
        grow(9);
        anchorAll(anchor);
        _succeed(4);
        same(anchor.committee().epoch, 0, "epoch of the successor");
        same(anchor.committee().blob.codehash, digest(present), "the same co-signers");
        bytes32[] memory leaves = log;
        bytes32 root = Tree.root(leaves, 7);
        bytes32[] memory proof = Tree.consistency(leaves, 4, 7);
        IAnchor.Certificate memory c = certificate(present, SUCCESSOR, 7, root);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongEpoch.selector, 0, 5));
        anchor.submit(7, root, c, proof);
        present.epoch = 0;
        yes(anchor.submit(7, root, certificate(present, SUCCESSOR, 7, root), proof), "it goes on");
    }

    function test_a_rotation_shown_before_a_succession_installs_nobody_at_the_successor() external {
        _showRotation(anchor);
        _succeed(4);
        vm.warp(START + NOTICE);
        same(anchor.committee().blob.codehash, digest(present), "the present ones stay");
        same(anchor.committee().epoch, 0, "in the successor's first epoch");
    }

    function test_a_recovery_started_before_a_succession_installs_nobody_at_the_successor() external {
        _startRecovery(anchor, 5);
        _succeed(4);
        vm.warp(START + 14 days);
        vm.expectRevert(IAnchor.NoRecovery.selector);
        anchor.finishRecovery();
        // Neither now nor when the successor comes to the epoch before that of the recovery.
        for (uint64 epoch = 1; epoch <= 6; epoch++) {
            present.epoch = epoch - 1;
            next = Set(epoch % 2, 4, 3, epoch);
            _rotateOnce(START + 14 days + epoch * NOTICE);
            vm.expectRevert(IAnchor.NoRecovery.selector);
            anchor.finishRecovery();
        }
        same(anchor.committee().epoch, 6, "rotated six times");
    }

    function test_a_recoverys_signatures_of_the_old_ledger_start_none_at_the_successor() external {
        present.epoch = 0;
        anchor = newAnchor();
        bytes memory signed = signatures(recoverySet, 3, _recoveryHash(anchor, 0));
        _succeed(4);
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 0));
        anchor.startRecovery(addresses(next), next.k, signed);
    }

    function test_a_succession_is_not_brought_twice_nor_is_the_old_ledger_anchored_again() external {
        grow(9);
        anchorAll(anchor);
        grow(12);
        bytes32 lastRoot = Tree.root(log, 12);
        bytes32[] memory proof = Tree.consistency(log, 9, 12);
        (bytes32 root, IAnchor.Certificate memory c) = _succeed(4);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.KnownLedger.selector, SUCCESSOR));
        anchor.succeed(SUCCESSOR, 4, root, c);
        // Whoever brings the succession before the last head shuts that head out: see PROPERTIES.md.
        c = certificate(present, LEDGER, 12, lastRoot);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongLedger.selector, SUCCESSOR, LEDGER));
        anchor.submit(12, lastRoot, c, proof);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotAnchored.selector, LEDGER, 12));
        anchor.rootAt(LEDGER, 12);
    }

    // Rotation.

    function test_a_set_retired_before_this_anchor_was_made_does_not_come_back_by_its_old_record() external {
        Set memory retired = Set(40, 4, 3, 4);
        grow(3);
        IAnchor.Rotation memory old = rotationTo(retired);
        IAnchor.Rotation memory current = rotationTo(present);
        IAnchor.Rotation memory rotation = rotationTo(next);
        anchor = newAnchor(present, recoverySet, current.index);
        same(anchor.rotationsFrom(), 5, "after the record by which the epoch began");
        grow(9);
        anchorAll(anchor);
        rotationPath(old, 9);
        rotationPath(rotation, 9);
        bytes32 root = Tree.root(log, 9);
        retired.epoch = 6;
        vm.expectRevert(abi.encodeWithSelector(IAnchor.RotationNotLater.selector, 3));
        anchor.rotate(9, old, certificate(retired, LEDGER, 9, root));
        anchor.rotate(9, rotation, certificate(next, LEDGER, 9, root));
        vm.warp(START + NOTICE);
        same(anchor.committee().blob.codehash, digest(next), "who was enacted after it");
        same(anchor.rotationsFrom(), 6, "after the last shown");
    }

    function test_a_record_before_the_last_rotation_shown_brings_nobody_back() external {
        Set memory retired = Set(40, 4, 3, 7);
        grow(3);
        IAnchor.Rotation memory old = rotationTo(retired);
        IAnchor.Rotation memory rotation = rotationTo(next);
        grow(9);
        anchorAll(anchor);
        rotationPath(old, 9);
        rotationPath(rotation, 9);
        bytes32 root = Tree.root(log, 9);
        anchor.rotate(9, rotation, certificate(next, LEDGER, 9, root));
        vm.warp(START + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.RotationNotLater.selector, 3));
        anchor.rotate(9, old, certificate(retired, LEDGER, 9, root));
    }

    function test_the_rotation_after_next_is_not_shown_before_the_next() external {
        Set memory after_ = Set(4, 4, 3, 7);
        grow(3);
        IAnchor.Rotation memory skipped = rotationTo(next);
        IAnchor.Rotation memory rotation = rotationTo(after_);
        grow(9);
        anchorAll(anchor);
        rotationPath(skipped, 9);
        rotationPath(rotation, 9);
        IAnchor.Certificate memory c = certificate(after_, LEDGER, 9, Tree.root(log, 9));
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongEpoch.selector, 6, 7));
        anchor.rotate(9, rotation, c);
    }

    function test_incoming_cosigners_neither_anchor_nor_veto_before_their_notice_is_over() external {
        _showRotation(anchor);
        _startRecovery(anchor, 5);
        grow(12);
        bytes32 root = Tree.root(log, 12);
        bytes32[] memory proof = Tree.consistency(log, 9, 12);
        IAnchor.Certificate memory c = certificate(next, LEDGER, 12, root);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongEpoch.selector, 5, 6));
        anchor.submit(12, root, c, proof);
        bytes memory veto = signatures(next, 3, _vetoHash(anchor, 5, 0));
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 0));
        anchor.vetoRecovery(veto);
    }

    function test_outgoing_cosigners_lose_their_word_by_time_even_if_nobody_calls() external {
        _showRotation(anchor);
        bytes32 root = Tree.root(log, 9);
        IAnchor.Certificate memory old = certificate(present, LEDGER, 9, root);
        yes(!anchor.submit(9, root, old, none), "before");
        vm.warp(START + NOTICE);
        // Not even for a size that is anchored with their own certificate.
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongEpoch.selector, 6, 5));
        anchor.submit(9, root, old, none);
        IAnchor.Certificate memory c =
            certificateOver(present, LEDGER, successionHash(present, SUCCESSOR, 9, root));
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongEpoch.selector, 6, 5));
        anchor.succeed(SUCCESSOR, 9, root, c);
    }

    function test_the_zero_address_and_doubled_members_come_in_by_no_other_door() external {
        grow(3);
        IAnchor.Rotation memory rotation = rotationTo(next);
        address[] memory members = addresses(next);
        bytes32 hash = _recoveryHash(anchor, 5);
        members[2] = address(0);
        vm.expectRevert(abi.encodeWithSelector(Quorum.ZeroMember.selector, 2));
        anchor.startRecovery(members, 3, signatures(recoverySet, 3, hash));
        rotation.members[1].key = address(0);
        log[3] = LogProof.leafHash(1, rotation.time, rotation.salt, SPELLING.enacted(rotation));
        grow(9);
        anchorAll(anchor);
        rotationPath(rotation, 9);
        IAnchor.Certificate memory c = certificate(next, LEDGER, 9, Tree.root(log, 9));
        vm.expectRevert(abi.encodeWithSelector(Quorum.ZeroMember.selector, 1));
        anchor.rotate(9, rotation, c);
    }

    // Signatures.

    function testFuzz_no_other_spelling_of_a_signature_counts(uint256 seed) external {
        bytes32 root = keccak256(abi.encode(seed));
        bytes32 hash = Quorum.checkpointHash(LEDGER, 5, 5, root);
        IAnchor.Certificate memory c = certificate(present, LEDGER, 5, root);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf(2), hash);
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes[6] memory last = [
            abi.encodePacked(uint8(2), r, bytes32(order - uint256(s)), v == 27 ? 28 : 27),
            abi.encodePacked(uint8(2), r, s, v - 27),
            abi.encodePacked(uint8(2), r, s, uint8(bound(seed, 29, 255))),
            abi.encodePacked(uint8(2), bytes32(0), bytes32(0), v),
            abi.encodePacked(uint8(1), r, s, v),
            abi.encodePacked(uint8(bound(seed, 4, 255)), r, s, v)
        ];
        for (uint256 i = 0; i < last.length; i++) {
            c.signatures = bytes.concat(signatures(present, 2, hash), last[i]);
            (bool went,) = answerOf(address(anchor), abi.encodeCall(IAnchor.submit, (5, root, c, none)));
            yes(!went, "another spelling counted");
        }
    }

    function test_a_signature_given_for_one_purpose_counts_for_no_other() external {
        grow(4);
        anchorAll(anchor);
        bytes32 root = Tree.root(log, 4);
        bytes memory heads = certificate(present, LEDGER, 4, root).signatures;
        _startRecovery(anchor, 5);
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 0));
        anchor.vetoRecovery(heads);
        IAnchor.Certificate memory c = certificate(present, LEDGER, 4, root);
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 0));
        anchor.succeed(SUCCESSOR, 4, root, c);
        c.signatures = signatures(present, 3, _vetoHash(anchor, 5, 0));
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 0));
        anchor.succeed(SUCCESSOR, 4, root, c);
    }

    // Recovery.

    function test_recovery_and_veto_are_not_carried_to_another_anchor_chain_or_round() external {
        Anchor other = newAnchor();
        bytes memory start = _startRecovery(anchor, 5);
        bytes memory veto = signatures(present, 3, _vetoHash(anchor, 5, 0));
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 0));
        other.startRecovery(addresses(next), next.k, start);
        _startRecovery(other, 5);
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 0));
        other.vetoRecovery(veto);
        vm.chainId(HOME + 1);
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 0));
        anchor.vetoRecovery(veto);
        vm.chainId(HOME);
        anchor.vetoRecovery(veto);
        bytes memory again = signatures(recoverySet, 3, _recoveryHashOf(anchor, 5, 1));
        anchor.startRecovery(addresses(next), next.k, again);
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 0));
        anchor.vetoRecovery(veto);
    }

    function test_a_recovery_that_a_rotation_overtook_bars_no_later_one_and_is_not_revived() external {
        bytes memory stale = _startRecovery(anchor, 5);
        _showRotation(anchor);
        vm.warp(START + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 0));
        anchor.startRecovery(addresses(next), next.k, stale);
        next = Set(50, 4, 3, 7);
        _startRecovery(anchor, 6);
        vm.warp(START + 14 days);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotBefore.selector, START + NOTICE + 14 days));
        anchor.finishRecovery();
        vm.warp(START + NOTICE + 14 days);
        anchor.finishRecovery();
        same(anchor.committee().blob.codehash, digest(next), "the later one");
        vm.expectRevert(IAnchor.NoRecovery.selector);
        anchor.finishRecovery();
    }

    function test_a_veto_in_the_last_second_and_even_after_it_stops_a_recovery_nobody_finished() external {
        _startRecovery(anchor, 5);
        vm.warp(START + 15 days);
        anchor.vetoRecovery(signatures(present, 3, _vetoHash(anchor, 5, 0)));
        vm.expectRevert(IAnchor.NoRecovery.selector);
        anchor.finishRecovery();
    }

    // Heads.

    function testFuzz_no_proof_of_another_length_or_content_extends_a_head(uint256 seed) external {
        uint64 small = uint64(bound(seed, 1, 30));
        uint64 large = uint64(bound(seed >> 64, small + 1, 40));
        grow(small);
        anchorAll(anchor);
        grow(large);
        bytes32[] memory proof = Tree.consistency(log, small, large);
        bytes32 root = Tree.root(log, large);
        IAnchor.Certificate memory c = certificate(present, LEDGER, large, root);
        vm.expectRevert(abi.encodeWithSelector(LogProof.NotAnExtension.selector, small, large));
        anchor.submit(large, root, c, Tree.push(proof, bytes32(seed)));
        if (proof.length == 0) return;
        proof[seed % proof.length] ^= bytes32(uint256(1) << (seed % 256));
        vm.expectRevert(abi.encodeWithSelector(LogProof.NotAnExtension.selector, small, large));
        anchor.submit(large, root, c, proof);
    }

    function rotationPath(IAnchor.Rotation memory rotation, uint256 size) private view {
        rotation.path = Tree.path(log, rotation.index, size);
    }

    function _showRotation(Anchor at) private {
        grow(3);
        IAnchor.Rotation memory rotation = rotationTo(next);
        grow(9);
        anchorAll(at);
        rotationPath(rotation, 9);
        at.rotate(9, rotation, certificate(next, LEDGER, 9, Tree.root(log, 9)));
    }

    /// One more rotation of the successor's log, in force from `time` on.
    function _rotateOnce(uint256 time) private {
        IAnchor.Rotation memory rotation = rotationTo(next);
        grow(log.length + 2);
        uint64 size = uint64(log.length);
        anchorAll(anchor);
        rotationPath(rotation, size);
        anchor.rotate(size, rotation, certificate(next, SUCCESSOR, size, Tree.root(log, size)));
        vm.warp(time);
        present = next;
    }

    /// The ledger ends, and a new log begins.
    function _succeed(uint64 size) private returns (bytes32 root, IAnchor.Certificate memory c) {
        delete log;
        while (log.length < 7) {
            log.push(keccak256(abi.encode("successor", log.length)));
        }
        root = Tree.root(log, size);
        c = certificateOver(present, LEDGER, successionHash(present, SUCCESSOR, size, root));
        anchor.succeed(SUCCESSOR, size, root, c);
    }

    function _startRecovery(Anchor at, uint64 epoch) private returns (bytes memory signed) {
        signed = signatures(recoverySet, 3, _recoveryHash(at, epoch));
        at.startRecovery(addresses(next), next.k, signed);
    }

    function _recoveryHash(Anchor at, uint64 epoch) private view returns (bytes32) {
        return _recoveryHashOf(at, epoch, 0);
    }

    function _recoveryHashOf(Anchor at, uint64 epoch, uint64 round) private view returns (bytes32) {
        bytes32 kind = keccak256(bytes(RECOVERY));
        bytes memory encoded =
            abi.encode(kind, LEDGER, epoch, round, block.chainid, address(at), digest(next), next.k);
        return Quorum.signingHash(LEDGER, keccak256(encoded));
    }

    function _vetoHash(Anchor at, uint64 epoch, uint64 round) private view returns (bytes32) {
        bytes memory encoded =
            abi.encode(keccak256(bytes(VETO)), LEDGER, epoch, round, block.chainid, address(at));
        return Quorum.signingHash(LEDGER, keccak256(encoded));
    }
}
