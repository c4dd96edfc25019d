import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

/** The page in a real browser that reaches no network. Not a test by itself. */

export const PAGE_FILE: string = fileURLToPath(new URL("../../page/verify.html", import.meta.url));

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Whatever asked for a host would get no answer.
  "--host-resolver-rules=MAP * ~NOTFOUND",
];

const EXECUTABLE = (process.env["PATH"] ?? "")
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((file) => existsSync(file));

/** Why a test of the page is skipped; false, where there is a browser. */
export const SKIP: string | false =
  EXECUTABLE === undefined ? `no Chromium on the path (${NAMES.join(", ")})` : false;

/** One browser and one folder for the tests of a file, and what they must not have seen. */
export class Sessions {
  #browser: Browser | undefined;
  #folder = "";
  readonly #wrong: string[] = [];

  constructor() {
    before(async () => {
      this.#folder = mkdtempSync(join(tmpdir(), "lockstep-page-"));
      if (EXECUTABLE !== undefined)
        this.#browser = await chromium.launch({ executablePath: EXECUTABLE, args: QUIET });
    });
    after(async () => {
      await this.#browser?.close();
      rmSync(this.#folder, { recursive: true });
    });
  }

  /** Runs a test on a fresh page; fails it on errors in the console, and on requests for anything else. */
  async on(
    use: (page: Page) => Promise<void>,
    options: BrowserContextOptions = {},
    file: string = PAGE_FILE,
  ): Promise<void> {
    const context = await (this.#browser ?? assert.fail("no browser")).newContext(options);
    try {
      this.#wrong.length = 0;
      const own = pathToFileURL(file).href;
      context.on("request", (request) => {
        const url = request.url();
        if (url !== own && !url.startsWith("blob:")) this.#wrong.push(`asked for ${url}`);
      });
      await context.route(/^https?:/, (route) => route.abort());
      const page = await context.newPage();
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) this.#wrong.push(message.text());
      });
      page.on("pageerror", (error) => this.#wrong.push(error.message));
      await page.goto(own);
      await use(page);
      assert.deepEqual(this.#wrong, []);
    } finally {
      await context.close();
    }
  }

  /** What was wrong since the test began; forgets it, for a test that wants it so. */
  takeWrong(): readonly string[] {
    return this.#wrong.splice(0);
  }

  /** A file of its own for a test. */
  file(name: string, content: Uint8Array | string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, content);
    return path;
  }
}

/** A file as a person would choose it. */
export interface Chosen {
  readonly name: string;
  readonly bytes: Uint8Array | string;
}

export async function choose(page: Page, place: "pack" | "trust", { name, bytes }: Chosen): Promise<void> {
  const buffer = Buffer.from(bytes as Uint8Array);
  await page.setInputFiles(`#${place}-file`, { name, mimeType: "application/json", buffer });
}

/** Gives both files, the trust file first, and waits for the answer about the pack. */
export async function verify(page: Page, pack: Chosen, trust?: Chosen): Promise<void> {
  if (trust !== undefined) {
    await choose(page, "trust", trust);
    await page.waitForSelector('[data-place="trust"].full', { state: "attached" });
  }
  await choose(page, "pack", pack);
  await page.waitForFunction(
    (name) => document.querySelector("#answer .about bdi")?.textContent === name,
    pack.name,
  );
}

/** The texts of all elements that a selector finds. */
export async function texts(page: Page, selector: string): Promise<readonly string[]> {
  // Parts of a drawing have no inner text.
  return page
    .locator(selector)
    .evaluateAll((all) =>
      all.map((element) => ((element as HTMLElement).innerText ?? element.textContent ?? "").trim()),
    );
}
