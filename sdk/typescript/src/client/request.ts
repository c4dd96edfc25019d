import { base64, utf8 } from "../bytes.js";
import { hashStruct, signingHash, typeHash, wordOfText } from "../eip712.js";
import { sha256 } from "../hash.js";
import { refuse } from "../refusal.js";
import { keyOf, signed, type Signer } from "./signer.js";
import { typedRequest } from "./typed-data.js";

/** How a request is signed (`http.md` §2): HTTP Message Signatures, RFC 9421. */

/** The parts of a request that are signed. */
export interface Parts {
  readonly method: "GET" | "POST";
  /** Host and port, lower case; without the port where it is the scheme's own. */
  readonly authority: string;
  readonly path: string;
  /** What follows the question mark; empty when nothing does. */
  readonly query: string;
  readonly body?: Uint8Array;
}

/** When it is signed, in seconds since 1970, and a text that nobody can guess, used once. */
export interface Once {
  readonly created: number;
  readonly nonce: string;
}

/** The headers of a signed request. */
export interface SignedHeaders {
  readonly "content-digest"?: string;
  readonly signature: string;
  readonly "signature-input": string;
}

const REQUEST = typeHash("Request(string base)");
const NONCE = /^[!#-[\]-~]{16,64}$/;

/** The value of `Content-Digest` (RFC 9530). */
export function contentDigest(body: Uint8Array): string {
  return `sha-256=:${base64(sha256(body))}:`;
}

/** What is signed, in its order, and the parameters of the signature. */
export function signatureParams(parts: Parts, key: string, { created, nonce }: Once): string {
  if (!NONCE.test(nonce)) refuse("signing", "a nonce has 16 to 64 printable characters");
  const names = coveredBy(parts).map(([name]) => `"${name}"`);
  return `(${names.join(" ")});created=${created};keyid="${key}";nonce="${nonce}";tag="lockstep"`;
}

/** The signature base (RFC 9421 §2.5). */
export function signatureBase(parts: Parts, params: string): string {
  const lines = coveredBy(parts).map(([name, value]) => `"${name}": ${value}\n`);
  return `${lines.join("")}"@signature-params": ${params}`;
}

function coveredBy(parts: Parts): readonly (readonly [name: string, value: string])[] {
  const covered: [string, string][] = [
    ["@method", parts.method],
    ["@authority", parts.authority.toLowerCase()],
    ["@path", parts.path],
    ["@query", `?${parts.query}`],
  ];
  if (parts.body !== undefined) covered.push(["content-digest", contentDigest(parts.body)]);
  return covered;
}

/** What an `eip712` key signs for a signature base. */
export function requestHash(base: string, ledger: string): Uint8Array {
  return signingHash(ledger, hashStruct(REQUEST, wordOfText(base)));
}

/** Signs a request for a ledger. */
export async function signRequest(
  parts: Parts,
  ledger: string,
  signer: Signer,
  once: Once,
): Promise<SignedHeaders> {
  const params = signatureParams(parts, keyOf(signer).id, once);
  const base = signatureBase(parts, params);
  const message = { bytes: utf8(base), hash: requestHash(base, ledger), typed: typedRequest(base, ledger) };
  const signature = await signed(signer, message);
  return {
    ...(parts.body === undefined ? {} : { "content-digest": contentDigest(parts.body) }),
    signature: `lockstep=:${base64(signature)}:`,
    "signature-input": `lockstep=${params}`,
  };
}
