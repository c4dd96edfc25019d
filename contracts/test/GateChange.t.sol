// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Anchor} from "../src/Anchor.sol";
import {Gate} from "../src/Gate.sol";
import {IAnchor} from "../src/IAnchor.sol";
import {IGate} from "../src/IGate.sol";
import {Token} from "../src/Token.sol";
import {LogProof} from "../src/lib/LogProof.sol";
import {Call, OutcomeBody} from "../src/lib/Outcome.sol";
import {Tree} from "./Tree.sol";
import {World} from "./World.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

/// @notice What a ledger's governance changes at a Gate, as Rust wrote it: specs/chain.md §3.
contract GateChangeTest is World {
    bytes32 private constant MINT = keccak256("mint");
    bytes32 private constant BURN = keccak256("burn");
    bytes32 private constant REPLACE = keccak256("replace-gate");
    uint32 private constant WINDOW = 1 days;

    string private json;
    Gate private gate;
    IAnchor private anchor;
    bytes32 private policy;

    function setUp() external {
        vm.warp(START);
        vm.chainId(31_337);
        json = vm.readFile("../vectors/chain.json");
        bytes32 ledger = wordOf(json, ".gate_changes[0].ledger");
        address[] memory none = new address[](0);
        anchor = new Anchor(ledger, present.epoch, 0, addresses(present), present.k, NOTICE, none, 0);
        // The retirement names the policy that the ledger has.
        policy = wordOf(json, ".gate_changes[0].action.gate.calls[1].retire.policy");
        gate = Gate(vm.parseJsonAddress(json, ".gate_changes[0].gate"));
        IGate.LineSetup[] memory lines = new IGate.LineSetup[](2);
        lines[0] = IGate.LineSetup(MINT, 0, 0, 5_000, WINDOW);
        lines[1] = IGate.LineSetup(REPLACE, 255, 0, 6, WINDOW);
        IGate.PermissionSetup[] memory permissions = new IGate.PermissionSetup[](3);
        permissions[0] = IGate.PermissionSetup(_token(), bytes4(keccak256("mint(uint256)")), MINT);
        permissions[1] = IGate.PermissionSetup(_token(), IAccessControl.grantRole.selector, REPLACE);
        permissions[2] = IGate.PermissionSetup(_token(), IAccessControl.renounceRole.selector, REPLACE);
        IGate.PolicySetup[] memory policies = new IGate.PolicySetup[](2);
        policies[0] = IGate.PolicySetup(policy, MINT);
        policies[1] = IGate.PolicySetup(sha256("lockstep-governance/1"), REPLACE);
        bytes memory arguments =
            abi.encode(anchor, keccak256("acme-usd"), address(0), lines, permissions, policies);
        createAt(address(gate), bytes.concat(type(Gate).creationCode, arguments));
    }

    function test_vector_what_tightens_works_at_once() external {
        _bring(0);
        (,, uint32 window, uint56 cap,,,) = gate.lines(MINT);
        yes(cap == 1_000 && window == WINDOW, "the line is tighter");
        yes(gate.standing(policy, MINT) == IGate.Standing.Retired, "the policy is retired");
        same(gate.lineOf(_token(), bytes4(keccak256("mint(uint256)"))), bytes32(0), "the call is forbidden");
        yes(!vm.keyExistsJson(json, ".gate_changes[0].changes[0]"), "nothing waits");
    }

    function test_vector_what_loosens_waits_under_the_names_that_rust_gives() external {
        _bring(1);
        bytes[] memory calls = _calls(1);
        for (uint256 i = 0; i < calls.length; i++) {
            bytes32 id = wordOf(json, string.concat(item(".gate_changes[1].changes", i), ".change"));
            (bytes32 dataHash, uint64 effectiveAt,,) = gate.changes(id);
            same(effectiveAt, START + NOTICE, "waits");
            same(dataHash, keccak256(calls[i]), "for this call");
        }
        (,, uint32 window,,,,) = gate.lines(BURN);
        same(window, 0, "there is no such line yet");
        vm.warp(START + NOTICE);
        for (uint256 i = 0; i < calls.length; i++) {
            bytes32 id = wordOf(json, string.concat(item(".gate_changes[1].changes", i), ".change"));
            gate.enact(id, calls[i]);
        }
        uint8 word;
        uint8 exponent;
        uint56 cap;
        (word, exponent, window, cap,,,) = gate.lines(BURN);
        yes(word == 0 && exponent == 6 && window == 3_600 && cap == 5, "the line");
        same(gate.lineOf(_token(), bytes4(keccak256("burn(uint256)"))), BURN, "the permission");
        yes(gate.standing(policy, BURN) == IGate.Standing.Accepted, "the policy");
        (address guardian,,) = gate.guard();
        same(guardian, _token(), "the guardian");
    }

    function test_vector_a_replacement_moves_every_role_to_the_other_gate() external {
        address next = vm.parseJsonAddress(json, ".gate_changes[2].action.replace_gate.to");
        same(vm.parseJsonAddress(json, ".gate_changes[2].action.replace_gate.from"), address(gate), "from");
        Token token = Token(_token());
        createAt(_token(), bytes.concat(type(Token).creationCode, abi.encode("Acme", "ACME", 6, gate)));
        bytes32[3] memory roles = [token.MINTER_ROLE(), token.ORDER_ROLE(), token.DEFAULT_ADMIN_ROLE()];
        for (uint256 i = 0; i < roles.length; i++) {
            yes(token.hasRole(roles[i], address(gate)) && !token.hasRole(roles[i], next), "before");
        }
        _bring(2);
        same(_calls(2).length, 2 * roles.length, "each is given, then given up");
        for (uint256 i = 0; i < roles.length; i++) {
            yes(token.hasRole(roles[i], next) && !token.hasRole(roles[i], address(gate)), "after");
        }
    }

    function _bring(uint256 which) private {
        string memory entry = item(".gate_changes", which);
        IGate.Opening memory opening;
        opening.body = hexOf(json, string.concat(entry, ".body"));
        opening.salt = wordOf(json, string.concat(entry, ".salt"));
        opening.time = uint64(vm.parseJsonUint(json, string.concat(entry, ".time")));
        log.push(LogProof.leafHash(2, opening.time, opening.salt, opening.body));
        same(log[0], wordOf(json, string.concat(entry, ".leaf_hash")), "leaf hash");
        grow(3);
        anchorAll(anchor);
        opening.path = Tree.path(log, 0, 3);
        gate.execute(opening, 3);
    }

    function _calls(uint256 which) private view returns (bytes[] memory calls) {
        string memory entry = item(".gate_changes", which);
        calls = this.callsOf(hexOf(json, string.concat(entry, ".body")));
        same(calls.length, vm.parseJsonUint(json, string.concat(entry, ".calls")), "calls");
    }

    function callsOf(bytes calldata body) external pure returns (bytes[] memory calls) {
        Call[] memory found = OutcomeBody.decode(body).calls;
        calls = new bytes[](found.length);
        for (uint256 i = 0; i < found.length; i++) {
            calls[i] = found[i].data;
        }
    }

    function _token() private view returns (address) {
        return vm.parseJsonAddress(json, ".gate_changes[0].action.gate.calls[2].forbid.target");
    }
}
