// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAnchor} from "./IAnchor.sol";
import {LogProof} from "./lib/LogProof.sol";
import {Quorum} from "./lib/Quorum.sol";
import {RotationRecord} from "./lib/RotationRecord.sol";

/// @title Anchor
/// @notice Holds the roots that a ledger's co-signers have certified; only certificates of k of n change it.
/// No owner,
/// no proxy: whoever deploys it names ledger, co-signers, notice and recovery set, and has no say afterwards.
contract Anchor is IAnchor {
    uint64 internal constant NOTICE_MAX = 90 days;
    uint64 internal constant RECOVERY_NOTICE = 14 days;
    uint8 internal constant SCHEME_SECP256K1 = 1;
    uint8 internal constant TAG_RECORD = 1;

    bytes32 private constant SUCCESSION_TYPE =
        keccak256("Succession(bytes32 ledger,uint64 epoch,bytes32 successor,uint64 size,bytes32 root)");
    bytes32 private constant RECOVERY_TYPE = keccak256(
        "Recovery(bytes32 ledger,uint64 epoch,uint64 round,uint256 chainId,"
        "address anchor,bytes32 committee,uint8 threshold)"
    );
    bytes32 private constant VETO_TYPE =
        keccak256("RecoveryVeto(bytes32 ledger,uint64 epoch,uint64 round,uint256 chainId,address anchor)");

    /// @inheritdoc IAnchor
    uint64 public immutable notice;
    address private immutable RECOVERY_SET;
    uint8 private immutable RECOVERY_THRESHOLD;

    /// What moves with every head, in one slot.
    struct Head {
        uint64 size;
        /// When `_next` is in force; 0 if no rotation has been shown.
        uint64 rotatesAt;
        /// One more than the place of the record of the last rotation shown, or by which the epoch began.
        uint64 rotationEnd;
    }

    struct Recovery {
        Committee committee;
        uint64 effectiveAt;
    }

    Head private _head;
    Committee private _present;
    Committee private _next;
    /// @inheritdoc IAnchor
    bytes32 public ledger;
    Recovery private _recovery;
    /// How often a recovery was refused or carried out: signatures count for one round.
    uint64 public recoveryRound;
    mapping(bytes32 ledgerId => mapping(uint64 size => bytes32)) private _roots;
    mapping(bytes32 ledgerId => bool) private _known;

    /// @param began Place of the record by which the epoch began: 0, genesis, in epoch 0. No earlier rotation
    /// counts here.
    /// @param recoverySet Empty: there is none, for ever.
    constructor(
        bytes32 ledgerId,
        uint64 epoch,
        uint64 began,
        address[] memory members,
        uint8 threshold,
        uint64 notice_,
        address[] memory recoverySet,
        uint8 recoveryThreshold
    ) {
        if (notice_ > NOTICE_MAX) revert NoticeTooLong(notice_);
        ledger = ledgerId;
        _known[ledgerId] = true;
        notice = notice_;
        _head.rotationEnd = began + 1;
        RECOVERY_SET = recoverySet.length == 0 ? address(0) : Quorum.write(recoverySet, recoveryThreshold);
        RECOVERY_THRESHOLD = recoveryThreshold;
        _install(Committee(Quorum.write(members, threshold), threshold, epoch));
    }

    /// @inheritdoc IAnchor
    function submit(uint64 size, bytes32 root, Certificate calldata certificate, bytes32[] calldata proof)
        external
        returns (bool kept)
    {
        Committee memory present = _takeTurn();
        bytes32 id = ledger;
        _requireCertificate(id, present, certificate, size);
        bytes32 hash = Quorum.checkpointHash(id, present.epoch, size, root);
        Quorum.requireSigned(present.blob, present.threshold, hash, certificate.signatures);
        uint64 last = _head.size;
        if (last == 0) {
            if (proof.length != 0) revert FirstTakesNoProof(proof.length);
        } else if (size <= last) {
            LogProof.requireExtension(size, root, last, _roots[id][last], proof);
            return false;
        } else {
            LogProof.requireExtension(last, _roots[id][last], size, root, proof);
        }
        _keep(id, size, root, present.epoch);
        return true;
    }

    /// @inheritdoc IAnchor
    function rotate(uint64 size, Rotation calldata rotation, Certificate calldata certificate) external {
        Committee memory present = _takeTurn();
        Head memory last = _head;
        if (last.rotatesAt != 0) revert RotationPending(last.rotatesAt);
        if (rotation.index < last.rotationEnd) revert RotationNotLater(rotation.index);
        bytes32 id = ledger;
        bytes32 root = rootAt(id, size);
        bytes32 leaf =
            LogProof.leafHash(TAG_RECORD, rotation.time, rotation.salt, RotationRecord.enacted(rotation));
        LogProof.requireIncluded(leaf, rotation.index, size, root, rotation.path);

        address[] memory members = new address[](rotation.members.length);
        for (uint256 i = 0; i < members.length; i++) {
            members[i] = rotation.members[i].key;
        }
        address blob = Quorum.write(members, rotation.threshold);
        Committee memory next = Committee(blob, rotation.threshold, present.epoch + 1);
        _requireCertificate(id, next, certificate, size);
        bytes32 hash = Quorum.checkpointHash(id, next.epoch, size, root);
        Quorum.requireSigned(next.blob, next.threshold, hash, certificate.signatures);

        _next = next;
        _head.rotatesAt = uint64(block.timestamp) + notice;
        _head.rotationEnd = rotation.index + 1;
        emit RotationShown(next.epoch, next.blob.codehash, next.threshold, uint64(block.timestamp) + notice);
    }

    /// @inheritdoc IAnchor
    function startRecovery(address[] calldata members, uint8 threshold, bytes calldata signatures) external {
        Committee memory present = _takeTurn();
        if (RECOVERY_SET == address(0)) revert NoRecoverySet();
        if (_recoveryRuns(present)) revert RecoveryRunning(_recovery.effectiveAt);
        Committee memory next = Committee(Quorum.write(members, threshold), threshold, present.epoch + 1);
        bytes32 digest = next.blob.codehash;
        bytes32 structHash = keccak256(
            abi.encode(
                RECOVERY_TYPE,
                ledger,
                present.epoch,
                recoveryRound,
                block.chainid,
                address(this),
                digest,
                threshold
            )
        );
        Quorum.requireSigned(
            RECOVERY_SET, RECOVERY_THRESHOLD, Quorum.signingHash(ledger, structHash), signatures
        );
        uint64 effectiveAt = uint64(block.timestamp) + RECOVERY_NOTICE;
        _recovery = Recovery(next, effectiveAt);
        emit RecoveryStarted(next.epoch, recoveryRound, digest, threshold, effectiveAt);
    }

    /// @inheritdoc IAnchor
    function vetoRecovery(bytes calldata signatures) external {
        Committee memory present = _takeTurn();
        if (!_recoveryRuns(present)) revert NoRecovery();
        bytes32 structHash = keccak256(
            abi.encode(VETO_TYPE, ledger, present.epoch, recoveryRound, block.chainid, address(this))
        );
        Quorum.requireSigned(
            present.blob, present.threshold, Quorum.signingHash(ledger, structHash), signatures
        );
        delete _recovery;
        emit RecoveryVetoed(present.epoch, recoveryRound++);
    }

    /// @inheritdoc IAnchor
    function finishRecovery() external {
        Committee memory present = _takeTurn();
        if (!_recoveryRuns(present)) revert NoRecovery();
        Recovery memory recovery = _recovery;
        if (block.timestamp < recovery.effectiveAt) revert NotBefore(recovery.effectiveAt);
        delete _recovery;
        // A rotation that the replaced set has shown, and that is not in force, falls with it.
        delete _next;
        _head.rotatesAt = 0;
        recoveryRound++;
        _install(recovery.committee);
    }

    /// @inheritdoc IAnchor
    function succeed(bytes32 successor, uint64 size, bytes32 root, Certificate calldata certificate)
        external
    {
        Committee memory present = _takeTurn();
        bytes32 id = ledger;
        if (_known[successor]) revert KnownLedger(successor);
        _requireCertificate(id, present, certificate, size);
        bytes32 structHash = keccak256(abi.encode(SUCCESSION_TYPE, id, present.epoch, successor, size, root));
        Quorum.requireSigned(
            present.blob, present.threshold, Quorum.signingHash(id, structHash), certificate.signatures
        );
        ledger = successor;
        _known[successor] = true;
        // Epochs and records of the successor are counted from its own genesis; what was to replace the
        // co-signers of the ledger before it falls with that ledger.
        present.epoch = 0;
        delete _next;
        delete _recovery;
        _head.rotatesAt = 0;
        _head.rotationEnd = 1;
        emit Succeeded(id, successor, size, root);
        _install(present);
        _keep(successor, size, root, 0);
    }

    /// @inheritdoc IAnchor
    function head() external view returns (uint64) {
        return _head.size;
    }

    /// @inheritdoc IAnchor
    function rotationsFrom() external view returns (uint64) {
        return _head.rotationEnd;
    }

    /// @inheritdoc IAnchor
    function rootAt(bytes32 ledgerId, uint64 size) public view returns (bytes32 root) {
        root = _roots[ledgerId][size];
        if (root == bytes32(0)) revert NotAnchored(ledgerId, size);
    }

    /// @inheritdoc IAnchor
    function committee() external view returns (Committee memory) {
        return _rotationDue() ? _next : _present;
    }

    function _rotationDue() private view returns (bool) {
        uint64 due = _head.rotatesAt;
        return due != 0 && block.timestamp >= due;
    }

    /// The co-signers in force now; a rotation whose notice is over takes effect first.
    function _takeTurn() private returns (Committee memory) {
        if (_rotationDue()) {
            _head.rotatesAt = 0;
            _install(_next);
            delete _next;
        }
        return _present;
    }

    function _install(Committee memory next) private {
        _present = next;
        emit Rotated(next.epoch, next.blob, next.threshold);
    }

    /// A recovery is of the epoch in which it began: a rotation overtakes it.
    function _recoveryRuns(Committee memory present) private view returns (bool) {
        return _recovery.effectiveAt != 0 && _recovery.committee.epoch == present.epoch + 1;
    }

    function _keep(bytes32 id, uint64 size, bytes32 root, uint64 epoch) private {
        _head.size = size;
        _roots[id][size] = root;
        emit Anchored(id, size, root, epoch);
    }

    /// specs/certificate.md §4, checks 1 to 6.
    function _requireCertificate(
        bytes32 id,
        Committee memory expected,
        Certificate calldata found,
        uint64 size
    ) private view {
        if (found.scheme != SCHEME_SECP256K1) revert Scheme(found.scheme);
        if (found.ledger != id) revert WrongLedger(id, found.ledger);
        if (found.epoch != expected.epoch) revert WrongEpoch(expected.epoch, found.epoch);
        bytes32 digest = expected.blob.codehash;
        if (found.committee != digest) revert WrongCommittee(digest, found.committee);
        if (found.threshold != expected.threshold) {
            revert WrongThreshold(expected.threshold, found.threshold);
        }
        if (size == 0 || size > LogProof.SIZE_MAX) revert Size(size);
    }
}
