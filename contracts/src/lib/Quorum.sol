// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {LibBytes} from "solady/utils/LibBytes.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

/// @title Co-signers of one epoch, and what k of them have signed
/// @notice Addresses lie in the code of a contract, `00 ‖ address ‖ …`, whose code hash is the committee's
/// digest (specs/certificate.md §2). Signatures are EIP-712 in the one domain form of specs/suites.md.
library Quorum {
    uint256 internal constant MEMBERS_MAX = 32;
    /// Place in the committee (1 byte), r (32), s (32), v (1).
    uint256 internal constant SIGNATURE_BYTES = 66;

    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    bytes32 private constant DOMAIN_TYPE = keccak256("EIP712Domain(string name,string version,bytes32 salt)");
    bytes32 private constant DOMAIN_NAME = keccak256("Lockstep");
    bytes32 private constant DOMAIN_VERSION = keccak256("1");
    bytes32 private constant CHECKPOINT_TYPE =
        keccak256("Checkpoint(bytes32 ledger,uint64 epoch,uint64 size,bytes32 root)");

    /// A committee has 1 to 32 members.
    error CommitteeSize(uint256 members);
    /// A committee names the zero address, for which a signature that recovers nothing would count.
    error ZeroMember(uint256 member);
    /// A committee names an address twice, and one signature would count twice.
    error SharedAddress(address member);
    /// A threshold must be more than two thirds of the members, and at most all of them.
    error Threshold(uint8 threshold, uint256 members);
    /// The signatures are no whole number of 66 bytes.
    error SignaturesLength(uint256 length);
    /// One member has signed twice.
    error Doubled(uint8 member);
    /// The signatures do not ascend by member.
    error Unsorted(uint8 member);
    /// No member has this place.
    error MemberOutOfRange(uint8 member, uint256 members);
    /// The higher of the two s of one signature.
    error HighS(uint8 member);
    /// v, r or s out of range, or signed by somebody else.
    error BadSignature(uint8 member);
    /// Fewer signatures than are asked for.
    error TooFew(uint256 found, uint256 threshold);

    /// @notice Writes a committee into the code of a contract after checking that it is one.
    function write(address[] memory members, uint8 threshold) internal returns (address blob) {
        uint256 length = members.length;
        if (length == 0 || length > MEMBERS_MAX) revert CommitteeSize(length);
        bytes memory packed;
        for (uint256 i = 0; i < length; i++) {
            if (members[i] == address(0)) revert ZeroMember(i);
            for (uint256 j = 0; j < i; j++) {
                if (members[i] == members[j]) revert SharedAddress(members[i]);
            }
            packed = bytes.concat(packed, bytes20(members[i]));
        }
        if (uint256(threshold) * 3 <= length * 2 || threshold > length) revert Threshold(threshold, length);
        return SSTORE2.write(packed);
    }

    /// @notice The member at a place, which must be one.
    function member(address blob, uint256 place) internal view returns (address) {
        return address(bytes20(SSTORE2.read(blob, place * 20, place * 20 + 20)));
    }

    /// @notice What co-signers sign over a head of a ledger's log.
    function checkpointHash(bytes32 ledger, uint64 epoch, uint64 size, bytes32 root)
        internal
        pure
        returns (bytes32)
    {
        return signingHash(ledger, keccak256(abi.encode(CHECKPOINT_TYPE, ledger, epoch, size, root)));
    }

    /// @notice EIP-712 hash in the domain of a ledger.
    function signingHash(bytes32 ledger, bytes32 structHash) internal pure returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(DOMAIN_TYPE, DOMAIN_NAME, DOMAIN_VERSION, ledger));
        return keccak256(abi.encodePacked(bytes2(0x1901), domain, structHash));
    }

    /// @notice Reverts unless every signature holds and there are at least `threshold`. Members ascend.
    /// @dev The order of the checks is that of specs/certificate.md §4; one bad signature refuses all.
    function requireSigned(address blob, uint256 threshold, bytes32 hash, bytes calldata signatures)
        internal
        view
    {
        if (signatures.length % SIGNATURE_BYTES != 0) revert SignaturesLength(signatures.length);
        uint256 found = signatures.length / SIGNATURE_BYTES;
        bytes memory packed = SSTORE2.read(blob);
        uint256 members = packed.length / 20;
        uint8 before;
        for (uint256 i = 0; i < found; i++) {
            bytes calldata signature = signatures[i * SIGNATURE_BYTES:(i + 1) * SIGNATURE_BYTES];
            uint8 place = uint8(signature[0]);
            if (i != 0 && place == before) revert Doubled(place);
            if (i != 0 && place < before) revert Unsorted(place);
            if (place >= members) revert MemberOutOfRange(place, members);
            _requireSignature(
                place, address(bytes20(LibBytes.load(packed, uint256(place) * 20))), hash, signature
            );
            before = place;
        }
        if (found < threshold) revert TooFew(found, threshold);
    }

    // specs/suites.md, "When a signature counts": recovery byte, range, low s, signer.
    function _requireSignature(uint8 place, address signer, bytes32 hash, bytes calldata signature)
        private
        pure
    {
        uint256 r = uint256(bytes32(signature[1:33]));
        uint256 s = uint256(bytes32(signature[33:65]));
        uint8 v = uint8(signature[65]);
        bool inRange = (v == 27 || v == 28) && r != 0 && r < ORDER && s != 0 && s < ORDER;
        if (!inRange) revert BadSignature(place);
        if (s > ORDER / 2) revert HighS(place);
        // The zero address is no member, so a signature that recovers nothing never counts.
        if (ecrecover(hash, v, bytes32(r), bytes32(s)) != signer) revert BadSignature(place);
    }
}
