import { fromHex } from "../bytes.js";
import { hashStruct, signingHash, typeHash, wordOfList, wordOfNumber, wordOfText } from "../eip712.js";
import { subject, type Statement } from "./statement.js";

/** The struct that an `eip712` key signs for a statement (`attestation.md` §5), rebuilt from the payload. */

/** Its members, as a wallet is shown them. */
export interface TypedStatement {
  readonly kind: string;
  readonly party: string;
  readonly about: string;
  readonly step: string;
  readonly verdict: string;
  readonly claims: readonly string[];
  readonly evidence: readonly string[];
  readonly prev: readonly string[];
  readonly issued: number;
  readonly expires: number;
  readonly digest: string;
}

const STATEMENT = typeHash(
  "Statement(string kind,string party,bytes32 about,string step,string verdict,bytes32[] claims," +
    "bytes32[] evidence,bytes32[] prev,uint64 issued,uint64 expires,bytes32 digest)",
);
const ZERO = "0".repeat(64);

/** The members of the struct for a statement with this attestation digest. */
export function typedStatement(statement: Statement, attestation: string): TypedStatement {
  const { kind, party, issued, expires } = statement;
  const own = kind === "attestation" ? statement : undefined;
  return {
    kind,
    party,
    about: kind === "credential" ? ZERO : subject(statement).digest,
    step: stepOf(statement),
    verdict: own?.verdict ?? "",
    claims: "claims" in statement ? statement.claims : [],
    evidence: own?.evidence ?? [],
    prev: own?.prev ?? [],
    issued,
    expires,
    digest: attestation,
  };
}

function stepOf(statement: Statement): string {
  switch (statement.kind) {
    case "attestation":
      return statement.step;
    case "reading":
      return statement.domain;
    case "credential":
      return statement.credentialKind;
    default:
      return "";
  }
}

/** The hash that an `eip712` key signs for a statement. */
export function typedHash(of: { readonly statement: Statement; readonly attestation: string }): Uint8Array {
  const members = typedStatement(of.statement, of.attestation);
  const struct = hashStruct(
    STATEMENT,
    wordOfText(members.kind),
    wordOfText(members.party),
    fromHex(members.about),
    wordOfText(members.step),
    wordOfText(members.verdict),
    wordOfDigests(members.claims),
    wordOfDigests(members.evidence),
    wordOfDigests(members.prev),
    wordOfNumber(members.issued),
    wordOfNumber(members.expires),
    fromHex(members.digest),
  );
  return signingHash(of.statement.ledger, struct);
}

const NONE = wordOfList([]);

function wordOfDigests(digests: readonly string[]): Uint8Array {
  return digests.length === 0 ? NONE : wordOfList(digests.map((digest) => fromHex(digest)));
}
