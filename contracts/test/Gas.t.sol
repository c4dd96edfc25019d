// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Anchor} from "../src/Anchor.sol";
import {IAnchor} from "../src/IAnchor.sol";
import {IGate} from "../src/IGate.sol";
import {Quorum} from "../src/lib/Quorum.sol";
import {GateWorld} from "./GateWorld.sol";
import {Tree} from "./Tree.sol";

/// Does nothing, so that what remains is the Gate's own.
contract Nothing {
    fallback() external {}
}

/// @notice What transactions cost, calldata included; `--isolate` makes each call of a test one.
/// @dev Of a log of 2^20 records the last 512 are there; what lies before them is eleven hashes on the left
/// of every path, whatever they stand for.
contract GasTest is GateWorld {
    uint64 private constant TAIL = 512;
    uint64 private constant OLD_TAIL = 211;
    uint64 private constant SIZE = 1 << 20;

    Nothing private nothing;

    function setUp() external {
        build();
        nothing = new Nothing();
        grow(OLD_TAIL);
    }

    function test_submit_by_1_of_1() external {
        _submit(Set(0, 1, 1, 5), 1, "Anchor.submit, 1 of 1");
    }

    function test_submit_by_3_of_4() external {
        _submit(Set(0, 4, 3, 5), 3, "Anchor.submit, 3 of 4");
    }

    function test_submit_by_4_of_4() external {
        _submit(Set(0, 4, 3, 5), 4, "Anchor.submit, 4 of 4");
    }

    function test_submit_by_11_of_16() external {
        _submit(Set(0, 16, 11, 5), 11, "Anchor.submit, 11 of 16");
    }

    function test_submit_by_16_of_16() external {
        _submit(Set(0, 16, 11, 5), 16, "Anchor.submit, 16 of 16");
    }

    function test_execute() external {
        IGate.Opening[] memory openings = _openings(3);
        gate.execute(openings[0], SIZE);
        gate.execute(openings[1], SIZE);
        vm.snapshotGasLastCall("gas", "Gate.execute, mint");
        vm.etch(address(token), address(nothing).code);
        gate.execute(openings[2], SIZE);
        uint256 gas = vm.snapshotGasLastCall("gas", "Gate.execute, a call that does nothing");
        // EIP-2929: the target is touched cold, then called warm. What it does itself is next to nothing.
        vm.snapshotValue("gas", "Gate.execute, less the call itself", gas - 2600 - 100);
    }

    function test_a_checkpoint_with_1_mint() external {
        _checkpoint(1, "a mint with its checkpoint, 1 in it");
    }

    function test_a_checkpoint_with_10_mints() external {
        _checkpoint(10, "a mint with its checkpoint, 10 in it");
    }

    function test_a_checkpoint_with_100_mints() external {
        _checkpoint(100, "a mint with its checkpoint, 100 in it");
    }

    function test_rotate() external {
        IAnchor.Rotation memory rotation = rotationTo(next);
        grow(TAIL);
        bytes32 root = _root(TAIL);
        _submitTail(anchor, present, present.k, OLD_TAIL);
        _submitTail(anchor, present, present.k, TAIL);
        rotation.index += SIZE - TAIL;
        rotation.path = _under(Tree.path(log, OLD_TAIL, TAIL));
        anchor.rotate(SIZE, rotation, certificate(next, LEDGER, SIZE, root));
        vm.snapshotGasLastCall("gas", "Anchor.rotate to 4");
    }

    function _submit(Set memory set, uint256 signers, string memory name) private {
        grow(TAIL);
        Anchor target = newAnchor(set, recoverySet);
        _submitTail(target, set, signers, OLD_TAIL);
        _submitTail(target, set, signers, TAIL);
        vm.snapshotGasLastCall("gas", name);
    }

    function _checkpoint(uint256 count, string memory name) private {
        IGate.Opening[] memory openings = _openings(count + 1);
        gate.execute(openings[count], SIZE);
        Anchor same_ = newAnchor(present, recoverySet);
        _submitTail(same_, present, present.k, OLD_TAIL);
        _submitTail(same_, present, present.k, TAIL);
        uint256 gas_ = vm.snapshotGasLastCall("parts", "submit");
        IGate.Opening[] memory batch = new IGate.Opening[](count);
        for (uint256 i = 0; i < count; i++) {
            batch[i] = openings[i];
        }
        if (count == 1) gate.execute(batch[0], SIZE);
        else gate.executeAll(batch, SIZE);
        gas_ += vm.snapshotGasLastCall("parts", "execute");
        vm.snapshotValue("gas", name, gas_ / count);
    }

    /// Mints to accounts that hold some already, recorded after the old head, anchored at 2^20.
    function _openings(uint256 count) private returns (IGate.Opening[] memory openings) {
        openings = new IGate.Opening[](count);
        for (uint256 i = 0; i < count; i++) {
            vm.prank(address(gate));
            token.mint(address(uint160(0xa000 + i)), 1);
            openings[i] = record(mintOf(address(uint160(0xa000 + i)), 1e6));
        }
        grow(TAIL);
        _submitTail(anchor, present, present.k, OLD_TAIL);
        _submitTail(anchor, present, present.k, TAIL);
        for (uint256 i = 0; i < count; i++) {
            openings[i].path = _under(Tree.path(log, openings[i].index, TAIL));
            openings[i].index += SIZE - TAIL;
        }
    }

    function _submitTail(Anchor target, Set memory set, uint256 signers, uint64 tail) private {
        uint64 size = SIZE - TAIL + tail;
        bytes32 root = _root(tail);
        bytes32[] memory proof =
            tail == OLD_TAIL ? new bytes32[](0) : _under(Tree.consistency(log, OLD_TAIL, TAIL));
        IAnchor.Certificate memory c = certificate(set, LEDGER, size, root);
        c.signatures = signatures(set, signers, Quorum.checkpointHash(LEDGER, set.epoch, size, root));
        target.submit(size, root, c, proof);
    }

    function _root(uint64 tail) private view returns (bytes32 root) {
        root = Tree.root(log, tail);
        for (uint256 i = 0; i < 11; i++) {
            root = Tree.parent(_left(i), root);
        }
    }

    function _under(bytes32[] memory proof) private pure returns (bytes32[] memory longer) {
        longer = proof;
        for (uint256 i = 0; i < 11; i++) {
            longer = Tree.push(longer, _left(i));
        }
    }

    function _left(uint256 level) private pure returns (bytes32) {
        return keccak256(abi.encode("all that lies before", level));
    }
}
