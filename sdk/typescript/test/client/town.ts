import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { connect, type Client, type ConnectOptions, type Signer } from "../../src/client/index.js";
import { ed25519Key, eip712Key, es256Key } from "./keys.js";

/** A real server with a ledger, its parties' keys, and co-signers that follow it. */

const ROOT = new URL("../../../../../", import.meta.url);
const LIST = "9d4b7e7ea0d3bd3ef9f2c3a3f8f1b2c0f1e2d3c4b5a697887766554433221100";
const ACME = "ACMEUSDISSUER0000046";
const NORTHBANK = "NORTHBANKCUSTODY0090";
const FAIR = "FAIRAUDITOR000000032";
const CLEAR = "CLEARSCREENING000033";
const WATCHER = "CHAINWATCHER00000041";
const OTHERBANK = "OTHERBANK00000000062";
const HOUR_MS = 3_600_000;

/** The program, where it is built; `cargo xtask` names it. */
export function program(): string | undefined {
  const named = process.env["LOCKSTEP_BIN"] ?? fileURLToPath(new URL("target/debug/lockstep", ROOT));
  return existsSync(named) ? named : undefined;
}

/** Why tests that need the program are skipped; `false` when they are not. */
function skip(): string | false {
  if (program() !== undefined) return false;
  return "the program `lockstep` is not built: `cargo build -p lockstep-cli`, or name it in LOCKSTEP_BIN";
}

type Role = "issuer" | "custodian" | "auditor" | "screening" | "observer" | "officer1" | "officer2";

export class Town {
  private constructor(
    readonly dir: string,
    readonly url: string,
    readonly ledger: string,
    readonly keys: Readonly<Record<Role, Signer>>,
    private readonly children: ChildProcess[],
  ) {}

  /** Makes a ledger with six parties and four co-signers, and serves it. */
  static async begin(): Promise<Town> {
    const dir = mkdtempSync(join(tmpdir(), "lockstep-town-"));
    const keys = {
      issuer: ed25519Key(),
      custodian: await es256Key(),
      auditor: eip712Key(),
      screening: ed25519Key(),
      observer: ed25519Key(),
      officer1: await es256Key(),
      officer2: await es256Key(),
    };
    found(dir, keys);
    writeFileSync(join(dir, "issuer.pem"), keys.issuer.pem, { mode: 0o600 });
    const server = start(dir, ["serve", "acme", "--listen", "127.0.0.1:0", "--json"]);
    try {
      const { url } = JSON.parse(await firstLine(server)) as { url: string };
      const { id } = await connect(url);
      return new Town(dir, url, id, keys, [server]);
    } catch (error) {
      server.kill();
      throw error;
    }
  }

  /** A client of a party. */
  as(role: Role, more: ConnectOptions = {}): Promise<Client> {
    return connect(this.url, { ledger: this.ledger, ...this.keys[role], ...more });
  }

  /** Three co-signers follow the server from now on. */
  follow(): void {
    for (const number of [1, 2, 3]) {
      const args = ["cosign", "--follow", this.url, "--ledger", this.ledger, "--key", `cosigner${number}`];
      this.children.push(start(this.dir, args));
    }
  }

  /** Ends what was started here, and forgets it. */
  async end(): Promise<void> {
    for (const child of this.children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    rmSync(this.dir, { recursive: true });
  }

  /** Opens a case that an issuer may open. */
  async open(issuer: Client): Promise<string> {
    const beneficiary = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    const params = { amount: "1000000.00", beneficiary, jurisdiction: "NO" };
    const entered = await issuer.submit(await issuer.opening({ policy: "stablecoin.issue", params }));
    return entered.records[0]?.leaf ?? "";
  }
}

/** Begins a town before the tests of a file and ends it after them; the options of tests that need it. */
export function townOf(begun: (town: Town) => void): { readonly skip: string | false } {
  const skipped = skip();
  if (skipped !== false) return { skip: skipped };
  let town: Town | undefined;
  before(async () => {
    town = await Town.begin();
    begun(town);
  });
  after(() => town?.end());
  return { skip: false };
}

/** What a custodian says of a payment. */
export function payment(entry: string): Readonly<Record<string, string>> {
  return {
    amount: "1000000.00",
    servicer: "NORTHNO1",
    account: "NO9386011117947",
    servicer_ref: "2026112000017",
    entry_ref: entry,
    debtor: "Jane Doe",
    booked: "true",
    booked_at: ago(2 * HOUR_MS),
  };
}

/** What a custodian says of the reserve, an auditor of that, a provider of the beneficiary. */
export function reserve(ledger: string): Readonly<Record<string, string>> {
  return { balance: "5000000.00", as_of: ago(HOUR_MS), segregated: "true", earmarked_for: ledger };
}
export const AUDIT = { agrees: "true", balance: "5000000.00", haircut_bps: "100" };
export const SCREEN = { provider: "Clear Screening", hits: "0", list: LIST };

/** A bank's statement. */
export function statement(): Uint8Array {
  return readFileSync(fileURLToPath(new URL("crates/sources/samples/statement.xml", ROOT)));
}

/** What an observer says of the chain. */
export function supply(now: number) {
  return {
    programme: "acme-usd",
    domain: "home",
    block: 7,
    blockHash: LIST,
    blockTime: now - 1.5 * HOUR_MS,
    nextBlockTime: now - 60_000,
    supply: "2000000000000",
  };
}

/** A time before now, in its canonical text. */
function ago(ms: number): string {
  return new Date(Date.now() - ms).toISOString();
}

const ARGS = ["--state", "state", "--passphrase-file", "pass"];

function run(dir: string, ...args: readonly string[]): void {
  execFileSync(program() ?? "", [...args, ...ARGS], { cwd: dir, stdio: ["ignore", "ignore", "pipe"] });
}

function start(dir: string, args: readonly string[]): ChildProcess {
  return spawn(program() ?? "", [...args, ...ARGS], { cwd: dir, stdio: ["ignore", "pipe", "ignore"] });
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("no output");
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error("the server ended before it listened");
}

function found(dir: string, keys: Readonly<Record<Role, Signer>>): void {
  writeFileSync(join(dir, "pass"), "correct horse battery\n", { mode: 0o600 });
  for (const [role, { key }] of Object.entries(keys)) {
    writeFileSync(join(dir, `${role}.pub`), JSON.stringify(key));
  }
  for (const name of ["admin", "registry"]) newKey(dir, "ed25519", name);
  const named = [ACME, NORTHBANK, FAIR, OTHERBANK].flatMap((lei, at) => {
    const name = `cosigner${at + 1}`;
    newKey(dir, "eip712", name);
    return ["--cosigner", `${lei}:c${at + 1}=${name}.pub`];
  });
  const admin = ["--name", "acme", "--admin", `${ACME}=admin.pub`, "--notice", "0s", "--threshold", "3"];
  run(dir, "init", "acme", ...admin, ...named);
  const kinds = CREDENTIALS.flatMap(([, kind]) => ["--kind", kind]);
  govern(dir, "name-issuer", OTHERBANK, "--key", "registry.pub", ...kinds);
  govern(dir, "list", "acme-usd/sanctions", "--digest", LIST);
  govern(dir, "list", "acme-usd/blocked_countries", "--entry", "KP", "--entry", "IR");
  govern(dir, "adopt", fileURLToPath(new URL("policies/stablecoin-issue", ROOT)));
  for (const [lei, kind, ...holders] of CREDENTIALS) {
    const option = holders.length > 1 ? "--person" : "--key";
    const held = holders.flatMap((role) => [option, `${role}.pub`]);
    run(dir, "credential", "issue", "acme", "--as", "registry", "--subject", lei, "--kind", kind, ...held);
  }
}

function newKey(dir: string, suite: string, name: string): void {
  run(dir, "key", "new", "--suite", suite, "--out", name, "--cost", "10");
}

function govern(dir: string, action: string, ...args: readonly string[]): void {
  run(dir, "govern", action, "acme", ...args, "--as", "admin");
}

const CREDENTIALS: readonly (readonly [lei: string, kind: string, ...holders: Role[]])[] = [
  [ACME, "e-money-institution", "issuer"],
  [NORTHBANK, "qualified-custodian", "custodian"],
  [FAIR, "registered-auditor", "auditor"],
  [CLEAR, "aml-provider", "screening"],
  [WATCHER, "chain-observer", "observer"],
  [ACME, "compliance-officer", "officer1", "officer2"],
];
