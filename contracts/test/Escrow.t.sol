// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Escrow} from "../src/Escrow.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {IToken} from "../src/IToken.sol";
import {Token} from "../src/Token.sol";
import {Test} from "./Test.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// Takes a hundredth of every transfer.
contract FeeToken is ERC20("fee", "FEE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : amount / 100;
        super._update(from, to, amount - fee);
        if (fee != 0) super._update(from, address(0xfee), fee);
    }
}

/// Answers nothing, as some old tokens do.
contract ReturnlessToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// Answers false instead of reverting, and burns less than it is asked to.
contract LyingToken {
    mapping(address => uint256) public balanceOf;
    bool public honest = true;

    function lie() external {
        honest = false;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address, uint256) external pure returns (bool) {
        return false;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        if (!honest) return false;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function burn(uint256 amount) external {
        balanceOf[msg.sender] -= amount / 2;
    }
}

/// Calls back into Escrow from within a transfer.
contract Reentrant is ERC20("again", "AGAIN") {
    Escrow private escrow;
    bytes private back;

    function arm(Escrow escrow_, bytes calldata back_) external {
        (escrow, back) = (escrow_, back_);
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (back.length == 0) return;
        bytes memory call = back;
        back = "";
        (bool went, bytes memory answer) = address(escrow).call(call);
        if (!went) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
    }
}

contract EscrowTest is Test {
    bytes32 private constant CASE = keccak256("case");
    address private constant BOB = address(0xb0b);
    address private constant GATE = address(0x6a7e);
    uint256 private constant KEY = 0xa11ce;
    address private immutable ALICE = vm.addr(KEY);

    Escrow private escrow;
    Token private token;

    function setUp() external {
        vm.prank(GATE);
        escrow = new Escrow();
        token = new Token("Acme dollar", "ACME", 6, GATE);
        vm.prank(GATE);
        token.mint(ALICE, 100);
        vm.prank(ALICE);
        token.approve(address(escrow), type(uint256).max);
    }

    function test_a_deposit_is_released_refunded_and_burned_in_parts() external {
        _deposit(100);
        _byGate(abi.encodeCall(Escrow.release, (CASE, ALICE, address(token), BOB, 30)));
        _byGate(abi.encodeCall(Escrow.refund, (CASE, ALICE, address(token), 20)));
        _byGate(abi.encodeCall(Escrow.burn, (CASE, ALICE, address(token), 50)));
        same(escrow.deposited(CASE, ALICE, address(token)), 0, "all of it has gone");
        escrow.withdraw(BOB, address(token));
        escrow.withdraw(ALICE, address(token));
        same(token.balanceOf(BOB), 30, "released");
        same(token.balanceOf(ALICE), 20, "refunded");
        same(token.totalSupply(), 50, "burned");
    }

    function test_nobody_but_the_gate_says_where_a_deposit_goes() external {
        _deposit(100);
        bytes[3] memory calls = [
            abi.encodeCall(Escrow.release, (CASE, ALICE, address(token), ALICE, 1)),
            abi.encodeCall(Escrow.refund, (CASE, ALICE, address(token), 1)),
            abi.encodeCall(Escrow.burn, (CASE, ALICE, address(token), 1))
        ];
        for (uint256 i = 0; i < 3; i++) {
            vm.prank(ALICE);
            (bool went, bytes4 name) = answerOf(address(escrow), calls[i]);
            yes(!went && name == IEscrow.OnlyGate.selector, "a stranger was obeyed");
        }
    }

    function testFuzz_no_more_than_was_deposited_by_this_depositor_in_this_case_moves(
        uint256 in_,
        uint256 out
    ) external {
        in_ = bound(in_, 1, 100);
        out = bound(out, in_ + 1, type(uint256).max);
        _deposit(in_);
        bytes32 other = keccak256("other");
        if (in_ < 100) {
            vm.prank(ALICE);
            escrow.deposit(other, address(token), 100 - in_);
        }
        vm.prank(GATE);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotDeposited.selector, CASE, ALICE, token, in_, out));
        escrow.release(CASE, ALICE, address(token), BOB, out);
        vm.prank(GATE);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotDeposited.selector, CASE, BOB, token, 0, 1));
        escrow.refund(CASE, BOB, address(token), 1);
    }

    function test_a_payout_that_reverts_stays_claimable() external {
        _deposit(100);
        _byGate(abi.encodeCall(Escrow.refund, (CASE, ALICE, address(token), 100)));
        vm.prank(GATE);
        token.freeze(ALICE, keccak256("order"));
        vm.expectRevert(abi.encodeWithSelector(IToken.AccountFrozen.selector, ALICE));
        escrow.withdraw(ALICE, address(token));
        same(escrow.owed(ALICE, address(token)), 100, "still owed");
        vm.prank(GATE);
        token.thaw(ALICE, keccak256("order"));
        escrow.withdraw(ALICE, address(token));
        same(token.balanceOf(ALICE), 100, "paid");
        vm.expectRevert(IEscrow.NothingToMove.selector);
        escrow.withdraw(ALICE, address(token));
    }

    function test_nothing_is_released_to_an_address_that_can_never_be_paid() external {
        _deposit(100);
        address[2] memory dead = [address(0), address(escrow)];
        for (uint256 i = 0; i < 2; i++) {
            vm.prank(GATE);
            vm.expectRevert(abi.encodeWithSelector(IEscrow.NotPayable.selector, dead[i]));
            escrow.release(CASE, ALICE, address(token), dead[i], 1);
        }
    }

    function test_a_fee_on_transfer_is_refused_by_name() external {
        FeeToken fee = new FeeToken();
        fee.mint(ALICE, 1000);
        vm.prank(ALICE);
        fee.approve(address(escrow), 1000);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.FeeOnTransfer.selector, 1000, 990));
        escrow.deposit(CASE, address(fee), 1000);
    }

    function test_a_returnless_token_is_held_and_paid() external {
        ReturnlessToken old = new ReturnlessToken();
        old.mint(ALICE, 10);
        vm.prank(ALICE);
        old.approve(address(escrow), 10);
        vm.prank(ALICE);
        escrow.deposit(CASE, address(old), 10);
        _byGate(abi.encodeCall(Escrow.release, (CASE, ALICE, address(old), BOB, 10)));
        escrow.withdraw(BOB, address(old));
        same(old.balanceOf(BOB), 10, "paid");
    }

    function test_a_token_that_answers_false_neither_comes_in_nor_counts_as_paid() external {
        LyingToken lying = new LyingToken();
        lying.mint(ALICE, 10);
        vm.prank(ALICE);
        escrow.deposit(CASE, address(lying), 10);
        _byGate(abi.encodeCall(Escrow.release, (CASE, ALICE, address(lying), BOB, 4)));
        bytes memory failed = abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, lying);
        vm.expectRevert(failed);
        escrow.withdraw(BOB, address(lying));
        same(escrow.owed(BOB, address(lying)), 4, "still owed");
        vm.prank(GATE);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BurnDiffers.selector, 6, 3));
        escrow.burn(CASE, ALICE, address(lying), 6);
        lying.lie();
        vm.prank(ALICE);
        vm.expectRevert(failed);
        escrow.deposit(CASE, address(lying), 1);
    }

    function test_a_token_without_code_is_refused() external {
        vm.prank(ALICE);
        vm.expectRevert();
        escrow.deposit(CASE, address(0xdead), 10);
    }

    function test_a_token_that_calls_back_enters_nowhere() external {
        Reentrant again = new Reentrant();
        again.mint(ALICE, 10);
        again.mint(address(again), 10);
        vm.prank(ALICE);
        again.approve(address(escrow), 10);
        bytes[2] memory calls = [
            abi.encodeCall(Escrow.deposit, (CASE, address(again), 1)),
            abi.encodeCall(Escrow.withdraw, (BOB, address(again)))
        ];
        for (uint256 i = 0; i < 2; i++) {
            again.arm(escrow, calls[i]);
            vm.prank(ALICE);
            (bool went, bytes4 name) =
                answerOf(address(escrow), abi.encodeCall(Escrow.deposit, (CASE, address(again), 10)));
            yes(!went && name == bytes4(keccak256("ReentrancyGuardReentrantCall()")), "it entered");
        }
    }

    function test_a_permit_deposits_in_one_transaction_and_a_front_runner_does_not_spoil_it() external {
        vm.prank(ALICE);
        token.approve(address(escrow), 0);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _permitHash(60));
        token.permit(ALICE, address(escrow), 60, block.timestamp, v, r, s);
        vm.prank(ALICE);
        escrow.depositWithPermit(CASE, address(token), 60, block.timestamp, v, r, s);
        same(escrow.deposited(CASE, ALICE, address(token)), 60, "deposited");
        (v, r, s) = vm.sign(KEY, _permitHash(40));
        vm.prank(ALICE);
        escrow.depositWithPermit(CASE, address(token), 40, block.timestamp, v, r, s);
        same(escrow.deposited(CASE, ALICE, address(token)), 100, "both");
    }

    function test_without_allowance_a_bad_permit_deposits_nothing() external {
        vm.prank(ALICE);
        token.approve(address(escrow), 0);
        vm.prank(ALICE);
        vm.expectRevert();
        escrow.depositWithPermit(CASE, address(token), 60, block.timestamp, 27, bytes32("r"), bytes32("s"));
    }

    function test_nothing_is_no_deposit() external {
        vm.prank(ALICE);
        vm.expectRevert(IEscrow.NothingToMove.selector);
        escrow.deposit(CASE, address(token), 0);
    }

    function _deposit(uint256 amount) private {
        vm.prank(ALICE);
        escrow.deposit(CASE, address(token), amount);
    }

    function _byGate(bytes memory call) private {
        vm.prank(GATE);
        (bool went,) = address(escrow).call(call);
        yes(went, "the Gate was not obeyed");
    }

    function _permitHash(uint256 amount) private view returns (bytes32) {
        bytes32 kind =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash =
            keccak256(abi.encode(kind, ALICE, address(escrow), amount, token.nonces(ALICE), block.timestamp));
        return keccak256(abi.encodePacked(bytes2(0x1901), token.DOMAIN_SEPARATOR(), structHash));
    }
}
