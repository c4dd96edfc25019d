// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Anchor} from "../src/Anchor.sol";
import {IAnchor} from "../src/IAnchor.sol";
import {LogProof} from "../src/lib/LogProof.sol";
import {Quorum} from "../src/lib/Quorum.sol";
import {Tree} from "./Tree.sol";
import {World} from "./World.sol";

contract AnchorTest is World {
    Anchor private anchor;
    bytes32[] private none;

    function setUp() external {
        vm.warp(START);
        anchor = newAnchor();
    }

    // Heads.

    function test_a_certified_head_is_kept_and_so_are_its_extensions() external {
        grow(7);
        yes(anchorAll(anchor), "first");
        grow(300);
        yes(anchorAll(anchor), "second");
        bytes32[] memory leaves = log;
        same(anchor.rootAt(LEDGER, 7), Tree.root(leaves, 7), "root at 7");
        same(anchor.rootAt(LEDGER, 300), Tree.root(leaves, 300), "root at 300");
        same(anchor.head(), 300, "head");
    }

    function test_a_watcher_is_told_of_heads_and_rotations() external {
        (IAnchor.Rotation memory rotation, IAnchor.Certificate memory c) = _rotation();
        vm.expectEmit();
        emit IAnchor.RotationShown(6, digest(next), 3, START + NOTICE);
        anchor.rotate(9, rotation, c);
        vm.warp(START + NOTICE);
        present = next;
        grow(12);
        bytes32 root = Tree.root(log, 12);
        c = certificate(present, LEDGER, 12, root);
        bytes32[] memory proof = Tree.consistency(log, 9, 12);
        vm.expectEmit();
        emit IAnchor.Anchored(LEDGER, 12, root, 6);
        anchor.submit(12, root, c, proof);
    }

    function test_a_size_that_was_never_anchored_has_no_root() external {
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotAnchored.selector, LEDGER, 7));
        anchor.rootAt(LEDGER, 7);
    }

    function test_another_history_is_refused_even_if_certified() external {
        grow(7);
        anchorAll(anchor);
        log[3] = keccak256("rewritten");
        grow(9);
        vm.expectRevert(abi.encodeWithSelector(LogProof.NotAnExtension.selector, 7, 9));
        this.anchorAllOf(anchor);
    }

    function test_two_roots_for_one_size_are_refused() external {
        grow(7);
        anchorAll(anchor);
        bytes32 other = keccak256("other");
        IAnchor.Certificate memory c = certificate(present, LEDGER, 7, other);
        vm.expectRevert(abi.encodeWithSelector(LogProof.NotAnExtension.selector, 7, 7));
        anchor.submit(7, other, c, none);
    }

    function test_an_older_consistent_size_succeeds_and_keeps_nothing() external {
        grow(20);
        anchorAll(anchor);
        bytes32[] memory leaves = log;
        bytes32 root = Tree.root(leaves, 11);
        IAnchor.Certificate memory c = certificate(present, LEDGER, 11, root);
        bytes32[] memory proof = Tree.consistency(leaves, 11, 20);
        yes(!anchor.submit(11, root, c, proof), "older: nothing kept");
        yes(!anchorAll(anchor), "same again: nothing kept");
        same(anchor.head(), 20, "head");
        bytes32 other = keccak256("other");
        c = certificate(present, LEDGER, 11, other);
        vm.expectRevert(abi.encodeWithSelector(LogProof.NotAnExtension.selector, 11, 20));
        anchor.submit(11, other, c, proof);
    }

    function test_the_first_head_takes_no_proof() external {
        bytes32[] memory proof = new bytes32[](1);
        IAnchor.Certificate memory c = certificate(present, LEDGER, 5, keccak256("root"));
        vm.expectRevert(abi.encodeWithSelector(IAnchor.FirstTakesNoProof.selector, 1));
        anchor.submit(5, keccak256("root"), c, proof);
    }

    function testFuzz_fewer_than_k_or_a_foreign_signature_never_anchor(uint256 seed) external {
        uint64 size = uint64(bound(seed, 1, 1 << 40));
        bytes32 root = keccak256(abi.encode(seed));
        bytes32 hash = Quorum.checkpointHash(LEDGER, present.epoch, size, root);
        IAnchor.Certificate memory c = certificate(present, LEDGER, size, root);
        c.signatures = signatures(present, seed % 3, hash);
        vm.expectRevert(abi.encodeWithSelector(Quorum.TooFew.selector, seed % 3, 3));
        anchor.submit(size, root, c, none);
        bytes memory foreign = signatureOf(keyOf(77), seed % 2 + 2, hash);
        c.signatures = bytes.concat(signatures(present, 2, hash), foreign);
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, uint8(seed % 2 + 2)));
        anchor.submit(size, root, c, none);
    }

    function test_signatures_of_a_part_of_a_byte_string_are_refused() external {
        IAnchor.Certificate memory c = certificate(present, LEDGER, 5, keccak256("root"));
        c.signatures = bytes.concat(c.signatures, hex"00");
        vm.expectRevert(abi.encodeWithSelector(Quorum.SignaturesLength.selector, 199));
        anchor.submit(5, keccak256("root"), c, none);
    }

    // Co-signers.

    function test_the_code_hash_of_the_blob_is_the_committee_digest() external view {
        same(anchor.committee().blob.codehash, digest(present), "digest");
    }

    function test_what_is_no_committee_is_refused_at_deployment() external {
        address[] memory members = addresses(present);
        vm.expectRevert(abi.encodeWithSelector(Quorum.Threshold.selector, 2, 4));
        new Anchor(LEDGER, 0, 0, members, 2, NOTICE, none_(), 0);
        vm.expectRevert(abi.encodeWithSelector(Quorum.Threshold.selector, 5, 4));
        new Anchor(LEDGER, 0, 0, members, 5, NOTICE, none_(), 0);
        members[3] = members[0];
        vm.expectRevert(abi.encodeWithSelector(Quorum.SharedAddress.selector, members[0]));
        new Anchor(LEDGER, 0, 0, members, 3, NOTICE, none_(), 0);
        members[3] = address(0);
        vm.expectRevert(abi.encodeWithSelector(Quorum.ZeroMember.selector, 3));
        new Anchor(LEDGER, 0, 0, members, 3, NOTICE, none_(), 0);
        vm.expectRevert(abi.encodeWithSelector(Quorum.CommitteeSize.selector, 0));
        new Anchor(LEDGER, 0, 0, none_(), 0, NOTICE, none_(), 0);
        members = addresses(Set(0, 33, 23, 0));
        vm.expectRevert(abi.encodeWithSelector(Quorum.CommitteeSize.selector, 33));
        new Anchor(LEDGER, 0, 0, members, 23, NOTICE, none_(), 0);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NoticeTooLong.selector, 90 days + 1));
        new Anchor(LEDGER, 0, 0, addresses(present), 3, 90 days + 1, none_(), 0);
    }

    // Rotation.

    function test_a_rotation_takes_effect_after_the_notice_and_not_before() external {
        _showRotation();
        grow(30);
        yes(anchorAll(anchor), "the old set goes on meanwhile");
        vm.warp(START + NOTICE - 1);
        same(anchor.committee().epoch, 5, "old epoch");
        grow(40);
        anchorAll(anchor);
        vm.warp(START + NOTICE);
        same(anchor.committee().epoch, 6, "new epoch");
        grow(50);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongEpoch.selector, 6, 5));
        this.anchorAllOf(anchor);
        present = next;
        yes(anchorAll(anchor), "the new set");
        same(anchor.committee().blob.codehash, digest(next), "digest");
    }

    function test_a_rotation_without_the_ledgers_record_is_refused() external {
        grow(3);
        IAnchor.Rotation memory rotation = rotationTo(next);
        log[3] = keccak256("something else was enacted");
        grow(9);
        anchorAll(anchor);
        _expectNotIncluded(rotation);
    }

    function test_other_members_than_the_record_names_are_refused() external {
        grow(3);
        IAnchor.Rotation memory rotation = rotationTo(next);
        grow(9);
        anchorAll(anchor);
        rotation.members[3].key = address(0xbad);
        _expectNotIncluded(rotation);
        rotation.members[3].key = vm.addr(keyOf(next.first + 3));
        rotation.threshold = 4;
        _expectNotIncluded(rotation);
    }

    function test_a_rotation_needs_the_word_of_the_new_set_too() external {
        (IAnchor.Rotation memory rotation, IAnchor.Certificate memory c) = _rotation();
        bytes memory all = c.signatures;
        c.signatures = signatures(next, 2, Quorum.checkpointHash(LEDGER, 6, 9, anchor.rootAt(LEDGER, 9)));
        vm.expectRevert(abi.encodeWithSelector(Quorum.TooFew.selector, 2, 3));
        anchor.rotate(9, rotation, c);
        c.signatures = all;
        c.epoch = 7;
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongEpoch.selector, 6, 7));
        anchor.rotate(9, rotation, c);
    }

    function test_a_rotation_needs_an_anchored_size() external {
        (IAnchor.Rotation memory rotation, IAnchor.Certificate memory c) = _rotation();
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotAnchored.selector, LEDGER, 8));
        anchor.rotate(8, rotation, c);
    }

    function test_one_rotation_at_a_time_and_none_twice() external {
        (IAnchor.Rotation memory rotation, IAnchor.Certificate memory c) = _showRotation();
        vm.expectRevert(abi.encodeWithSelector(IAnchor.RotationPending.selector, START + NOTICE));
        anchor.rotate(9, rotation, c);
        vm.warp(START + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.RotationNotLater.selector, 3));
        anchor.rotate(9, rotation, c);
    }

    // Recovery.

    function test_the_recovery_set_installs_cosigners_after_14_days() external {
        _startRecovery();
        vm.warp(START + 14 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotBefore.selector, START + 14 days));
        anchor.finishRecovery();
        vm.warp(START + 14 days);
        anchor.finishRecovery();
        same(anchor.committee().blob.codehash, digest(next), "digest");
        same(anchor.committee().epoch, 6, "epoch");
        present = next;
        grow(4);
        yes(anchorAll(anchor), "the new set anchors");
    }

    function test_k_present_cosigners_veto_a_recovery_and_its_signatures_are_spent() external {
        bytes memory spent = _startRecovery();
        bytes32 veto = keccak256(
            "RecoveryVeto(bytes32 ledger,uint64 epoch,uint64 round,uint256 chainId,address anchor)"
        );
        bytes32 hash = _hash(abi.encode(veto, LEDGER, uint64(5), uint64(0), block.chainid, address(anchor)));
        vm.expectRevert(abi.encodeWithSelector(Quorum.TooFew.selector, 2, 3));
        anchor.vetoRecovery(signatures(present, 2, hash));
        anchor.vetoRecovery(signatures(present, 3, hash));
        vm.warp(START + 14 days);
        vm.expectRevert(IAnchor.NoRecovery.selector);
        anchor.finishRecovery();
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 0));
        anchor.startRecovery(addresses(next), next.k, spent);
    }

    function test_a_recovery_needs_the_whole_threshold_and_one_runs_at_a_time() external {
        bytes32 hash = _recoveryHash(0);
        vm.expectRevert(abi.encodeWithSelector(Quorum.TooFew.selector, 2, 3));
        anchor.startRecovery(addresses(next), next.k, signatures(recoverySet, 2, hash));
        _startRecovery();
        vm.expectRevert(abi.encodeWithSelector(IAnchor.RecoveryRunning.selector, START + 14 days));
        anchor.startRecovery(addresses(next), next.k, signatures(recoverySet, 3, hash));
    }

    function test_a_rotation_overtakes_a_recovery() external {
        _startRecovery();
        _showRotation();
        vm.warp(START + 14 days);
        vm.expectRevert(IAnchor.NoRecovery.selector);
        anchor.finishRecovery();
        same(anchor.committee().epoch, 6, "rotated");
    }

    function test_a_rotation_not_in_force_falls_with_the_set_that_a_recovery_replaces() external {
        _startRecovery();
        Set memory recovered = next;
        next = Set(6, 4, 3, 6);
        vm.warp(START + 13 days);
        _showRotation();
        vm.warp(START + 14 days);
        anchor.finishRecovery();
        vm.warp(START + 20 days);
        same(anchor.committee().blob.codehash, digest(recovered), "and nobody after it");
        present = recovered;
        grow(12);
        yes(anchorAll(anchor), "the recovered set anchors");
    }

    function test_without_a_recovery_set_nobody_installs_cosigners() external {
        anchor = newAnchor(present, Set(0, 0, 0, 0));
        bytes memory signed = signatures(recoverySet, 3, _recoveryHash(0));
        vm.expectRevert(IAnchor.NoRecoverySet.selector);
        anchor.startRecovery(addresses(next), next.k, signed);
    }

    // Succession.

    function test_a_successor_goes_on_and_the_old_roots_stay() external {
        grow(9);
        anchorAll(anchor);
        bytes32 successor = keccak256("successor");
        bytes32 root = keccak256("its root");
        anchor.succeed(successor, 4, root, _succession(successor, 4, root));
        same(anchor.ledger(), successor, "ledger");
        same(anchor.head(), 4, "head");
        same(anchor.rootAt(successor, 4), root, "new root");
        yes(anchor.rootAt(LEDGER, 9) != bytes32(0), "old root");
        IAnchor.Certificate memory c = certificate(present, LEDGER, 9, root);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongLedger.selector, successor, LEDGER));
        anchor.submit(9, root, c, none);
    }

    function test_a_successors_records_are_counted_from_its_own_genesis() external {
        _showRotation();
        vm.warp(START + NOTICE);
        present = next;
        next = Set(4, 4, 3, 1);
        delete log;
        grow(1);
        IAnchor.Rotation memory rotation = rotationTo(next);
        grow(4);
        bytes32[] memory leaves = log;
        bytes32 root = Tree.root(leaves, 4);
        bytes32 successor = keccak256("successor");
        bytes32 hash = successionHash(present, successor, 4, root);
        anchor.succeed(successor, 4, root, certificateOver(present, LEDGER, hash));
        rotation.path = Tree.path(leaves, 1, 4);
        anchor.rotate(4, rotation, certificate(next, successor, 4, root));
        vm.warp(START + 2 * NOTICE);
        same(anchor.committee().epoch, 1, "epoch");
    }

    function test_a_checkpoint_of_another_ledger_of_the_same_cosigners_takes_nothing_over() external {
        bytes32 other = keccak256("another ledger");
        IAnchor.Certificate memory c = certificate(present, other, 4, keccak256("its root"));
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongLedger.selector, LEDGER, other));
        anchor.succeed(other, 4, keccak256("its root"), c);
        c.ledger = LEDGER;
        vm.expectRevert(abi.encodeWithSelector(Quorum.BadSignature.selector, 0));
        anchor.succeed(other, 4, keccak256("its root"), c);
    }

    function test_no_ledger_has_two_turns() external {
        IAnchor.Certificate memory c = _succession(LEDGER, 4, keccak256("root"));
        vm.expectRevert(abi.encodeWithSelector(IAnchor.KnownLedger.selector, LEDGER));
        anchor.succeed(LEDGER, 4, keccak256("root"), c);
    }

    // Vectors.

    function test_vectors_committees_have_the_digests_of_rust() external {
        string memory json = vm.readFile("../vectors/certificate.json");
        uint256 read;
        for (; vm.keyExistsJson(json, item(".committees", read)); read++) {
            string memory entry = item(".committees", read);
            Anchor made = _anchorFor(json, string.concat(entry, ".committee"), LEDGER);
            same(made.committee().blob.codehash, wordOf(json, string.concat(entry, ".digest")), "digest");
        }
        same(read, 4, "committees read");
    }

    function test_vectors_checkpoints_have_the_hashes_of_rust() external view {
        string memory json = vm.readFile("../vectors/certificate.json");
        for (uint256 i = 0; i < 2; i++) {
            string memory entry = item(".checkpoints", i);
            string memory checkpoint = string.concat(entry, ".checkpoint");
            bytes32 hash = Quorum.checkpointHash(
                wordOf(json, string.concat(checkpoint, ".ledger")),
                uint64(vm.parseJsonUint(json, string.concat(checkpoint, ".epoch"))),
                uint64(vm.parseJsonUint(json, string.concat(checkpoint, ".size"))),
                wordOf(json, string.concat(checkpoint, ".root"))
            );
            same(hash, wordOf(json, string.concat(entry, ".signing_hash")), "signing hash");
        }
    }

    function test_vectors_thresholds_are_those_of_rust() external {
        string memory json = vm.readFile("../vectors/certificate.json");
        for (uint256 i = 0; vm.keyExistsJson(json, item(".thresholds", i)); i++) {
            string memory entry = item(".thresholds", i);
            uint256 n = vm.parseJsonUint(json, string.concat(entry, ".members"));
            uint256 least = vm.parseJsonUint(json, string.concat(entry, ".allowed[0]"));
            for (uint8 k = 0; k <= n + 1; k++) {
                try new Anchor(LEDGER, 0, 0, addresses(Set(0, n, k, 0)), k, NOTICE, none_(), 0) {
                    yes(k >= least && k <= n, "a threshold too many");
                } catch {
                    yes(k < least || k > n, "a threshold too few");
                }
            }
        }
    }

    function test_vectors_certificates_have_the_answers_of_rust() external {
        string memory json = vm.readFile("../vectors/certificate.json");
        uint256 read;
        for (; vm.keyExistsJson(json, item(".certificates", read)); read++) {
            string memory entry = item(".certificates", read);
            bytes4 answer = _answer(json, entry, ".certificate", ".committee");
            same(answer, selectorOf(vm.parseJsonString(json, string.concat(entry, ".answer"))), entry);
        }
        same(read, 18, "certificates read");
    }

    /// The chain counts the epoch itself, and is given one size, whose root it keeps: `rotate` names no
    /// others.
    function test_vectors_handovers_hold_where_both_certificates_hold() external {
        string memory json = vm.readFile("../vectors/certificate.json");
        uint256 read;
        for (; vm.keyExistsJson(json, item(".handovers", read)); read++) {
            string memory entry = item(".handovers", read);
            bytes32 answer = keccak256(bytes(vm.parseJsonString(json, string.concat(entry, ".answer"))));
            bytes4 old = _answer(json, entry, ".handover.old", ".old");
            bytes4 new_ = _answer(json, entry, ".handover.new", ".new");
            if (answer == keccak256("holds")) yes(old == 0 && new_ == 0, entry);
            if (answer == keccak256("old")) same(old, Quorum.TooFew.selector, entry);
            if (answer == keccak256("new")) same(new_, Quorum.TooFew.selector, entry);
            // The three rules before the certificates, each broken where Rust says so and nowhere else.
            uint256 next_ = vm.parseJsonUint(json, string.concat(entry, ".old.epoch")) + 1;
            bool follows = vm.parseJsonUint(json, string.concat(entry, ".new.epoch")) == next_;
            yes(follows != (answer == keccak256("epoch")), "epoch");
            string memory both = string.concat(entry, ".handover.");
            uint256 size = vm.parseJsonUint(json, string.concat(both, "old.size"));
            bool oneSize = vm.parseJsonUint(json, string.concat(both, "new.size")) == size;
            yes(oneSize != (answer == keccak256("size")), "size");
            bytes32 root = wordOf(json, string.concat(both, "old.root"));
            bool oneRoot = wordOf(json, string.concat(both, "new.root")) == root;
            yes(oneRoot != (answer == keccak256("root")), "root");
            // What the new set signed is of that size and root, or it is no signature of theirs.
            if (!oneSize || !oneRoot) same(new_, Quorum.BadSignature.selector, entry);
            if (!follows) same(new_, IAnchor.WrongEpoch.selector, entry);
        }
        same(read, 6, "handovers read");
    }

    function test_vector_the_rotation_of_rust_is_in_force_after_the_notice() external {
        string memory json = vm.readFile("../vectors/chain.json");
        string memory old = ".rotation.handover.old";
        string memory new_ = ".rotation.handover.new";
        Anchor target = _anchorFor(json, ".rotation.old", wordOf(json, string.concat(old, ".ledger")));
        IAnchor.Rotation memory rotation = rotationOf(json, ".rotation");
        uint64 size = uint64(vm.parseJsonUint(json, string.concat(new_, ".size")));
        bytes32 root = wordOf(json, string.concat(old, ".root"));
        IAnchor.Certificate memory c = _certificate(json, new_);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotAnchored.selector, c.ledger, size));
        target.rotate(size, rotation, c);
        target.submit(size, root, _certificate(json, old), none);
        rotation.time += 1;
        vm.expectRevert();
        target.rotate(size, rotation, c);
        rotation.time -= 1;
        target.rotate(size, rotation, c);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.WrongEpoch.selector, 0, 1));
        target.submit(size, root, c, none);
        vm.warp(START + NOTICE);
        yes(!target.submit(size, root, c, none), "the new set counts, and there is nothing to keep");
        same(target.committee().blob.codehash, wordOf(json, string.concat(new_, ".committee")), "committee");
    }

    function anchorAllOf(IAnchor target) external returns (bool) {
        return anchorAll(target);
    }

    function _answer(string memory json, string memory entry, string memory c, string memory set)
        private
        returns (bytes4 name)
    {
        bytes32 ledger = wordOf(json, string.concat(entry, ".ledger"));
        Anchor target = _anchorFor(json, string.concat(entry, set), ledger);
        string memory key = string.concat(entry, c);
        uint64 size = uint64(vm.parseJsonUint(json, string.concat(key, ".size")));
        bytes32 root = wordOf(json, string.concat(key, ".root"));
        bytes memory call = abi.encodeCall(IAnchor.submit, (size, root, _certificate(json, key), none));
        (bool went, bytes4 refused) = answerOf(address(target), call);
        yes(went || refused != 0, "a refusal has a name");
        return refused;
    }

    function _anchorFor(string memory json, string memory set, bytes32 ledger) private returns (Anchor) {
        uint256 n;
        while (vm.keyExistsJson(json, item(string.concat(set, ".members"), n))) n++;
        address[] memory members = new address[](n);
        for (uint256 i = 0; i < n; i++) {
            members[i] =
                vm.parseJsonAddress(json, string.concat(item(string.concat(set, ".members"), i), ".address"));
        }
        uint64 epoch = uint64(vm.parseJsonUint(json, string.concat(set, ".epoch")));
        uint8 threshold = uint8(vm.parseJsonUint(json, string.concat(set, ".threshold")));
        return new Anchor(ledger, epoch, 0, members, threshold, NOTICE, none_(), 0);
    }

    function _certificate(string memory json, string memory key)
        private
        view
        returns (IAnchor.Certificate memory c)
    {
        c.scheme = uint8(vm.parseJsonUint(json, string.concat(key, ".scheme")));
        c.ledger = wordOf(json, string.concat(key, ".ledger"));
        c.epoch = uint64(vm.parseJsonUint(json, string.concat(key, ".epoch")));
        c.committee = wordOf(json, string.concat(key, ".committee"));
        c.threshold = uint8(vm.parseJsonUint(json, string.concat(key, ".threshold")));
        string memory list = string.concat(key, ".signatures");
        for (uint256 i = 0; vm.keyExistsJson(json, item(list, i)); i++) {
            uint8 member = uint8(vm.parseJsonUint(json, string.concat(item(list, i), ".member")));
            bytes memory signature = hexOf(json, string.concat(item(list, i), ".signature"));
            c.signatures = abi.encodePacked(c.signatures, member, signature);
        }
    }

    function _rotation() private returns (IAnchor.Rotation memory rotation, IAnchor.Certificate memory c) {
        grow(3);
        rotation = rotationTo(next);
        grow(9);
        anchorAll(anchor);
        bytes32[] memory leaves = log;
        rotation.path = Tree.path(leaves, 3, 9);
        c = certificate(next, LEDGER, 9, Tree.root(leaves, 9));
    }

    function _showRotation()
        private
        returns (IAnchor.Rotation memory rotation, IAnchor.Certificate memory c)
    {
        (rotation, c) = _rotation();
        anchor.rotate(9, rotation, c);
    }

    function _expectNotIncluded(IAnchor.Rotation memory rotation) private {
        bytes32[] memory leaves = log;
        rotation.path = Tree.path(leaves, 3, 9);
        IAnchor.Certificate memory c = certificate(next, LEDGER, 9, Tree.root(leaves, 9));
        bytes32 leaf = LogProof.leafHash(1, rotation.time, rotation.salt, SPELLING.enacted(rotation));
        vm.expectRevert(abi.encodeWithSelector(LogProof.NotIncluded.selector, leaf, 3, 9));
        anchor.rotate(9, rotation, c);
    }

    function _recoveryHash(uint64 round) private view returns (bytes32) {
        bytes32 kind = keccak256(
            "Recovery(bytes32 ledger,uint64 epoch,uint64 round,uint256 chainId,"
            "address anchor,bytes32 committee,uint8 threshold)"
        );
        return _hash(
            abi.encode(kind, LEDGER, uint64(5), round, block.chainid, address(anchor), digest(next), next.k)
        );
    }

    function _startRecovery() private returns (bytes memory signed) {
        signed = signatures(recoverySet, 3, _recoveryHash(0));
        anchor.startRecovery(addresses(next), next.k, signed);
    }

    function _succession(bytes32 successor, uint64 size, bytes32 root)
        private
        view
        returns (IAnchor.Certificate memory)
    {
        bytes32 hash = successionHash(present, successor, size, root);
        return certificateOver(present, LEDGER, hash);
    }

    function _hash(bytes memory encoded) private pure returns (bytes32) {
        return Quorum.signingHash(LEDGER, keccak256(encoded));
    }

    function none_() private pure returns (address[] memory) {
        return new address[](0);
    }
}
