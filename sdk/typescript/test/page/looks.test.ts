import assert from "node:assert/strict";
import { test } from "node:test";
import type { FileChooser, Page } from "playwright-core";
import { choose, Sessions, SKIP, texts, verify, type Chosen } from "./browser.js";
import { contrasts } from "./contrast.js";
import { filesOf, published, sayingPack, storyPack, TRUST, type Both } from "./made.js";

const sessions = new Sessions();
const CONTRAST_MIN = 4.5;

const unbroken = (): Both =>
  filesOf(sayingPack("T".repeat(200), "w".repeat(500), "r".repeat(500)), `${"n".repeat(120)}.json`);
/** Made when first asked for, and once. */
const once = (make: () => Both): (() => Both) => {
  let made: Both | undefined;
  return () => (made ??= make());
};
const SHOWN: readonly (readonly [name: string, files: () => Both])[] = [
  ["a verified pack", () => ({ pack: published("suspect.json"), trust: TRUST })],
  ["a failed pack", () => ({ pack: published("signature_changed.json"), trust: TRUST })],
  ["a pack with parts withheld", () => ({ pack: published("claim_withheld.json"), trust: TRUST })],
  ["a long case", once(() => filesOf(storyPack("stablecoin-issue", "issued")))],
  ["an attempt", once(() => filesOf(storyPack("stablecoin-issue", "hit")))],
  ["words without a space", once(unbroken)],
];

async function openDetails(page: Page): Promise<void> {
  await page.locator("details").evaluateAll((all) => {
    for (const details of all) (details as HTMLDetailsElement).open = true;
  });
}

for (const width of [360, 390, 768, 1280]) {
  test(`nothing is wider than a screen of ${width} pixels`, { skip: SKIP }, () =>
    sessions.on(
      async (page) => {
        const beyond = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.equal(await beyond(), 0, "empty");
        for (const [name, files] of SHOWN) {
          const { pack, trust } = files();
          await verify(page, pack, trust);
          await openDetails(page);
          assert.equal(await beyond(), 0, name);
        }
      },
      { viewport: { width, height: 844 } },
    ),
  );
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const media of ["screen", "print"] as const) {
    test(`text stands out from what is behind it: ${colorScheme}, ${media}`, { skip: SKIP }, () =>
      sessions.on(
        async (page) => {
          await page.emulateMedia({ media });
          for (const [name, files] of SHOWN) {
            const { pack, trust } = files();
            await verify(page, pack, trust);
            await openDetails(page);
            const found = await contrasts(page);
            assert.ok(found.length > 40, `${found.length} texts`);
            const low = found.filter(({ ratio }) => ratio < CONTRAST_MIN);
            assert.deepEqual(low, [], name);
          }
          await choose(page, "pack", { name: "other", bytes: "no" });
          await page.waitForSelector(".zone.wrong", { state: "attached" });
          assert.deepEqual(
            (await contrasts(page)).filter(({ ratio }) => ratio < CONTRAST_MIN),
            [],
          );
        },
        { colorScheme },
      ),
    );
  }
}

test("light and dark are not the same", { skip: SKIP }, async () => {
  const shades: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await sessions.on(
      async (page) => {
        shades.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      },
      { colorScheme },
    );
  }
  assert.equal(new Set(shades).size, 2);
});

test("everything can be done by keyboard alone", { skip: SKIP, timeout: 120_000 }, () =>
  sessions.on(async (page) => {
    const focused = () =>
      page.evaluate(() => {
        const at = document.activeElement;
        return at?.id || at?.getAttribute("aria-label") || at?.textContent || "";
      });
    const tab = async (): Promise<string> => {
      await page.keyboard.press("Tab");
      return focused();
    };
    // Heard all the time: to listen anew for each dialog would race with the key that opens it.
    let opened: (chooser: FileChooser) => void = () => undefined;
    page.on("filechooser", (chooser) => opened(chooser));
    const give = async (file: Chosen): Promise<void> => {
      const asked = new Promise<FileChooser>((resolve) => (opened = resolve));
      await page.keyboard.press("Space");
      const buffer = Buffer.from(file.bytes as Uint8Array);
      await (await asked).setFiles({ name: file.name, mimeType: "application/json", buffer });
    };
    assert.equal(await tab(), "Skip to the answer");
    assert.equal(await tab(), "pack-file");
    const outline = await page
      .locator("#pack-file + label .ask")
      .evaluate((ask) => getComputedStyle(ask).outlineStyle);
    assert.equal(outline, "solid");
    await give(published("decided.json"));
    await page.waitForSelector(".result.cannot_tell");
    assert.equal(await focused(), "pack-file");
    assert.equal(await tab(), "Remove the evidence pack");
    assert.equal(await tab(), "trust-file");
    await give(TRUST);
    await page.waitForSelector(".result.verified");
    assert.deepEqual(await texts(page, "#status"), ["Verified."]);
    assert.equal(await tab(), "Remove the trust file");
    assert.equal(await tab(), "Print or save as PDF");
    assert.match(await tab(), /^Record 10/);
    await page.keyboard.press("Enter");
    assert.equal(await page.locator(".entry details[open]").count(), 1);
    const rest: string[] = [];
    for (let at = 0; at < 4; at++) rest.push(await tab());
    assert.match(rest.join(), /^Record 12[^]*Record 13[^]*Record 14[^]*Save the report/);
    for (let at = 0; at < 6; at++) await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    assert.equal(await focused(), "trust-file");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".result.cannot_tell");
  }),
);

test("what people cannot see is told to those who listen", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    await verify(page, published("forged_decision.json"), TRUST);
    const names = await page.evaluate(() => ({
      language: document.documentElement.lang,
      unnamed: [...document.querySelectorAll("button, a, input, svg[role=img]")].filter((element) => {
        const label = element.id === "" ? null : document.querySelector(`label[for="${element.id}"]`);
        return !(element.getAttribute("aria-label") || element.textContent || label?.textContent);
      }).length,
      headings: [...document.querySelectorAll("h1, h2, h3")].map(({ tagName }) => Number(tagName[1])),
    }));
    assert.equal(names.language, "en");
    assert.equal(names.unnamed, 0);
    names.headings.reduce((before, after) => {
      assert.ok(after <= before + 1, `heading ${after} after ${before}`);
      return after;
    });
    assert.deepEqual(await texts(page, '[role="status"]'), ["Failed."]);
  }),
);

test("on a phone the answer is brought into view", { skip: SKIP }, () =>
  sessions.on(
    async (page) => {
      await verify(page, published("decided.json"), TRUST);
      const top = await page.locator("#verdict").evaluate((element) => element.getBoundingClientRect().top);
      assert.ok(top >= 0 && top < 422, `at ${top}`);
    },
    { viewport: { width: 390, height: 844 } },
  ),
);

test("in print all is open, and nothing is there to click", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    await verify(page, published("decided.json"), TRUST);
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    assert.equal(await page.locator("details:not([open])").count(), 0);
    assert.equal(await page.locator("button:visible, a.button:visible, #files:visible").count(), 0);
    assert.ok((await texts(page, ".about")).join().includes("decided.json"));
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    assert.equal(await page.locator("details[open]").count(), 0);
  }),
);
