import { concat, equal, fromHex, hex } from "./bytes.js";
import type { Signed } from "./batch.js";
import { canonicalBytes, type Json } from "./canonical.js";
import { hashStruct, signingHash, typeHash, wordOfNumber } from "./eip712.js";
import { keccak256, sha256Hex } from "./hash.js";
import { CERTIFICATE_BYTES_MAX, LOG_SIZE_MAX, MEMBERS_MAX } from "./limits.js";
import { digest, hexBytes, integer, lei, list, name, object } from "./reading.js";
import { Refusal, refuse, refusedAs } from "./refusal.js";
import { publicKey, readAddress, recoverAddress, writeAddress } from "./suites.js";

/** Committees of co-signers and the certificates of their quorums (`certificate.md`). */

export interface Member {
  readonly address: Uint8Array;
  readonly lei: string;
  readonly name: string;
}

export interface Committee {
  readonly epoch: number;
  readonly members: readonly Member[];
  readonly threshold: number;
  /** §2, in hexadecimal digits. */
  readonly digest: string;
}

/** What co-signers sign: the head of a log, and the number of their committee. */
export interface Checkpoint {
  readonly epoch: number;
  readonly ledger: string;
  readonly root: string;
  readonly size: number;
}

/** A signature by the place of a member. */
export interface MemberSignature {
  readonly member: number;
  readonly signature: Uint8Array;
}

export interface Certificate extends Checkpoint {
  readonly scheme: number;
  readonly committee: string;
  readonly threshold: number;
  readonly signatures: readonly MemberSignature[];
  /** SHA-256 of its canonical JSON: by this a statement names it. */
  readonly digest: string;
}

export interface Handover {
  readonly old: Certificate;
  readonly new: Certificate;
}

const BYTE_MAX = 255;
const SIGNATURE_BYTES = 65;
const CHECKPOINT = typeHash("Checkpoint(bytes32 ledger,uint64 epoch,uint64 size,bytes32 root)");

/** Whether k of n members are a quorum: k > 2n/3 and k ≤ n. */
export function isThreshold(threshold: number, members: number): boolean {
  return 3 * threshold > 2 * members && threshold <= members;
}

/** A committee of members, or a refusal (`form`) of what is none (§2). */
export function committeeOf(epoch: number, members: readonly Member[], threshold: number): Committee {
  if (members.length === 0 || members.length > MEMBERS_MAX) refuse("form", `${members.length} members`);
  const addresses = members.map(({ address }) => hex(address));
  if (addresses.includes("0".repeat(40))) refuse("form", "the zero address");
  if (new Set(addresses).size < members.length) refuse("form", "an address twice");
  if (new Set(members.map((member) => member.lei)).size < members.length) refuse("form", "an LEI twice");
  if (!isThreshold(threshold, members.length))
    refuse("form", `${threshold} of ${members.length} is no quorum`);
  return { epoch, members, threshold, digest: addressesDigest(members.map(({ address }) => address)) };
}

/** Digest of a list of addresses: the code hash of the blob in which a chain keeps them (§2). */
export function addressesDigest(addresses: readonly Uint8Array[]): string {
  return hex(keccak256(concat(Uint8Array.of(0), ...addresses)));
}

/** Reads members as genesis, rotations and trust files list them. */
export function readMembers(value: Json | undefined): readonly Member[] {
  return list(value, Number.MAX_SAFE_INTEGER, (item) => {
    const read = object(item, ["address", "lei", "name"]);
    return { address: readAddress(read["address"]), lei: lei(read["lei"]), name: name(read["name"]) };
  });
}

/** Reads `{"epoch","members","threshold"}`. */
export function readCommittee(value: Json | undefined): Committee {
  const read = object(value, ["epoch", "members", "threshold"]);
  const members = readMembers(read["members"]);
  return committeeOf(integer(read["epoch"]), members, integer(read["threshold"], 0, BYTE_MAX));
}

/** The JSON of a member. */
export function writeMember(member: Member): Json {
  return { address: writeAddress(member.address), lei: member.lei, name: member.name };
}

/** Reads `{"epoch","ledger","root","size"}`. */
export function readCheckpoint(value: Json | undefined): Checkpoint {
  const read = object(value, ["epoch", "ledger", "root", "size"]);
  return {
    epoch: integer(read["epoch"]),
    ledger: digest(read["ledger"]),
    root: digest(read["root"]),
    size: integer(read["size"]),
  };
}

/** The hash that co-signers sign for a checkpoint (§1). */
export function checkpointHash({ epoch, ledger, root, size }: Checkpoint): Uint8Array {
  const words = [fromHex(ledger), wordOfNumber(epoch), wordOfNumber(size), fromHex(root)];
  return signingHash(ledger, hashStruct(CHECKPOINT, ...words));
}

/** Reads the JSON of a certificate whose canonical form has been checked (§3). */
export function readCertificate(value: Json | undefined): Certificate {
  const fields = ["committee", "epoch", "ledger", "root", "scheme", "signatures", "size", "threshold"];
  const read = object(value, fields);
  const bytes = canonicalBytes(read);
  if (bytes.length > CERTIFICATE_BYTES_MAX) refuse("form", `a certificate of ${bytes.length} bytes`);
  return {
    scheme: integer(read["scheme"], 0, BYTE_MAX),
    ledger: digest(read["ledger"]),
    epoch: integer(read["epoch"]),
    committee: digest(read["committee"]),
    threshold: integer(read["threshold"], 0, BYTE_MAX),
    size: integer(read["size"]),
    root: digest(read["root"]),
    signatures: list(read["signatures"], Number.MAX_SAFE_INTEGER, readMemberSignature),
    digest: sha256Hex(bytes),
  };
}

function readMemberSignature(value: Json): MemberSignature {
  const read = object(value, ["member", "signature"]);
  return {
    member: integer(read["member"], 0, BYTE_MAX),
    signature: hexBytes(read["signature"], SIGNATURE_BYTES),
  };
}

/** Reads `{"new":<certificate>,"old":<certificate>}` (§5). */
export function readHandover(value: Json | undefined): Handover {
  const read = object(value, ["new", "old"]);
  return { new: readCertificate(read["new"]), old: readCertificate(read["old"]) };
}

/** Checks a certificate against a ledger and a committee that the reader trusts from elsewhere (§4). */
export function checkCertificate(
  certificate: Certificate,
  ledger: string,
  committee: Committee,
  judge: Judge = checkMember,
): void {
  if (certificate.scheme !== 1) refuse("scheme", `scheme ${certificate.scheme}`);
  if (certificate.ledger !== ledger) refuse("wrong_ledger", `of ledger ${certificate.ledger}`);
  if (certificate.epoch !== committee.epoch) refuse("wrong_epoch", `of epoch ${certificate.epoch}`);
  if (certificate.committee !== committee.digest)
    refuse("wrong_committee", `of committee ${certificate.committee}`);
  if (certificate.threshold !== committee.threshold) {
    refuse("wrong_threshold", `of threshold ${certificate.threshold}`);
  }
  const { size, signatures } = certificate;
  if (size < 1 || size > LOG_SIZE_MAX) refuse("size", `over ${size} records`);
  const addresses = committee.members.map(({ address }) => address);
  checkQuorum(checkpointHash(certificate), signatures, { addresses, threshold: committee.threshold }, judge);
}

/** Checks that an address signed a hash; refuses with `high_s` or `bad_signature`. */
export type Judge = (hash: Uint8Array, signature: Uint8Array, address: Uint8Array) => void;

/** The signatures of a certificate that members of this committee may have made. */
export function signedBy(certificate: Certificate, committee: Committee): readonly Signed[] {
  const message = { hash: checkpointHash(certificate) };
  return certificate.signatures.flatMap(({ member, signature }) => {
    const address = committee.members[member]?.address;
    return address === undefined ? [] : [{ key: publicKey("eip712", address), message, signature }];
  });
}

/** Who must sign, by their places, and how many of them. */
export interface Quorum {
  readonly addresses: readonly Uint8Array[];
  readonly threshold: number;
}

/** Checks 7 and 8 of §4: every signature, in order, then their number. */
export function checkQuorum(
  hash: Uint8Array,
  signatures: readonly MemberSignature[],
  quorum: Quorum,
  judge: Judge = checkMember,
): void {
  let last = -1;
  for (const { member, signature } of signatures) {
    if (member === last) refuse("doubled", `member ${member} twice`);
    if (member < last) refuse("unsorted", `member ${member} after ${last}`);
    last = member;
    const address = quorum.addresses[member];
    if (address === undefined) return refuse("member_out_of_range", `no member ${member}`);
    judge(hash, signature, address);
  }
  if (signatures.length < quorum.threshold) {
    refuse("too_few", `${signatures.length} signatures, ${quorum.threshold} needed`);
  }
}

/** Checks that one address signed; refuses with `high_s` or `bad_signature`. */
export function checkMember(hash: Uint8Array, signature: Uint8Array, address: Uint8Array): void {
  if (!equal(signer(hash, signature), address)) refuse("bad_signature", "signed by another key");
}

function signer(hash: Uint8Array, signature: Uint8Array): Uint8Array {
  try {
    return recoverAddress(hash, signature);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === "high_s") throw error;
    throw new Refusal("bad_signature", error.message, { cause: error });
  }
}

/** Checks that two committees signed one head, the new one under the next epoch (§5). */
export function checkHandover(handover: Handover, ledger: string, old: Committee, next: Committee): void {
  if (next.epoch !== old.epoch + 1) refuse("epoch", `epoch ${next.epoch} does not follow ${old.epoch}`);
  if (handover.new.size !== handover.old.size) refuse("size", "over two sizes");
  if (handover.new.root !== handover.old.root) refuse("root", "over two roots");
  refusedAs("old", () => checkCertificate(handover.old, ledger, old));
  refusedAs("new", () => checkCertificate(handover.new, ledger, next));
}
