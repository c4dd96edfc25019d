// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAnchor} from "../../src/IAnchor.sol";
import {LogProof} from "../../src/lib/LogProof.sol";
import {RotationRecord} from "../../src/lib/RotationRecord.sol";
import {Test} from "../Test.sol";
import {Spelling} from "../World.sol";

contract RotationRecordTest is Test {
    Spelling private immutable SPELLING = new Spelling();

    function test_the_record_is_spelled_as_a_json_writer_spells_it() external view {
        string memory json = vm.readFile("test/fixtures/rotation.json");
        IAnchor.Rotation memory rotation = _read(json);
        bytes memory body = SPELLING.enacted(rotation);
        same(body, bytes(vm.parseJsonString(json, ".body")), "body");
        bytes32 leaf = LogProof.leafHash(1, rotation.time, rotation.salt, body);
        same(leaf, wordOf(json, ".leaf_hash"), "leaf hash");
    }

    function test_letters_that_could_end_a_json_string_are_refused() external {
        IAnchor.Rotation memory rotation = _read(vm.readFile("test/fixtures/rotation.json"));
        rotation.members[1].name = 'x"},{"address":"';
        vm.expectRevert(abi.encodeWithSelector(RotationRecord.NameForm.selector, 1));
        SPELLING.enacted(rotation);
        rotation.members[1].name = "x";
        rotation.members[2].lei = bytes20('5299000000"000000002');
        vm.expectRevert(abi.encodeWithSelector(RotationRecord.LeiForm.selector, 2));
        SPELLING.enacted(rotation);
    }

    function _read(string memory json) private pure returns (IAnchor.Rotation memory rotation) {
        rotation.members = new IAnchor.Member[](4);
        for (uint256 i = 0; i < 4; i++) {
            string memory member = item(".members", i);
            rotation.members[i] = IAnchor.Member(
                vm.parseJsonAddress(json, string.concat(member, ".address")),
                bytes20(bytes(vm.parseJsonString(json, string.concat(member, ".lei")))),
                vm.parseJsonString(json, string.concat(member, ".name"))
            );
        }
        rotation.threshold = uint8(vm.parseJsonUint(json, ".threshold"));
        rotation.caseId = wordOf(json, ".case");
        rotation.prev = wordOf(json, ".prev");
        rotation.salt = wordOf(json, ".salt");
        rotation.time = uint64(vm.parseJsonUint(json, ".time"));
    }
}
