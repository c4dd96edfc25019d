import { clock, day, el, listed, moment, mono, said, svg, terms, type Child } from "./dom.js";
import type { Drawn } from "./steps.js";
import type { ViewOutcome, ViewPolicy } from "./view.js";
import { CHANGES, KINDS, REFUSALS, SHOWN } from "./words.js";

/** The records of the case in their order: who, what, when by whose clock, and how each was gone through. */

/** The rest is counted; a record that fails is drawn wherever it stands. */
const RECORDS_DRAWN_MAX = 1_000;

export function drawTimeline(steps: readonly Drawn[], policy: ViewPolicy | undefined): Node {
  if (steps.length === 0) return el("p", {}, "The pack shows no record of this case.");
  const span = spanOf(steps);
  const drawn = steps.filter(({ shown }, at) => at < RECORDS_DRAWN_MAX || shown === "broken");
  const more = steps.length - drawn.length;
  return el(
    "ol",
    { class: "timeline", "aria-label": "Records of the case, in order" },
    drawn.map((step) =>
      el(
        "li",
        { class: `entry ${step.shown}`, "data-record": String(step.index) },
        entry(step, policy, span),
      ),
    ),
    more === 0 ? undefined : el("li", { class: "entry" }, `And ${more} more records, which are not drawn.`),
  );
}

function entry(step: Drawn, policy: ViewPolicy | undefined, span: Span): Child {
  const shown = SHOWN[step.shown];
  return [
    el("header", {}, el("h3", {}, title(step)), el("span", { class: "tag" }, shown.title)),
    who(step, policy),
    words(step, policy),
    step.shown === "rerun" ? undefined : el("p", { class: "how" }, shown.means),
    claims(step),
    step.outcome === undefined ? undefined : outcome(step.outcome),
    time(step, span),
    details(step),
  ];
}

function title({ kind, step, ordinal, outcome: of }: Drawn): Child {
  const name = KINDS[kind] ?? kind;
  if (step !== undefined) return [`${name}: `, mono(step)];
  if (of?.name !== undefined) return [`${name}: `, mono(of.name)];
  return kind === "decided" && ordinal !== undefined && ordinal > 0 ? `${name} again (${ordinal})` : name;
}

function who({ party, step, kind }: Drawn, policy: ViewPolicy | undefined): Child {
  if (party === undefined) return undefined;
  const role = kind === "opened" ? policy?.openedBy : policy?.steps.find(({ name }) => name === step)?.by;
  return el(
    "p",
    { class: "who" },
    "by ",
    mono(party),
    role === undefined ? undefined : [", as ", said(role)],
  );
}

function words(
  { kind, step, refusal, reason, fallen, settled, deadline, change }: Drawn,
  policy: ViewPolicy | undefined,
): Child {
  const rule = policy?.steps.find(({ name }) => name === step);
  const line = (...children: readonly Child[]) => el("p", { class: "words" }, children);
  return [
    rule === undefined || kind !== "attested" ? undefined : line(said(rule.title)),
    refusal === undefined
      ? undefined
      : line(`Refused, since ${REFUSALS[refusal] ?? "a rule says no"} (`, mono(refusal), ")."),
    reason === undefined || reason === "" ? undefined : line("In its own words: ", said(reason)),
    fallen === undefined || fallen.length === 0 ? undefined : line("Taken back: ", said(listed(fallen)), "."),
    settled === undefined ? undefined : line(settledText(settled)),
    change === undefined ? undefined : line(CHANGES[change] ?? change, "."),
    deadline === undefined ? undefined : line(`To be decided by ${moment(deadline)}.`),
  ];
}

function settledText({ domain, executed }: NonNullable<Drawn["settled"]>): Child {
  const became =
    executed === undefined ? "lapsed, and was not carried out" : `was carried out ${moment(executed)}`;
  return ["Observers read that the outcome on ", said(domain), ` ${became}.`];
}

function claims({ claims: of, evidence }: Drawn): Child {
  if (of.length + evidence.length === 0) return undefined;
  const hidden = () => el("span", { class: "hidden" }, "not shown");
  return terms(
    [
      ...of.map(({ name, value, currency }) => {
        const unit = currency === undefined ? undefined : ` ${currency}`;
        return [name, value === undefined ? hidden() : [said(value), unit]] as const;
      }),
      ...evidence.map(({ name, shown }) => {
        const there = shown ? "in the pack" : "not in the pack";
        return [name, el("span", { class: shown ? "said" : "hidden" }, `document, ${there}`)] as const;
      }),
    ],
    "terms claims",
  );
}

function outcome({ chain, gate, notAfter, calls }: ViewOutcome): Child {
  return [
    terms([
      ["Chain", mono(chain)],
      ["Gate", mono(gate)],
      ["Until", notAfter === 0 ? "without end" : moment(notAfter * 1000)],
    ]),
    calls.map(({ target, text, arguments: of }) =>
      el(
        "div",
        { class: "call" },
        el("p", {}, "calls ", mono(text), " of ", mono(target)),
        of.length === 0 ? undefined : terms(of.map(({ name, value }) => [name, mono(value)] as const)),
      ),
    ),
  ];
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** All times of the case, so that every interval is drawn on one scale. */
function spanOf(steps: readonly Drawn[]): Span {
  const times = steps.flatMap(({ bounds, time: at }) => [
    at,
    ...(bounds === undefined ? [] : [bounds.latest.time]),
    ...(bounds?.earliest === undefined ? [] : [bounds.earliest.time]),
  ]);
  return times.reduce((span, at) => ({ from: Math.min(span.from, at), to: Math.max(span.to, at) }), {
    from: Infinity,
    to: -Infinity,
  });
}

function time({ bounds, time: at }: Drawn, span: Span): Child {
  const appender = [`Written ${moment(at)} by the appender’s clock`];
  if (bounds === undefined) return el("p", { class: "when" }, appender, ".");
  const { earliest, latest } = bounds;
  const sameClocks = earliest !== undefined && String(earliest.by) === String(latest.by);
  const clocks = (by: readonly string[]) => [by.length === 1 ? "clock of " : "clocks of ", said(listed(by))];
  const sameDay = earliest !== undefined && day(earliest.time) === day(latest.time);
  return el(
    "div",
    { class: "when" },
    bar({ from: earliest?.time, at, to: latest.time }, span),
    el(
      "p",
      {},
      earliest === undefined
        ? ["No later than ", el("b", {}, moment(latest.time))]
        : [
            "Between ",
            el("b", {}, sameDay ? clock(earliest.time) : moment(earliest.time)),
            sameClocks ? "" : [" (", clocks(earliest.by), ")"],
            " and ",
            el("b", {}, moment(latest.time)),
          ],
      ", by the ",
      clocks(latest.by),
    ),
    el("p", { class: "small" }, appender, earliest === undefined ? "; no earlier bound is shown" : ""),
  );
}

const WIDE = 1000;

/** The interval as a bar, with a mark where the appender's clock stood. */
function bar(
  { from, at, to }: { readonly from: number | undefined; readonly at: number; readonly to: number },
  span: Span,
): Node {
  const place = (ms: number) => ((ms - span.from) / Math.max(1, span.to - span.from)) * WIDE;
  const start = from === undefined ? 0 : place(from);
  const rect = (name: string, x: number, width: number) =>
    svg("rect", { class: name, x: x.toFixed(1), y: "0", width: Math.max(4, width).toFixed(1), height: "10" });
  return svg(
    "svg",
    { class: "interval", viewBox: `0 0 ${WIDE} 10`, preserveAspectRatio: "none", "aria-hidden": "true" },
    rect("track", 0, WIDE),
    rect(from === undefined ? "open" : "known", start, place(to) - start),
    rect("mark", Math.min(WIDE - 8, Math.max(0, place(at) - 4)), 8),
  );
}

function details({ index, leaf, signatures, evidence, command }: Drawn): Node {
  const by =
    signatures.length === 0 ? "" : `, ${signatures.length} signature${signatures.length === 1 ? "" : "s"}`;
  return el(
    "details",
    {},
    el("summary", {}, `Record ${index}${by}`),
    terms([
      ["Leaf", mono(leaf)],
      ["Command", mono(command)],
      ...signatures.map(
        ({ keyid, suite }) => [suite === "" ? "Signed" : `Signed (${suite})`, mono(keyid)] as const,
      ),
      ...evidence.map(({ name, digest }) => [name, mono(digest)] as const),
    ]),
  );
}
