import assert from "node:assert/strict";
import { test } from "node:test";
import { vectors } from "../vectors.js";
import { choose, Sessions, SKIP, texts, verify } from "./browser.js";
import { filesOf, published, storyPack, TRUST, withoutStatement } from "./made.js";

interface Case {
  readonly file: string;
  readonly trust: boolean;
  readonly verdict: "verified" | "failed" | "cannot_tell";
  readonly rule?: string;
  readonly record?: number;
  readonly missing: readonly string[];
  readonly flags: readonly string[];
  readonly rests_on: readonly string[];
}

const sessions = new Sessions();
const WORDS = { verified: "Verified", failed: "Failed", cannot_tell: "Cannot tell" };
const { cases } = vectors<{ readonly cases: readonly Case[] }>("pack/index.json");

for (const { file, trust, verdict, rule, record, missing, flags, rests_on } of cases) {
  const given = trust ? "with the trust file" : "without a trust file";
  test(`${file} ${given}: the page says what is published`, { skip: SKIP }, () =>
    sessions.on(async (page) => {
      await verify(page, published(file), trust ? TRUST : undefined);
      assert.deepEqual(await texts(page, "#verdict"), [WORDS[verdict]]);
      const codes = (within: string) =>
        page
          .locator(`${within} li[data-code]`)
          .evaluateAll((all) => all.map((item) => item.getAttribute("data-code")));
      assert.deepEqual(await codes("#why"), missing);
      assert.deepEqual(await codes("#flags"), flags);
      assert.deepEqual(await codes("#rests"), rests_on);
      assert.deepEqual(await texts(page, "#why dd > code"), rule === undefined ? [] : [rule]);
      const at = record === undefined ? [] : [`record ${record}`];
      assert.deepEqual(
        (await texts(page, "#why dd")).flatMap((text) => /^record \d+/.exec(text)?.[0] ?? []),
        at,
      );
    }),
  );
}

test(
  "a decided case is drawn: who, what, when by whose clock, what it unlocks, who certified",
  { skip: SKIP },
  () =>
    sessions.on(async (page) => {
      await verify(page, published("decided.json"), TRUST);
      assert.deepEqual(await texts(page, ".entry h3"), [
        "Case opened",
        "Step taken: release",
        "Decided",
        "Outcome unlocked: mint",
      ]);
      assert.deepEqual(await texts(page, ".entry .tag"), ["Re-run", "Re-run", "Re-run", "Re-run"]);
      assert.deepEqual(await texts(page, ".entry .who"), [
        "by DESK0000000000000063, as desk",
        "by RISK0000000000000003, as risk",
      ]);
      const [, release = ""] = await texts(page, ".entry");
      assert.match(
        release,
        /Between 06:10:13\.260 and 21 Nov 2026, 06:11:15\.370 UTC, by the clocks of cosigner-0, cosigner-1/,
      );
      assert.match(release, /Written 21 Nov 2026, 06:10:15\.270 UTC by the appender’s clock/);
      assert.match(release, /limit\s+500\.00 USD/);
      assert.match(release, /limit-report\s+document, in the pack/);
      assert.match(
        (await texts(page, ".call")).join(),
        /mint\(address,uint256\)[^]*100000000 \(100\.000000 tokens\)/,
      );
      assert.match(
        (await texts(page, "#chains")).join(),
        /not checked here[^]*nothing of whether it was carried out/,
      );
      assert.match((await texts(page, ".facts")).join(), /3 of 4 signed, 3 needed/);
      assert.deepEqual(await texts(page, ".members .signed bdi"), ["cosigner-0", "cosigner-1", "cosigner-2"]);
      assert.deepEqual(await texts(page, ".order svg.wide .name"), [
        "opening",
        "release",
        "decision",
        "mint",
      ]);
    }),
);

test("what is withheld, erased or hidden says so where it stands", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    await verify(page, published("claim_withheld.json"), TRUST);
    assert.deepEqual(await texts(page, ".claims .hidden"), ["not shown", "document, not in the pack"]);
    await verify(page, published("step_withheld.json"), TRUST);
    assert.ok((await texts(page, ".entry .tag")).includes("Withheld"));
    const { pack, trust } = filesOf(withoutStatement(storyPack("stablecoin-issue", "issued"), "erased"));
    await verify(page, pack, trust);
    assert.deepEqual(await texts(page, "#verdict"), ["Cannot tell"]);
    assert.ok((await texts(page, ".entry .tag")).includes("Erased"));
  }),
);

test("after a failure what was not reached is drawn as not checked", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    await verify(page, published("signature_changed.json"), TRUST);
    const tags = await texts(page, ".entry .tag");
    assert.deepEqual(tags, ["Not checked", "Fails here", "Not checked", "Not checked"]);
    assert.equal(await page.locator(".entry.broken").getAttribute("data-record"), "12");
  }),
);

test("a failure outside the case says what stands there", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    await verify(page, published("time_changed.json"), TRUST);
    assert.match((await texts(page, "#why")).join(), /record 15: the seal, which is the last/);
    const pack = JSON.parse(Buffer.from(published("decided.json").bytes as Uint8Array).toString("utf8")) as {
      excerpt: { records: { path: string[] }[] }[];
    };
    pack.excerpt[1]!.records[0]!.path.reverse();
    await verify(page, { name: "moved.json", bytes: JSON.stringify(pack) }, TRUST);
    assert.match((await texts(page, "#why")).join(), /record 1: change proposed, outside the case/);
  }),
);

test("a second pack replaces the first, and a trust file that comes later is used", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    await verify(page, published("decided.json"));
    assert.deepEqual(await texts(page, "#verdict"), ["Cannot tell"]);
    assert.match((await texts(page, "#why")).join(), /It must reach you by another route than the pack/);
    await choose(page, "trust", TRUST);
    await page.waitForSelector(".result.verified");
    await verify(page, published("forged_decision.json"));
    assert.deepEqual(await texts(page, "#verdict"), ["Failed"]);
    await page.getByRole("button", { name: "Remove the trust file" }).click();
    await page.waitForSelector('[data-place="trust"]:not(.full)');
    await verify(page, published("open.json"));
    assert.deepEqual(await texts(page, "#verdict"), ["Cannot tell"]);
  }),
);

test("a refused step, an attempt and a lapsed way are told in plain words", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    const failed = filesOf(storyPack("stablecoin-redeem", "payout-failed"));
    await verify(page, failed.pack, failed.trust);
    assert.deepEqual(await texts(page, "#verdict"), ["Verified"]);
    assert.ok((await texts(page, ".entry h3")).includes("Step refused by its party: payout"));
    assert.match((await texts(page, ".order svg.wide g.refused")).join(), /payout: refused/);
    const hit = filesOf(storyPack("stablecoin-issue", "hit"), "hit.json");
    await verify(page, hit.pack, hit.trust);
    assert.match((await texts(page, ".entry")).join(), /a condition of the policy was not met \(guard\)/);
  }),
);

test("the report that is saved is the verifier’s own", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    await verify(page, published("open.json"), TRUST);
    const downloaded = page.waitForEvent("download");
    await page.getByRole("link", { name: "Save the report" }).click();
    const stream = await (await downloaded).createReadStream();
    const bytes = (await stream.toArray()) as readonly Uint8Array[];
    const { format, verdict } = JSON.parse(Buffer.concat(bytes).toString("utf8")) as Record<string, string>;
    assert.deepEqual([format, verdict], ["lockstep-report/1", "verified"]);
  }),
);
