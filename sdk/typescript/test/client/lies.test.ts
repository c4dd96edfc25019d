import assert from "node:assert/strict";
import { test } from "node:test";
import { base64, fromBase64, fromUtf8, utf8 } from "../../src/bytes.js";
import { signRequest, type Client, type ConnectOptions, type Fetch } from "../../src/client/index.js";
import { connect } from "../../src/client/index.js";
import { ed25519Key } from "./keys.js";
import { AUDIT, type Town, townOf } from "./town.js";

/** A real server, and somebody between it and the client who changes what it says. */

let town: Town;
const options = townOf((begun) => (town = begun));

/** Everything that is answered on paths of this ending, as somebody between changes it. */
function between(ending: string, change: (text: string) => string): Fetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (!new URL(url).pathname.endsWith(ending)) return response;
    const { headers, status } = response;
    return new Response(change(await response.text()), { headers, status });
  };
}

const OTHER = "1".repeat(64);

test("a first record that is not that of the ledger is refused", options, async () => {
  const through = (change: (text: string) => string, ledger: string): Promise<Client> =>
    connect(town.url, { ledger, fetch: between("/genesis", change) });
  // Another key for receipts: the body does not open the leaf any more.
  const changed = (text: string): string => {
    const told = JSON.parse(text);
    const body = fromUtf8(fromBase64(told.record.body));
    const key = /"appender":\{"key":"([0-9a-f]{64})"/.exec(body)?.[1] ?? assert.fail();
    told.record.body = base64(utf8(body.replace(key, ed25519Key().key.key)));
    return JSON.stringify(told);
  };
  await assert.rejects(through(changed, town.ledger), { code: "other_ledger" });
  assert.equal((await through((text) => text, town.ledger)).id, town.ledger);
  // A whole other ledger under the name of the one that was asked for.
  const swap: Fetch = (url, init) => fetch(url.replace(OTHER, town.ledger), init);
  await assert.rejects(connect(town.url, { ledger: OTHER, fetch: swap }), { code: "other_ledger" });
  // A server that says so.
  await assert.rejects(connect(town.url, { ledger: OTHER }), { code: "not-found", kind: "missing" });
  await assert.rejects(through(() => "no JSON", town.ledger), { code: "answer" });
});

interface Accepted {
  readonly accepted: { item: { attestation: string; time: number }; signature: string; ledger: string };
}
interface Told {
  receipt: Accepted | null;
  records: { leaf: string }[];
}

test("a receipt is checked, whatever the answer says", options, async () => {
  const lie = (change: (told: Told) => void): ConnectOptions => ({
    fetch: between("/submissions", (text) => {
      const told = JSON.parse(text) as Told;
      change(told);
      return JSON.stringify(told);
    }),
  });
  const of = (told: Told) => told.receipt?.accepted ?? assert.fail();
  const lies: readonly (readonly [code: string, change: (told: Told) => void])[] = [
    ["no_receipt", (told) => (told.receipt = null)],
    ["receipt", (told) => (of(told).item.time += 1)],
    ["receipt", (told) => (of(told).item.attestation = OTHER)],
    ["receipt", (told) => (of(told).signature = base64(new Uint8Array(64)))],
    ["receipt", (told) => (of(told).ledger = OTHER)],
    ["receipt", (told) => (told.records = [{ ...told.records[0], leaf: OTHER }])],
    ["receipt", (told) => (told.records = [])],
    ["answer", (told) => Object.assign(told, { more: 1 })],
  ];
  const issuer = await town.as("issuer");
  for (const [code, change] of lies) {
    const liar = await town.as("issuer", lie(change));
    await assert.rejects(town.open(liar), { code }, String(change));
  }
  assert.ok((await town.open(issuer)) !== "");

  // A receipt that holds, but for something else that was handed in.
  let before: string | undefined;
  const late = await town.as("issuer", {
    fetch: between("/submissions", (text) => {
      const old = before ?? text;
      before = text;
      return old;
    }),
  });
  await town.open(late);
  await assert.rejects(town.open(late), { code: "receipt" });
});

test("a receipt of a refusal is checked too, and says that it is one", options, async () => {
  const auditor = await town.as("auditor");
  const id = await town.open(await town.as("issuer"));
  const claims = { agrees: "true", balance: "5000000.00", haircut_bps: "100" };
  const early = () => auditor.attestation({ case: id, step: "audit", claims });
  const lies = [
    (text: string) => text.replace(/"time":\d/, '"time":9'),
    (text: string) => text.replace(/("refused":\{"code":")[a-z_.]+/, "$1other"),
  ];
  for (const lie of lies) {
    const liar = await town.as("auditor", { fetch: between("/submissions", lie) });
    await assert.rejects(liar.submit(await early()), { code: "receipt" }, String(lie));
  }
  await assert.rejects(auditor.submit(await early()), { code: "order" });
});

test("a batch that leaves an answer out, or swaps two, is not believed", options, async () => {
  const issuer = await town.as("issuer");
  const ids = [await town.open(issuer), await town.open(issuer)];
  const all = await Promise.all(ids.map((id) => issuer.attestation({ case: id, step: "request" })));
  const through = (change: (answers: unknown[]) => unknown[]): Promise<Client> =>
    town.as("issuer", {
      fetch: between("/batches", (text) => JSON.stringify({ answers: change(JSON.parse(text).answers) })),
    });
  await assert.rejects((await through((answers) => answers.slice(1))).submitAll(all), { code: "answer" });
  const swapped = await (await through((answers) => answers.reverse())).submitAll(all);
  assert.deepEqual(
    swapped.map((answer) => "error" in answer && (answer.error as { code: string }).code),
    ["receipt", "receipt"],
  );
});

test("policies and certificates are held against what names them", options, async () => {
  const liar = await town.as("issuer", {
    fetch: between("/policies", (text) => text.replace(String.raw`\"7d\"`, String.raw`\"8d\"`)),
  });
  await assert.rejects(liar.policies(), { code: "answer" });
  const issuer = await town.as("issuer");
  assert.equal(await issuer.certificate(issuer.genesis.committee), undefined);
});

test("a signed question counts once, of the last minute, of a known key, here", options, async () => {
  const seen: { url: string; init: RequestInit }[] = [];
  const kept: Fetch = (url, init) => {
    seen.push({ url, init });
    return fetch(url, init);
  };
  const issuer = await town.as("issuer", { fetch: kept });
  await issuer.policies();
  const { url, init } = seen.at(-1) ?? assert.fail();
  const again = await fetch(url, { headers: init.headers ?? {} });
  const said = (await again.json()) as { detail: string };
  assert.deepEqual([again.status, said.detail], [401, "the signature has been used"]);

  const refused = { code: "not-signed", status: 401 };
  const late = await town.as("issuer", { now: () => Date.now() - 90_000 });
  await assert.rejects(late.policies(), refused);
  const unknown = await connect(town.url, { ledger: town.ledger, ...ed25519Key() });
  await assert.rejects(unknown.policies(), refused);
  // Signed for another server, by whoever passes the question on.
  const { port } = new URL(town.url);
  const path = `/v1/ledgers/${town.ledger}/policies`;
  const parts = { method: "GET" as const, authority: "ledger.example", path, query: "" };
  const once = { created: Math.floor(Date.now() / 1_000), nonce: "0123456789abcdef" };
  const headers = await signRequest(parts, town.ledger, town.keys.issuer, once);
  const passed = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { ...headers } });
  assert.equal(passed.status, 401);
});

test("what a device signs wrongly is never sent", options, async () => {
  const other = ed25519Key();
  const wrong = await town.as("issuer", { sign: other.sign });
  await assert.rejects(wrong.policies(), { code: "signing" });
});

test("domains, trials and certificates in another form are no answers", options, async () => {
  const token = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
  for (const other of ["0xe7f1725e7734ce288f8367e1bb143e90bb3f0512", "0x12", ""]) {
    const changed = between("/domains", (text) => text.replace(token, other));
    const observer = await town.as("observer", { fetch: changed });
    await assert.rejects(observer.domains(), { code: "answer" }, other);
  }
  const trial = between("/trials", (text) => text.replace("refused", "granted"));
  const auditor = await town.as("auditor", { fetch: trial });
  const id = await town.open(await town.as("issuer"));
  const signed = await auditor.attestation({ case: id, step: "audit", claims: AUDIT });
  await assert.rejects(auditor.tryOut(signed), { code: "answer" });
  // Whom to believe is never a server's word: one that shows a handover of nobody is told so.
  const nobody = between("/handovers", (text) => text.replace("[]", "[{}]"));
  await assert.rejects((await town.as("auditor", { fetch: nobody })).trust(), { code: "answer" });
  await assert.rejects(auditor.pack("..%2f".padEnd(64, "0")), { code: "id" });
});
