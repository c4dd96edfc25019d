import assert from "node:assert/strict";
import { readFile, truncate } from "node:fs/promises";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { choose, PAGE_FILE, Sessions, SKIP, texts, verify } from "./browser.js";
import { filesOf, published, sayingPack, TRUST } from "./made.js";

const sessions = new Sessions();
const MIB = 1024 * 1024;

/** What stands as wrong in a place, once something does. */
async function wrongIn(page: Page, place: "pack" | "trust"): Promise<string> {
  await page.waitForSelector(`[data-place="${place}"].wrong`);
  return (await texts(page, `[data-place="${place}"] .error`)).join();
}

const ATTACK = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;

test("words in a pack that look like markup stay words", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    const { pack, trust } = filesOf(sayingPack(ATTACK, ATTACK, ATTACK), `${ATTACK}.json`);
    await verify(page, pack, trust);
    assert.deepEqual(await texts(page, "#verdict"), ["Verified"]);
    const values = await texts(page, ".claims dd");
    assert.deepEqual(values, [ATTACK, ATTACK]);
    assert.deepEqual(await texts(page, ".policy"), [ATTACK]);
    assert.match((await texts(page, ".entry")).join("\n"), /In its own words: <img src=x onerror/);
    assert.equal(await page.locator("main img, main script").count(), 0);
    assert.equal(await page.evaluate(() => "hacked" in window), false);
  }),
);

test("letters that hide or turn text are shown by their numbers", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    const turned = "not\u202everified";
    await verify(page, { name: `${turned}.json`, bytes: published("decided.json").bytes }).catch(
      () => undefined,
    );
    assert.match((await texts(page, "#answer .about bdi")).join(), /^not⟨U\+202E⟩verified\.json/);
    assert.match((await texts(page, '[data-place="pack"] .file')).join(), /^not⟨U\+202E⟩verified\.json$/);
  }),
);

test("a file that is no pack gets a reason and no verdict", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    const cases: readonly (readonly [bytes: Uint8Array | string, reason: RegExp])[] = [
      ["", /the file is empty/],
      ["%PDF-1.7 minutes", /it is not JSON/],
      [new Uint8Array([0xff, 0xfe, 0x00]), /it is not JSON/],
      ["[1,2]", /does not say `"format":"lockstep-pack\/1"`/],
      ['{"format":"lockstep-pack/2"}', /its format is `lockstep-pack\/2`/],
    ];
    for (const [bytes, reason] of cases) {
      await verify(page, published("decided.json"));
      await choose(page, "pack", { name: "other.json", bytes });
      assert.match(await wrongIn(page, "pack"), reason);
      assert.equal(await page.locator("#verdict").count(), 0);
    }
  }),
);

test("a pack that is damaged is failed by its form", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    const whole = Buffer.from(published("decided.json").bytes as Uint8Array);
    const pretty = JSON.stringify(JSON.parse(whole.toString("utf8")), undefined, 2);
    for (const bytes of [whole.subarray(0, whole.length - 1), pretty]) {
      await verify(page, published("open.json"), TRUST);
      await verify(page, { name: "damaged.json", bytes }, TRUST);
      assert.deepEqual(await texts(page, "#verdict"), ["Failed"]);
      assert.deepEqual(await texts(page, "#why dd > code"), ["form"]);
    }
  }),
);

test("files that are too large are refused before they are read", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    const file = sessions.file("large.json", "");
    await truncate(file, 64 * MIB + 1);
    await page.setInputFiles("#pack-file", file);
    assert.match(await wrongIn(page, "pack"), /has 64\.0 MiB; an evidence pack has at most 64\.0 MiB/);
    await choose(page, "trust", { name: "large.json", bytes: new Uint8Array(65_537) });
    assert.match(await wrongIn(page, "trust"), /a trust file has at most 64\.0 KiB/);
    assert.equal(await page.locator("#verdict").count(), 0);
  }),
);

test("a trust file that cannot be used counts as none, and says so", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    await choose(page, "trust", { name: "trust.json", bytes: '{"committee":[]}' });
    assert.match(await wrongIn(page, "trust"), /no trust file that can be used: form/);
    await verify(page, published("decided.json"));
    assert.deepEqual(await texts(page, "#verdict"), ["Cannot tell"]);
    assert.match((await texts(page, "#why")).join(), /cannot be used, so it counts as none/);
  }),
);

test(
  "files that are dropped together, or in the wrong place, come to where they belong",
  { skip: SKIP },
  () =>
    sessions.on(async (page) => {
      const files = [published("decided.json"), TRUST].map(({ name, bytes }) => ({
        name,
        text: Buffer.from(bytes as Uint8Array).toString("utf8"),
      }));
      const drop = (at: string, given: typeof files) =>
        page.evaluate(
          ([selector, dropped]) => {
            const dataTransfer = new DataTransfer();
            for (const { name, text } of dropped) dataTransfer.items.add(new File([text], name));
            const event = { dataTransfer, bubbles: true, cancelable: true };
            document.querySelector(selector)?.dispatchEvent(new DragEvent("dragenter", event));
            return document.querySelector(selector)?.dispatchEvent(new DragEvent("drop", event));
          },
          [at, given] as const,
        );
      // Not cancelled, a drop would make the browser leave the page for the file.
      assert.equal(await drop("body", files), false);
      await page.waitForSelector(".result.verified");
      await drop('[data-place="pack"]', files.slice(1));
      await page.waitForSelector("#notice:not([hidden])");
      assert.match((await texts(page, "#notice")).join(), /That file is a trust file, and was put there/);
      assert.equal(await page.locator("body.dragging").count(), 0);
    }),
);

test(
  "a script, a style or a picture that somebody adds to the file does nothing",
  { skip: SKIP },
  async () => {
    const page = await readFile(PAGE_FILE, "utf8");
    const added =
      "<script>window.injected=1</script><style>#files{display:none}</style>" +
      `<img src="https://example.org/x.png" onerror="window.injected=2">` +
      `<div id="styled" style="display:none"></div>`;
    const file = sessions.file(
      "changed.html",
      page.replace("<main>", () => `${added}<main>`),
    );
    assert.notEqual(await readFile(file, "utf8"), page);
    await sessions.on(
      async (opened) => {
        await verify(opened, published("decided.json"), TRUST);
        assert.equal(await opened.evaluate(() => "injected" in window), false);
        assert.equal(await opened.locator("#files").isVisible(), true);
        assert.equal(
          await opened.evaluate(() => getComputedStyle(document.getElementById("styled")!).display),
          "block",
        );
        const wrong = sessions.takeWrong();
        assert.ok(wrong.length >= 4, wrong.join("\n"));
        // Chromium tells of the picture's request and then refuses it.
        assert.ok(
          wrong.every((text) =>
            /Content Security Policy|asked for https:\/\/example\.org\/x\.png/.test(text),
          ),
        );
      },
      {},
      file,
    );
  },
);

test("where a browser makes no worker, the page answers all the same", { skip: SKIP }, async () => {
  const page = await readFile(PAGE_FILE, "utf8");
  const file = sessions.file("alone.html", page.replace("worker-src blob:", "worker-src 'none'"));
  await sessions.on(
    async (opened) => {
      await verify(opened, published("decided.json"), TRUST);
      assert.deepEqual(await texts(opened, "#verdict"), ["Verified"]);
      assert.match(sessions.takeWrong().join(), /worker-src 'none'/);
    },
    {},
    file,
  );
});

test("a text without end does not fill the page", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    await verify(page, { name: "long.json", bytes: `{"case":"0","${"z".repeat(2 * MIB)}":1}` });
    assert.deepEqual(await texts(page, "#verdict"), ["Failed"]);
    const letters = await page.evaluate(() => document.body.innerText.length);
    assert.ok(letters < 20_000, `${letters} letters`);
  }),
);

test("the page can ask nothing, make no markup of text, and be sent nowhere", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    const answers = await page.evaluate(async () => {
      const refused = async (act: () => unknown): Promise<string> => {
        try {
          await act();
          return "done";
        } catch (error) {
          return error instanceof Error ? error.name : "refused";
        }
      };
      const socket = () =>
        new Promise((done, fail) => {
          const opened = new WebSocket("wss://example.org");
          opened.onopen = done;
          opened.onerror = () => fail(new TypeError("refused"));
        });
      return [
        await refused(() => fetch("https://example.org")),
        await refused(() => new Worker("https://example.org/worker.js")),
        await refused(() => (document.body.innerHTML = "<p>made</p>")),
        await refused(() => document.write("<p>made</p>")),
        await refused(socket),
      ];
    });
    assert.deepEqual(answers, ["TypeError", "TypeError", "TypeError", "TypeError", "TypeError"]);
    assert.ok(
      sessions.takeWrong().every((text) => /Content Security Policy|TrustedHTML|TrustedScriptURL/.test(text)),
    );
  }),
);

/** A pack in form of so many parts that it takes long to find out that it is none. */
function slow(): Uint8Array {
  const parts = 6_000_000;
  return Buffer.from(`{"case":"${"0".repeat(64)}","excerpt":[${"[],".repeat(parts)}[]]}`);
}

test("long work happens beside the page, shows that it goes on, and can be stopped", { skip: SKIP }, () =>
  sessions.on(async (page) => {
    const file = sessions.file("slow.json", slow());
    const worker = page.waitForEvent("worker");
    await page.setInputFiles("#pack-file", file);
    assert.match((await worker).url(), /^blob:/);
    await page.waitForSelector("#progress:not([hidden])");
    await page.getByRole("button", { name: "Stop" }).click();
    assert.match((await texts(page, "#notice")).join(), /^Stopped/);
    assert.equal(await page.locator("#progress").isVisible(), false);
    // What was stopped does not come back over the next answer.
    await verify(page, published("decided.json"), TRUST);
    assert.deepEqual(await texts(page, "#verdict"), ["Verified"]);
  }),
);
