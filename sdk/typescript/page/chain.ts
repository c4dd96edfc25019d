import { el, moment, mono, recordsText, said, terms, type Child } from "./dom.js";
import type { Facts, Json, JsonObject } from "../src/index.js";

/** What the pack says of chains, which this page does not ask. */

export function describeChains({ on_chain_not_checked: { outcomes, deposits } }: Facts): Node | undefined {
  if (outcomes.length + deposits.length === 0) return undefined;
  return el(
    "section",
    { class: "chains", id: "chains" },
    el("h2", {}, "On chain: not checked here"),
    el(
      "p",
      {},
      "This page asks no chain. Whether one shows the following has to be looked up there, for instance by ",
      mono("lockstep verify --rpc"),
      ".",
    ),
    deposits.map((fact) => item("Deposit", fact as JsonObject)),
    outcomes.map((fact) => item("Outcome", fact as JsonObject)),
  );
}

function item(title: string, fact: JsonObject): Node {
  const text = (field: string): Child => (fact[field] === undefined ? undefined : mono(String(fact[field])));
  return el(
    "div",
    { class: "item" },
    el("h3", {}, `${title}, ${recordsText([Number(fact["index"])])}`),
    terms([
      ["The records say", fact["said"] === undefined ? undefined : became(fact["said"])],
      ["Chain", text("chain")],
      ["Domain", fact["domain"] === undefined ? undefined : said(String(fact["domain"]))],
      ["Gate", text("gate")],
      ["Escrow", text("escrow")],
      ["Token", text("token")],
      ["Step", text("step")],
      ["Ordinal", text("ordinal")],
      ["Until", expires(fact["not_after_s"])],
    ]),
  );
}

function became(what: Json): string {
  if (what === "lapsed") return "it lapsed, and was not carried out";
  if (typeof what === "object" && what !== null && "executed" in what) {
    return `it was carried out ${moment(Number(what["executed"]))}`;
  }
  return "nothing of whether it was carried out";
}

function expires(seconds: Json | undefined): string | undefined {
  if (typeof seconds !== "number") return undefined;
  return seconds === 0 ? "without end" : moment(seconds * 1000);
}
