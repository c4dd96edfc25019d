// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IGate} from "../IGate.sol";
import {Itself} from "./Itself.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Lines
/// @notice Holds which policy may use which line, which calls belong to it, and how much of it was used; only
/// the Gate itself changes it, by governance outcomes.
abstract contract Lines is IGate, Itself {
    /// Every call of such a line counts one.
    uint8 internal constant WORD_NONE = 255;

    uint8 internal constant EXPONENT_MAX = 30;

    mapping(bytes32 policy => mapping(bytes32 line => Standing)) public standing;
    mapping(address target => mapping(bytes4 selector => bytes32)) public lineOf;
    mapping(bytes32 line => Line) public lines;

    constructor(
        LineSetup[] memory lines_,
        PermissionSetup[] memory permissions,
        PolicySetup[] memory policies
    ) {
        for (uint256 i = 0; i < lines_.length; i++) {
            LineSetup memory setup = lines_[i];
            _setLine(setup.line, setup.word, setup.exponent, setup.cap, setup.window);
        }
        for (uint256 i = 0; i < permissions.length; i++) {
            _permit(permissions[i].target, permissions[i].selector, permissions[i].line);
        }
        for (uint256 i = 0; i < policies.length; i++) {
            _stand(policies[i].policy, policies[i].line, Standing.Accepted);
        }
    }

    /// @inheritdoc IGate
    function retire(bytes32 policy, bytes32 line) external onlyItself {
        if (standing[policy][line] == Standing.Unknown) revert PolicyNotAccepted(policy, line);
        _stand(policy, line, Standing.Retired);
    }

    /// @inheritdoc IGate
    function forbid(address target, bytes4 selector) external onlyItself {
        _permit(target, selector, bytes32(0));
    }

    /// @inheritdoc IGate
    function tighten(bytes32 line, uint56 cap, uint32 window) external onlyItself {
        Line memory old = lines[line];
        if (old.window == 0) revert UnknownLine(line);
        if (cap > old.cap || window < old.window) revert Loosens();
        _setLine(line, old.word, old.exponent, cap, window);
    }

    /// @inheritdoc IGate
    function accept(bytes32 policy, bytes32 line) external onlyItself {
        _stand(policy, line, Standing.Accepted);
    }

    /// @inheritdoc IGate
    function permit(address target, bytes4 selector, bytes32 line) external onlyItself {
        _permit(target, selector, line);
    }

    /// @inheritdoc IGate
    function setLine(bytes32 line, uint8 word, uint8 exponent, uint56 cap, uint32 window)
        external
        onlyItself
    {
        _setLine(line, word, exponent, cap, window);
    }

    /// @notice What of a line counts against its cap now, in its units.
    function used(bytes32 line) external view returns (uint256) {
        Line memory now_ = _line(line);
        return uint256(now_.before) + now_.current;
    }

    /// The line as it stands in the present window.
    function _line(bytes32 line) internal view returns (Line memory now_) {
        now_ = lines[line];
        if (now_.window == 0) revert UnknownLine(line);
        uint32 index = uint32(block.timestamp / now_.window);
        if (index == now_.index) return now_;
        now_.before = index == now_.index + 1 ? now_.current : 0;
        now_.current = 0;
        now_.index = index;
    }

    /// @dev A window of any position touches two of the fixed ones at most, and both together stay within the
    /// cap: a use counts for at least one window and for less than two.
    function _spend(bytes32 line, Line memory now_, uint256 amount) internal {
        uint256 units = Math.ceilDiv(amount, 10 ** now_.exponent);
        uint256 before = uint256(now_.before) + now_.current;
        if (units > now_.cap || before > now_.cap - units) revert CapExceeded(line, now_.cap, before, units);
        // At most the cap.
        now_.current += uint56(units);
        lines[line] = now_;
    }

    function _setLine(bytes32 line, uint8 word, uint8 exponent, uint56 cap, uint32 window) private {
        if (window == 0) revert UnknownLine(line);
        if (exponent > EXPONENT_MAX) revert ExponentTooLarge(exponent);
        uint256 carried;
        if (lines[line].window != 0) {
            // What was used counts on, as if it were used now.
            Line memory old = _line(line);
            uint256 sum = (uint256(old.before) + old.current) * 10 ** old.exponent;
            carried = Math.min(Math.ceilDiv(sum, 10 ** exponent), type(uint56).max);
        }
        uint32 index = uint32(block.timestamp / window);
        lines[line] = Line(word, exponent, window, cap, index, 0, uint56(carried));
        emit LineSet(line, word, exponent, cap, window);
    }

    function _permit(address target, bytes4 selector, bytes32 line) private {
        lineOf[target][selector] = line;
        emit Permitted(target, selector, line);
    }

    function _stand(bytes32 policy, bytes32 line, Standing stands) private {
        standing[policy][line] = stands;
        emit PolicyStands(policy, line, stands);
    }
}
