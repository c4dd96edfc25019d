// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAnchor} from "../../src/IAnchor.sol";
import {LogProof} from "../../src/lib/LogProof.sol";
import {RotationRecord} from "../../src/lib/RotationRecord.sol";
import {World} from "../World.sol";

contract RotationRecordTest is World {
    function test_vector_the_record_is_spelled_as_rust_spells_it() external view {
        string memory json = vm.readFile("../vectors/chain.json");
        IAnchor.Rotation memory rotation = rotationOf(json, ".rotation");
        bytes memory body = SPELLING.enacted(rotation);
        same(body, bytes(vm.parseJsonString(json, ".rotation.body")), "body");
        bytes32 leaf = LogProof.leafHash(1, rotation.time, rotation.salt, body);
        same(leaf, wordOf(json, ".rotation.leaf_hash"), "leaf hash");
    }

    function test_letters_that_could_end_a_json_string_are_refused() external {
        IAnchor.Rotation memory rotation = rotationOf(vm.readFile("../vectors/chain.json"), ".rotation");
        rotation.members[1].name = 'x"},{"address":"';
        vm.expectRevert(abi.encodeWithSelector(RotationRecord.NameForm.selector, 1));
        SPELLING.enacted(rotation);
        rotation.members[1].name = "x";
        rotation.members[2].lei = bytes20('5299000000"000000002');
        vm.expectRevert(abi.encodeWithSelector(RotationRecord.LeiForm.selector, 2));
        SPELLING.enacted(rotation);
    }
}
