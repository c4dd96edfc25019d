import { refuse } from "../refusal.js";
import { AUDIENCES, isCovered, isGranted, ofParameter, ofStep, PUBLIC } from "./audience.js";
import type { Policy, Term } from "./layout.js";
import { isName } from "./value.js";

/** `policy.md` §9: what the table of audiences asks for. Without entries nothing. */
export function checkAudiences(policy: Policy): void {
  const { audiences } = policy;
  if (audiences.size === 0) return;
  const open = new Set(audiences.get(PUBLIC));
  for (const [name, list] of audiences) {
    if (!AUDIENCES.includes(name)) refuse("unknown-audience", `\`${name}\` is no audience`);
    const entries = new Set(list);
    if (entries.size < list.length) refuse("duplicate", `\`${name}\` names something twice`);
    for (const entry of entries) {
      checkEntry(policy, entry);
      if (isCovered(entries, entry)) refuse("duplicate", `another entry of \`${name}\` grants \`${entry}\``);
      if (name !== PUBLIC && isGranted(open, entry)) refuse("duplicate", `the public sees \`${entry}\``);
    }
  }
  for (const what of shownAnyway(policy)) {
    if (!isGranted(open, what)) refuse("shown-anyway", `every pack shows \`${what}\``);
  }
}

/** An entry has one of the forms of the page, and names one thing of the policy. */
function checkEntry({ parameters, steps }: Policy, entry: string): void {
  if (entry === "*") return;
  const dot = entry.indexOf(".");
  const of = entry.slice(0, Math.max(dot, 0));
  const name = entry.slice(dot + 1);
  const all = name === "*";
  if (!isName(of) || !(all || isName(name))) refuse("name", `\`${entry}\` is no entry`);
  if (of === "param") {
    if (!all && !parameters.some((parameter) => parameter.name === name))
      refuse("unknown-param", `no parameter \`${name}\``);
    return;
  }
  const step = steps.get(of) ?? refuse("unknown-step", `no step \`${of}\``);
  if (all) return;
  const claimed = step.claims.some((claim) => claim.name === name);
  const filed = step.evidence.includes(name);
  if (claimed && filed) refuse("ambiguous", `\`${entry}\` is a claim and a document`);
  if (!claimed && !filed) refuse("unknown-claim", `no claim or document \`${entry}\``);
}

/** What every pack shows, since a record or an outcome carries it. */
function shownAnyway({ holds, outcomes, steps }: Policy): readonly string[] {
  const dated = ({ step, claim }: Term, date: string | undefined): readonly string[] =>
    [claim, ...(date === undefined ? [] : [date])].map((name) => ofStep(step, name));
  return [
    ...outcomes.flatMap(({ args }) => args.filter((argument) => argument.includes("."))),
    ...[...holds.values()].flatMap(({ amount, reserve, credits }) => [
      ofParameter(amount),
      ...dated(reserve, steps.get(reserve.step)?.fresh?.claim),
      ...credits.flatMap((term) => dated(term, steps.get(term.step)?.booked)),
    ]),
    ...[...steps.values()].flatMap(({ name, pays, booked }) =>
      pays === undefined ? [] : dated({ step: name, claim: pays }, booked),
    ),
  ];
}
