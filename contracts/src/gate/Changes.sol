// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAnchor} from "../IAnchor.sol";
import {IGate} from "../IGate.sol";
import {Quorum} from "../lib/Quorum.sol";
import {Itself} from "./Itself.sol";

/// @title Changes
/// @notice Holds the loosenings that wait for their notice. A governance outcome proposes one, one co-signer
/// can refuse it, k − 1 others can override; nobody else has a say.
abstract contract Changes is IGate, Itself {
    bytes32 private constant VETO_TYPE =
        keccak256("Veto(bytes32 ledger,uint64 epoch,uint256 chainId,address gate,bytes32 change)");
    bytes32 private constant OVERRIDE_TYPE =
        keccak256("Override(bytes32 ledger,uint64 epoch,uint256 chainId,address gate,bytes32 change)");

    /// @notice Where roots, co-signers and the notice come from.
    IAnchor public immutable ANCHOR;

    mapping(bytes32 id => Change) public changes;

    constructor(IAnchor anchor) {
        ANCHOR = anchor;
    }

    /// @inheritdoc IGate
    function enact(bytes32 id, bytes calldata data) external {
        Change memory change = changes[id];
        if (change.effectiveAt == 0 || keccak256(data) != change.dataHash) revert NoChange(id);
        if (change.vetoer != address(0) && !change.overridden) revert IsVetoed(id, change.vetoer);
        if (block.timestamp < change.effectiveAt) revert NotBefore(change.effectiveAt);
        delete changes[id];
        emit ChangeEnacted(id);
        _callItself(0, data);
    }

    /// @inheritdoc IGate
    function veto(bytes32 id, bytes calldata signature) external {
        Change memory change = changes[id];
        if (change.effectiveAt == 0) revert NoChange(id);
        if (block.timestamp >= change.effectiveAt) revert NoticeIsOver(change.effectiveAt);
        if (change.vetoer != address(0)) revert IsVetoed(id, change.vetoer);
        if (signature.length != Quorum.SIGNATURE_BYTES) {
            revert OneSignature(signature.length / Quorum.SIGNATURE_BYTES);
        }
        IAnchor.Committee memory committee = ANCHOR.committee();
        Quorum.requireSigned(committee.blob, 1, _hash(VETO_TYPE, committee.epoch, id), signature);
        address vetoer = Quorum.member(committee.blob, uint8(signature[0]));
        changes[id].vetoer = vetoer;
        emit ChangeVetoed(id, vetoer);
    }

    /// @inheritdoc IGate
    function overrideVeto(bytes32 id, bytes calldata signatures) external {
        Change memory change = changes[id];
        if (change.vetoer == address(0) || change.overridden) revert NotVetoed(id);
        IAnchor.Committee memory committee = ANCHOR.committee();
        uint256 others = committee.threshold == 1 ? 1 : committee.threshold - 1;
        Quorum.requireSigned(committee.blob, others, _hash(OVERRIDE_TYPE, committee.epoch, id), signatures);
        for (uint256 i = 0; i < signatures.length; i += Quorum.SIGNATURE_BYTES) {
            address signer = Quorum.member(committee.blob, uint8(signatures[i]));
            if (signer == change.vetoer) revert VetoerSigned(signer);
        }
        uint64 effectiveAt = uint64(block.timestamp) + ANCHOR.notice();
        changes[id].overridden = true;
        changes[id].effectiveAt = effectiveAt;
        emit ChangeOverridden(id, effectiveAt);
    }

    /// @inheritdoc IGate
    function drop(bytes32 id) external onlyItself {
        if (changes[id].effectiveAt == 0) revert NoChange(id);
        delete changes[id];
        emit ChangeDropped(id);
    }

    /// What tightens is done at once; what loosens waits.
    function _govern(bytes32 id, uint256 place, bytes memory data) internal {
        bytes4 selector = bytes4(data);
        if (_tightens(selector)) return _callItself(place, data);
        if (!_loosens(selector)) revert UnknownChange(selector);
        uint64 effectiveAt = uint64(block.timestamp) + ANCHOR.notice();
        changes[id] = Change(keccak256(data), effectiveAt, address(0), false);
        emit ChangeProposed(id, data, effectiveAt);
    }

    function _callItself(uint256 place, bytes memory data) private {
        (bool went, bytes memory answer) = address(this).call(data);
        if (!went) revert CallFailed(place, answer);
    }

    function _tightens(bytes4 selector) private pure returns (bool) {
        return selector == IGate.retire.selector || selector == IGate.forbid.selector
            || selector == IGate.tighten.selector || selector == IGate.drop.selector;
    }

    function _loosens(bytes4 selector) private pure returns (bool) {
        return selector == IGate.accept.selector || selector == IGate.permit.selector
            || selector == IGate.setLine.selector || selector == IGate.setGuardian.selector;
    }

    function _hash(bytes32 kind, uint64 epoch, bytes32 id) private view returns (bytes32) {
        bytes32 ledger = ANCHOR.ledger();
        bytes32 structHash = keccak256(abi.encode(kind, ledger, epoch, block.chainid, address(this), id));
        return Quorum.signingHash(ledger, structHash);
    }
}
