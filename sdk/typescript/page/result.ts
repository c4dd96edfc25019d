import type { Answered } from "./answer.js";
import { el, icon, moment, mono, recordsText, said, sizeText, terms, type Child } from "./dom.js";
import { drawOrder } from "./order.js";
import { describeChains } from "./chain.js";
import { stepsOf, type Drawn } from "./steps.js";
import { drawTimeline } from "./timeline.js";
import { FLAGS, KINDS, MISSING, PHASES, RESTS_ON, RULES, VERDICTS, wordsFor, type Words } from "./words.js";
import type { View } from "./view.js";
import type { Facts, Item, Report } from "../src/index.js";

/** An answer as people read it. */

/** What was given. */
export interface About {
  readonly file: string;
  readonly size: number;
  readonly trustFile: "used" | "none" | "unusable";
}

export function showAnswer(answered: Answered, about: About): Node {
  const { report, view } = answered;
  const steps = stepsOf(report, view);
  return el(
    "div",
    { class: `result ${report.verdict}` },
    banner(answered, about),
    notes(report),
    overview(answered, steps),
    el(
      "div",
      { class: "body" },
      el("div", { class: "story" }, story(answered, steps)),
      el(
        "aside",
        { class: "facts", "aria-label": "What the answer is about" },
        facts(answered),
        rests(report),
      ),
    ),
    fileFacts(answered, about),
  );
}

function banner({ digest, report, view }: Answered, about: About): Node {
  const { verdict, failure } = report;
  const drawing = icon(verdict === "verified" ? "yes" : verdict === "failed" ? "no" : "unknown");
  return el(
    "section",
    { class: "verdict", "aria-labelledby": "verdict" },
    drawing,
    el(
      "div",
      {},
      el("h2", { id: "verdict" }, VERDICTS[verdict]),
      el("p", { class: "lead" }, sentence(report)),
      failure === undefined ? missing(report, about.trustFile) : brokenRule(failure, report, view),
      actions(),
      el("p", { class: "paper" }, "About ", said(about.file), ", SHA-256 ", mono(digest)),
    ),
  );
}

function sentence({ verdict, facts, flags }: Report): string {
  if (verdict === "failed") return "A rule is broken. Do not rely on what this pack says.";
  if (verdict === "cannot_tell") {
    return "Nothing was found to be wrong, but what is shown is not enough for a yes.";
  }
  const open = facts?.outcome?.phase === "open" ? " The case is still open: this is its state so far." : "";
  const noted = flags.length > 0 ? " Something about it is to be noted, below." : "";
  return (
    "What this pack shows follows, step by step, from what the parties signed, by the policy of the case, " +
    `and is certified by co-signers that your trust file vouches for.${open}${noted}`
  );
}

type Failed = NonNullable<Report["failure"]>;

function brokenRule({ rule, record, text }: Failed, report: Report, view: View | undefined): Node {
  const { title, means } = wordsFor(RULES, rule);
  return el(
    "div",
    { class: "why", id: "why" },
    el("p", { class: "strong" }, title),
    el("p", {}, means),
    terms([
      ["First rule broken", mono(rule)],
      ["At", record === undefined ? undefined : `record ${record}${placeOf(record, report, view)}`],
      ["In the verifier’s words", said(text)],
    ]),
  );
}

/** Where a record stands that breaks a rule. */
function placeOf(record: number, { facts }: Report, view: View | undefined): string {
  if (view?.records.some(({ index }) => index === record)) return ", marked below";
  const kind = view?.others[record];
  if (kind !== undefined) return `: ${(KINDS[kind] ?? kind).toLowerCase()}, outside the case`;
  return facts?.size === record + 1 ? ": the seal, which is the last" : "";
}

function missing({ missing: items }: Report, trustFile: About["trustFile"]): Node | undefined {
  if (items.length === 0) return undefined;
  const unusable = "The trust file that was given cannot be used, so it counts as none.";
  return el(
    "div",
    { class: "why", id: "why" },
    el("p", { class: "strong" }, "What is missing"),
    list(items, MISSING),
    items.some(({ code }) => code === "trust")
      ? el(
          "p",
          {},
          trustFile === "unusable" ? `${unusable} ` : "",
          "A trust file names the co-signers that you believe and the latest state of their ledger that " +
            "you know. It must reach you by another route than the pack.",
        )
      : undefined,
  );
}

/** A line an item: the words for its code, and its records; a code without any has the verifier's. */
function list(items: readonly Item[], table: Readonly<Record<string, Words>>): Node {
  return el(
    "ul",
    { class: "items" },
    items.map(({ code, records, text }) => {
      const { title, means } = wordsFor(table, code);
      const at = records.length === 0 ? undefined : el("span", { class: "at" }, ` (${recordsText(records)})`);
      const more = means === "" ? said(text) : means;
      return el(
        "li",
        { "data-code": code },
        el("b", {}, title),
        at,
        el("span", { class: "means" }, " ", more),
      );
    }),
  );
}

function actions(): Node {
  const print = el("button", { type: "button" }, "Print or save as PDF");
  print.addEventListener("click", () => window.print());
  return el("p", { class: "actions" }, print);
}

function notes({ flags }: Report): Node | undefined {
  if (flags.length === 0) return undefined;
  return el(
    "section",
    { class: "notes", id: "flags", "aria-labelledby": "flags-title" },
    icon("note"),
    el("div", {}, el("h2", { id: "flags-title" }, "To be noted"), list(flags, FLAGS), revoked(flags)),
  );
}

function revoked(flags: readonly Item[]): Node | undefined {
  const texts = flags.filter(({ code }) => code === "revoked").map(({ text }) => text);
  if (texts.length === 0) return undefined;
  return el(
    "details",
    {},
    el("summary", {}, "Which"),
    texts.map((text) => el("p", { class: "small" }, said(text))),
  );
}

function overview({ report, view }: Answered, steps: readonly Drawn[]): Node {
  const policy = view?.policy;
  const other = view === undefined ? "Its form is broken, so there is nothing to draw." : titleOf(steps);
  const unchecked = steps.some(({ shown }) => shown === "unchecked");
  const warn =
    report.verdict === "failed" && unchecked
      ? el("p", { class: "warn" }, "What is marked “not checked” is only what the file says.")
      : undefined;
  return el(
    "section",
    { class: "process", "aria-labelledby": "process" },
    el("h2", { id: "process" }, "The process"),
    el("p", { class: "policy" }, policy === undefined ? other : said(policy.title)),
    warn,
    policy === undefined ? undefined : drawOrder(policy, steps),
  );
}

/** The title of a case whose policy stands in no pack. */
function titleOf(steps: readonly Drawn[]): string {
  const governance = steps.some(({ kind }) => kind === "proposed");
  return governance ? "Administration of the ledger, by the rules that are built in" : "";
}

function story({ report, view }: Answered, steps: readonly Drawn[]): Child {
  if (view === undefined) return undefined;
  return [
    drawTimeline(steps, view.policy),
    report.facts === undefined ? undefined : describeChains(report.facts),
  ];
}

function facts({ report: { facts: of, verdict }, view }: Answered): Child {
  if (of === undefined) return undefined;
  const { outcome } = of;
  return [
    section(verdict === "failed" ? "The case, as far as checked" : "The case", [
      ["Policy", outcome === undefined ? undefined : said(outcome.policy_name)],
      ["Programme", outcome === undefined ? undefined : said(outcome.programme)],
      [
        verdict === "failed" ? "Stood at" : "Stands at",
        outcome === undefined ? undefined : (PHASES[outcome.phase] ?? outcome.phase),
      ],
      ["Records", outcome === undefined ? undefined : String(outcome.records)],
      ["Rules", outcome === undefined ? undefined : String(outcome.rules ?? 1)],
      ["Case", mono(of.case)],
    ]),
    section("The ledger", [
      ["Name", said(of.name)],
      ["Records", String(of.size)],
      ["Last one", moment(of.sealed)],
      ["Ledger", mono(of.ledger)],
      ["Root", mono(of.root)],
    ]),
    certifiedBy(of, view?.members ?? [], verdict),
  ];
}

function section(title: string, rows: Parameters<typeof terms>[0]): Node {
  return el("section", {}, el("h2", {}, title), terms(rows));
}

type Members = View["members"];

function certifiedBy({ certified }: Facts, members: Members, verdict: Report["verdict"]): Node {
  if (certified === undefined) {
    const none = "The certificate was not found to hold.";
    return el("section", {}, el("h2", {}, "Certified by"), el("p", {}, none));
  }
  const { signed, members: count, threshold, epoch } = certified;
  const single = count === 1 ? " One co-signer alone." : "";
  const still = verdict === "failed" ? " A certificate does not mend what failed." : "";
  return el(
    "section",
    {},
    el("h2", {}, "Certified by"),
    el(
      "ul",
      { class: "members" },
      members.map(({ name, lei, address }) => {
        const has = signed.includes(name);
        return el(
          "li",
          { class: has ? "signed" : "silent" },
          icon(has ? "yes" : "none"),
          el(
            "div",
            {},
            said(name),
            el("span", { class: "small" }, has ? " signed" : " did not sign"),
            el("p", { class: "small" }, "LEI ", mono(lei)),
            el("p", { class: "small" }, mono(address)),
          ),
        );
      }),
    ),
    el(
      "p",
      {},
      `${signed.length} of ${count} signed, ${threshold} needed; committee ${epoch}.${single}${still}`,
    ),
  );
}

function rests({ rests_on: items }: Report): Node | undefined {
  if (items.length === 0) return undefined;
  return el("section", { id: "rests" }, el("h2", {}, "What the answer rests on"), list(items, RESTS_ON));
}

function fileFacts({ digest, json }: Answered, { file, size, trustFile }: About): Node {
  const save = el("a", { download: "report.json", class: "button" }, "Save the report for programs");
  save.href = URL.createObjectURL(new Blob([json], { type: "application/json" }));
  const trust = { used: "given, and used", none: "not given", unusable: "given, but unusable" };
  return el(
    "section",
    { class: "about" },
    el("h2", {}, "This answer"),
    terms([
      ["About the file", [said(file), `, ${sizeText(size)}`]],
      ["Its SHA-256", mono(digest)],
      ["Trust file", trust[trustFile]],
      ["Worked out", `${moment(Date.now())}, by this computer’s clock`],
    ]),
    el("p", { class: "actions" }, save),
  );
}
