import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fromBase64, fromHex, fromUtf8, utf8 } from "../../src/bytes.js";
import { signRequest } from "../../src/client/index.js";
import { checkSignature, readKey } from "../../src/suites.js";
import { vectorBytes, vectors, type Given } from "../vectors.js";
import { CHANGES, httpVectorsText } from "./http-vectors.js";
import { type Town, townOf } from "./town.js";

interface Signed {
  readonly base: string;
  readonly hash: string | null;
  readonly key: Given;
  readonly name: string;
  readonly signature: string;
  readonly signature_input: string;
}

const { signed } = vectors<{ signed: readonly Signed[] }>("http.json");

test("the page shows what the client signs", () => {
  const file = new URL("../../../../../specs/http.md", import.meta.url);
  // The page breaks lines where the code does not.
  const packed = (text: string): string => text.replace(/\s/g, "");
  const page = packed(readFileSync(fileURLToPath(file), "utf8"));
  const { base, signature, signature_input: input } = signed[0] ?? assert.fail();
  for (const shown of [base, `Signature-Input: ${input}`, `Signature: ${signature}`]) {
    assert.ok(page.includes(packed(shown)), shown);
  }
});

test("vectors/http.json is what the client signs", async () => {
  assert.equal(await httpVectorsText(), fromUtf8(vectorBytes("http.json")));
});

for (const { base, hash, key: given, name, signature } of signed) {
  const key = readKey(given);
  test(`${key.suite}: ${name}: the signature holds over its base`, () => {
    const message = hash === null ? { bytes: utf8(base) } : { hash: fromHex(hash) };
    checkSignature(key, message, fromBase64(/^lockstep=:(.*):$/.exec(signature)?.[1] ?? assert.fail()));
  });
}

let town: Town;
const options = townOf((begun) => (town = begun));

for (const role of ["issuer", "custodian", "auditor"] as const) {
  test(`a server refuses every change of a request that ${role} signed`, options, async () => {
    const signer = town.keys[role];
    const path = `/v1/ledgers/${town.ledger}/tokens`;
    const { host } = new URL(town.url);
    const ask = async (name: string, change: (typeof CHANGES)[number][2]): Promise<number> => {
      const parts = { method: "POST" as const, authority: host, path, query: "", body: utf8("{}") };
      const once = { created: Math.floor(Date.now() / 1_000), nonce: crypto.randomUUID() };
      const sent = change({ parts, headers: await signRequest(parts, town.ledger, signer, once) });
      const mark = sent.parts.query === "" ? "" : "?";
      const url = `${town.url}${sent.parts.path}${mark}${sent.parts.query}`;
      const body = Uint8Array.from(sent.parts.body ?? assert.fail(name));
      return (await fetch(url, { method: "POST", headers: { ...sent.headers }, body })).status;
    };
    assert.equal(await ask("as it was signed", (sent) => sent), 200);
    for (const [answer, name, change] of CHANGES) {
      // `fetch` itself says which server is asked; the router knows no other path, and this path no query.
      if (name === "another authority") continue;
      const other: Record<string, number> = { "another path": 404, "another query": 400 };
      const status = other[name] ?? 401;
      assert.equal(await ask(name, change), status, `${answer}: ${name}`);
    }
  });
}
