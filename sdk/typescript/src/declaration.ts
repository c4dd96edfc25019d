import { bigEndian, concat, fromHex, hex } from "./bytes.js";
import { parseCanonical, type Json, type JsonObject } from "./canonical.js";
import {
  addressesDigest,
  checkMember,
  checkQuorum,
  isThreshold,
  type Committee,
  type MemberSignature,
  type Quorum,
} from "./certificate.js";
import { hashStruct, signingHash, typeHash, wordOfAddress, wordOfNumber } from "./eip712.js";
import { keccak256 } from "./hash.js";
import { DECLARATION_BYTES_MAX, LOG_SIZE_MAX, MEMBERS_MAX } from "./limits.js";
import { digest, hexBytes, integer, list, object, variant } from "./reading.js";
import { refuse } from "./refusal.js";
import { readAddress } from "./suites.js";

/** What co-signers and the recovery set sign for contracts, besides checkpoints (`chain.md` §4). */

interface OfLedger {
  readonly ledger: string;
  readonly epoch: number;
}

interface AtAnchor extends OfLedger {
  readonly chain: number;
  /** Twenty bytes. */
  readonly anchor: Uint8Array;
  readonly round: number;
}

interface AtGate extends OfLedger {
  readonly chain: number;
  /** Twenty bytes. */
  readonly gate: Uint8Array;
  readonly change: string;
}

export interface Succession extends OfLedger {
  readonly kind: "succession";
  readonly successor: string;
  readonly size: number;
  readonly root: string;
}

export interface Recovery extends AtAnchor {
  readonly kind: "recovery";
  /** Who takes over: addresses in their places, and how many of them sign. */
  readonly next: Quorum;
}

export interface RecoveryVeto extends AtAnchor {
  readonly kind: "recovery_veto";
}

export interface Veto extends AtGate {
  readonly kind: "veto";
}

export interface Override extends AtGate {
  readonly kind: "override";
}

export type Declaration = Succession | Recovery | RecoveryVeto | Veto | Override;

/** A declaration as it is handed around, with one signature. */
export interface SignedDeclaration {
  readonly address: Uint8Array;
  readonly declaration: Declaration;
  readonly signature: Uint8Array;
}

/** Who may sign declarations of a ledger. `vetoer` is who vetoed the change that an `Override` is about. */
export interface Signers {
  readonly committee: Committee;
  readonly recoverySet: Quorum;
  readonly vetoer?: Uint8Array;
}

const ANCHOR_FIELDS = ["anchor", "chain", "epoch", "ledger", "round"];
const GATE_FIELDS = ["chain", "change", "epoch", "gate", "ledger"];
const PACKED_BYTES = 66;
const SIGNATURE_BYTES = 65;
const BYTE_MAX = 255;

const TYPES = {
  succession: typeHash("Succession(bytes32 ledger,uint64 epoch,bytes32 successor,uint64 size,bytes32 root)"),
  recovery: typeHash(
    "Recovery(bytes32 ledger,uint64 epoch,uint64 round,uint256 chainId,address anchor,bytes32 committee,uint8 threshold)",
  ),
  recovery_veto: typeHash(
    "RecoveryVeto(bytes32 ledger,uint64 epoch,uint64 round,uint256 chainId,address anchor)",
  ),
  veto: typeHash("Veto(bytes32 ledger,uint64 epoch,uint256 chainId,address gate,bytes32 change)"),
  override: typeHash("Override(bytes32 ledger,uint64 epoch,uint256 chainId,address gate,bytes32 change)"),
} as const;

/** Reads a declaration, an object of one field. */
export function readDeclaration(value: Json | undefined): Declaration {
  const [kind, given] = variant(value);
  switch (kind) {
    case "succession": {
      const read = object(given, ["epoch", "ledger", "root", "size", "successor"]);
      const size = integer(read["size"], 1, LOG_SIZE_MAX);
      return {
        kind,
        ...ofLedger(read),
        successor: digest(read["successor"]),
        size,
        root: digest(read["root"]),
      };
    }
    case "recovery": {
      const read = object(given, [...ANCHOR_FIELDS, "next"]);
      return { kind, ...atAnchor(read), next: readNext(read["next"]) };
    }
    case "recovery_veto":
      return { kind, ...atAnchor(object(given, ANCHOR_FIELDS)) };
    case "veto":
    case "override":
      return { kind, ...atGate(object(given, GATE_FIELDS)) };
    default:
      return refuse("form", `no declaration \`${kind}\``);
  }
}

function ofLedger(read: JsonObject): OfLedger {
  return { ledger: digest(read["ledger"]), epoch: integer(read["epoch"]) };
}

function atAnchor(read: JsonObject): AtAnchor {
  const at = {
    chain: integer(read["chain"]),
    anchor: readAddress(read["anchor"]),
    round: integer(read["round"]),
  };
  return { ...ofLedger(read), ...at };
}

function atGate(read: JsonObject): AtGate {
  const at = {
    chain: integer(read["chain"]),
    gate: readAddress(read["gate"]),
    change: digest(read["change"]),
  };
  return { ...ofLedger(read), ...at };
}

function readNext(value: Json | undefined): Quorum {
  const read = object(value, ["addresses", "threshold"]);
  const addresses = list(read["addresses"], MEMBERS_MAX, readAddress);
  const threshold = integer(read["threshold"], 0, BYTE_MAX);
  const spelled = new Set(addresses.map(hex));
  if (spelled.size < addresses.length || spelled.has("0".repeat(40)))
    refuse("form", "an address twice, or zero");
  if (!isThreshold(threshold, addresses.length))
    refuse("form", `${threshold} of ${addresses.length} is no quorum`);
  return { addresses, threshold };
}

/** Reads a signed declaration as it is handed around. */
export function parseSignedDeclaration(file: Uint8Array): SignedDeclaration {
  const read = object(parseCanonical(file, { bytes: DECLARATION_BYTES_MAX }), [
    "address",
    "declaration",
    "signature",
  ]);
  return {
    address: readAddress(read["address"]),
    declaration: readDeclaration(read["declaration"]),
    signature: hexBytes(read["signature"], SIGNATURE_BYTES),
  };
}

/** Checks the one signature of a declaration that is handed around. That the address may sign is not said. */
export function checkSignedDeclaration({ address, declaration, signature }: SignedDeclaration): void {
  checkMember(declarationHash(declaration), signature, address);
}

/** The hash that is signed for a declaration. */
export function declarationHash(declaration: Declaration): Uint8Array {
  return signingHash(declaration.ledger, hashStruct(TYPES[declaration.kind], ...wordsOf(declaration)));
}

function wordsOf(declaration: Declaration): readonly Uint8Array[] {
  const first = [fromHex(declaration.ledger), wordOfNumber(declaration.epoch)];
  switch (declaration.kind) {
    case "succession":
      return [
        ...first,
        fromHex(declaration.successor),
        wordOfNumber(declaration.size),
        fromHex(declaration.root),
      ];
    case "recovery": {
      const { addresses, threshold } = declaration.next;
      return [
        ...first,
        ...anchorWords(declaration),
        fromHex(addressesDigest(addresses)),
        wordOfNumber(threshold),
      ];
    }
    case "recovery_veto":
      return [...first, ...anchorWords(declaration)];
    case "veto":
    case "override": {
      const { chain, gate, change } = declaration;
      return [...first, wordOfNumber(chain), wordOfAddress(gate), fromHex(change)];
    }
  }
}

function anchorWords({ round, chain, anchor }: AtAnchor): readonly Uint8Array[] {
  return [wordOfNumber(round), wordOfNumber(chain), wordOfAddress(anchor)];
}

/** Reads signatures as a contract takes them: place ‖ r ‖ s ‖ v, 66 bytes each (`chain.md` §1). */
export function readPackedSignatures(packed: Uint8Array): readonly MemberSignature[] {
  if (packed.length % PACKED_BYTES !== 0) refuse("form", `signatures of ${packed.length} bytes`);
  return Array.from({ length: packed.length / PACKED_BYTES }, (_, at) => {
    const one = packed.subarray(at * PACKED_BYTES, (at + 1) * PACKED_BYTES);
    return { member: one[0] ?? 0, signature: one.subarray(1) };
  });
}

/** Checks that those signed a declaration who must: see the table of `chain.md` §4. */
export function checkDeclaration(
  declaration: Declaration,
  signatures: readonly MemberSignature[],
  { committee, recoverySet, vetoer }: Signers,
): void {
  const hash = declarationHash(declaration);
  const addresses = committee.members.map(({ address }) => address);
  switch (declaration.kind) {
    case "succession":
    case "recovery_veto":
      return checkQuorum(hash, signatures, { addresses, threshold: committee.threshold });
    case "recovery":
      return checkQuorum(hash, signatures, recoverySet);
    case "veto":
      if (signatures.length !== 1) refuse("one_signature", "one co-signer vetoes");
      return checkQuorum(hash, signatures, { addresses, threshold: 1 });
    case "override": {
      checkQuorum(hash, signatures, { addresses, threshold: Math.max(1, committee.threshold - 1) });
      const vetoed = vetoer === undefined ? undefined : hex(vetoer);
      if (
        signatures.some(({ member }) => addresses[member] !== undefined && hex(addresses[member]) === vetoed)
      ) {
        refuse("vetoer_signed", "who vetoed a change does not override the veto");
      }
    }
  }
}

/**
 * Name of a loosening that waits at a Gate: of the case's decision, and the place of the call (`chain.md`
 * §3).
 */
export function changeName(caseId: string, ordinal: number, call: number): string {
  const key = keccak256(concat(fromHex(caseId), bigEndian(ordinal, 32)));
  return hex(keccak256(concat(key, bigEndian(call, 32))));
}
