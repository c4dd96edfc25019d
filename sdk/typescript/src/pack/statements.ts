import {
  checkEnvelope,
  decodeSubmission,
  signedIn,
  type KeyOf,
  type Submission,
} from "../attestation/envelope.js";
import type { Seen, Statement } from "../attestation/statement.js";
import { allCount } from "../batch.js";
import type { Command, Group } from "../machine/group.js";
import type { PublicKey } from "../suites.js";
import { checked, fail } from "./failure.js";
import type { Pack, PackDocument, PackGroup, PackRecord } from "./file.js";

/** The signed words of a pack (`pack.md` §4, 10, 11, 14 and 15). */

/**
 * Check 10: every submission decodes, then the signatures of each hold under a key that some record
 * registers, and a proposal's first record is `proposed`. Gives what a re-run takes.
 */
export function checkSubmissions(pack: Pack, keys: ReadonlyMap<string, PublicKey>): readonly Group[] {
  const groups = pack.excerpt.map(decodeGroup);
  const keyOf = (id: string) => keys.get(id);
  const together = holdTogether(groups, keyOf);
  for (const { command, records } of groups) {
    if (command.kind !== "submit" && command.kind !== "propose") continue;
    const first = records[0];
    if (!together)
      checked("signature", first?.index, () => checkEnvelope(command.submission.envelope, keyOf));
    if (command.kind === "propose" && first?.said?.kind !== "proposed") {
      fail("no_decision", "a proposal does not begin with `proposed`", first?.index);
    }
  }
  return groups;
}

/** Whether all signatures count, asked at once; where they may not, each is asked alone, in order. */
function holdTogether(groups: readonly Group[], keyOf: KeyOf): boolean {
  const envelopes = groups.flatMap((group) => submissionOf(group)?.envelope ?? []);
  const known = envelopes.every(({ signatures }) =>
    signatures.every(({ keyId }) => keyOf(keyId) !== undefined),
  );
  return known && allCount(envelopes.flatMap((envelope) => signedIn(envelope, keyOf)));
}

function decodeGroup({ command, time, records }: PackGroup): Group {
  return { command: decodeCommand(command, records[0]?.index), time, records: records.map(shownRecord) };
}

function decodeCommand(command: PackGroup["command"], record: number | undefined): Command {
  if (command.kind !== "submit" && command.kind !== "propose") return { kind: command.kind };
  return {
    kind: command.kind,
    submission: checked("signature", record, () => decodeSubmission(command.submission)),
  };
}

function shownRecord({ index, tag, leafHash, salt, body, said }: PackRecord): Group["records"][number] {
  const shown = { index, tag, leafHash, salt, body };
  return said === undefined || said === "seal" ? shown : { ...shown, said };
}

/** What is submitted in a group, if it is shown. */
export function submissionOf({ command }: Group): Submission | undefined {
  return command.kind === "submit" || command.kind === "propose" ? command.submission : undefined;
}

/** The statement of a group, if it is shown. */
export function statementOf(group: Group): Statement | undefined {
  return submissionOf(group)?.envelope.statement;
}

/** The certified head that the signer of a group's statement had. */
export function seenBy(group: Group): Seen | undefined {
  return statementOf(group)?.seen;
}

/** Check 11, of the statements: one that names a shown certificate gives its size, and was made after it. */
export function checkSeenSizes(pack: Pack, groups: readonly Group[]): void {
  const sizes = new Map(pack.seen.map(({ certificate }) => [certificate.digest, certificate.size]));
  for (const group of groups) {
    const seen = seenBy(group);
    const size = seen === undefined ? undefined : sizes.get(seen.certificate);
    const index = group.records[0]?.index;
    if (seen === undefined || size === undefined || index === undefined) continue;
    if (seen.size !== size)
      fail("seen", `names ${seen.size} records, the certificate is over ${size}`, index);
    if (index < size) fail("seen", "names a head that holds its own record", index);
  }
}

/** Check 14: every document is named by a shown attestation, and stands once. */
export function checkEvidence(documents: readonly PackDocument[], groups: readonly Group[]): void {
  const named = new Set(groups.flatMap((group) => evidenceOf(statementOf(group))));
  const shown = new Set<string>();
  for (const { digest } of documents) {
    if (!named.has(digest)) fail("evidence", `no shown attestation names document ${digest}`);
    if (shown.has(digest)) fail("evidence", `document ${digest} stands twice`);
    shown.add(digest);
  }
}

function evidenceOf(statement: Statement | undefined): readonly string[] {
  return statement?.kind === "attestation" ? statement.evidence : [];
}

/** Check 15: a shown statement names each `seen` certificate. */
export function checkUsed(pack: Pack, groups: readonly Group[]): void {
  const named = new Set(groups.map((group) => seenBy(group)?.certificate));
  for (const { certificate } of pack.seen) {
    if (!named.has(certificate.digest))
      fail("unused", `no shown statement names certificate ${certificate.digest}`);
  }
}
