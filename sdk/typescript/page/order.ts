import { el, svg, visible } from "./dom.js";
import { standingOf, type Drawn, type Standing } from "./steps.js";
import type { ViewPolicy } from "./view.js";
import { SHOWN } from "./words.js";

/** The order that the policy gives to its steps, drawn with how far each has come. */

interface Box {
  readonly name: string;
  readonly line: string;
  readonly after: readonly string[];
  readonly look: string;
}

/** Boxes in layers, each after all that it waits for. */
type Layers = readonly (readonly Box[])[];

interface Shape {
  readonly name: "wide" | "tall";
  /** Whether a layer is a column; else it is a row. */
  readonly across: boolean;
  readonly width: number;
  readonly height: number;
  /** Between two layers. */
  readonly gap: number;
  /** Between two boxes of a layer. */
  readonly beside: number;
  /** Boxes that stand beside each other at most. */
  readonly most: number;
}

const ACROSS: Shape = { name: "wide", across: true, width: 122, height: 50, gap: 26, beside: 14, most: 8 };
const DOWN: Shape = { ...ACROSS, across: false };
const TALL: Shape = { name: "tall", across: false, width: 104, height: 50, gap: 26, beside: 10, most: 3 };
// A longer chain, or a wider one, is drawn downwards on every screen.
const LAYERS_ACROSS_MAX = 8;
const LETTER_WIDTH = 7.4;
// Names of boxes that no step can have.
const OPENING = " opening";
const DECISION = " decision";
const PAD = 4;

/** Both drawings; the style sheet shows the one that fits. Words for all of it stand in the records below. */
export function drawOrder(policy: ViewPolicy, steps: readonly Drawn[]): Node {
  const layers = layersOf(boxesOf(policy, steps));
  const fits = layers.length <= LAYERS_ACROSS_MAX && layers.every(({ length }) => length <= ACROSS.most);
  const label = `Steps of the policy: ${layers
    .flat()
    .map(({ name, line }) => `${nameOf(name)} ${line}`)
    .join("; ")}`;
  return el(
    "figure",
    { class: "order", "aria-label": "The order of the steps" },
    draw(layers, fits ? ACROSS : DOWN, label),
    draw(layers, TALL, label),
  );
}

function nameOf(name: string): string {
  return name.trimStart();
}

function boxesOf(policy: ViewPolicy, steps: readonly Drawn[]): readonly Box[] {
  const standing = standingOf(
    policy.steps.map(({ name }) => name),
    steps,
  );
  const boxes = policy.steps.map(({ name, after }): Box => ({
    name,
    after: after.length === 0 ? [OPENING] : after,
    ...lookOf(standing.get(name) ?? { state: "not taken" }),
  }));
  const outcomes = policy.outcomes.map(({ name }): Box => {
    const record = steps.findLast(({ outcome }) => outcome?.name === name);
    const { line, look } =
      record === undefined ? { line: "not unlocked", look: "none" } : lookOf(done(record));
    return {
      name: ` ${name}`,
      after: [DECISION],
      line: line.replace("done", "unlocked"),
      look: `outcome ${look}`,
    };
  });
  // What gives a deposit back follows when a case ends some other way, so nothing waits for it.
  const waits = policy.outcomes.filter(({ returns }) => !returns).flatMap(({ after }) => after);
  const opened = steps.find(({ kind }) => kind === "opened");
  const decided = steps.findLast(({ kind }) => kind === "decided");
  return [
    { name: OPENING, after: [], ...lookOf(done(opened)) },
    ...boxes,
    { name: DECISION, after: [...new Set(waits)], ...decision(decided) },
    ...outcomes,
  ];
}

function done(record: Drawn | undefined): Standing {
  return record === undefined ? { state: "not taken" } : { state: "done", record };
}

function decision(decided: Drawn | undefined): Pick<Box, "line" | "look"> {
  if (decided === undefined) return { line: "not decided", look: "none decision" };
  const { line, look } = lookOf(done(decided));
  return { line: line.replace("done", "decided"), look: `${look} decision` };
}

function lookOf({ state, record }: Standing): Pick<Box, "line" | "look"> {
  if (record === undefined) return { line: state, look: "none" };
  const { shown, index } = record;
  if (shown === "broken") return { line: `fails · ${index}`, look: "broken" };
  if (shown === "unchecked") return { line: "not checked", look: "unchecked" };
  if (state !== "done") return { line: `${state} · ${index}`, look: state };
  const line =
    shown === "rerun" ? "done" : shown === "as_recorded" ? "done" : SHOWN[shown].title.toLowerCase();
  return { line: `${line.replace("re-run in part", "in part")} · ${index}`, look: shown };
}

/** Each box one layer below the lowest that it waits for. */
function layersOf(boxes: readonly Box[]): Layers {
  const byName = new Map(boxes.map((box) => [box.name, box] as const));
  const depths = new Map<string, number>();
  const depthOf = (name: string, above: ReadonlySet<string>): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    // A pack whose form holds may still carry a layout that goes in circles; it is refused elsewhere.
    const before = (byName.get(name)?.after ?? []).filter((of) => byName.has(of) && !above.has(of));
    const inside = new Set([...above, name]);
    const depth = before.reduce((deepest, of) => Math.max(deepest, depthOf(of, inside) + 1), 0);
    depths.set(name, depth);
    return depth;
  };
  const layers: Box[][] = [];
  for (const box of boxes) (layers[depthOf(box.name, new Set())] ??= []).push(box);
  return untangled(layers.filter((layer) => layer !== undefined));
}

/** Each layer in the order of what it waits for, so that few lines cross. */
function untangled(layers: Layers): Layers {
  const places = new Map<string, number>();
  return layers.map((layer) => {
    const middle = ({ after }: Box): number => {
      const known = after.flatMap((name) => places.get(name) ?? []);
      return known.reduce((sum, place) => sum + place, 0) / Math.max(1, known.length);
    };
    const sorted = [...layer].sort((a, b) => middle(a) - middle(b));
    sorted.forEach(({ name }, at) => places.set(name, (at + 0.5) / sorted.length));
    return sorted;
  });
}

interface Placed {
  readonly box: Box;
  readonly x: number;
  readonly y: number;
}

function draw(layers: Layers, shape: Shape, label: string): Node {
  const placed = shape.across ? placeAcross(layers, shape) : placeDown(layers, shape);
  const byName = new Map(placed.map((at) => [at.box.name, at] as const));
  const width = Math.max(...placed.map(({ x }) => x)) + shape.width + PAD;
  const height = Math.max(...placed.map(({ y }) => y)) + shape.height + PAD;
  const lines = placed.flatMap((to) =>
    to.box.after.flatMap((name) => {
      const from = byName.get(name);
      return from === undefined ? [] : [svg("path", { class: "edge", d: line(from, to, shape) })];
    }),
  );
  const attributes = {
    class: shape.name,
    viewBox: `0 0 ${width} ${height}`,
    width: String(width),
    height: String(height),
    role: "img",
    "aria-label": visible(label),
  };
  return svg(
    "svg",
    attributes,
    lines,
    placed.map((at) => drawBox(at, shape)),
  );
}

function placeAcross(layers: Layers, { width, height, gap, beside }: Shape): readonly Placed[] {
  const tallest = Math.max(...layers.map(({ length }) => length));
  const whole = tallest * (height + beside) - beside;
  return layers.flatMap((layer, column) => {
    const top = PAD + (whole - (layer.length * (height + beside) - beside)) / 2;
    return layer.map((box, row) => ({
      box,
      x: PAD + column * (width + gap),
      y: top + row * (height + beside),
    }));
  });
}

function placeDown(layers: Layers, { width, height, gap, beside, most }: Shape): readonly Placed[] {
  const rows = layers.flatMap((layer) =>
    Array.from({ length: Math.ceil(layer.length / most) }, (_, row) =>
      layer.slice(row * most, (row + 1) * most),
    ),
  );
  const widest = Math.max(...rows.map(({ length }) => length));
  const whole = widest * (width + beside) - beside;
  return rows.flatMap((row, at) => {
    const left = PAD + (whole - (row.length * (width + beside) - beside)) / 2;
    return row.map((box, place) => ({
      box,
      x: left + place * (width + beside),
      y: PAD + at * (height + gap),
    }));
  });
}

function line(from: Placed, to: Placed, { across, width, height }: Shape): string {
  if (across) {
    const [x1, y1, x2, y2] = [from.x + width, from.y + height / 2, to.x, to.y + height / 2];
    const bend = Math.max(12, (x2 - x1) / 2);
    return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  }
  const [x1, y1, x2, y2] = [from.x + width / 2, from.y + height, to.x + width / 2, to.y];
  const bend = Math.max(10, (y2 - y1) / 2);
  return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
}

function drawBox({ box, x, y }: Placed, { width, height }: Shape): Node {
  const letters = Math.floor((width - 16) / LETTER_WIDTH);
  const name = nameOf(box.name);
  const short = name.length > letters ? `${name.slice(0, letters - 1)}…` : name;
  const middle = String(x + width / 2);
  return svg(
    "g",
    { class: `box ${box.look}` },
    svg("title", {}, `${name}: ${box.line}`),
    svg("rect", { x: String(x), y: String(y), width: String(width), height: String(height), rx: "7" }),
    svg("text", { class: "name", x: middle, y: String(y + 21), "text-anchor": "middle" }, short),
    svg("text", { class: "state", x: middle, y: String(y + 38), "text-anchor": "middle" }, box.line),
  );
}
