// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Anchor} from "../src/Anchor.sol";
import {Gate} from "../src/Gate.sol";
import {IAnchor} from "../src/IAnchor.sol";
import {IGate} from "../src/IGate.sol";
import {World} from "./World.sol";

/// @notice What co-signers sign besides checkpoints, as Rust signed it: specs/chain.md §4.
contract DeclarationTest is World {
    /// Where `Gate.changes` lies; the test reads back what it has written there.
    uint256 private constant CHANGES_SLOT = 3;

    string private json;

    function setUp() external {
        vm.warp(START);
        vm.chainId(31_337);
        json = vm.readFile("../vectors/declaration.json");
    }

    function test_vectors_declarations_have_the_answers_of_rust() external {
        uint256 read;
        for (; vm.keyExistsJson(json, item(".declarations", read)); read++) {
            string memory entry = item(".declarations", read);
            uint256 before = vm.snapshotState();
            bytes4 answer = _answer(entry);
            same(
                answer,
                selectorOf(vm.parseJsonString(json, string.concat(entry, ".answer"))),
                vm.parseJsonString(json, string.concat(entry, ".name"))
            );
            yes(vm.revertToState(before), "as before");
        }
        same(read, 17, "declarations read");
    }

    function _answer(string memory entry) private returns (bytes4 answer) {
        bytes32 kind = keccak256(bytes(vm.parseJsonString(json, string.concat(entry, ".kind"))));
        bytes memory packed = hexOf(json, string.concat(entry, ".packed"));
        string memory named = string.concat(entry, ".declaration.");
        bool went;
        if (kind == keccak256("succession")) {
            named = string.concat(named, "succession");
            address target = _anchorAt(address(0xa5a5), named);
            (went, answer) = answerOf(target, _succeed(named, packed));
            if (went) {
                same(Anchor(target).ledger(), wordOf(json, string.concat(named, ".successor")), "ledger");
            }
        } else if (kind == keccak256("recovery")) {
            (went, answer) = _recover(string.concat(named, "recovery"), packed);
        } else if (kind == keccak256("recovery-veto")) {
            named = string.concat(named, "recovery_veto");
            _recover(".declarations[3].declaration.recovery", _packedOf("a recovery by the recovery set"));
            address target = vm.parseJsonAddress(json, string.concat(named, ".anchor"));
            (went, answer) = answerOf(target, abi.encodeCall(IAnchor.vetoRecovery, (packed)));
            if (went) same(Anchor(target).recoveryRound(), 1, "round");
        } else {
            (went, answer) = _onChange(kind == keccak256("veto"), named, packed);
        }
        yes(went || answer != 0, "a refusal has a name");
    }

    function _succeed(string memory named, bytes memory packed) private view returns (bytes memory) {
        IAnchor.Certificate memory c;
        c.scheme = 1;
        c.ledger = wordOf(json, string.concat(named, ".ledger"));
        c.epoch = uint64(vm.parseJsonUint(json, string.concat(named, ".epoch")));
        c.committee = keccak256(_blob(_addresses(".committee.members", ".address")));
        c.threshold = uint8(vm.parseJsonUint(json, ".committee.threshold"));
        c.signatures = packed;
        return abi.encodeCall(
            IAnchor.succeed,
            (
                wordOf(json, string.concat(named, ".successor")),
                uint64(vm.parseJsonUint(json, string.concat(named, ".size"))),
                wordOf(json, string.concat(named, ".root")),
                c
            )
        );
    }

    function _recover(string memory named, bytes memory packed) private returns (bool, bytes4) {
        address target = _anchorAt(vm.parseJsonAddress(json, string.concat(named, ".anchor")), named);
        address[] memory members = _addresses(string.concat(named, ".next.addresses"), "");
        uint8 threshold = uint8(vm.parseJsonUint(json, string.concat(named, ".next.threshold")));
        return answerOf(target, abi.encodeCall(IAnchor.startRecovery, (members, threshold, packed)));
    }

    /// A veto; or an override of the veto that stands among the vectors.
    function _onChange(bool veto, string memory named, bytes memory packed) private returns (bool, bytes4) {
        named = string.concat(named, veto ? "veto" : "override");
        Gate gate = Gate(vm.parseJsonAddress(json, string.concat(named, ".gate")));
        bytes32 change = wordOf(json, string.concat(named, ".change"));
        IAnchor anchor = IAnchor(_anchorAt(address(0xa5a5), named));
        bytes memory arguments = abi.encode(
            anchor,
            keccak256("acme-usd"),
            address(0),
            new IGate.LineSetup[](0),
            new IGate.PermissionSetup[](0),
            new IGate.PolicySetup[](0)
        );
        createAt(address(gate), bytes.concat(type(Gate).creationCode, arguments));
        bytes32 slot = keccak256(abi.encode(change, CHANGES_SLOT));
        vm.store(address(gate), slot, keccak256("what is to be called"));
        vm.store(address(gate), bytes32(uint256(slot) + 1), bytes32(uint256(START + NOTICE)));
        (bytes32 dataHash, uint64 effectiveAt,,) = gate.changes(change);
        yes(dataHash == keccak256("what is to be called") && effectiveAt == START + NOTICE, "a change waits");
        if (veto) return answerOf(address(gate), abi.encodeCall(IGate.veto, (change, packed)));
        gate.veto(change, _packedOf("a veto"));
        (,, address vetoer,) = gate.changes(change);
        same(vetoer, vm.parseJsonAddress(json, ".vetoer"), "who vetoed");
        return answerOf(address(gate), abi.encodeCall(IGate.overrideVeto, (change, packed)));
    }

    /// An Anchor of the vectors' ledger, at the address that was signed.
    function _anchorAt(address target, string memory named) private returns (address) {
        bytes memory arguments = abi.encode(
            wordOf(json, string.concat(named, ".ledger")),
            uint64(vm.parseJsonUint(json, ".committee.epoch")),
            uint64(0),
            _addresses(".committee.members", ".address"),
            uint8(vm.parseJsonUint(json, ".committee.threshold")),
            NOTICE,
            _addresses(".recovery_set.addresses", ""),
            uint8(vm.parseJsonUint(json, ".recovery_set.threshold"))
        );
        createAt(target, bytes.concat(type(Anchor).creationCode, arguments));
        return target;
    }

    function _packedOf(string memory name) private view returns (bytes memory) {
        for (uint256 i = 0; vm.keyExistsJson(json, item(".declarations", i)); i++) {
            string memory entry = item(".declarations", i);
            string memory found = vm.parseJsonString(json, string.concat(entry, ".name"));
            if (keccak256(bytes(found)) == keccak256(bytes(name))) {
                return hexOf(json, string.concat(entry, ".packed"));
            }
        }
        revert NotSo(name);
    }

    function _addresses(string memory list, string memory field)
        private
        view
        returns (address[] memory found)
    {
        uint256 n;
        while (vm.keyExistsJson(json, item(list, n))) n++;
        found = new address[](n);
        for (uint256 i = 0; i < n; i++) {
            found[i] = vm.parseJsonAddress(json, string.concat(item(list, i), field));
        }
    }

    function _blob(address[] memory members) private pure returns (bytes memory blob) {
        blob = hex"00";
        for (uint256 i = 0; i < members.length; i++) {
            blob = bytes.concat(blob, bytes20(members[i]));
        }
    }
}
