// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Escrow} from "../src/Escrow.sol";
import {IGate} from "../src/IGate.sol";
import {Token} from "../src/Token.sol";
import {Outcome} from "../src/lib/Outcome.sol";
import {GateWorld} from "./GateWorld.sol";
import {Tree} from "./Tree.sol";

/// @notice Holders, co-signers and a guardian who act at random; keeps its own books beside the contracts.
contract Actors is GateWorld {
    address[3] private holders = [address(0xa1), address(0xb2), address(0xc3)];
    bytes32[4] private caseIds = [bytes32("one"), bytes32("two"), bytes32("three"), bytes32("four")];
    uint32 private ordinals;

    IGate.Opening[] private openings;
    uint256[] private amounts;
    bool[] private done;

    /// What should have come into being, and what should have gone.
    uint256 public minted;
    uint256 public burned;
    /// What was minted when.
    uint256[] public mintTimes;
    uint256[] public mintAmounts;
    /// Roots as they were first anchored.
    uint64[] public sizes;
    bytes32[] public roots;
    mapping(bytes32 => uint256) public deposits;
    uint256 public depositsSum;

    constructor() {
        build();
        for (uint256 i = 0; i < 3; i++) {
            vm.prank(holders[i]);
            token.approve(address(escrow), type(uint256).max);
        }
    }

    function decideMint(uint256 who, uint256 amount) external {
        amount = bound(amount, 0, uint256(CAP) + 1);
        openings.push(record(mintOf(holders[who % 3], amount)));
        amounts.push(amount);
        done.push(false);
    }

    function certify(uint256 more) external {
        grow(log.length + bound(more, 0, 3));
        if (log.length == 0) return;
        anchorAll(anchor);
        if (sizes.length == 0 || sizes[sizes.length - 1] != anchor.head()) {
            sizes.push(anchor.head());
            roots.push(anchor.rootAt(LEDGER, anchor.head()));
        }
    }

    /// Any outcome at all, executed or not, at any anchored size, on time or late.
    function executeAny(uint256 which, uint256 where) external {
        if (openings.length == 0 || sizes.length == 0) return;
        which %= openings.length;
        uint64 size = sizes[where % sizes.length];
        IGate.Opening memory opening = openings[which];
        if (opening.index < size) opening.path = Tree.path(log, opening.index, size);
        (bool went,) = answerOf(address(gate), abi.encodeCall(gate.execute, (opening, size)));
        if (!went) return;
        yes(!done[which], "twice");
        yes(opening.index < size, "beyond what is anchored");
        done[which] = true;
        minted += amounts[which];
        mintTimes.push(block.timestamp);
        mintAmounts.push(amounts[which]);
    }

    function deposit(uint256 who, uint256 which, uint256 amount) external {
        address holder = holders[who % 3];
        uint256 balance = token.balanceOf(holder);
        if (balance == 0) return;
        amount = bound(amount, 1, balance);
        vm.prank(holder);
        escrow.deposit(caseIds[which % 4], address(token), amount);
        deposits[_key(who, which)] += amount;
        depositsSum += amount;
    }

    /// Release, refund or burn of any part of a deposit, or more than there is.
    function settle(uint256 who, uint256 which, uint256 amount, uint256 how) external {
        bytes32 caseId = caseIds[which % 4];
        address holder = holders[who % 3];
        bytes32 key = _key(who, which);
        amount = bound(amount, 0, deposits[key] + 1);
        bytes memory data = how % 3 == 0
            ? abi.encodeCall(
                Escrow.release, (caseId, holder, address(token), holders[(who >> 8) % 3], amount)
            )
            : how % 3 == 1
                ? abi.encodeCall(Escrow.refund, (caseId, holder, address(token), amount))
                : abi.encodeCall(Escrow.burn, (caseId, holder, address(token), amount));
        Outcome memory outcome = escrowOf(caseId, data);
        outcome.ordinal = ordinals++;
        (IGate.Opening memory opening, uint64 size) = anchored(record(outcome));
        (bool went,) = answerOf(address(gate), abi.encodeCall(gate.execute, (opening, size)));
        bool paused = block.timestamp < pausedUntil();
        yes(went == (!paused && amount <= deposits[key]), "settled against the books");
        if (!went) return;
        deposits[key] -= amount;
        depositsSum -= amount;
        if (how % 3 == 2) burned += amount;
    }

    function withdraw(uint256 who) external {
        address holder = holders[who % 3];
        uint256 owed = escrow.owed(holder, address(token));
        if (owed == 0) return;
        uint256 before = token.balanceOf(holder);
        escrow.withdraw(holder, address(token));
        same(token.balanceOf(holder), before + owed, "paid what was owed");
    }

    function pause(uint256 until) external {
        vm.prank(GUARDIAN);
        answerOf(
            address(gate),
            abi.encodeCall(gate.pause, (uint48(bound(until, block.timestamp, block.timestamp + 8 days))))
        );
        yes(pausedUntil() <= block.timestamp + 7 days, "paused for too long");
    }

    function pass(uint256 time) external {
        // Mostly within the time of an outcome, now and then past it.
        vm.warp(block.timestamp + bound(time >> 8, 0, time % 4 == 0 ? 10 hours : 5 minutes));
    }

    function pausedUntil() public view returns (uint48 until) {
        (, until,) = gate.guard();
    }

    function supply() external view returns (uint256) {
        return token.totalSupply();
    }

    function held() external view returns (uint256) {
        return token.balanceOf(address(escrow));
    }

    function owedSum() external view returns (uint256 sum) {
        for (uint256 i = 0; i < 3; i++) {
            sum += escrow.owed(holders[i], address(token));
        }
    }

    function mostInOneWindow() external view returns (uint256 most) {
        for (uint256 i = 0; i < mintTimes.length; i++) {
            uint256 sum;
            for (uint256 j = i; j < mintTimes.length && mintTimes[j] < mintTimes[i] + WINDOW; j++) {
                sum += mintAmounts[j];
            }
            if (sum > most) most = sum;
        }
    }

    function cap() external pure returns (uint256) {
        return CAP;
    }

    function rewritten() external view returns (bool) {
        for (uint256 i = 0; i < sizes.length; i++) {
            if (anchor.rootAt(LEDGER, sizes[i]) != roots[i]) return true;
            if (i > 0 && sizes[i] <= sizes[i - 1]) return true;
        }
        return false;
    }

    function _key(uint256 who, uint256 which) private pure returns (bytes32) {
        return keccak256(abi.encode(who % 3, which % 4));
    }
}

contract InvariantsTest is GateWorld {
    Actors private actors;

    function setUp() external {
        actors = new Actors();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    /// The actors can do what the invariants speak of; else these would hold of nothing.
    function test_the_actors_mint_deposit_burn_and_are_paid() external {
        actors.decideMint(0, 100);
        actors.certify(1);
        actors.executeAny(0, 0);
        same(actors.minted(), 100, "minted");
        actors.deposit(0, 0, 100);
        actors.settle(0, 0, 40, 2);
        same(actors.burned(), 40, "burned");
        actors.settle(0, 0, 25, 1);
        same(actors.owedSum(), 25, "owed");
        actors.withdraw(0);
        same(actors.held(), 35, "held");
    }

    function invariant_supply_is_what_decided_outcomes_minted_less_what_they_burned() external view {
        same(actors.supply(), actors.minted() - actors.burned(), "supply");
    }

    function invariant_escrow_holds_exactly_what_is_deposited_or_owed() external view {
        same(actors.held(), actors.depositsSum() + actors.owedSum(), "held");
    }

    function invariant_no_window_sees_more_than_the_cap() external view {
        yes(actors.mostInOneWindow() <= actors.cap(), "more than the cap");
    }

    function invariant_no_anchored_root_changes() external view {
        yes(!actors.rewritten(), "rewritten");
    }
}
