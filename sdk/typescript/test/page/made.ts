import { utf8 } from "../../src/bytes.js";
import { writeCanonical, type Json, type JsonObject } from "../../src/canonical.js";
import { digestOf } from "../../src/policy/read.js";
import { begin, credential, keysOf, signer, ADMIN } from "../machine/kit.js";
import { Stage } from "../machine/stories.js";
import { wholePack, type Whole } from "../whole-pack.js";
import { vectorBytes } from "../vectors.js";
import type { Chosen } from "./browser.js";

/** Packs for the page: published ones, and ones that are made here. Not a test by itself. */

export const TRUST: Chosen = { name: "trust.json", bytes: vectorBytes("pack/trust.json") };

export function published(file: string): Chosen {
  return { name: file, bytes: vectorBytes(`pack/${file}`) };
}

/** Both files of a pack, as they would be chosen. */
export interface Both {
  readonly pack: Chosen;
  readonly trust: Chosen;
}

export function filesOf({ pack, trust }: Whole, name = "made.json"): Both {
  const bytes = (json: JsonObject) => utf8(writeCanonical(json));
  return { pack: { name, bytes: bytes(pack) }, trust: { name: "made.trust.json", bytes: bytes(trust) } };
}

/** The pack of a story of a shipped policy; of the first, where none is named. */
export function storyPack(policy: string, story?: string): Whole {
  const stage = new Stage(policy);
  const ledger = stage.ledger();
  const told = stage.stories.find(({ name }) => story === undefined || name === story);
  if (told === undefined) throw new Error(`no story \`${story}\``);
  return wholePack(
    ledger,
    stage.play(ledger, told, () => undefined),
  );
}

/** The same pack with the last signed statement of the case not shown. */
export function withoutStatement({ pack, trust }: Whole, word: "withheld" | "erased"): Whole {
  const excerpt = pack["excerpt"] as readonly JsonObject[];
  const last = excerpt.findLastIndex(({ command }) => typeof command === "object");
  const groups = excerpt.map((group, at): Json => (at === last ? { ...group, command: word } : group));
  return { pack: { ...pack, excerpt: groups }, trust };
}

const LAYOUT = `
format    = "lockstep-policy/1"
name      = "noted"
title     = "TITLE"
programme = "test"
guards    = "cedar-1"
opened_by = "desk"
lasts     = "3d"

[param]
note = { type = "text" }

[domain.home]
chain    = "eip155:1"
gate     = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
token    = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
decimals = 6

[role]
desk = { credential = "desk" }

[step.say]
by    = "desk"
title = "TITLE"
claim = { words = "text" }

[step.agree]
by    = "desk"
title = "agrees"
after = ["say"]

[outcome.mark]
after   = ["agree"]
domain  = "home"
line    = "mark"
call    = "mark()"
args    = []
expires = "1d"
`.trimStart();
const GUARDS = '@id("any")\npermit (principal, action, resource);\n';

/** A case in which a party says something, and refuses a step for a reason, all in these words. */
export function sayingPack(title: string, words: string, reason: string): Whole {
  const layout = LAYOUT.replaceAll("TITLE", title.replaceAll('"', '\\"'));
  const ledger = begin();
  ledger.propose({ name_issuer: { keys: keysOf([signer(ADMIN)]), kinds: ["desk"], lei: ADMIN } });
  ledger.propose({ adopt: { guards: GUARDS, layout } });
  const party = "DESK0000000000000063";
  const key = signer("desk");
  ledger.now += 1;
  credential(ledger, party, "desk", [key]);
  const policy = digestOf(layout, GUARDS);
  const opening = ledger.opening(party, policy, [{ name: "note", value: words }], ledger.now + 86_400_000);
  const caseId = taken(ledger.submit(opening, key));
  const step = (name: string, more: JsonObject, claims: readonly { name: string; value: string }[]) => ({
    kind: "attestation" as const,
    predicate: { party, case: caseId, step: name, evidence: [], ...more },
    subject: { name, digest: caseId },
    claims,
  });
  ledger.now += 1000;
  const says = [{ name: "words", value: words }];
  const said = taken(ledger.submit(step("say", { prev: [caseId], verdict: "done" }, says), key));
  ledger.now += 1000;
  taken(ledger.submit(step("agree", { prev: [said], verdict: "refused", reason }, []), key));
  return wholePack(ledger, caseId);
}

function taken({
  drafts,
  refused,
}: {
  readonly drafts: readonly { readonly leaf: string }[];
  readonly refused?: unknown;
}) {
  const leaf = drafts[0]?.leaf;
  if (leaf === undefined) throw new Error(`nothing was recorded: ${String(refused)}`);
  return leaf;
}
