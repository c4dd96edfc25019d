import { typedStatement } from "../attestation/typed.js";
import type { Statement } from "../attestation/statement.js";

/** Typed data as wallets take it (EIP-712, `eth_signTypedData_v4`): what the hash of a message is made of. */

export interface TypedField {
  readonly name: string;
  readonly type: string;
}

export interface TypedData {
  readonly domain: { readonly name: string; readonly version: string; readonly salt: `0x${string}` };
  readonly types: { readonly [type: string]: readonly TypedField[] };
  readonly primaryType: string;
  readonly message: { readonly [field: string]: unknown };
}

const DOMAIN: readonly TypedField[] = fields("string name", "string version", "bytes32 salt");
const REQUEST: readonly TypedField[] = fields("string base");
// `attestation.md` §5, in its order.
const STATEMENT: readonly TypedField[] = fields(
  "string kind",
  "string party",
  "bytes32 about",
  "string step",
  "string verdict",
  "bytes32[] claims",
  "bytes32[] evidence",
  "bytes32[] prev",
  "uint64 issued",
  "uint64 expires",
  "bytes32 digest",
);

function fields(...texts: readonly string[]): readonly TypedField[] {
  return texts.map((text) => {
    const [type = "", name = ""] = text.split(" ");
    return { name, type };
  });
}

function typedData(
  ledger: string,
  [type, of]: readonly [name: string, fields: readonly TypedField[]],
  message: TypedData["message"],
): TypedData {
  return {
    domain: { name: "Lockstep", version: "1", salt: `0x${ledger}` },
    types: { EIP712Domain: DOMAIN, [type]: of },
    primaryType: type,
    message,
  };
}

/** What a wallet is shown of a statement. */
export function typedAttestation(statement: Statement, attestation: string): TypedData {
  const members = typedStatement(statement, attestation);
  const bytes32 = (digest: string): string => `0x${digest}`;
  const message = {
    ...members,
    about: bytes32(members.about),
    claims: members.claims.map(bytes32),
    evidence: members.evidence.map(bytes32),
    prev: members.prev.map(bytes32),
    digest: bytes32(members.digest),
  };
  return typedData(statement.ledger, ["Statement", STATEMENT], message);
}

/** What a wallet is shown of a request (`http.md` §2). */
export function typedRequest(base: string, ledger: string): TypedData {
  return typedData(ledger, ["Request", REQUEST], { base });
}
