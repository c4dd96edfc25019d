// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {LogProof} from "../../src/lib/LogProof.sol";
import {Test} from "../Test.sol";
import {Tree} from "../Tree.sol";

contract LogProofCalls {
    function included(bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] calldata path)
        external
        view
    {
        LogProof.requireIncluded(leaf, index, size, root, path);
    }

    function extension(uint64 m, bytes32 oldRoot, uint64 n, bytes32 newRoot, bytes32[] calldata proof)
        external
        view
    {
        LogProof.requireExtension(m, oldRoot, n, newRoot, proof);
    }
}

contract LogProofTest is Test {
    LogProofCalls private immutable CALLS = new LogProofCalls();

    function test_every_path_and_proof_of_every_small_log_holds() external view {
        bytes32[] memory leaves = _leaves(40);
        for (uint64 n = 1; n <= 40; n++) {
            bytes32 root = Tree.root(leaves, n);
            for (uint64 m = 1; m <= n; m++) {
                CALLS.included(leaves[m - 1], m - 1, n, root, Tree.path(leaves, m - 1, n));
                CALLS.extension(m, Tree.root(leaves, m), n, root, Tree.consistency(leaves, m, n));
            }
        }
    }

    function test_no_proof_holds_for_another_size() external {
        bytes32[] memory leaves = _leaves(20);
        for (uint64 n = 1; n <= 20; n++) {
            for (uint64 m = 1; m <= n; m++) {
                bytes32[] memory proof = Tree.consistency(leaves, m, n);
                for (uint64 wrong = m; wrong <= 20; wrong++) {
                    if (wrong == n) continue;
                    bytes32 root = Tree.root(leaves, wrong);
                    _refused(abi.encodeCall(CALLS.extension, (m, Tree.root(leaves, m), wrong, root, proof)));
                }
            }
        }
    }

    function testFuzz_a_changed_path_is_refused(uint256 seed, bytes32 noise) external {
        (bytes32[] memory leaves, uint64 m, uint64 n) = _some(seed);
        bytes32[] memory path = Tree.path(leaves, m - 1, n);
        vm.assume(path.length != 0);
        bytes32 root = Tree.root(leaves, n);
        uint256 place = seed % path.length;
        vm.assume(path[place] != noise);
        path[place] = noise;
        _refused(abi.encodeCall(CALLS.included, (leaves[m - 1], m - 1, n, root, path)));
        _refused(abi.encodeCall(CALLS.included, (noise, m - 1, n, root, Tree.path(leaves, m - 1, n))));
    }

    function testFuzz_a_changed_consistency_proof_is_refused(uint256 seed, bytes32 noise) external {
        (bytes32[] memory leaves, uint64 m, uint64 n) = _some(seed);
        vm.assume(m < n);
        bytes32[] memory proof = Tree.consistency(leaves, m, n);
        bytes32 oldRoot = Tree.root(leaves, m);
        bytes32 newRoot = Tree.root(leaves, n);
        _refused(abi.encodeCall(CALLS.extension, (m, noise, n, newRoot, proof)));
        _refused(abi.encodeCall(CALLS.extension, (m, oldRoot, n, noise, proof)));
        _refused(abi.encodeCall(CALLS.extension, (m, oldRoot, n, newRoot, Tree.push(proof, noise))));
        uint256 place = seed % proof.length;
        vm.assume(proof[place] != noise);
        proof[place] = noise;
        _refused(abi.encodeCall(CALLS.extension, (m, oldRoot, n, newRoot, proof)));
    }

    function test_a_leaf_beyond_the_log_is_refused() external {
        bytes32[] memory leaves = _leaves(1);
        vm.expectRevert(abi.encodeWithSelector(LogProof.IndexBeyondSize.selector, 1, 1));
        CALLS.included(leaves[0], 1, 1, leaves[0], new bytes32[](0));
    }

    /// The loop in assembly against the definition, read as it stands: for any index, size and hashes.
    function testFuzz_the_climb_ends_where_the_definition_ends(uint256 seed) external view {
        (bytes32[] memory leaves, uint64 m, uint64 n) = _some(seed);
        CALLS.included(leaves[m - 1], m - 1, n, Tree.root(leaves, n), Tree.path(leaves, m - 1, n));
        CALLS.extension(m, Tree.root(leaves, m), n, Tree.root(leaves, n), Tree.consistency(leaves, m, n));
    }

    /// Beyond what can be built: the way up of RFC 9162 §2.1.3.2, step by step, in a log of any size to 2^40.
    function testFuzz_the_climb_holds_in_logs_of_any_size(uint64 index, uint64 size, bytes32 seed) external {
        size = uint64(bound(size, 1, 1 << 40));
        index = uint64(bound(index, 0, size - 1));
        bytes32[] memory path = new bytes32[](0);
        bytes32 hash = seed;
        uint256 last = size - 1;
        for (uint256 here = index; last != 0; (here, last) = (here >> 1, last >> 1)) {
            bool alone = here == last && here & 1 == 0;
            if (alone) continue;
            path = Tree.push(path, keccak256(abi.encode(seed, path.length)));
            bytes32 sibling = path[path.length - 1];
            hash = here & 1 == 1 ? Tree.parent(sibling, hash) : Tree.parent(hash, sibling);
        }
        CALLS.included(seed, index, size, hash, path);
        // One hash more, on the left as every one above the fork, folds to a root of some other log.
        bytes32 above = Tree.parent(seed, hash);
        _refused(abi.encodeCall(CALLS.included, (seed, index, size, above, Tree.push(path, seed))));
    }

    /// vectors/log.json: roots of logs of n leaves, leaf n = 01 ‖ n as ms ‖ SHA-256(n as 8 bytes).
    function test_vectors_roots_paths_and_proofs_agree_with_rust() external view {
        string memory json = vm.readFile("../vectors/log.json");
        bytes32[] memory leaves = new bytes32[](70_000);
        for (uint64 i = 0; i < leaves.length; i++) {
            leaves[i] = sha256(abi.encodePacked(uint8(0), uint8(1), i, sha256(abi.encodePacked(i))));
        }
        uint256 read;
        uint64 before;
        bytes32 rootBefore;
        for (; vm.keyExistsJson(json, item(".sizes", read)); read++) {
            string memory entry = item(".sizes", read);
            uint64 size = uint64(vm.parseJsonUint(json, string.concat(entry, ".size")));
            bytes32 root = wordOf(json, string.concat(entry, ".root"));
            same(Tree.root(leaves, size), root, "root");
            if (size > 0) {
                CALLS.included(leaves[size / 2], size / 2, size, root, Tree.path(leaves, size / 2, size));
            }
            if (before > 0) {
                CALLS.extension(before, rootBefore, size, root, Tree.consistency(leaves, before, size));
            }
            (before, rootBefore) = (size, root);
        }
        same(read, 9, "sizes read");
    }

    function _some(uint256 seed) private pure returns (bytes32[] memory leaves, uint64 m, uint64 n) {
        n = uint64(bound(uint256(keccak256(abi.encode(seed))), 1, 70));
        m = uint64(bound(seed >> 64, 1, n));
        leaves = _leaves(n);
    }

    function _leaves(uint256 count) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            leaves[i] = sha256(abi.encode(i));
        }
    }

    function _refused(bytes memory call) private {
        (bool went, bytes4 name) = answerOf(address(CALLS), call);
        yes(!went, "it went through");
        yes(name == LogProof.NotIncluded.selector || name == LogProof.NotAnExtension.selector, "its name");
    }
}
