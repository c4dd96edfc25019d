import { refuse } from "../../refusal.js";
import type { Claim, Parameter } from "../../policy/layout.js";
import { isCanonical, numberOf } from "../../policy/value.js";
import type { Asking } from "./asking.js";

/**
 * Claims in number, name and canonical text (`refusals.md` §§3 to 5). A claim that is not shown refuses the
 * command on a ledger; in a re-run it is passed over here.
 */
export function checkClaims({ word, across }: Asking, declared: readonly (Claim | Parameter)[]): void {
  const { openings } = word;
  if (!across.inPart && openings.includes(null)) refuse("withheld", "a claim is not shown");
  if (openings.length !== declared.length)
    refuse("claim_count", `${openings.length} claims of ${declared.length}`);
  openings.forEach((opening, at) => {
    const claim = declared[at];
    if (opening === null || claim === undefined) return;
    if (opening.name !== claim.name)
      refuse("claim_form", `\`${opening.name}\` in the place of \`${claim.name}\``);
    if (!isCanonical(claim.type, opening.value))
      refuse("claim_form", `\`${claim.name}\` is not in its one text`);
    if ("min" in claim || "max" in claim) checkBounds(claim, opening.value);
  });
}

function checkBounds({ name, type, min, max }: Parameter, text: string): void {
  const value = numberOf(type, text);
  if (value === undefined) return;
  if ((min !== undefined && value < min) || (max !== undefined && value > max)) {
    refuse("claim_form", `\`${name}\` is out of bounds`);
  }
}
