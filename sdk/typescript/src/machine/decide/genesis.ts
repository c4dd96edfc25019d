import type { Json } from "../../canonical.js";
import { committeeOf, readMembers } from "../../certificate.js";
import { refuse, refusedAs } from "../../refusal.js";
import { publicKey, readKey } from "../../suites.js";
import { areKeys, readCredentialKeys } from "../action.js";
import { bodyOf, type Bodies } from "../body.js";
import { isSmallOrder } from "../order.js";
import { knownRules } from "../rules.js";
import type { State } from "../state.js";
import type { Writer } from "./writer.js";

const NOTICE_MAX_MS = 90 * 86_400_000;
const ADMINISTRATORS_MAX = 16;

/** `governance.md` §4: record 0. */
export function decideGenesis(state: State, genesis: Json, writer: Writer): void {
  if (state.ledger !== "") refuse("genesis_place", "the ledger has begun");
  const body = refusedAs("genesis_form", () => bodyOf({ genesis }));
  if (body.kind === "genesis") refusedAs("genesis_form", () => checkGenesis(body.of));
  writer.record(body);
}

function checkGenesis(of: Bodies["genesis"]): void {
  if (knownRules(of.rules) === undefined) refuse("form", `rules ${of.rules}`);
  if (of.notice_ms > NOTICE_MAX_MS) refuse("form", "a notice of more than ninety days");
  const keys = [readKey(of.appender), readKey(of.log)];
  if (keys.some((key) => key.suite !== "ed25519" || isSmallOrder(key)))
    refuse("form", "a key that signs nothing here");
  const committee = committeeOf(0, readMembers(of.cosigners), of.cosigner_threshold);
  const owners = new Map(committee.members.map(({ address, lei }) => [publicKey("eip712", address).id, lei]));
  checkAdministrators(of, owners);
}

function checkAdministrators(of: Bodies["genesis"], cosigners: ReadonlyMap<string, string>): void {
  const { administrators, administrator_threshold: threshold } = of;
  if (administrators.length === 0 || administrators.length > ADMINISTRATORS_MAX)
    refuse("form", "administrators");
  if (threshold < 1 || threshold > administrators.length) refuse("form", "a threshold out of range");
  if (new Set(administrators.map(({ lei }) => lei)).size < administrators.length)
    refuse("form", "an LEI twice");
  const seen = new Set<string>();
  for (const { keys, lei } of administrators) {
    const read = readCredentialKeys(keys);
    if (!areKeys(read)) refuse("form", "keys that are not 1 to 16 and ascending");
    for (const { key } of read) {
      if (isSmallOrder(key)) refuse("form", "anybody can sign for this key");
      if ((cosigners.get(key.id) ?? lei) !== lei) refuse("form", "a key of a co-signer");
      if (seen.has(key.id)) refuse("form", "a key twice");
      seen.add(key.id);
    }
  }
}
