import { canonicalBytes, parseCanonical } from "./canonical.js";
import { committeeOf, readMembers, writeMember, type Committee } from "./certificate.js";
import { LOG_SIZE_MAX, TRUST_BYTES_MAX } from "./limits.js";
import { digest, integer, name, object } from "./reading.js";
import { refuse, refusedAs } from "./refusal.js";

/** What a verifier believes beforehand: co-signers, and the latest head that it knows (`trust.md`). */
export interface Trust {
  readonly committee: Committee;
  readonly ledger: string;
  /** What people call the ledger; it decides nothing. */
  readonly name: string;
  readonly root: string;
  readonly size: number;
}

const FORMAT = "lockstep-trust/1";
const FIELDS = ["committee", "epoch", "format", "ledger", "name", "root", "size", "threshold"];
const THRESHOLD_MAX = 255;

/** Reads a trust file; refuses with `form`, `format`, `committee` or `size`, in this order (§1). */
export function parseTrust(file: Uint8Array): Trust {
  const read = refusedAs("form", () => {
    const fields = object(parseCanonical(file, { bytes: TRUST_BYTES_MAX }), FIELDS);
    return {
      members: readMembers(fields["committee"]),
      epoch: integer(fields["epoch"]),
      format: fields["format"],
      ledger: digest(fields["ledger"]),
      name: name(fields["name"]),
      root: digest(fields["root"]),
      size: integer(fields["size"]),
      threshold: integer(fields["threshold"], 0, THRESHOLD_MAX),
    };
  });
  if (read.format !== FORMAT) refuse("format", `expected \`${FORMAT}\``);
  const committee = refusedAs("committee", () => committeeOf(read.epoch, read.members, read.threshold));
  if (read.size < 1 || read.size > LOG_SIZE_MAX) refuse("size", `a head of ${read.size} records`);
  return { committee, ledger: read.ledger, name: read.name, root: read.root, size: read.size };
}

/** The file of it (§1). */
export function writeTrust({ committee, ledger, name, root, size }: Trust): Uint8Array {
  const { epoch, members, threshold } = committee;
  const written = members.map(writeMember);
  return canonicalBytes({ committee: written, epoch, format: FORMAT, ledger, name, root, size, threshold });
}
