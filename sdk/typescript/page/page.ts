import { trustOf, type Answer } from "./answer.js";
import { Asking } from "./asking.js";
import { el, listed, sizeText, visible, type Child } from "./dom.js";
import { buildZones, placeOf, readFile, type Given, type Place, type Zones } from "./files.js";
import { showAnswer } from "./result.js";
import { VERDICTS } from "./words.js";
import type { Trust } from "../src/index.js";

/** What is on the page, and what follows when it changes. */

// Answers that come sooner need no bar, which would only flicker.
const BAR_AFTER_MS = 250;

/** Starts the page; `script` is what a worker runs. */
export function startPage(script: string): void {
  new Page(new Asking(script));
}

class Page {
  readonly #asking: Asking;
  readonly #zones: Zones;
  readonly #title = document.title;
  #pack: Given | undefined;
  #trust: (Given & { readonly read: Trust }) | undefined;
  /** A trust file was given, and cannot be used. */
  #trustIsWrong = false;
  /** How often each place was filled: a file that is read slowly must not replace a later one. */
  readonly #turns: Record<Place, number> = { pack: 0, trust: 0 };
  #bar: ReturnType<typeof setTimeout> | undefined;

  constructor(asking: Asking) {
    this.#asking = asking;
    this.#zones = buildZones(part("files"), {
      chosen: (files, place) => void this.#take(files, place),
      removed: (place) => this.#remove(place),
    });
    part("stop").addEventListener("click", () => this.#stopped());
    openDetailsInPrint();
  }

  /** Takes files to where they belong by how they begin, else to where they were put. */
  async #take(files: readonly File[], put: Place | undefined): Promise<void> {
    this.#notice();
    const taken = new Set<Place>();
    for (const file of files) {
      const place = (await placeOf(file)) ?? put ?? "pack";
      if (taken.has(place)) {
        this.#notice("More than one file of a kind was given; only the first of each was taken.");
        continue;
      }
      taken.add(place);
      if (put !== undefined && place !== put) {
        this.#notice(
          `That file is ${place === "trust" ? "a trust file" : "an evidence pack"}, and was put there.`,
        );
      }
      await this.#put(file, place);
    }
    this.#ask();
  }

  async #put(file: File, place: Place): Promise<void> {
    const turn = (this.#turns[place] += 1);
    const given = await readFile(file, place);
    if (turn !== this.#turns[place]) return;
    if (place === "pack") this.#putPack(file.name, given);
    else this.#putTrust(file.name, given);
  }

  #putPack(file: string, given: Given | string): void {
    this.#pack = typeof given === "string" ? undefined : given;
    this.#zones.show(
      "pack",
      typeof given === "string" ? { file, wrong: given } : { file, says: sizeSays(given) },
    );
  }

  #putTrust(file: string, given: Given | string): void {
    const read = typeof given === "string" ? given : trustOf(given.bytes);
    this.#trustIsWrong = typeof read === "string";
    if (typeof read === "string" || typeof given === "string") {
      this.#trust = undefined;
      const why =
        typeof given === "string" ? given : `This is no trust file that can be used: ${String(read)}`;
      this.#zones.show("trust", { file, wrong: why });
    } else {
      this.#trust = { ...given, read };
      this.#zones.show("trust", { file, says: trustSays(read) });
    }
  }

  #remove(place: Place): void {
    this.#notice();
    this.#turns[place] += 1;
    if (place === "pack") this.#pack = undefined;
    else {
      this.#trust = undefined;
      this.#trustIsWrong = false;
    }
    this.#zones.show(place, {});
    this.#ask();
  }

  #ask(): void {
    this.#clear();
    const pack = this.#pack;
    if (pack === undefined) return;
    const { bytes } = pack;
    this.#bar = setTimeout(() => {
      part("progress-text").textContent = `Working out ${sizeText(bytes.length)} again …`;
      part("status").textContent = "Working it out.";
      part("progress").hidden = false;
    }, BAR_AFTER_MS);
    const asked = this.#trust === undefined ? { pack: bytes } : { pack: bytes, trust: this.#trust.bytes };
    this.#asking.ask(asked, (answer) => this.#answered(pack, answer));
  }

  /** Nothing of an answer before stays while another one is worked out. */
  #clear(): void {
    this.#asking.stop();
    clearTimeout(this.#bar);
    part("progress").hidden = true;
    part("answer").replaceChildren();
    part("status").textContent = "";
    part("help").hidden = false;
    document.body.removeAttribute("data-verdict");
    document.title = this.#title;
  }

  #stopped(): void {
    this.#clear();
    this.#notice("Stopped. Choose the pack again to verify it.");
  }

  #answered(pack: Given, answer: Answer): void {
    this.#clear();
    if (answer.kind === "no_pack") {
      this.#pack = undefined;
      this.#zones.show("pack", { file: pack.name, wrong: `This is not an evidence pack: ${answer.text}.` });
    } else if (answer.kind === "broken") {
      this.#notice(
        `The verifier stopped: ${answer.text}. This is no answer about the pack; please report it.`,
      );
    } else {
      const { verdict } = answer.report;
      part("help").hidden = true;
      document.body.setAttribute("data-verdict", verdict);
      part("status").textContent = `${VERDICTS[verdict]}.`;
      // What a printed paper, or the file made of it, is called.
      document.title = `${VERDICTS[verdict]}: ${visible(pack.name)}`;
      const trustFile = this.#trustIsWrong ? "unusable" : this.#trust === undefined ? "none" : "used";
      const shown = showAnswer(answer, { file: pack.name, size: pack.bytes.length, trustFile });
      part("answer").replaceChildren(shown);
      bringIntoView(part("answer"));
    }
  }

  #notice(text?: string): void {
    const notice = part("notice");
    notice.hidden = text === undefined;
    notice.textContent = text ?? "";
  }
}

function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no part \`${id}\``);
  return found;
}

/** On a small screen an answer may stand where nobody sees that it has come. */
function bringIntoView(element: HTMLElement): void {
  if (element.getBoundingClientRect().top > innerHeight / 2) element.scrollIntoView();
}

function sizeSays({ bytes }: Given): Child {
  return el("p", {}, sizeText(bytes.length));
}

function trustSays({ name, size, committee: { epoch, members, threshold } }: Trust): Child {
  const names = listed(members.map((member) => member.name));
  return [
    el("p", {}, "Ledger ", el("bdi", {}, name), `, up to ${size} records, committee ${epoch}`),
    el("p", {}, el("bdi", {}, names), `: ${threshold} of ${members.length} must sign`),
  ];
}

/** Paper has nothing to open: what is folded on the screen is printed open. */
function openDetailsInPrint(): void {
  let opened: readonly HTMLDetailsElement[] = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll<HTMLDetailsElement>("details:not([open])")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });
}
