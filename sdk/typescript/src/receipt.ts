import { be64, concat, fromHex, utf8 } from "./bytes.js";
import { canonicalBytes, parseCanonical, type Json } from "./canonical.js";
import { checkCertificate, readCertificate, type Certificate, type Committee } from "./certificate.js";
import { RECEIPT_BYTES_MAX } from "./limits.js";
import { hashLeaf, isIncluded } from "./log/tree.js";
import { base64Bytes, digest, integer, object, text, time, variant } from "./reading.js";
import { refuse, refusedAs } from "./refusal.js";
import { readPath } from "./signer.js";
import { checkSignature, type PublicKey } from "./suites.js";

/** What a party gets for an attestation (`receipt.md`). */

export interface RecordName {
  readonly index: number;
  readonly leaf: string;
}

/** §1. `recorded`: it counts. Otherwise it does not, by the rule `code`, on record or not. */
export type ItemResult =
  | { readonly recorded: RecordName }
  | { readonly refused: { readonly code: string; readonly record?: RecordName } };

export interface Item {
  readonly attestation: string;
  readonly result: ItemResult;
  readonly time: number;
}

export interface AcceptedReceipt {
  readonly kind: "accepted";
  readonly version: number;
  readonly ledger: string;
  readonly index: number;
  readonly item: Item;
  /** Hash of the item as a leaf of its batch. */
  readonly itemHash: Uint8Array;
  readonly path: readonly Uint8Array[];
  readonly root: string;
  readonly size: number;
  readonly signature: Uint8Array;
}

export interface CertifiedReceipt {
  readonly kind: "certified";
  readonly version: number;
  readonly certificate: Certificate;
  readonly path: readonly Uint8Array[];
  readonly record: RecordName;
}

export type Receipt = AcceptedReceipt | CertifiedReceipt;

const VERSION = 1;
const MESSAGE_START = utf8("lockstep/accepted/1\n");

/** Reads a file of one receipt. */
export function parseReceipt(file: Uint8Array): Receipt {
  const [kind, value] = variant(parseCanonical(file, { bytes: RECEIPT_BYTES_MAX }));
  if (kind === "accepted") return readAccepted(value);
  if (kind === "certified") return readCertified(value);
  return refuse("form", `no receipt of kind \`${kind}\``);
}

/** Reads what stands under `accepted`. */
export function readAccepted(value: Json | undefined): AcceptedReceipt {
  const fields = ["index", "item", "ledger", "path", "root", "signature", "size", "version"];
  const read = object(value, fields);
  const item = object(read["item"], ["attestation", "result", "time"]);
  return {
    kind: "accepted",
    version: integer(read["version"]),
    ledger: digest(read["ledger"]),
    index: integer(read["index"]),
    item: {
      attestation: digest(item["attestation"]),
      result: readResult(item["result"]),
      time: time(item["time"]),
    },
    itemHash: hashLeaf(canonicalBytes(item)),
    path: readPath(read["path"]),
    root: digest(read["root"]),
    size: integer(read["size"]),
    signature: base64Bytes(read["signature"]),
  };
}

function readResult(value: Json | undefined): ItemResult {
  const [kind, result] = variant(value);
  if (kind === "recorded") return { recorded: readName(result) };
  if (kind !== "refused") return refuse("form", `no result \`${kind}\``);
  const read = object(result, ["code"], ["record"]);
  const record = read["record"];
  const code = text(read["code"]);
  return { refused: record === undefined ? { code } : { code, record: readName(record) } };
}

function readName(value: Json | undefined): RecordName {
  const read = object(value, ["index", "leaf"]);
  return { index: integer(read["index"]), leaf: digest(read["leaf"]) };
}

/** Reads what stands under `certified`. */
export function readCertified(value: Json | undefined): CertifiedReceipt {
  const read = object(value, ["certificate", "path", "record", "version"]);
  return {
    kind: "certified",
    version: integer(read["version"]),
    certificate: readCertificate(read["certificate"]),
    path: readPath(read["path"]),
    record: readName(read["record"]),
  };
}

/** What the appender signs for a batch (§2). */
export function acceptedMessage(ledger: string, size: number, root: string): Uint8Array {
  return concat(MESSAGE_START, fromHex(ledger), be64(size), fromHex(root));
}

/** Checks an accepted receipt: the appender's word, and nothing more (§2). */
export function checkAccepted(receipt: AcceptedReceipt, ledger: string, appender: PublicKey): void {
  checkVersion(receipt.version);
  if (receipt.ledger !== ledger) refuse("wrong_ledger", `of ledger ${receipt.ledger}`);
  if (appender.suite !== "ed25519") refuse("suite", "an appender's key is of suite `ed25519`");
  const { index, itemHash, path, root, size, signature } = receipt;
  if (!isIncluded({ hash: itemHash, index }, { root: fromHex(root), size }, path)) {
    refuse("path", "the item is not shown to be in the batch");
  }
  const message = { bytes: acceptedMessage(ledger, size, root) };
  refusedAs("signature", () => checkSignature(appender, message, signature));
}

/** Checks a certified receipt: k co-signers have re-run a ledger with that record at that place (§3). */
export function checkCertified(receipt: CertifiedReceipt, ledger: string, committee: Committee): void {
  checkVersion(receipt.version);
  const { certificate, path, record } = receipt;
  refusedAs("certificate", () => checkCertificate(certificate, ledger, committee));
  const head = { root: fromHex(certificate.root), size: certificate.size };
  if (!isIncluded({ hash: fromHex(record.leaf), index: record.index }, head, path)) {
    refuse("path", "the record is not shown to be in the log");
  }
}

function checkVersion(version: number): void {
  if (version !== VERSION) refuse("version", `version ${version}`);
}
