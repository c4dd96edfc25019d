/** The rules that a command can break, by name; those of a step stand in `attempted` (`case.md` §4). */
export const CODES: ReadonlySet<string> = new Set([
  "action_form", "agreed_before", "case_closed", "case_late", "case_unknown", "claim_count", "claim_form",
  "credential_form", "credential_not_valid", "credential_revoked", "credential_unknown", "deadline",
  "envelope_expired", "envelope_life", "evidence_count", "genesis_form", "genesis_place", "guard", "guard_error",
  "headroom_short", "headroom_unknown", "issued_in_future", "key_owner", "not_distinct", "not_entitled",
  "not_governor", "not_issuer", "nothing_to_withdraw", "opened_before", "order", "other_ledger", "outcome_form",
  "persons", "policy_unknown", "prev", "reading_form", "reading_unknown", "single_use", "stale", "step_late",
  "step_taken", "step_unknown", "suspended", "taken_back", "withheld",
]);
