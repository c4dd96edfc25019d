// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Anchor} from "../src/Anchor.sol";
import {IAnchor} from "../src/IAnchor.sol";
import {IGate} from "../src/IGate.sol";
import {LogProof} from "../src/lib/LogProof.sol";
import {Quorum} from "../src/lib/Quorum.sol";
import {RotationRecord} from "../src/lib/RotationRecord.sol";
import {Test} from "./Test.sol";
import {Tree} from "./Tree.sol";

/// Builds a record from calldata, as the Anchor does.
contract Spelling {
    function enacted(IAnchor.Rotation calldata rotation) external pure returns (bytes memory) {
        return RotationRecord.enacted(rotation);
    }
}

/// @notice A ledger with its log and co-signers, played by the test.
abstract contract World is Test {
    /// Co-signers with consecutive keys.
    struct Set {
        uint256 first;
        uint256 n;
        uint8 k;
        uint64 epoch;
    }

    bytes32 internal constant LEDGER = keccak256("a ledger");
    uint64 internal constant NOTICE = 2 days;
    uint64 internal constant START = 1_795_000_000;

    Spelling internal immutable SPELLING = new Spelling();
    bytes32[] internal log;
    Set internal present = Set(0, 4, 3, 5);
    Set internal next = Set(2, 4, 3, 6);
    Set internal recoverySet = Set(100, 3, 3, 0);

    function newAnchor() internal returns (Anchor) {
        return newAnchor(present, recoverySet);
    }

    function newAnchor(Set memory set, Set memory recovery) internal returns (Anchor) {
        return newAnchor(set, recovery, 0);
    }

    /// One whose epoch began with the record at this place.
    function newAnchor(Set memory set, Set memory recovery, uint64 began) internal returns (Anchor) {
        return
            new Anchor(
                LEDGER, set.epoch, began, addresses(set), set.k, NOTICE, addresses(recovery), recovery.k
            );
    }

    function keyOf(uint256 number) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("co-signer", number)));
    }

    function addresses(Set memory set) internal pure returns (address[] memory members) {
        members = new address[](set.n);
        for (uint256 i = 0; i < set.n; i++) {
            members[i] = vm.addr(keyOf(set.first + i));
        }
    }

    function digest(Set memory set) internal pure returns (bytes32) {
        bytes memory blob = hex"00";
        address[] memory members = addresses(set);
        for (uint256 i = 0; i < members.length; i++) {
            blob = bytes.concat(blob, bytes20(members[i]));
        }
        return keccak256(blob);
    }

    function signatureOf(uint256 key, uint256 place, bytes32 hash) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, hash);
        return abi.encodePacked(uint8(place), r, s, v);
    }

    /// By the first `count` members.
    function signatures(Set memory set, uint256 count, bytes32 hash)
        internal
        pure
        returns (bytes memory all)
    {
        for (uint256 i = 0; i < count; i++) {
            all = bytes.concat(all, signatureOf(keyOf(set.first + i), i, hash));
        }
    }

    function certificateOver(Set memory set, bytes32 ledger, bytes32 hash)
        internal
        pure
        returns (IAnchor.Certificate memory)
    {
        return IAnchor.Certificate(1, ledger, set.epoch, digest(set), set.k, signatures(set, set.k, hash));
    }

    function certificate(Set memory set, bytes32 ledger, uint64 size, bytes32 root)
        internal
        pure
        returns (IAnchor.Certificate memory)
    {
        return certificateOver(set, ledger, Quorum.checkpointHash(ledger, set.epoch, size, root));
    }

    /// What k of the set sign so that an Anchor goes on with `successor`.
    function successionHash(Set memory set, bytes32 successor, uint64 size, bytes32 root)
        internal
        pure
        returns (bytes32)
    {
        bytes32 kind = keccak256(
            "Succession(bytes32 ledger,uint64 epoch,bytes32 successor,uint64 size,bytes32 root)"
        );
        bytes memory encoded = abi.encode(kind, LEDGER, set.epoch, successor, size, root);
        return Quorum.signingHash(LEDGER, keccak256(encoded));
    }

    /// Records of no meaning, until the log has `size` of them.
    function grow(uint256 size) internal {
        while (log.length < size) log.push(keccak256(abi.encode("record", log.length)));
    }

    /// Certifies and anchors the whole log.
    function anchorAll(IAnchor anchor) internal returns (bool) {
        bytes32[] memory leaves = log;
        uint64 size = uint64(leaves.length);
        bytes32 root = Tree.root(leaves, size);
        uint64 head = anchor.head();
        bytes32[] memory proof = head == 0 ? new bytes32[](0) : Tree.consistency(leaves, head, size);
        return anchor.submit(size, root, certificate(present, anchor.ledger(), size, root), proof);
    }

    /// Enacts a rotation to `set` on the ledger.
    function rotationTo(Set memory set) internal returns (IAnchor.Rotation memory rotation) {
        rotation.members = new IAnchor.Member[](set.n);
        for (uint256 i = 0; i < set.n; i++) {
            address key = vm.addr(keyOf(set.first + i));
            rotation.members[i] = IAnchor.Member(key, bytes20("52990000000000000002"), "co-signer.x_1");
        }
        rotation.threshold = set.k;
        rotation.caseId = keccak256("governance case");
        rotation.prev = keccak256("resolved");
        rotation.salt = keccak256("salt");
        rotation.time = START * 1000;
        rotation.index = uint64(log.length);
        log.push(LogProof.leafHash(1, rotation.time, rotation.salt, SPELLING.enacted(rotation)));
    }

    /// Runs creation code in place, so that its storage lies there too.
    function createAt(address target, bytes memory creation) internal {
        vm.etch(target, creation);
        (bool went, bytes memory runtime) = target.call("");
        yes(went, "created");
        vm.etch(target, runtime);
    }

    /// A rotation of the vectors.
    function rotationOf(string memory json, string memory key)
        internal
        view
        returns (IAnchor.Rotation memory rotation)
    {
        string memory list = string.concat(key, ".new.members");
        uint256 n;
        while (vm.keyExistsJson(json, item(list, n))) n++;
        rotation.members = new IAnchor.Member[](n);
        for (uint256 i = 0; i < n; i++) {
            string memory member = item(list, i);
            rotation.members[i] = IAnchor.Member(
                vm.parseJsonAddress(json, string.concat(member, ".address")),
                bytes20(bytes(vm.parseJsonString(json, string.concat(member, ".lei")))),
                vm.parseJsonString(json, string.concat(member, ".name"))
            );
        }
        rotation.threshold = uint8(vm.parseJsonUint(json, string.concat(key, ".new.threshold")));
        rotation.caseId = wordOf(json, string.concat(key, ".case"));
        rotation.prev = wordOf(json, string.concat(key, ".prev"));
        rotation.salt = wordOf(json, string.concat(key, ".salt"));
        rotation.time = uint64(vm.parseJsonUint(json, string.concat(key, ".time")));
        rotation.index = uint64(vm.parseJsonUint(json, string.concat(key, ".index")));
        list = string.concat(key, ".path");
        for (uint256 i = 0; vm.keyExistsJson(json, item(list, i)); i++) {
            rotation.path = Tree.push(rotation.path, wordOf(json, item(list, i)));
        }
    }

    /// The error that Rust names so; 0 for none.
    function selectorOf(string memory answer) internal pure returns (bytes4) {
        bytes32 name = keccak256(bytes(answer));
        if (name == keccak256("holds")) return 0;
        if (name == keccak256("scheme")) return IAnchor.Scheme.selector;
        if (name == keccak256("wrong_ledger")) return IAnchor.WrongLedger.selector;
        if (name == keccak256("wrong_epoch")) return IAnchor.WrongEpoch.selector;
        if (name == keccak256("wrong_committee")) return IAnchor.WrongCommittee.selector;
        if (name == keccak256("wrong_threshold")) return IAnchor.WrongThreshold.selector;
        if (name == keccak256("size")) return IAnchor.Size.selector;
        if (name == keccak256("doubled")) return Quorum.Doubled.selector;
        if (name == keccak256("unsorted")) return Quorum.Unsorted.selector;
        if (name == keccak256("member_out_of_range")) return Quorum.MemberOutOfRange.selector;
        if (name == keccak256("high_s")) return Quorum.HighS.selector;
        if (name == keccak256("bad_signature")) return Quorum.BadSignature.selector;
        if (name == keccak256("too_few")) return Quorum.TooFew.selector;
        if (name == keccak256("one_signature")) return IGate.OneSignature.selector;
        if (name == keccak256("vetoer_signed")) return IGate.VetoerSigned.selector;
        revert NotSo(answer);
    }
}
