// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Anchor} from "../src/Anchor.sol";
import {IAnchor} from "../src/IAnchor.sol";
import {IGate} from "../src/IGate.sol";
import {Quorum} from "../src/lib/Quorum.sol";
import {GateWorld} from "./GateWorld.sol";
import {Tree} from "./Tree.sol";

/// What of a Safe is called here, by the signatures that its documentation gives.
interface ISafe {
    function setup(
        address[] calldata owners,
        uint256 threshold,
        address to,
        bytes calldata data,
        address fallbackHandler,
        address paymentToken,
        uint256 payment,
        address payable paymentReceiver
    ) external;

    function getTransactionHash(
        address to,
        uint256 value,
        bytes calldata data,
        uint8 operation,
        uint256 safeTxGas,
        uint256 baseGas,
        uint256 gasPrice,
        address gasToken,
        address refundReceiver,
        uint256 nonce
    ) external view returns (bytes32);

    function execTransaction(
        address to,
        uint256 value,
        bytes calldata data,
        uint8 operation,
        uint256 safeTxGas,
        uint256 baseGas,
        uint256 gasPrice,
        address gasToken,
        address payable refundReceiver,
        bytes memory signatures
    ) external payable returns (bool);
}

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

    string private constant SAFE_ARTIFACTS =
        "node_modules/@safe-global/safe-smart-account/build/artifacts/contracts/";

    Nothing private nothing;
    mapping(address owner => uint256 key) private _ownerKey;

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
        _checkpoint(present, 1, "a mint with its checkpoint, 1 in it");
    }

    function test_a_checkpoint_by_5_of_5_with_1_mint() external {
        _checkpoint(Set(0, 5, 5, 5), 1, "a mint with its checkpoint by 5 of 5, 1 in it");
    }

    /// A yardstick: the same mint by a Safe that holds the role, with signatures of all five owners. Its code
    /// is what its package publishes, deployed as it is.
    function test_a_safe_of_5_owners_mints() external {
        address[] memory owners = _ascending(5);
        ISafe safe = ISafe(_safe());
        safe.setup(owners, 5, address(0), "", address(0), address(0), 0, payable(0));
        bytes32 role = token.MINTER_ROLE();
        vm.prank(address(gate));
        token.grantRole(role, address(safe));
        // The account holds some already, and the Safe has made a transaction before.
        for (uint256 nonce = 0; nonce < 2; nonce++) {
            _mintBySafe(safe, nonce, owners);
        }
        vm.snapshotGasLastCall("gas", "Safe 1.5.0, 5 of 5 owners, the same mint");
        same(token.balanceOf(ALICE), 2e6, "minted");
    }

    function test_a_checkpoint_with_10_mints() external {
        _checkpoint(present, 10, "a mint with its checkpoint, 10 in it");
    }

    function test_a_checkpoint_with_100_mints() external {
        _checkpoint(present, 100, "a mint with its checkpoint, 100 in it");
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

    function _mintBySafe(ISafe safe, uint256 nonce, address[] memory owners) private {
        bytes memory data = abi.encodeCall(token.mint, (ALICE, 1e6));
        address none = address(0);
        bytes32 hash = safe.getTransactionHash(address(token), 0, data, 0, 0, 0, 0, none, none, nonce);
        bytes memory signed;
        for (uint256 i = 0; i < owners.length; i++) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(_ownerKey[owners[i]], hash);
            signed = abi.encodePacked(signed, r, s, v);
        }
        yes(
            safe.execTransaction(address(token), 0, data, 0, 0, 0, 0, none, payable(none), signed),
            "the Safe has minted"
        );
    }

    /// Addresses of keys, ascending: so a Safe wants its owners' signatures.
    function _ascending(uint256 count) private returns (address[] memory owners) {
        owners = new address[](count);
        for (uint256 i = 0; i < count; i++) {
            address owner = vm.addr(keyOf(i));
            _ownerKey[owner] = keyOf(i);
            uint256 place = i;
            for (; place > 0 && owners[place - 1] > owner; place--) {
                owners[place] = owners[place - 1];
            }
            owners[place] = owner;
        }
    }

    /// A proxy before the singleton, as everybody has one.
    function _safe() private returns (address) {
        address singleton = _create(_published("Safe.sol/Safe"));
        return _create(bytes.concat(_published("proxies/SafeProxy.sol/SafeProxy"), abi.encode(singleton)));
    }

    function _published(string memory name) private view returns (bytes memory) {
        string memory artifact = vm.readFile(string.concat(SAFE_ARTIFACTS, name, ".json"));
        return vm.parseBytes(vm.parseJsonString(artifact, ".bytecode"));
    }

    function _create(bytes memory creation) private returns (address made) {
        assembly ("memory-safe") {
            made := create(0, add(creation, 32), mload(creation))
        }
        yes(made != address(0), "created");
    }

    function _checkpoint(Set memory set, uint256 count, string memory name) private {
        IGate.Opening[] memory openings = _openings(count + 1);
        gate.execute(openings[count], SIZE);
        Anchor same_ = newAnchor(set, recoverySet);
        _submitTail(same_, set, set.k, OLD_TAIL);
        _submitTail(same_, set, set.k, TAIL);
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
