// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IGate} from "../IGate.sol";
import {Itself} from "./Itself.sol";

/// @title Lines
/// @notice Holds which policy may use which line, which calls belong to it, and how much of it was used; only the Gate
/// itself changes it, by governance outcomes.
abstract contract Lines is IGate, Itself {
    /// Every call of such a line counts one.
    uint8 internal constant WORD_NONE = 255;

    /// What a line has used in the window that began at `index * window`, and in the one before.
    struct Usage {
        uint32 index;
        uint112 before;
        uint112 current;
    }

    mapping(bytes32 policy => mapping(bytes32 line => Standing)) public standing;
    mapping(address target => mapping(bytes4 selector => bytes32)) public lineOf;
    mapping(bytes32 line => Line) public lines;
    mapping(bytes32 line => Usage) private _usage;

    constructor(
        LineSetup[] memory lines_,
        PermissionSetup[] memory permissions,
        PolicySetup[] memory policies
    ) {
        for (uint256 i = 0; i < lines_.length; i++) {
            _setLine(lines_[i].line, lines_[i].word, lines_[i].cap, lines_[i].window);
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
    function tighten(bytes32 line, uint112 cap, uint32 window) external onlyItself {
        Line memory old = lines[line];
        if (old.window == 0) revert UnknownLine(line);
        if (cap > old.cap || window < old.window) revert Loosens();
        _setLine(line, old.word, cap, window);
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
    function setLine(bytes32 line, uint8 word, uint112 cap, uint32 window) external onlyItself {
        _setLine(line, word, cap, window);
    }

    /// @notice What of a line counts against its cap now.
    function used(bytes32 line) external view returns (uint256) {
        Usage memory usage = _rolled(line, lines[line].window);
        return uint256(usage.before) + usage.current;
    }

    /// @dev A window of any position touches two of the fixed ones at most, and both together stay within the cap: a
    /// use counts for at least one window and for less than two.
    function _spend(bytes32 line, uint112 cap, uint32 window, uint256 amount) internal {
        Usage memory usage = _rolled(line, window);
        uint256 before = uint256(usage.before) + usage.current;
        if (before > cap || amount > cap - before) revert CapExceeded(line, cap, before, amount);
        // `amount` is at most `cap`.
        usage.current += uint112(amount);
        _usage[line] = usage;
    }

    function _rolled(bytes32 line, uint32 window) private view returns (Usage memory usage) {
        usage = _usage[line];
        uint32 index = window == 0 ? 0 : uint32(block.timestamp / window);
        if (index == usage.index) return usage;
        usage.before = index == usage.index + 1 ? usage.current : 0;
        usage.current = 0;
        usage.index = index;
    }

    function _setLine(bytes32 line, uint8 word, uint112 cap, uint32 window) private {
        if (window == 0) revert UnknownLine(line);
        uint32 old = lines[line].window;
        if (old != 0 && old != window) {
            // What was used counts on, as if it were used now.
            Usage memory usage = _rolled(line, old);
            uint256 sum = uint256(usage.before) + usage.current;
            uint112 carried = sum > type(uint112).max ? type(uint112).max : uint112(sum);
            _usage[line] = Usage(uint32(block.timestamp / window), 0, carried);
        }
        lines[line] = Line(cap, window, word);
        emit LineSet(line, word, cap, window);
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
