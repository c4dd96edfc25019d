// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Heads of a ledger's log that k of n co-signers have certified
/// @notice What is *not* proved here: that a decision was right (each co-signer re-ran it, which is why k of
/// them are
/// asked), that the ledger's clock was, or that no other chain was shown another history: compare all
/// Anchors.
interface IAnchor {
    /// @notice A quorum certificate, specs/certificate.md §3, without size and root, which stand beside it.
    struct Certificate {
        /// 1: secp256k1 signatures by member. 2 is kept for aggregates.
        uint8 scheme;
        bytes32 ledger;
        uint64 epoch;
        /// Keccak-256 of 00 and the members' addresses in order.
        bytes32 committee;
        uint8 threshold;
        /// 66 bytes each, ascending by member: place (1), r (32), s (32), v (1).
        bytes signatures;
    }

    /// @notice Co-signers in force.
    struct Committee {
        /// The contract whose code is 00 and the members' addresses.
        address blob;
        uint8 threshold;
        uint64 epoch;
    }

    /// @notice A co-signer as the ledger's record of the rotation names it.
    struct Member {
        address key;
        /// 20 characters, A to Z and 0 to 9.
        bytes20 lei;
        /// a to z, 0 to 9, dot, dash and underscore.
        string name;
    }

    /// @notice A rotation that the ledger has enacted, and the proof that it has.
    struct Rotation {
        Member[] members;
        uint8 threshold;
        /// The governance case, and its record before `enacted`.
        bytes32 caseId;
        bytes32 prev;
        /// Salt, time in ms and place of the record `enacted`.
        bytes32 salt;
        uint64 time;
        uint64 index;
        /// From the record to the root at an anchored size.
        bytes32[] path;
    }

    /// @notice A head was anchored.
    event Anchored(bytes32 indexed ledger, uint64 indexed size, bytes32 root, uint64 epoch);
    /// @notice Other co-signers were shown; they are in force from `effectiveAt` (seconds) on.
    event RotationShown(uint64 indexed epoch, bytes32 committee, uint8 threshold, uint64 effectiveAt);
    /// @notice The co-signers of this epoch are in force.
    event Rotated(uint64 indexed epoch, address blob, uint8 threshold);
    /// @notice The recovery set installs other co-signers at `effectiveAt` unless the present ones veto.
    event RecoveryStarted(
        uint64 indexed epoch, uint64 round, bytes32 committee, uint8 threshold, uint64 effectiveAt
    );
    /// @notice The present co-signers have refused a recovery.
    event RecoveryVetoed(uint64 indexed epoch, uint64 round);
    /// @notice Another ledger goes on where this one ended.
    event Succeeded(bytes32 indexed ledger, bytes32 indexed successor, uint64 size, bytes32 root);

    /// @notice The notice is longer than 90 days.
    error NoticeTooLong(uint64 notice);
    /// @notice Another scheme than 1.
    error Scheme(uint8 found);
    /// @notice The certificate is of another ledger.
    error WrongLedger(bytes32 expected, bytes32 found);
    /// @notice The certificate is of other co-signers' time.
    error WrongEpoch(uint64 expected, uint64 found);
    /// @notice The certificate names other co-signers.
    error WrongCommittee(bytes32 expected, bytes32 found);
    /// @notice The certificate names another threshold.
    error WrongThreshold(uint8 expected, uint8 found);
    /// @notice A certified size is from 1 to 2^40.
    error Size(uint64 found);
    /// @notice The first head needs no proof, and takes none.
    error FirstTakesNoProof(uint256 length);
    /// @notice No root is kept for this size.
    error NotAnchored(bytes32 ledger, uint64 size);
    /// @notice A rotation shown earlier is not in force yet.
    error RotationPending(uint64 effectiveAt);
    /// @notice The record is not later than that of the last rotation.
    error RotationNotLater(uint64 index);
    /// @notice No recovery set was named at deployment.
    error NoRecoverySet();
    /// @notice A recovery is running.
    error RecoveryRunning(uint64 effectiveAt);
    /// @notice No recovery of the present co-signers is running.
    error NoRecovery();
    /// @notice Too early.
    error NotBefore(uint64 effectiveAt);
    /// @notice The successor has had its turn in this Anchor.
    error KnownLedger(bytes32 ledger);

    /// @notice Keeps the root of a certified size that extends the last one. Anybody may call.
    /// @param proof From the last anchored size to this; from this to the last if this is the smaller; none
    /// if they are the same or nothing was anchored.
    /// @return kept False if the size is not larger than the last one and consistent with it: nothing is
    /// kept.
    function submit(uint64 size, bytes32 root, Certificate calldata certificate, bytes32[] calldata proof)
        external
        returns (bool kept);

    /// @notice Shows the co-signers of the next epoch; they are in force after the notice. Anybody may call.
    /// @dev Rests on three things: the old set certified the size (it is anchored); below it stands the
    /// ledger's record
    /// `enacted` of a rotation to exactly these members; and the new set has certified the same size and
    /// root, under its own epoch, so that its keys are alive (specs/certificate.md §5).
    function rotate(uint64 size, Rotation calldata rotation, Certificate calldata certificate) external;

    /// @notice The recovery set asks to install other co-signers after 14 days.
    /// @param signatures By the recovery set's threshold over `Recovery(bytes32 ledger,uint64 epoch,uint64
    /// round, uint256 chainId,address anchor,bytes32 committee,uint8 threshold)`.
    function startRecovery(address[] calldata members, uint8 threshold, bytes calldata signatures) external;

    /// @notice The present co-signers refuse the recovery that is running.
    /// @param signatures By their threshold over `RecoveryVeto(bytes32 ledger,uint64 epoch,uint64 round,
    /// uint256 chainId,address anchor)`.
    function vetoRecovery(bytes calldata signatures) external;

    /// @notice Installs what the recovery set asked for 14 days ago. Anybody may call.
    function finishRecovery() external;

    /// @notice Goes on with another ledger. Its id, size and root are signed under the id of this one, as
    /// `Succession(bytes32 ledger,uint64 epoch,bytes32 successor,uint64 size,bytes32 root)`: a checkpoint
    /// that the same
    /// institutions certify for some other ledger of theirs cannot be used to take this Anchor over. The
    /// co-signers stay, and are those of the successor's genesis: its epoch 0. A rotation or a recovery that
    /// was on its way falls. Roots of the old ledger are anchored no more: bring its last head first.
    function succeed(bytes32 successor, uint64 size, bytes32 root, Certificate calldata certificate) external;

    /// @notice The ledger whose log is anchored now.
    function ledger() external view returns (bytes32);

    /// @notice The last anchored size, 0 before the first.
    function head() external view returns (uint64);

    /// @notice Least place of a record whose rotation can be shown: one more than the last.
    function rotationsFrom() external view returns (uint64);

    /// @notice Seconds between showing and effect, of a rotation here and of a loosening at a Gate.
    function notice() external view returns (uint64);

    /// @notice Root at an anchored size of this ledger or of one that it succeeded; reverts if there is none.
    function rootAt(bytes32 ledgerId, uint64 size) external view returns (bytes32);

    /// @notice Co-signers in force.
    function committee() external view returns (Committee memory);
}
