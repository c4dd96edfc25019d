import { beginsWith } from "./answer.js";
import { el, sizeText, type Child } from "./dom.js";
import { PACK_BYTES_MAX, TRUST_BYTES_MAX } from "../src/limits.js";

/** The two places for files. */

export type Place = "pack" | "trust";

/** A file that has been read. */
export interface Given {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What stands in a place: nothing, a file and what it says, or why it cannot be used. */
export interface Shown {
  readonly file?: string;
  readonly says?: Child;
  readonly wrong?: string;
}

export interface Zones {
  show(place: Place, shown: Shown): void;
}

interface Listener {
  /** Files were chosen or dropped; `place` is where, if it was in one of the two. */
  chosen(files: readonly File[], place: Place | undefined): void;
  removed(place: Place): void;
}

const TITLES: Readonly<Record<Place, string>> = { pack: "Evidence pack", trust: "Trust file" };
const ASKS: Readonly<Record<Place, string>> = {
  pack: "Drop the pack here, or choose it",
  trust: "Drop the trust file here, or choose it",
};
const LIMITS: Readonly<Record<Place, number>> = { pack: PACK_BYTES_MAX, trust: TRUST_BYTES_MAX };

// Every canonical trust file begins so, since `committee` is the first of its fields.
const TRUST_START = '{"committee":[';

/** Builds both places, and takes files that are dropped anywhere on the page. */
export function buildZones(parent: HTMLElement, listener: Listener): Zones {
  const zones = { pack: zone("pack", listener), trust: zone("trust", listener) };
  parent.replaceChildren(zones.pack.element, zones.trust.element);
  let inside = 0;
  const over = (on: boolean) => document.body.classList.toggle("dragging", on);
  document.addEventListener("dragenter", () => over((inside += 1) > 0));
  document.addEventListener("dragleave", () => over((inside -= 1) > 0));
  // Without this a file that misses both places would replace the page.
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    over((inside = 0) > 0);
    const files = [...(event.dataTransfer?.files ?? [])];
    const { target } = event;
    const at = target instanceof Element ? target.closest<HTMLElement>("[data-place]") : null;
    if (files.length > 0) listener.chosen(files, at?.dataset["place"] as Place | undefined);
  });
  return { show: (place, shown) => zones[place].show(shown) };
}

function zone(place: Place, listener: Listener) {
  const id = `${place}-file`;
  const input = el("input", { type: "file", id, class: "unseen", "aria-describedby": `${id}-says` });
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    // So that the same file can be chosen once more.
    input.value = "";
    if (files.length > 0) listener.chosen(files, place);
  });
  const ask = el("span", { class: "ask" }, ASKS[place]);
  const label = el("label", { for: id }, el("span", { class: "name" }, TITLES[place]), ask);
  const says = el("div", { class: "says", id: `${id}-says` });
  const remove = el("button", { type: "button", class: "quiet" }, "Remove");
  remove.setAttribute("aria-label", `Remove the ${place === "pack" ? "evidence pack" : "trust file"}`);
  remove.hidden = true;
  remove.addEventListener("click", () => {
    listener.removed(place);
    input.focus();
  });
  const element = el("div", { class: "zone", "data-place": place }, input, label, says, remove);
  const show = ({ file, says: of, wrong }: Shown): void => {
    element.classList.toggle("full", file !== undefined && wrong === undefined);
    element.classList.toggle("wrong", wrong !== undefined);
    ask.textContent = file === undefined ? ASKS[place] : "Choose another";
    remove.hidden = file === undefined;
    says.replaceChildren(
      ...(file === undefined ? [] : [el("p", { class: "file" }, el("bdi", {}, file))]),
      ...(wrong === undefined ? [] : [el("p", { class: "error", role: "alert" }, wrong)]),
      el("div", {}, of),
    );
  };
  show({});
  return { element, show };
}

/** Reads a file, or says why it is not taken. One that is too large for a place is not read. */
export async function readFile(file: File, place: Place): Promise<Given | string> {
  const limit = LIMITS[place];
  if (file.size > limit) {
    const kind = TITLES[place].toLowerCase();
    const article = place === "pack" ? "an" : "a";
    return `The file has ${sizeText(file.size)}; ${article} ${kind} has at most ${sizeText(limit)}.`;
  }
  try {
    return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
  } catch {
    return "The file cannot be read: it may have been moved, or is a folder.";
  }
}

/** Where a file belongs by how it begins; nothing, where it does not say. */
export async function placeOf(file: File): Promise<Place | undefined> {
  try {
    const start = new Uint8Array(await file.slice(0, TRUST_START.length).arrayBuffer());
    if (beginsWith(start, TRUST_START)) return "trust";
    return beginsWith(start, '{"case":"') ? "pack" : undefined;
  } catch {
    return undefined;
  }
}
