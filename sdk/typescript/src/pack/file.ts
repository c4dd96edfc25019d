import { evidenceDigest } from "../attestation/claim.js";
import { readRawSubmission, type RawSubmission } from "../attestation/envelope.js";
import { fromHex, hex, utf8 } from "../bytes.js";
import { parseCanonical, writeCanonical, type Json } from "../canonical.js";
import { readCertificate, readHandover, type Certificate, type Handover } from "../certificate.js";
import {
  LOG_PATH_MAX,
  PACK_BYTES_MAX,
  PACK_DOCUMENTS_MAX,
  PACK_ENTRIES_MAX,
  PACK_HANDOVERS_MAX,
  PACK_RECORDS_MAX,
  PACK_SEEN_MAX,
  RECORDS_A_COMMAND_MAX,
} from "../limits.js";
import { bodyOf, type Body } from "../machine/body.js";
import { readEntity, type Entity } from "../machine/entity.js";
import { base64Bytes, digest, hexBytes, integer, list, object, text, time, variant } from "../reading.js";
import { leafHash, leafOf, readSealBody, type Seal, type Tag } from "../record.js";
import { refuse } from "../refusal.js";
import { readProof, type MapProof } from "../state-map.js";

/** The file of a pack, in its types (`pack.md` §1). That it is true is not said here. */

export interface PackRecord {
  readonly index: number;
  readonly tag: Tag;
  readonly salt: Uint8Array;
  readonly path: readonly Uint8Array[];
  /** The bytes that the leaf commits to. */
  readonly body: Uint8Array;
  /** What a record of tag 1 says; a seal, where none may stand. */
  readonly said?: Body | "seal";
  /** 64 hexadecimal digits: of tag, the group's time, salt and body. */
  readonly leafHash: string;
}

export type PackCommand =
  | { readonly kind: "genesis" | "tick" | "withheld" | "erased" | "recorded" }
  | { readonly kind: "submit" | "propose"; readonly submission: RawSubmission };

export interface PackGroup {
  readonly command: PackCommand;
  readonly time: number;
  readonly records: readonly PackRecord[];
}

/** A proof between the certified head and another one, whichever is larger. */
export interface PackConsistency {
  readonly path: readonly Uint8Array[];
  readonly root: string;
  readonly size: number;
}

/** A document that an attestation names by this digest. */
export interface PackDocument {
  /** 64 hexadecimal digits. */
  readonly digest: string;
}

export interface PackEntry {
  readonly entity: Entity;
  readonly proof: MapProof;
  /** The text that is hashed; none where the entity is absent. */
  readonly value?: string;
}

export interface PackHandover {
  readonly consistency: readonly Uint8Array[];
  readonly handover: Handover;
}

/** A certificate that a signer named, and the last leaf of its head. */
export interface PackSeen {
  readonly certificate: Certificate;
  readonly consistency: readonly Uint8Array[];
  readonly leaf: Uint8Array;
  readonly path: readonly Uint8Array[];
}

export interface PackSeal {
  readonly says: Seal;
  readonly path: readonly Uint8Array[];
  readonly time: number;
  readonly leafHash: string;
}

export interface Pack {
  readonly case: string;
  readonly certificate: Certificate;
  readonly consistency?: PackConsistency;
  readonly evidence: readonly PackDocument[];
  readonly excerpt: readonly PackGroup[];
  readonly handovers: readonly PackHandover[];
  readonly map: readonly PackEntry[];
  readonly seal: PackSeal;
  readonly seen: readonly PackSeen[];
}

const FORMAT = "lockstep-pack/1";
const FIELDS = ["case", "certificate", "evidence", "excerpt", "format", "handovers", "map", "seal", "seen"];
const SALT_BYTES = 32;
const ANY = Number.MAX_SAFE_INTEGER;

/**
 * Reads the file of a pack; refuses (`form` and other codes) what has not the types and limits of §§1 and 6.
 */
export function readPack(file: Uint8Array): Pack {
  const read = object(parseCanonical(file, { bytes: PACK_BYTES_MAX }), FIELDS, ["consistency"]);
  if (read["format"] !== FORMAT) refuse("format", `expected \`${FORMAT}\``);
  const { consistency } = read;
  const excerpt = list(read["excerpt"], PACK_RECORDS_MAX, readGroup);
  if (excerpt.reduce((sum, { records }) => sum + records.length, 0) > PACK_RECORDS_MAX) {
    refuse("limits", `more than ${PACK_RECORDS_MAX} records`);
  }
  return {
    case: digest(read["case"]),
    certificate: readCertificate(read["certificate"]),
    ...(consistency === undefined ? {} : { consistency: readConsistency(consistency) }),
    evidence: list(read["evidence"], PACK_DOCUMENTS_MAX, readDocument),
    excerpt,
    handovers: list(read["handovers"], PACK_HANDOVERS_MAX, readPackHandover),
    map: list(read["map"], PACK_ENTRIES_MAX, readEntry),
    seal: readSeal(read["seal"]),
    seen: list(read["seen"], PACK_SEEN_MAX, readSeen),
  };
}

function readGroup(value: Json): PackGroup {
  const read = object(value, ["command", "records", "time"]);
  const at = time(read["time"]);
  return {
    command: readCommand(read["command"]),
    time: at,
    records: list(read["records"], RECORDS_A_COMMAND_MAX, (record) => readRecord(record, at)),
  };
}

function readCommand(value: Json | undefined): PackCommand {
  switch (value) {
    case "genesis":
    case "tick":
    case "withheld":
    case "erased":
    case "recorded":
      return { kind: value };
  }
  const [kind, submission] = variant(value);
  if (kind !== "submit" && kind !== "propose") return refuse("form", `no command \`${kind}\``);
  return { kind, submission: readRawSubmission(submission) };
}

function readRecord(value: Json, at: number): PackRecord {
  const read = object(value, ["body", "index", "path", "salt"]);
  const salt = hexBytes(read["salt"], SALT_BYTES);
  const body = readBody(read["body"]);
  return {
    ...body,
    index: integer(read["index"]),
    salt,
    path: readPath(read["path"]),
    leafHash: hex(leafHash(leafOf(body.tag, at, salt, body.body))),
  };
}

function readBody(value: Json | undefined): Pick<PackRecord, "tag" | "body" | "said"> {
  const [form, body] = variant(value);
  if (form === "outcome") return { tag: 2, body: base64Bytes(body) };
  if (form !== "record") return refuse("form", `no body \`${form}\``);
  const bytes = utf8(writeCanonical(body));
  const [kind, says] = variant(body);
  if (kind !== "seal") return { tag: 1, body: bytes, said: bodyOf(body) };
  readSealBody(says);
  return { tag: 1, body: bytes, said: "seal" };
}

function readPath(value: Json | undefined): readonly Uint8Array[] {
  return list(value, LOG_PATH_MAX, (hash) => fromHex(digest(hash)));
}

function readConsistency(value: Json): PackConsistency {
  const read = object(value, ["path", "root", "size"]);
  return { path: readPath(read["path"]), root: digest(read["root"]), size: integer(read["size"]) };
}

function readDocument(value: Json): PackDocument {
  const read = object(value, ["document", "salt"]);
  const document = base64Bytes(read["document"]);
  return { digest: evidenceDigest(hexBytes(read["salt"], SALT_BYTES), document) };
}

function readPackHandover(value: Json): PackHandover {
  const read = object(value, ["consistency", "handover"]);
  return { consistency: readPath(read["consistency"]), handover: readHandover(read["handover"]) };
}

function readEntry(value: Json): PackEntry {
  const read = object(value, ["entity", "proof"], ["value"]);
  const entry = { entity: readEntity(read["entity"]), proof: readProof(read["proof"], ANY) };
  return read["value"] === undefined ? entry : { ...entry, value: text(read["value"]) };
}

function readSeal(value: Json | undefined): PackSeal {
  const read = object(value, ["body", "path", "salt", "time"]);
  const at = time(read["time"]);
  const body = utf8(writeCanonical({ seal: read["body"] ?? null }));
  const leaf = leafOf(1, at, hexBytes(read["salt"], SALT_BYTES), body);
  return {
    says: readSealBody(read["body"]),
    path: readPath(read["path"]),
    time: at,
    leafHash: hex(leafHash(leaf)),
  };
}

function readSeen(value: Json): PackSeen {
  const read = object(value, ["certificate", "consistency", "leaf", "path"]);
  return {
    certificate: readCertificate(read["certificate"]),
    consistency: readPath(read["consistency"]),
    leaf: base64Bytes(read["leaf"]),
    path: readPath(read["path"]),
  };
}
