/** Elements made by hand: what is in a file becomes text, and never markup. */

export type Child = Node | string | undefined | readonly Child[];
type Attributes = Readonly<Record<string, string>>;

const SVG = "http://www.w3.org/2000/svg";

// Letters that show nothing, or turn the direction of what follows: each is shown by its number.
const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

const LETTERS_MAX = 4_096;
const RECORDS_LISTED_MAX = 24;

// Digests and addresses, which are compared letter by letter.
const NUMBER = /^(?:0x)?[0-9a-fA-F]{40,64}$/;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag: string, attributes: Attributes, ...children: readonly Child[]): SVGElement {
  return filled(document.createElementNS(SVG, tag) as SVGElement, attributes, children);
}

function filled<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  append(element, children);
  return element;
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined) continue;
    if (typeof child === "string") element.append(visible(child));
    else if (child instanceof Node) element.append(child);
    else append(element, child);
  }
}

/** A text of which nothing is hidden, and no more than a page can bear. */
export function visible(text: string): string {
  if (text.length > LETTERS_MAX) {
    return `${visible(text.slice(0, LETTERS_MAX))} … (${text.length - LETTERS_MAX} letters more)`;
  }
  return text.replace(HIDDEN, (letter) => {
    const number = letter.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    return `⟨U+${number}⟩`;
  });
}

/** Something out of a file: kept apart from the words around it, whatever its direction. */
export function said(text: string): HTMLElement {
  return el("bdi", { class: NUMBER.test(text) ? "number" : "said" }, text);
}

/** A digest, an address, a name of the ledger. */
export function mono(text: string): HTMLElement {
  return el("code", {}, text);
}

/** Terms and what they are, without those that are not there. */
export function terms(rows: readonly (readonly [term: string, of: Child])[], kind = "terms"): HTMLElement {
  const shown = rows.filter(([, of]) => of !== undefined);
  return el(
    "dl",
    { class: kind },
    shown.map(([term, of]) => el("div", {}, el("dt", {}, term), el("dd", {}, of))),
  );
}

/** A drawing that says nothing which the words beside it do not say. */
export function icon(name: "yes" | "no" | "unknown" | "note" | "none"): SVGElement {
  const attributes = { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" };
  const lines: Readonly<Record<typeof name, string>> = {
    yes: "M6.5 12.5l3.6 3.6 7.4-8",
    no: "M7.5 7.5l9 9m0-9l-9 9",
    unknown: "M9 9.4a3 3 0 1 1 4.6 2.6c-1 .7-1.6 1.2-1.6 2.3M12 17.2v.1",
    note: "M12 6.8v6.4M12 16.8v.1",
    none: "M8 12h8",
  };
  return svg(
    "svg",
    attributes,
    svg("circle", { cx: "12", cy: "12", r: "11" }),
    svg("path", { d: lines[name] }),
  );
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A time of day, as `06:10:15.370`. */
export function clock(ms: number): string {
  return new Date(ms).toISOString().split("T")[1]?.slice(0, -1) ?? "";
}

export function day(ms: number): string {
  const date = new Date(ms);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

/** A time, in UTC as everywhere on the ledger. */
export function moment(ms: number): string {
  return `${day(ms)}, ${clock(ms)} UTC`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}

/** `record 3`, `records 3, 4 and 5`. */
export function recordsText(records: readonly number[]): string {
  const more = records.length - RECORDS_LISTED_MAX;
  const shown = records.slice(0, RECORDS_LISTED_MAX).map(String);
  return `record${records.length === 1 ? "" : "s"} ${listed(more > 0 ? [...shown, `${more} more`] : shown)}`;
}

/** A size in the largest unit that fits. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}
