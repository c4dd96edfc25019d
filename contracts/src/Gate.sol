// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Escrow} from "./Escrow.sol";
import {IAnchor} from "./IAnchor.sol";
import {IEscrow} from "./IEscrow.sol";
import {IGate} from "./IGate.sol";
import {Changes} from "./gate/Changes.sol";
import {Lines} from "./gate/Lines.sol";
import {LogProof} from "./lib/LogProof.sol";
import {Call, Outcome, OutcomeBody} from "./lib/Outcome.sol";
import {LibBytes} from "solady/utils/LibBytes.sol";

/// @title Gate
/// @notice Holds one programme's rights on a chain, and uses them only as certified outcomes say: once each,
/// in time,
/// within caps. No owner, no proxy: whoever deploys it names the first lines, and has no say afterwards; what
/// loosens
/// them is a governance outcome, after a notice. A guardian can pause, for a bounded time, and nothing else.
contract Gate is IGate, Lines, Changes {
    uint48 internal constant PAUSE_MAX = 7 days;
    uint48 internal constant PAUSE_REST = 21 days;
    /// SHA-256 of `lockstep-governance/1`: specs/governance.md §1.
    bytes32 public constant GOVERNANCE_POLICY =
        0x055a7f8c802f575559ab907208ea60e81a39a2bb1b57c73c984415ee2f92d502;
    bytes32 public constant GOVERNANCE_LINE = keccak256("governance");

    /// @notice Keccak-256 of the programme's name.
    bytes32 public immutable PROGRAMME;
    /// @notice Holds the deposits of this programme's open cases; obeys this Gate only.
    Escrow public immutable ESCROW;

    struct Guard {
        address guardian;
        uint48 pausedUntil;
        uint48 restsUntil;
    }

    /// @notice Who may pause, until when it is paused, and from when on it may be again.
    Guard public guard;
    mapping(bytes32 key => bool) private _executed;

    constructor(
        IAnchor anchor,
        bytes32 programme,
        address guardian,
        LineSetup[] memory lines_,
        PermissionSetup[] memory permissions,
        PolicySetup[] memory policies
    ) Lines(lines_, permissions, policies) Changes(anchor) {
        PROGRAMME = programme;
        ESCROW = new Escrow();
        guard.guardian = guardian;
        emit GuardianSet(guardian);
    }

    /// @inheritdoc IGate
    function execute(Opening calldata opening, uint64 size) external {
        Outcome memory outcome = _open(opening, size);
        bytes32 key = executionKey(outcome.caseId, outcome.ordinal);
        if (_executed[key]) revert AlreadyExecuted(outcome.caseId, outcome.ordinal);
        _execute(outcome, key);
    }

    /// @inheritdoc IGate
    function executeAll(Opening[] calldata openings, uint64 size) external {
        for (uint256 i = 0; i < openings.length; i++) {
            Outcome memory outcome = _open(openings[i], size);
            bytes32 key = executionKey(outcome.caseId, outcome.ordinal);
            if (_executed[key]) emit PassedOver(outcome.caseId, outcome.ordinal);
            else _execute(outcome, key);
        }
    }

    /// @inheritdoc IGate
    function pause(uint48 until) external {
        Guard memory now_ = guard;
        if (msg.sender != now_.guardian) revert OnlyGuardian(now_.guardian);
        if (block.timestamp < now_.restsUntil) revert GuardianRests(now_.restsUntil);
        if (until > block.timestamp + PAUSE_MAX) revert PauseTooLong(until);
        guard = Guard(now_.guardian, until, until + PAUSE_REST);
        emit Paused(until);
    }

    /// @inheritdoc IGate
    function setGuardian(address guardian) external onlyItself {
        guard.guardian = guardian;
        emit GuardianSet(guardian);
    }

    /// @notice True once the outcome of this decision has been executed here.
    function executed(bytes32 caseId, uint32 ordinal) external view returns (bool) {
        return _executed[executionKey(caseId, ordinal)];
    }

    /// @notice Names an outcome here. The ledger is not in it: a successor goes on with the cases of the
    /// ledger before
    /// it under their names, and what was executed for the one must not be executed for the other.
    function executionKey(bytes32 caseId, uint32 ordinal) public pure returns (bytes32) {
        return keccak256(abi.encode(caseId, ordinal));
    }

    /// The outcome, shown to stand in the log at an anchored size. Nothing else about it has been checked.
    function _open(Opening calldata opening, uint64 size) private view returns (Outcome memory outcome) {
        outcome = OutcomeBody.decode(opening.body);
        bytes32 leaf = LogProof.leafHash(OutcomeBody.TAG, opening.time, opening.salt, opening.body);
        // Reverts unless the ledger is the Anchor's, or one that it has succeeded.
        bytes32 root = ANCHOR.rootAt(outcome.ledger, size);
        LogProof.requireIncluded(leaf, opening.index, size, root, opening.path);
    }

    // specs/outcome.md §3: check, write, emit, call out.
    function _execute(Outcome memory outcome, bytes32 key) private {
        if (outcome.programme != PROGRAMME) revert WrongProgramme(PROGRAMME, outcome.programme);
        if (outcome.chainId != block.chainid) revert WrongChain(block.chainid, outcome.chainId);
        if (outcome.gate != address(this)) revert WrongGate(address(this), outcome.gate);
        bool expired = outcome.notAfter != 0 && block.timestamp > outcome.notAfter;
        if (expired) revert Expired(outcome.notAfter);
        _executed[key] = true;
        emit Executed(outcome.caseId, outcome.ordinal);
        if (outcome.kind == OutcomeBody.KIND_ORDINARY) _callOut(outcome);
        else if (outcome.kind == OutcomeBody.KIND_GOVERNANCE) _callItself(outcome, key);
        else if (outcome.kind == OutcomeBody.KIND_ESCROW) _callEscrow(outcome);
        else revert UnknownKind(outcome.kind);
    }

    function _callOut(Outcome memory outcome) private {
        _requireNotPaused();
        if (standing[outcome.policy][outcome.line] != Standing.Accepted) {
            revert PolicyNotAccepted(outcome.policy, outcome.line);
        }
        Line memory line = _line(outcome.line);
        uint256 amount;
        for (uint256 i = 0; i < outcome.calls.length; i++) {
            amount += _requirePermitted(outcome.line, line.word, i, outcome.calls[i]);
        }
        _spend(outcome.line, line, amount);
        _call(outcome.calls);
    }

    function _callEscrow(Outcome memory outcome) private {
        _requireNotPaused();
        if (standing[outcome.policy][outcome.line] == Standing.Unknown) {
            revert PolicyNotAccepted(outcome.policy, outcome.line);
        }
        if (outcome.notAfter != 0) revert MustNotExpire(outcome.notAfter);
        for (uint256 i = 0; i < outcome.calls.length; i++) {
            Call memory call = outcome.calls[i];
            if (call.target != address(ESCROW)) revert TargetNotAllowed(i, call.target);
            bytes4 selector = bytes4(call.data);
            bool known = selector == IEscrow.release.selector || selector == IEscrow.refund.selector
                || selector == IEscrow.burn.selector;
            if (!known) revert NotPermitted(i, call.target, selector);
            bytes32 caseId = _word(i, call.data, 0);
            if (caseId != outcome.caseId) revert AnotherCase(i, caseId);
        }
        _call(outcome.calls);
    }

    function _callItself(Outcome memory outcome, bytes32 key) private {
        if (outcome.policy != GOVERNANCE_POLICY || outcome.line != GOVERNANCE_LINE) {
            revert PolicyNotAccepted(outcome.policy, outcome.line);
        }
        for (uint256 i = 0; i < outcome.calls.length; i++) {
            Call memory call = outcome.calls[i];
            if (call.target != address(this)) revert TargetNotAllowed(i, call.target);
            _govern(keccak256(abi.encode(key, i)), i, call.data);
        }
    }

    /// What the call counts against the cap of its line.
    function _requirePermitted(bytes32 line, uint8 word, uint256 i, Call memory call)
        private
        view
        returns (uint256)
    {
        address target = call.target;
        bool ours = target == address(this) || target == address(ANCHOR) || target == address(ESCROW);
        if (ours || target.code.length == 0) revert TargetNotAllowed(i, target);
        bytes4 selector = bytes4(call.data);
        bool permitted = call.data.length >= 4 && line != bytes32(0) && lineOf[target][selector] == line;
        if (!permitted) revert NotPermitted(i, target, selector);
        return word == WORD_NONE ? 1 : uint256(_word(i, call.data, word));
    }

    function _call(Call[] memory calls) private {
        for (uint256 i = 0; i < calls.length; i++) {
            (bool went, bytes memory answer) = calls[i].target.call(calls[i].data);
            if (!went) revert CallFailed(i, answer);
            if (answer.length == 32 && bytes32(answer) == bytes32(0)) revert CallAnsweredFalse(i);
        }
    }

    function _requireNotPaused() private view {
        uint48 until = guard.pausedUntil;
        if (block.timestamp < until) revert IsPaused(until);
    }

    function _word(uint256 i, bytes memory data, uint8 word) private pure returns (bytes32) {
        uint256 offset = 4 + uint256(word) * 32;
        if (data.length < offset + 32) revert WordMissing(i, word);
        return LibBytes.load(data, offset);
    }
}
