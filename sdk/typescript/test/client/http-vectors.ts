import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { base64, fromHex, hex, utf8 } from "../../src/bytes.js";
import { signRequest, type Parts, type SignedHeaders, type Signer } from "../../src/client/index.js";
import { requestHash, signatureBase, signatureParams } from "../../src/client/request.js";
import { readKey } from "../../src/suites.js";
import { eip712Key } from "./keys.js";

/** What `vectors/http.json` is made of: requests that count, and each way in which one does not. */

const SECRETS = {
  ed25519: "be1d4e890c2a06050861a08dd28c280b31c95ef39d7d7eb8c44106ee34439e74",
  es256: "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
  eip712: "c85ef7d79691fe79573b1a7064c19c1a9819ebdbd1faaab1a8ec92344438aaf4",
} as const;

/** The keys of `suites.md`. */
export const KEYS: readonly Signer[] = [
  {
    key: { suite: "ed25519", key: hex(ed25519.getPublicKey(fromHex(SECRETS.ed25519))) },
    sign: ({ bytes }) => ed25519.sign(bytes, fromHex(SECRETS.ed25519)),
  },
  {
    key: { suite: "es256", key: hex(p256.getPublicKey(fromHex(SECRETS.es256), false)) },
    sign: ({ bytes }) => p256.sign(bytes, fromHex(SECRETS.es256)),
  },
  eip712Key(`0x${SECRETS.eip712}`),
];

export const LEDGER = "84b3736f29321662b22810dd3945fcb485b91e1e7b726dc9df2e08bd6b369877";
const ONCE = { created: 1_795_000_000, nonce: "4f1d1c0a9b2e47d08a6c5e3f" };
const AUTHORITY = "ledger.example:7443";

const ASKED: readonly (readonly [name: string, parts: Parts])[] = [
  ["a page of cases", of("GET", "/cases", "limit=2")],
  ["a question without a query", of("GET", "/policies", "")],
  ["a token", of("POST", "/tokens", "", utf8("{}"))],
  ["an empty body", of("POST", "/tokens", "", new Uint8Array(0))],
];

function of(method: Parts["method"], path: string, query: string, body?: Uint8Array): Parts {
  const parts = { method, authority: AUTHORITY, path: `/v1/ledgers/${LEDGER}${path}`, query };
  return body === undefined ? parts : { ...parts, body };
}

/** A request as it is sent. */
export interface Sent {
  readonly parts: Parts;
  readonly headers: SignedHeaders;
}

/** One thing changed in a request that counts, and the check that fails then. */
export type Change = readonly [answer: string, name: string, change: (sent: Sent) => Sent];

const input = (change: (input: string) => string) => (sent: Sent): Sent => ({
  ...sent,
  headers: { ...sent.headers, "signature-input": change(sent.headers["signature-input"]) },
});
const signature = (change: (signature: string) => string) => (sent: Sent): Sent => ({
  ...sent,
  headers: { ...sent.headers, signature: change(sent.headers.signature) },
});
const digest = (change: (digest: string) => string) => (sent: Sent): Sent => ({
  ...sent,
  headers: { ...sent.headers, "content-digest": change(sent.headers["content-digest"] ?? "") },
});
const parts = (change: Partial<Parts>) => (sent: Sent): Sent => ({
  ...sent,
  parts: { ...sent.parts, ...change },
});
const otherThan = (start: string): string => (start === ":A" ? ":B" : ":A");
const without = (param: RegExp) => input((text) => text.replace(param, ""));
const instead = (from: RegExp | string, to: string) => input((text) => text.replace(from, to));

/** Changes of a request with a body, in the order of the checks. */
export const CHANGES: readonly Change[] = [
  ["too_long", "an input of more than 1024 bytes", input((text) => `${text};x="${"a".repeat(1_024)}"`)],
  ["form", "an input that is no dictionary", input((text) => text.replace("(", "(("))],
  ["form", "a signature that is no dictionary", signature((text) => text.slice(0, -1))],
  ["label", "another label", input((text) => text.replace("lockstep=", "sig1="))],
  ["label", "two inputs", input((text) => `${text}, other=("@path")`)],
  ["label", "two signatures", signature((text) => `${text}, other=:YQ==:`)],
  ["label", "a signature of another label", signature((text) => text.replace("lockstep", "sig1"))],
  ["form", "a signature that is no byte sequence", signature(() => "lockstep=1")],
  ["components", "a component left out", input((text) => text.replace(' "@query"', ""))],
  ["components", "a component twice", input((text) => text.replace('"@query"', '"@path"'))],
  ["components", "a component more", input((text) => text.replace(" \"@path\"", ' "@path" "date"'))],
  ["components", "a component with a parameter", input((text) => text.replace('"@query"', '"@query";req'))],
  ["form", "a digest that is no dictionary", digest((text) => text.slice(0, -1))],
  ["digest", "a digest of another algorithm", digest((text) => text.replace("sha-256", "sha-512"))],
  ["digest", "two digests", digest((text) => `${text}, sha-512=:YQ==:`)],
  ["digest", "another body", parts({ body: utf8("{ }") })],
  ["parameter", "no key", without(/;keyid="[^"]*"/)],
  ["parameter", "a key that is none", input((text) => text.replace('keyid="', 'keyid="x'))],
  ["parameter", "no nonce", without(/;nonce="[^"]*"/)],
  ["parameter", "a short nonce", instead(/nonce="[^"]*"/, 'nonce="123456789012345"')],
  ["parameter", "a long nonce", instead(/nonce="[^"]*"/, `nonce="${"1".repeat(65)}"`)],
  ["parameter", "another tag", input((text) => text.replace('tag="lockstep"', 'tag="other"'))],
  ["parameter", "no tag", without(/;tag="[^"]*"/)],
  ["parameter", "no time", without(/;created=\d+/)],
  ["parameter", "a time before 1970", input((text) => text.replace(/created=\d+/, "created=-1"))],
  ["parameter", "a time in a text", input((text) => text.replace(/created=(\d+)/, 'created="$1"'))],
  ["signature", "another path", parts({ path: `/v1/ledgers/${LEDGER}/tokens/` })],
  ["signature", "another query", parts({ query: "limit=3" })],
  ["signature", "another authority", parts({ authority: "ledger.example" })],
  ["signature", "a nonce changed", input((text) => text.replace(/nonce="./, 'nonce="_'))],
  ["signature", "a parameter more", input((text) => `${text};expires=1795000030`)],
  ["signature", "components in another order", instead('"@method" "@authority"', '"@authority" "@method"')],
  ["signature", "a signature changed", signature((text) => text.replace(/:./, otherThan))],
  ["signature", "a signature cut", signature(() => "lockstep=:YQ==:")],
];

function written({ parts, headers }: Sent): object {
  return {
    authority: parts.authority,
    body: parts.body === undefined ? null : base64(parts.body),
    content_digest: headers["content-digest"] ?? null,
    method: parts.method,
    path: parts.path,
    query: parts.query,
    signature: headers.signature,
    signature_input: headers["signature-input"],
  };
}

/** The whole file. */
export async function httpVectors(): Promise<object> {
  const signed: object[] = [];
  const judged: object[] = [];
  for (const signer of KEYS) {
    const key = readKey({ ...signer.key });
    for (const [name, parts] of ASKED) {
      const headers = await signRequest(parts, LEDGER, signer, ONCE);
      const base = signatureBase(parts, signatureParams(parts, key.id, ONCE));
      const hash = key.suite === "eip712" ? hex(requestHash(base, LEDGER)) : null;
      const made = { base, hash, key: { ...signer.key }, key_id: key.id };
      signed.push({ name, ...made, ...written({ parts, headers }) });
    }
    const [, token] = ASKED[2] ?? [];
    if (token === undefined) throw new Error("no request with a body");
    const sent = { parts: token, headers: await signRequest(token, LEDGER, signer, ONCE) };
    const judge = (answer: string, name: string, sent: Sent, ledger: string = LEDGER): void => {
      judged.push({ name, answer, key: { ...signer.key }, ledger, ...written(sent) });
    };
    judge("counts", "as it was signed", sent);
    for (const [answer, name, change] of CHANGES) {
      // Form does not depend on the suite.
      if (key.suite === "ed25519" || answer === "signature") judge(answer, name, change(sent));
    }
    // Only typed data names the ledger besides the path.
    judge(key.suite === "eip712" ? "signature" : "counts", "asked of another ledger", sent, "0".repeat(64));
  }
  return { created: ONCE.created, nonce: ONCE.nonce, ledger: LEDGER, requests: judged, signed };
}

/** The file's text. */
export async function httpVectorsText(): Promise<string> {
  return `${JSON.stringify(await httpVectors(), null, 2)}\n`;
}
