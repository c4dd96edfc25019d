import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { Stage } from "./stories.js";

const FOLDER = new URL("../../../../../policies/", import.meta.url);

for (const policy of readdirSync(FOLDER)) {
  const stage = new Stage(policy);
  for (const story of stage.stories) {
    test(`${policy}: ${story.name}`, () => {
      let acts = 0;
      stage.play(stage.ledger(), story, ({ expect }, { drafts, refused }) => {
        acts += 1;
        const decides = drafts.some(({ tag }) => tag === 2);
        const said = refused === undefined ? (decides ? "decided" : "accepted") : `refused:${refused}`;
        assert.equal(said, expect, `act ${acts}`);
      });
      assert.equal(acts, story.acts.length);
    });
  }
}
