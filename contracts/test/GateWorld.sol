// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Anchor} from "../src/Anchor.sol";
import {Escrow} from "../src/Escrow.sol";
import {Gate} from "../src/Gate.sol";
import {IGate} from "../src/IGate.sol";
import {Token} from "../src/Token.sol";
import {LogProof} from "../src/lib/LogProof.sol";
import {Call, Outcome} from "../src/lib/Outcome.sol";
import {Quorum} from "../src/lib/Quorum.sol";
import {Tree} from "./Tree.sol";
import {World} from "./World.sol";

/// @notice A coin's programme on a chain: Anchor, Gate with its Escrow, token; outcomes made by the test.
abstract contract GateWorld is World {
    bytes32 internal constant PROGRAMME = keccak256("acme-usd");
    bytes32 internal constant POLICY = keccak256("a policy");
    bytes32 internal constant MINT = keccak256("mint");
    bytes32 internal constant ORDER = keccak256("order");
    bytes32 internal constant SEIZE = keccak256("seize");
    bytes32 internal constant REDEEM = keccak256("redeem");
    uint56 internal constant CAP = 1_000e6;
    uint32 internal constant WINDOW = 1 days;
    address internal constant GUARDIAN = address(0x60a2d1a2);
    address internal constant ALICE = address(0xa11ce);

    Anchor internal anchor;
    Gate internal gate;
    Escrow internal escrow;
    Token internal token;
    uint256 private cases;

    function build() internal {
        vm.warp(START);
        anchor = newAnchor();
        address tokenAt = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        gate = newGate(tokenAt);
        token = new Token("Acme dollar", "ACME", 6, address(gate));
        same(address(token), tokenAt, "the token is where the Gate expects it");
        escrow = gate.ESCROW();
    }

    function newGate(address tokenAt) internal returns (Gate) {
        IGate.LineSetup[] memory lines = new IGate.LineSetup[](3);
        lines[0] = IGate.LineSetup(MINT, 1, 0, CAP, WINDOW);
        lines[1] = IGate.LineSetup(ORDER, 255, 0, 3, WINDOW);
        // A seizure is counted by its amount, the third argument; a line that counts calls would let one take
        // all.
        lines[2] = IGate.LineSetup(SEIZE, 2, 0, 80e6, WINDOW);
        IGate.PermissionSetup[] memory permissions = new IGate.PermissionSetup[](4);
        permissions[0] = IGate.PermissionSetup(tokenAt, Token.mint.selector, MINT);
        permissions[1] = IGate.PermissionSetup(tokenAt, Token.freeze.selector, ORDER);
        permissions[2] = IGate.PermissionSetup(tokenAt, Token.thaw.selector, ORDER);
        permissions[3] = IGate.PermissionSetup(tokenAt, Token.seize.selector, SEIZE);
        IGate.PolicySetup[] memory policies = new IGate.PolicySetup[](4);
        policies[0] = IGate.PolicySetup(POLICY, MINT);
        policies[1] = IGate.PolicySetup(POLICY, ORDER);
        policies[2] = IGate.PolicySetup(POLICY, REDEEM);
        policies[3] = IGate.PolicySetup(POLICY, SEIZE);
        return new Gate(anchor, PROGRAMME, GUARDIAN, lines, permissions, policies);
    }

    /// An outcome of a case of its own, with one call.
    function outcomeOf(uint8 kind, bytes32 policy, bytes32 line, address target, bytes memory data)
        internal
        returns (Outcome memory outcome)
    {
        outcome.ledger = LEDGER;
        outcome.caseId = keccak256(abi.encode("case", cases++));
        outcome.prev = keccak256("decided");
        outcome.programme = PROGRAMME;
        outcome.policy = policy;
        outcome.line = line;
        outcome.kind = kind;
        outcome.chainId = block.chainid;
        outcome.gate = address(gate);
        outcome.calls = new Call[](1);
        outcome.calls[0] = Call(target, data);
        outcome.notAfter = kind == 0 ? uint64(block.timestamp) + 30 minutes : 0;
    }

    function mintOf(address to, uint256 amount) internal returns (Outcome memory) {
        return outcomeOf(0, POLICY, MINT, address(token), abi.encodeCall(Token.mint, (to, amount)));
    }

    function orderOf(bytes memory data) internal returns (Outcome memory) {
        return outcomeOf(0, POLICY, ORDER, address(token), data);
    }

    function seizureOf(address from, address to, uint256 amount, bytes32 order)
        internal
        returns (Outcome memory)
    {
        bytes memory data = abi.encodeCall(Token.seize, (from, to, amount, order));
        return outcomeOf(0, POLICY, SEIZE, address(token), data);
    }

    function governanceOf(bytes memory data) internal returns (Outcome memory) {
        return outcomeOf(1, sha256("lockstep-governance/1"), keccak256("governance"), address(gate), data);
    }

    /// An outcome for Escrow, of this very case.
    function escrowOf(bytes32 caseId, bytes memory data) internal returns (Outcome memory outcome) {
        outcome = outcomeOf(2, POLICY, REDEEM, address(escrow), data);
        outcome.caseId = caseId;
    }

    /// The bytes that Rust makes: the fields in order, without the offset of a struct.
    function bodyOf(Outcome memory outcome) internal pure returns (bytes memory body) {
        bytes memory encoded = abi.encode(outcome);
        body = new bytes(encoded.length - 32);
        for (uint256 i = 0; i < body.length; i++) {
            body[i] = encoded[i + 32];
        }
    }

    /// Records an outcome, and what comes after it up to a seal.
    function record(Outcome memory outcome) internal returns (IGate.Opening memory) {
        return recordBody(bodyOf(outcome));
    }

    function recordBody(bytes memory body) internal returns (IGate.Opening memory opening) {
        opening.body = body;
        opening.salt = keccak256(abi.encode("salt", log.length));
        opening.time = uint64(block.timestamp) * 1000;
        opening.index = uint64(log.length);
        log.push(LogProof.leafHash(2, opening.time, opening.salt, body));
        grow(log.length + 2);
    }

    /// Anchors the log and completes the opening.
    function anchored(IGate.Opening memory opening) internal returns (IGate.Opening memory, uint64 size) {
        size = uint64(log.length);
        if (anchor.head() != size) anchorAll(anchor);
        opening.path = Tree.path(log, opening.index, size);
        return (opening, size);
    }

    /// Records, anchors, executes.
    function bring(Outcome memory outcome) internal {
        (IGate.Opening memory opening, uint64 size) = anchored(record(outcome));
        gate.execute(opening, size);
    }

    /// The same, and the Gate must refuse for this reason.
    function refused(Outcome memory outcome, bytes memory reason) internal {
        (IGate.Opening memory opening, uint64 size) = anchored(record(outcome));
        vm.expectRevert(reason);
        gate.execute(opening, size);
    }

    /// Proposes a loosening by a governance outcome.
    function propose(bytes memory data) internal returns (bytes32 id) {
        Outcome memory outcome = governanceOf(data);
        bring(outcome);
        return keccak256(abi.encode(gate.executionKey(outcome.caseId, outcome.ordinal), uint256(0)));
    }

    /// Proposes, waits, enacts.
    function loosen(bytes memory data) internal {
        bytes32 id = propose(data);
        vm.warp(block.timestamp + NOTICE);
        gate.enact(id, data);
    }

    function changeHash(string memory name, bytes32 id) internal view returns (bytes32) {
        bytes32 kind = keccak256(
            bytes(
                string.concat(
                    name, "(bytes32 ledger,uint64 epoch,uint256 chainId,address gate,bytes32 change)"
                )
            )
        );
        bytes32 structHash =
            keccak256(abi.encode(kind, LEDGER, present.epoch, block.chainid, address(gate), id));
        return Quorum.signingHash(LEDGER, structHash);
    }
}
