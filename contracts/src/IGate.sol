// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title What a programme's outcomes may do on a chain, and the doing of it
/// @notice What is *not* proved here: that a case was decided rightly (that is what the certificate over the
/// anchored
/// root says, and each co-signer's re-run), that somebody submits an outcome, or that an outcome's calls have
/// the effect that their names promise.
interface IGate {
    /// @notice How much of a line may be used in one window, and how much has been; one slot.
    /// @dev Amounts are in units of 10^exponent of what the word counts, and what is used is rounded up.
    struct Line {
        /// Which argument word is counted; 255: every call counts one.
        uint8 word;
        uint8 exponent;
        /// Seconds; 0: there is no such line.
        uint32 window;
        /// Most that any window of `window` seconds sees.
        uint56 cap;
        /// The time now, in windows since 1970, when the line was last used.
        uint32 index;
        /// Used in the window before that one, and in that one.
        uint56 before;
        uint56 current;
    }

    /// @notice A line as it is given at deployment.
    struct LineSetup {
        bytes32 line;
        uint8 word;
        uint8 exponent;
        uint56 cap;
        uint32 window;
    }

    struct PermissionSetup {
        address target;
        bytes4 selector;
        bytes32 line;
    }

    struct PolicySetup {
        bytes32 policy;
        bytes32 line;
    }

    /// @notice An outcome's leaf opened, and its way to the root.
    struct Opening {
        bytes body;
        bytes32 salt;
        /// Ledger time of the record, ms.
        uint64 time;
        /// Place of the record in the log.
        uint64 index;
        bytes32[] path;
    }

    /// @notice What a policy may do with a line.
    enum Standing {
        Unknown,
        Accepted,
        /// Only what it has begun: calls to Escrow.
        Retired
    }

    /// @notice A loosening that waits for its notice.
    struct Change {
        bytes32 dataHash;
        uint64 effectiveAt;
        /// The co-signer that refused it, if one has.
        address vetoer;
        /// Enough others have overridden the veto; no second one counts.
        bool overridden;
    }

    /// @notice An outcome was executed.
    event Executed(bytes32 indexed caseId, uint32 ordinal);
    /// @notice An outcome in a batch had been executed before, and was passed over.
    event PassedOver(bytes32 indexed caseId, uint32 ordinal);
    /// @notice A loosening waits until `effectiveAt`; `data` is the call that will be made.
    event ChangeProposed(bytes32 indexed id, bytes data, uint64 effectiveAt);
    /// @notice A co-signer refuses it.
    event ChangeVetoed(bytes32 indexed id, address indexed cosigner);
    /// @notice k − 1 others want it all the same: a second notice runs.
    event ChangeOverridden(bytes32 indexed id, uint64 effectiveAt);
    /// @notice A loosening was given up.
    event ChangeDropped(bytes32 indexed id);
    /// @notice A loosening took effect.
    event ChangeEnacted(bytes32 indexed id);
    /// @notice A line has this cap from now on.
    event LineSet(bytes32 indexed line, uint8 word, uint8 exponent, uint56 cap, uint32 window);
    /// @notice Calls of `selector` at `target` belong to this line; to none, if it is 0.
    event Permitted(address indexed target, bytes4 indexed selector, bytes32 indexed line);
    /// @notice What a policy may do with a line.
    event PolicyStands(bytes32 indexed policy, bytes32 indexed line, Standing standing);
    /// @notice Who may pause.
    event GuardianSet(address indexed guardian);
    /// @notice Ordinary outcomes and those for Escrow wait until then.
    event Paused(uint48 until);

    /// @notice Another programme's outcome.
    error WrongProgramme(bytes32 expected, bytes32 found);
    /// @notice The policy has not been accepted for this line, or not any more.
    error PolicyNotAccepted(bytes32 policy, bytes32 line);
    /// @notice Neither ordinary, nor governance, nor Escrow's.
    error UnknownKind(uint8 kind);
    /// @notice For another chain.
    error WrongChain(uint256 expected, uint256 found);
    /// @notice For another Gate.
    error WrongGate(address expected, address found);
    /// @notice Too late.
    error Expired(uint64 notAfter);
    /// @notice The outcome of this decision was executed.
    error AlreadyExecuted(bytes32 caseId, uint32 ordinal);
    /// @notice The guardian's pause.
    error IsPaused(uint48 until);
    /// @notice Gate, Anchor, Escrow and what has no code are not called by an outcome of this kind.
    error TargetNotAllowed(uint256 call, address target);
    /// @notice Calls of this selector at this target do not belong to the outcome's line.
    error NotPermitted(uint256 call, address target, bytes4 selector);
    /// @notice The call has no such argument word.
    error WordMissing(uint256 call, uint8 word);
    /// @notice An outcome for Escrow moves its own case's deposits only.
    error AnotherCase(uint256 call, bytes32 caseId);
    /// @notice An outcome for Escrow never expires.
    error MustNotExpire(uint64 notAfter);
    /// @notice More than the cap leaves in this window; all in the line's units.
    error CapExceeded(bytes32 line, uint256 cap, uint256 used, uint256 amount);
    /// @notice There is no such line.
    error UnknownLine(bytes32 line);
    /// @notice A call reverted, with this answer.
    error CallFailed(uint256 call, bytes answer);
    /// @notice A call answered false.
    error CallAnsweredFalse(uint256 call);

    /// @notice Only the Gate itself, by a governance outcome.
    error OnlyItself();
    /// @notice The governance outcome calls something else than what changes permissions.
    error UnknownChange(bytes4 selector);
    /// @notice A unit of more than 10^30.
    error ExponentTooLarge(uint8 exponent);
    /// @notice That would loosen, without notice.
    error Loosens();
    /// @notice No such change waits.
    error NoChange(bytes32 id);
    /// @notice The notice is not over.
    error NotBefore(uint64 effectiveAt);
    /// @notice The notice is over.
    error NoticeIsOver(uint64 effectiveAt);
    /// @notice The change stands refused.
    error IsVetoed(bytes32 id, address cosigner);
    /// @notice The change has not been refused, or the refusal has been overridden.
    error NotVetoed(bytes32 id);
    /// @notice A veto is signed by one co-signer.
    error OneSignature(uint256 found);
    /// @notice Who refused cannot help to override.
    error VetoerSigned(address cosigner);
    /// @notice Not the guardian.
    error OnlyGuardian(address guardian);
    /// @notice A pause lasts at most 7 days.
    error PauseTooLong(uint48 until);
    /// @notice After a pause the guardian must wait.
    error GuardianRests(uint48 until);

    /// @notice Carries out an outcome that stands in the log at an anchored size. Anybody may call.
    function execute(Opening calldata opening, uint64 size) external;

    /// @notice Several at one size, in order, all or none; those executed before are passed over, so that
    /// nobody can spoil a batch by bringing one of it first.
    function executeAll(Opening[] calldata openings, uint64 size) external;

    /// @notice Carries out a loosening whose notice is over. Anybody may call.
    function enact(bytes32 id, bytes calldata data) external;

    /// @notice A co-signer refuses a loosening during its notice.
    /// @param signature 66 bytes over `Veto(bytes32 ledger,uint64 epoch,uint256 chainId,address gate,bytes32
    /// change)`.
    function veto(bytes32 id, bytes calldata signature) external;

    /// @notice k − 1 co-signers, without the one who refused, start a second notice. Where k is 1, a veto is
    /// final.
    /// @param signatures Over `Override(bytes32 ledger,uint64 epoch,uint256 chainId,address gate,bytes32
    /// change)`.
    function overrideVeto(bytes32 id, bytes calldata signatures) external;

    /// @notice The guardian stops ordinary and Escrow outcomes for at most 7 days; then rests for 21.
    function pause(uint48 until) external;

    // Tightening: by a governance outcome, at once.

    /// @notice A policy may use a line no more, save for calls to Escrow.
    function retire(bytes32 policy, bytes32 line) external;
    /// @notice Calls of this selector at this target belong to no line.
    function forbid(address target, bytes4 selector) external;
    /// @notice A cap that is not higher, over a window that is not shorter.
    function tighten(bytes32 line, uint56 cap, uint32 window) external;

    /// @notice A loosening that has not taken effect is given up.
    function drop(bytes32 id) external;

    // Loosening: by a governance outcome, after the notice.

    /// @notice A policy may use a line.
    function accept(bytes32 policy, bytes32 line) external;
    /// @notice Calls of this selector at this target belong to this line.
    function permit(address target, bytes4 selector, bytes32 line) external;
    /// @notice Any cap, window, unit and counted word.
    function setLine(bytes32 line, uint8 word, uint8 exponent, uint56 cap, uint32 window) external;
    /// @notice Another guardian, or none.
    function setGuardian(address guardian) external;
}
