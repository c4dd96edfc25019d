import type { Json, JsonObject } from "../canonical.js";
import type { Bound, Facts, Step } from "./facts.js";
import type { Item, Report } from "./report.js";

/** A report for people, in lines. Its words may change; programs read the JSON. */

const VERDICTS: Readonly<Record<Report["verdict"], string>> = {
  verified: "VERIFIED",
  failed: "FAILED",
  cannot_tell: "CANNOT TELL",
};

const SHOWN: Readonly<Record<Step["shown"], string>> = {
  rerun: "re-run",
  in_part: "re-run in part",
  as_recorded: "as recorded",
  withheld: "withheld",
  erased: "erased",
};

/** The lines of a report. */
export function describe(report: Report): readonly string[] {
  const { failure, facts, missing, rests_on, flags } = report;
  const at = failure?.record === undefined ? "" : ` at record ${failure.record}`;
  return [
    VERDICTS[report.verdict],
    ...(failure === undefined ? [] : [`rule ${failure.rule}${at}: ${failure.text}`]),
    ...(facts === undefined ? [] : describeFacts(facts)),
    ...section("missing", missing),
    ...section("to be noted", flags),
    ...(facts === undefined ? [] : describeChains(facts)),
    ...section("rests on", rests_on),
  ];
}

function section(title: string, items: readonly Item[]): readonly string[] {
  if (items.length === 0) return [];
  return [title, ...items.map(({ code, records, text }) => `  ${code}: ${text}${listed(records)}`)];
}

function listed(records: readonly number[]): string {
  return records.length === 0 ? "" : ` (record${records.length === 1 ? "" : "s"} ${records.join(", ")})`;
}

function describeFacts(facts: Facts): readonly string[] {
  const { certified, ledger, name, outcome, root, sealed, size } = facts;
  const lines = [`ledger ${name} (${ledger}), ${size} records, root ${root}, sealed ${date(sealed)}`];
  if (certified !== undefined) {
    const { signed, members, threshold, epoch } = certified;
    const of = `${signed.length} of ${members}, ${threshold} needed`;
    lines.push(`certified by ${signed.join(", ")} (${of}), epoch ${epoch}`);
  }
  lines.push(`case ${facts.case}`);
  if (outcome !== undefined) {
    const unlocked = outcome.outcomes.length === 0 ? "" : `, outcomes: record ${outcome.outcomes.join(", ")}`;
    const { policy_name: policy, programme, phase, records } = outcome;
    lines.push(`policy ${policy} of ${programme}, ${phase}, ${records} records${unlocked}`);
  }
  const steps = facts.steps.flatMap((step) => [describeStep(step), ...describeHidden(step)]);
  return [...lines, ...describeAudiences(facts), ...steps];
}

function describeAudiences({ audiences }: Facts): readonly string[] {
  if (audiences === undefined) return [];
  const those = audiences.length === 0 ? "none of its audiences" : audiences.join(", ");
  return [`by its policy, all that is shown here may be shown to: ${those}`];
}

function describeStep(step: Step): string {
  const what = [step.kind, ...(step.step === undefined ? [] : [`\`${step.step}\``])].join(" ");
  const by = step.party === undefined ? "" : ` by ${step.party}`;
  const refusal = step.refusal === undefined ? "" : `, refused: ${step.refusal}`;
  const from = step.earliest === undefined ? "" : `from ${describeBound(step.earliest)} `;
  const clock = `appender's clock ${date(step.at)}; ${from}to ${describeBound(step.latest)}`;
  return `  ${step.index} ${what}${by}${refusal}: ${SHOWN[step.shown]}; ${clock}`;
}

function describeHidden(step: Step): readonly string[] {
  const { claims_withheld: claims = [], documents_not_shown: documents = [] } = step;
  const of = (names: readonly string[], lead: string, trail: string): readonly string[] =>
    names.length === 0 ? [] : [`      ${lead}: ${names.join(", ")}; ${trail}`];
  return [
    ...of(claims, "withheld", "what a rule asks of it rests on the certificate"),
    ...of(documents, "no document in the pack", "that there is one is the party's word"),
  ];
}

function describeBound({ by, time }: Bound): string {
  return `${date(time)} (clocks of ${by.join(", ")})`;
}

function describeChains({ on_chain_not_checked: { deposits, outcomes } }: Facts): readonly string[] {
  if (deposits.length + outcomes.length === 0) return [];
  return [
    "on chain, not checked here",
    ...[...deposits, ...outcomes].map((fact) => `  ${describeChain(fact)}`),
  ];
}

function describeChain(fact: Json): string {
  const fields = Object.entries(fact as JsonObject);
  return fields
    .map(([field, value]) => `${field} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}

function date(ms: number): string {
  return new Date(ms).toISOString();
}
